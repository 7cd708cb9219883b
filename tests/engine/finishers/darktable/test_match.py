"""Match by darktable: its picture, and how few of its renders lead there."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from editor import cli as whole  # noqa: F401 - adds the verbs
from engine.benchmarks.quality import decibels
from engine.finishers.darktable import DARKTABLE
from engine.finishers.darktable.proxies import PROXIES, entered, entered_by_us, quick
from engine.finishers.darktable.whole import export, truth
from engine.live.quick import Quick
from engine.match.match import Mode, match
from engine.match.target import Target
from engine.photo import open_photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from tests.photos import photo_of, scene

HIDDEN = {"temperature": 6500.0, "exposure": 0.8, "contrast": 25.0, "shadows": 0.4, "chroma": 20.0}
SLIDERS = tuple(DARKTABLE.control(name) for name in (*HIDDEN, "tint", "highlights", "saturation"))


@pytest.fixture(scope="module")
def means() -> Quick:
    return finish(quick())


def hidden() -> Settings:
    settings = Settings()
    for name, value in HIDDEN.items():
        settings = settings.replace(DARKTABLE.control(name), value)
    return settings


def test_darktables_picture_is_found_in_few_renders(raw, means, darktable) -> None:
    photo = finish(open_photo(raw))
    first = finish(entered(raw, photo, 384))
    render = truth(raw, photo.metadata, 384)
    goal = render(hidden())
    target = Target((goal * 255.0).round() / 255.0, "hidden")
    work = match(first, DARKTABLE, means, target, sliders=SLIDERS, mode=Mode.SCENE, truth=render)
    answer = finish(work)
    assert answer.exact_renders <= 15
    assert decibels(answer.picture, goal) > 45.0
    assert torch.equal(answer.picture, render(answer.settings))


def test_without_darktable_the_proxies_do(means) -> None:
    first = entered_by_us(photo_of(scene(240, 160)))
    goal = Renderer(first, DARKTABLE, PROXIES).picture(hidden()).float()
    target = Target((goal * 255.0).round() / 255.0, "hidden")
    render = Renderer(first, DARKTABLE, PROXIES).picture
    answer = finish(match(first, DARKTABLE, means, target, sliders=SLIDERS, truth=render))
    for name, value in HIDDEN.items():
        slider = DARKTABLE.control(name)
        assert abs(answer.settings[slider] - value) < 0.05 * (slider.high - slider.low), name


def test_the_command_line_matches_and_writes_darktables_sidecar(
    raw, tmp_path, ask, darktable
) -> None:
    metadata = finish(open_photo(raw)).metadata
    target = finish(export(raw, metadata, hidden(), tmp_path / "target.png"))
    out = tmp_path / "edit.xmp"
    names = ",".join(slider.name for slider in SLIDERS)
    arguments = ["--finisher", "darktable", "--sliders", names, "--out", out, "--json"]
    status, said, _ = ask("match", raw, target, *arguments)
    answer = json.loads(said)
    assert status == 0
    assert answer["mode"] == "scene"
    assert answer["delta_e"] < 0.3 * answer["neutral_delta_e"]
    assert b"darktable:history" in out.read_bytes()
    assert ask("match", raw, target, *arguments)[0] == 1  # what is there is not written over


def test_without_darktable_its_picture_is_refused_before_the_match(
    raw, tmp_path, ask, without_darktable
) -> None:
    Image.fromarray(np.arange(32 * 32 * 3, dtype=np.uint8).reshape(32, 32, 3)).save(
        tmp_path / "target.png"
    )
    arguments = ["--finisher", "darktable", "--render", tmp_path / "matched.png"]
    status, _, complaint = ask("match", raw, tmp_path / "target.png", *arguments)
    assert (status, "darktable is not installed" in complaint) == (1, True)


def test_a_slider_of_another_finisher(raw, tmp_path, ask) -> None:
    arguments = ["--finisher", "darktable", "--sliders", "dehaze"]
    status, _, complaint = ask("match", raw, tmp_path / "a.jpg", *arguments)
    assert (status, complaint.strip()) == (1, "There is no slider named 'dehaze'.")
