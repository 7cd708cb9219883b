"""Previews: a camera's picture is matched, and darktable's default stands beside it."""

import shutil

from editor import cli as whole  # noqa: F401 - adds the verb
from engine.benchmarks import references
from resources import sample


def test_a_row_for_a_raw_with_a_picture_and_a_reason_for_one_without(
    raw, tmp_path, darktable, ask, monkeypatch
) -> None:
    monkeypatch.setattr(references, "ICON", 200)
    folder = tmp_path / "raws"
    folder.mkdir()
    shutil.copy(raw, folder / "bare.dng")
    sample.write_sample(folder / "sample.dng", long_side=800)
    page = tmp_path / "page.md"
    arguments = ["--finisher", "darktable", "--photos", folder, "--write", page, "--json"]
    status, said, _ = ask("bench", "references", *arguments)
    assert status == 0
    assert '"halved": 1' in said
    text = page.read_text()
    assert "## darktable references" in text
    assert "photofinish bench references --finisher darktable --photos raws" in text
    assert "It holds no picture of its camera's." in text


def test_without_darktable_it_is_told_at_once(raw, tmp_path, ask, without_darktable) -> None:
    for name in ("one.dng", "two.dng"):
        shutil.copy(raw, tmp_path / name)
    arguments = ["--finisher", "darktable", "--photos", tmp_path]
    status, _, complaint = ask("bench", "references", *arguments)
    assert (status, "darktable is not installed" in " ".join(complaint.split())) == (1, True)
