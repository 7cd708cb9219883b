"""`photofinish style` and `photofinish sequence`, from files to files."""

import json

import numpy as np
import pytest
from PIL import Image

from editor import cli as whole  # noqa: F401 - adds the verbs
from engine.finishers.basic import BASIC
from engine.settings import Settings
from engine.sidecar import Sidecar
from resources.dng import write_dng
from tests.engine.style.conftest import RULE
from tests.photos import scene


def write_raw(path, light: float = 0.3, seed: int = 0):
    codes = scene(120, 80, seed=seed)[0].permute(1, 2, 0).numpy() * light
    write_dng(path, np.round(codes.clip(0.0, 1.0) * 65535).astype(np.uint16), WhiteLevel=65535)
    return path


@pytest.fixture
def raw(tmp_path):
    return write_raw(tmp_path / "scene.dng")


def test_from_pictures_to_a_finished_photo(raw, shots, folder_of, tmp_path, ask) -> None:
    file, out = tmp_path / "mine.style.safetensors", tmp_path / "out"
    status, told, _ = ask("style", "train", folder_of(shots, RULE), "--out", file, "--json")
    assert status == 0
    assert json.loads(told)["count"] == len(shots)
    status, told, _ = ask("style", "apply", file, raw, "--out-dir", out, "--json")
    said = json.loads(told)
    assert status == 0
    assert said["style"] == "mine"
    assert said["photos"][0]["settings"]["exposure"] > 0.2  # the scene is dark
    with Image.open(out / "scene.jpg") as picture:
        assert picture.size == (120, 80)
    edit = Sidecar.for_raw(raw, BASIC).read()
    assert edit.settings == Settings()  # beside the raw nothing has changed
    assert (out / "scene.xmp").exists()


def test_an_edit_that_is_there_is_kept_unless_asked(raw, ask) -> None:
    mine = Settings().replace(BASIC.control("contrast"), 40.0)
    Sidecar.for_raw(raw, BASIC).write(mine)
    status, _, complaint = ask("style", "apply", "Auto", raw)
    assert status == 1
    assert "has an edit already" in complaint
    assert Sidecar.for_raw(raw, BASIC).read().settings == mine
    assert ask("style", "apply", "Auto", raw, "--replace")[0] == 0
    assert Sidecar.for_raw(raw, BASIC).read().settings != mine


def test_an_edit_beside_a_raw_is_not_written_over_by_another_folder(raw, ask) -> None:
    mine = Settings().replace(BASIC.control("contrast"), 40.0)
    Sidecar.for_raw(raw, BASIC).write(mine)
    status, _, complaint = ask("style", "apply", "Auto", raw, "--out-dir", raw.parent)
    assert status == 1
    assert "need another folder" in complaint
    assert Sidecar.for_raw(raw, BASIC).read().settings == mine


def test_two_raws_of_one_name_are_told_before_one_is_lost(raw, tmp_path, ask) -> None:
    (tmp_path / "other").mkdir()
    other = write_raw(tmp_path / "other" / raw.name, seed=1)
    out = tmp_path / "out"
    status, _, complaint = ask("style", "apply", "Auto", raw, other, "--out-dir", out)
    assert status == 1
    assert "same name" in complaint
    assert not out.exists()


def test_half_the_strength_is_half_the_way(raw, tmp_path, ask) -> None:
    found = []
    for percent in ("50", "100"):
        told = ask(
            *("style", "apply", "Airy", raw, "--out-dir", tmp_path / percent),
            *("--strength", percent, "--json"),
        )[1]
        found.append(json.loads(told)["photos"][0]["settings"]["exposure"])
    assert found[0] == pytest.approx(found[1] / 2.0, abs=0.02)


def test_info_says_what_a_style_is(ask) -> None:
    said = json.loads(ask("style", "info", "Golden", "--json")[1])
    assert said["name"] == "Golden"
    assert "exposure" in said["sliders"]
    assert "Auto" in ask("style", "list")[1]


def test_a_sequence_is_finished_frame_by_frame(tmp_path, ask) -> None:
    frames, out = tmp_path / "frames", tmp_path / "out"
    frames.mkdir()
    for i in range(3):
        write_raw(frames / f"frame_{i}.dng", 0.2 + 0.1 * i)
    arguments = ("--style", "Auto", "--out", out, "--format", "png", "--json")
    status, told, _ = ask("sequence", frames, *arguments)
    assert status == 0
    assert json.loads(told)["frames"] == ["frame_0.png", "frame_1.png", "frame_2.png"]
    light = []
    for path in sorted(out.iterdir()):
        with Image.open(path) as picture:
            light.append(float(np.asarray(picture).mean()))
    raw_light = (0.2, 0.3, 0.4)
    assert max(light) / min(light) < raw_light[-1] / raw_light[0]  # the style evens it out


def test_frames_are_not_written_among_the_raws(tmp_path, ask) -> None:
    for i in range(2):
        write_raw(tmp_path / f"{i}.dng")
    status, _, complaint = ask("sequence", tmp_path, "--style", "Auto", "--out", tmp_path)
    assert status == 1
    assert "folder of their own" in complaint


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("style", "info", "sepia"), "no style of that name"),
        (("style", "info", "sepia.style.safetensors"), "cannot be read"),
        (("style", "train", "nowhere", "--out", "x.style.safetensors"), "is no folder"),
    ],
)
def test_what_is_not_there_is_a_sentence(arguments, sentence, ask) -> None:
    status, _, complaint = ask(*arguments)
    assert status == 1
    assert sentence in complaint
