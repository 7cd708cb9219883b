"""Texture, live, is the exact stage but for what no screen shows."""

import pytest

from engine.finishers.basic import BASIC, texture
from engine.finishers.basic.texture import STAGE
from engine.live.operators import live_operators
from tests.engine.live.agreement import NEEDED, agreement, every_photo, every_size, made, real

LIVE = live_operators(BASIC)[STAGE.name]


@every_size
def test_agrees_on_a_made_scene(width: int, height: int) -> None:
    assert agreement(STAGE, LIVE, made(width, height)) > NEEDED


@every_photo
def test_agrees_on_photos(name: str, long_side: int) -> None:
    assert agreement(STAGE, LIVE, real(name, long_side), [1]) > NEEDED


def test_a_picture_larger_than_the_grid_gets_the_band_enlarged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(texture, "GRID", 100)
    assert agreement(STAGE, LIVE, made(240, 160)) > NEEDED
