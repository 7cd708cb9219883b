"""Tone mapping, live, is the exact stage but for what no screen shows."""

from engine.finishers.basic.tone_mapping import STAGE
from engine.live.tone_mapping import ANALYSIS
from tests.engine.live.agreement import NEEDED, agreement, every_photo, every_size, made, real


@every_size
def test_agrees_on_a_made_scene(width: int, height: int) -> None:
    assert agreement(STAGE, ANALYSIS.exact, made(width, height)) > NEEDED


@every_photo
def test_agrees_on_photos(name: str, long_side: int) -> None:
    assert agreement(STAGE, ANALYSIS.exact, real(name, long_side), [1]) > NEEDED
