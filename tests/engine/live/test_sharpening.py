"""Sharpening, live, is the exact stage but for what no screen shows."""

import numpy as np
import torch

from engine.finishers.basic import BASIC
from engine.finishers.basic.sharpening import STAGE
from engine.live.sharpening import sharpened, sharpened_pixels
from engine.renderer import Renderer
from engine.settings import Settings
from tests.engine.live.agreement import (
    NEEDED,
    agreement,
    every_photo,
    every_size,
    made,
    real,
    values,
)


@every_size
def test_agrees_on_a_made_scene(width: int, height: int) -> None:
    assert agreement(STAGE, sharpened, made(width, height)) > NEEDED


@every_photo
def test_agrees_on_photos(name: str, long_side: int) -> None:
    assert agreement(STAGE, sharpened, real(name, long_side), [1]) > NEEDED


def test_pixels_are_the_rounded_picture() -> None:
    photo = made(61, 40)
    picture = Renderer(photo, BASIC).picture(Settings())
    chosen = values(STAGE, 4)
    sharp = sharpened(picture, photo.metadata, photo.statistics, **chosen)
    assert not torch.equal(sharp, picture)
    for image, amounts in ((picture, STAGE.neutral()), (sharp, chosen)):
        out = np.zeros((40, 61), np.uint32)
        sharpened_pixels(picture, photo.metadata, out, **amounts)
        bytes_of = torch.round(image[0] * 255.0).to(torch.int64).numpy()
        red, green, blue = bytes_of
        assert np.array_equal(out, 0xFF000000 + (red << 16) + (green << 8) + blue)
