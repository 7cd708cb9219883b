"""Color balance, live, is the exact stage but for what no screen shows."""

import torch

from engine.finishers.basic import exposure
from engine.finishers.basic.color_balance import STAGE
from engine.live.color_balance import balanced, balanced_and_exposed
from tests.engine.live.agreement import NEEDED, agreement, every_photo, every_size, made, real


@every_size
def test_agrees_on_a_made_scene(width: int, height: int) -> None:
    assert agreement(STAGE, balanced, made(width, height)) > NEEDED


@every_photo
def test_agrees_on_photos(name: str, long_side: int) -> None:
    assert agreement(STAGE, balanced, real(name, long_side), [1]) > NEEDED


def test_clipped_highlights_get_the_likely_color() -> None:
    photo = made(300, 40)
    camera = photo.image * torch.linspace(0.5, 8.0, 300)
    for clipped in (camera, camera.clamp_max(1.0)):
        chosen = STAGE.neutral()
        live = balanced(clipped, photo.metadata, photo.statistics, **chosen)
        torch.testing.assert_close(
            live, STAGE.exact(clipped, photo.metadata, photo.statistics, **chosen)
        )


def test_takes_exposure_along() -> None:
    photo = made(64, 48)
    chosen = STAGE.neutral()
    balance = STAGE.exact(photo.image, photo.metadata, photo.statistics, **chosen)
    exposed = exposure.exact(balance, photo.metadata, photo.statistics, exposure=-1.3)
    live = balanced_and_exposed(photo.image, photo.metadata, **chosen, exposure=-1.3)
    torch.testing.assert_close(live, exposed)
