"""Every control of the basic finisher, moved by hand: picture, histogram and taps follow."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot
from qimage2ndarray import byte_view

from editor.window import Window
from engine.finishers.basic import BASIC
from engine.photo import Photo
from engine.slider import Slider
from engine.stage import Stage
from tests.editor.hands import Drawer, Hands
from tests.photos import photo_of, scene

SLIDERS = [(stage, slider) for stage in BASIC for slider in stage.sliders]
NEEDS = {"sharpen_radius", "sharpen_detail", "sharpen_masking"}


@pytest.fixture(scope="module")
def noisy() -> Photo:
    picture = scene(240, 160)
    grain = torch.randn(picture.shape, generator=torch.Generator().manual_seed(3))
    return photo_of((picture + 0.02 * grain).clamp_min(0.0))


@pytest.fixture(scope="module")
def window(noisy: Photo, dressed: None) -> Iterator[Window]:
    window = Window(BASIC, Drawer({"a.dng": noisy}).opening)
    window.resize(1024, 700)
    window.show()
    yield window
    window.close()
    window.deleteLater()


@pytest.fixture(scope="module")
def cube(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table that swaps red and blue."""
    path = tmp_path_factory.mktemp("looks") / "swap.cube"
    grid = [(r, g, b) for b in (0, 1) for g in (0, 1) for r in (0, 1)]
    path.write_text("LUT_3D_SIZE 2\n" + "".join(f"{b} {g} {r}\n" for r, g, b in grid))
    return path


@pytest.fixture
def hands(window: Window, qtbot: QtBot) -> Hands:
    hands = Hands(qtbot, window)
    hands.open("a.dng")
    return hands


@pytest.mark.parametrize(("stage", "slider"), SLIDERS, ids=[s.name for _, s in SLIDERS])
def test_dragging_a_slider_changes_what_is_seen(
    hands: Hands, cube: Path, stage: Stage, slider: Slider
) -> None:
    window, document = hands.window, hands.window.document
    row = window.panel.row(slider.name)
    if slider.name in NEEDS:
        document.set(BASIC.control("sharpen_amount"), 100.0)
    if slider.name == "lut_amount":
        document.set(BASIC.control("lut"), str(cube))
    document.settle()
    if len(document.settings.values):
        hands.rest()
    start = document.settings
    before = byte_view(hands.picture(), "little").copy()
    counts = window.histogram.counts
    thumbs = {name: button.image for name, button in window.strip.buttons.items()}
    hands.drag(row, 0.15 if row.track.value() > 2000 else 0.85)
    hands.rest()
    assert slider.name in document.settings
    after = byte_view(hands.picture(), "little")
    assert np.abs(after.astype(int) - before).max() >= 2
    assert not np.array_equal(window.histogram.counts, counts)
    changed = [name for name, b in window.strip.buttons.items() if b.image is not thumbs[name]]
    order = [s.name for s in BASIC]
    assert changed == order[order.index(stage.name) :]
    document.undo()
    assert document.settings == start


def test_the_mixer_has_three_tabs(window: Window) -> None:
    group = window.panel.groups["color_mixer"]
    assert group.tabs == ["Hue", "Saturation", "Luminance"]
    assert [row.name.text() for row in group.rows[:3]] == ["Red", "Orange", "Yellow"]


def test_stages_without_controls_are_quiet_headers(window: Window) -> None:
    group = window.panel.groups["color_tables"]
    assert not group.power.isVisibleTo(group)
    assert group.eye.isVisibleTo(group)
