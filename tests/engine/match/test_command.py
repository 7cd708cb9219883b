"""`photofinish match`: its answer, the edit it writes, and its refusals."""

import json

import numpy as np
import pytest
from PIL import Image

from editor import cli as whole  # noqa: F401 - adds the verbs
from engine.finishers.basic import BASIC
from engine.sidecar import read_edit
from resources.dng import write_dng
from tests.photos import scene


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    path = tmp_path_factory.mktemp("raw") / "scene.dng"
    light = scene(300, 200)[0].permute(1, 2, 0).clamp(0.0, 1.0).numpy()
    write_dng(path, np.round(light * 65535).astype(np.uint16), WhiteLevel=65535)
    return path


def test_a_former_edit_is_found_again(raw, tmp_path, ask) -> None:
    target, edit, picture = (tmp_path / name for name in ("target.png", "edit.xmp", "again.png"))
    assert ask("render", raw, target, "--set", "exposure=0.7", "--set", "contrast=30")[0] == 0
    arguments = ("--sliders", "exposure,contrast", "--out", edit, "--render", picture, "--json")
    status, out, _ = ask("match", raw, target, *arguments)
    said = json.loads(out)
    assert status == 0
    assert said["mode"] == "scene"
    assert said["settings"]["exposure"] == pytest.approx(0.7, abs=0.02)
    assert said["psnr_db"] > 50.0
    assert said["delta_e"] < 1.0 < said["neutral_delta_e"]
    assert {"iterations", "exact_renders", "seconds", "affine_delta_e"} <= set(said)
    written = read_edit(edit, BASIC).settings
    assert written[BASIC.control("contrast")] == pytest.approx(said["settings"]["contrast"])
    codes = [np.asarray(Image.open(path)).astype(int) for path in (target, picture)]
    assert abs(codes[0] - codes[1]).mean() < 1.0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--sliders", "glow"), "no slider named 'glow'"),
        (("--mode", "magic"), "auto, scene or look"),
        (("--out", "nowhere/edit.xmp"), "does not exist"),
    ],
)
def test_what_cannot_be_asked_for_is_a_sentence(raw, ask, arguments, sentence) -> None:
    status, _, complaint = ask("match", raw, raw, *arguments)
    assert status == 1
    assert sentence in complaint
    assert complaint.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"no picture at all", b"\x89PNG\r\n\x1a\n damaged"])
def test_a_target_that_is_none_is_a_sentence(raw, tmp_path, ask, content) -> None:
    target, edit = tmp_path / "target.png", tmp_path / "edit.xmp"
    target.write_bytes(content)
    status, _, complaint = ask("match", raw, target, "--out", edit)
    assert status == 1
    assert "target.png" in complaint
    assert not edit.exists()
