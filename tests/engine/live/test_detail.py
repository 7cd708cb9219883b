"""Detail, live, is the exact stage but for what no screen shows."""

from engine.finishers.basic import BASIC
from engine.finishers.basic.detail import STAGE
from engine.live.operators import live_operators
from tests.engine.live.agreement import NEEDED, agreement, every_photo, every_size, made, real

LIVE = live_operators(BASIC)[STAGE.name]


@every_size
def test_agrees_on_a_made_scene(width: int, height: int) -> None:
    assert agreement(STAGE, LIVE, made(width, height)) > NEEDED


@every_photo
def test_agrees_on_photos(name: str, long_side: int) -> None:
    assert agreement(STAGE, LIVE, real(name, long_side), [1]) > NEEDED
