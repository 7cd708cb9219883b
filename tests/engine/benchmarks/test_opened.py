"""Opened: the tables hold what was measured beside darktable, and tell what it cannot read."""

import json
import shutil

import pytest

from editor import cli as whole  # noqa: F401 - adds the verb
from engine.benchmarks import command, opened, rivals
from engine.errors import PhotofinishError
from engine.finishers.darktable import DARKTABLE, MODULES
from engine.finishers.darktable.program import found
from engine.progress import finish
from engine.training import darktable as learned
from engine.training.sources import source_of
from engine.training.tap_folder import write_random

pytestmark = pytest.mark.skipif(found() is None, reason="darktable is not installed")


def test_the_chain_and_every_stage_are_judged(raw) -> None:
    said = finish(opened.opened([raw], 2, 1, 256))
    assert said["photos"] == 1
    assert said["chain"]["worst_db"] > 35.0
    judged = {module.stage.name for module in MODULES} - {"creative_lut"}  # no file is chosen
    assert set(said["stages"]) == judged
    for stage in said["stages"].values():
        assert stage["worst_db"] <= stage["mean_db"]
    assert said["stages"]["exposure"]["without_db"] < said["stages"]["exposure"]["mean_db"] - 15.0


@pytest.fixture
def tap_outs(monkeypatch, tmp_path_factory):
    """A folder of two small ones; as many are made where it is not given."""
    monkeypatch.setattr(command, "TAP_OUTS", 2)
    monkeypatch.setattr(learned, "LONG_SIDES", (160, 200))
    monkeypatch.setattr(command, "OF_MATCHES", 128)
    folder = tmp_path_factory.mktemp("taps")
    source = source_of((), apart=False, long_sides=learned.LONG_SIDES)
    work = write_random(folder, 2, finisher=DARKTABLE, source=source, seed=0, by=learned.write)
    finish(work)
    return folder


def test_without_a_folder_tap_outs_are_made_first(tap_outs, monkeypatch) -> None:
    read, examples = [], rivals.written_examples

    def seen(finisher, folders):
        read.extend(folders)
        return examples(finisher, folders)

    monkeypatch.setattr(rivals, "written_examples", seen)
    trained, said = command._opened_rivals(None, 0.001)
    assert set(trained) == {"paper", "srcnn", "unet"}
    assert (said["rival_minutes"], said["tap_outs"], len(read)) == (0.001, 2, 2)
    assert said["tap_out_seconds"] > 0.0
    assert not any(folder.exists() for folder in read)
    assert not any(folder.is_relative_to(tap_outs) for folder in read)


def test_rivals_learn_from_tap_outs_and_are_judged_beside_the_proxies(
    raw, ask, tap_outs, tmp_path
) -> None:
    for name in ("one.dng", "two.dng"):
        shutil.copy(raw, tmp_path / name)
    arguments = ["bench", "proxies", "--finisher", "darktable", "--photos", tmp_path]
    arguments += ["--settings", 1, "--minutes", 0.01, "--json"]
    status, answer, complaint = ask(*arguments, "--tap-outs", tap_outs)
    assert status == 0, complaint
    said = json.loads(answer)
    assert (said["rival_minutes"], said["tap_outs"]) == (0.01, 2)
    assert "tap_out_seconds" not in said
    for name in ("paper", "srcnn", "unet"):
        assert said[name]["worst_db"] <= said[name]["mean_db"] < said["chain"]["mean_db"]
    for name in ("paper_stages", "srcnn_stages"):
        assert list(said[name]) == [
            "tone_equalizer", "contrast_equalizer", "sharpen", "color_balance_rgb", "sigmoid",
            "local_contrast",
        ]  # fmt: skip
        for stage, score in said[name].items():
            assert score["without_db"] == said["stages"][stage]["without_db"]
    assert "unet_stages" not in said


def test_matches_are_scored_by_darktables_picture(raw) -> None:
    said = finish(opened.opened_matches([raw], 0, 256))
    assert said["median_db"]["ours"] > 40.0
    assert said["ours"]["most_renders"] <= 15
    assert set(said["median_db"]) == {"ours", "proxies_alone"}


def test_a_raw_that_darktable_cannot_read_is_left_out(raw, tmp_path, monkeypatch) -> None:
    other = tmp_path / "other.dng"
    shutil.copy(raw, other)
    first = opened._first

    def refuse(path, photo, long_side):
        if path == other:
            raise PhotofinishError("darktable failed: no such predictor.")
        return first(path, photo, long_side)

    monkeypatch.setattr(opened, "_first", refuse)
    said = finish(opened.opened([other, raw], 1, 0, 200))
    assert said["photos"] == 1
    assert said["left_out"] == {"other": "darktable failed: no such predictor."}
