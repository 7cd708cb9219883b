"""Thumbnails are shown like pictures."""

import numpy as np
import pytest
import torch

from editor.qimage import to_bytes
from editor.view import displayed
from engine.live.shown import show
from engine.stage import Space


@pytest.mark.parametrize("space", Space)
def test_a_small_picture_is_shown_as_a_large_one_is(space):
    picture = torch.rand(1, 3, 30, 40, generator=torch.Generator().manual_seed(0)) * 1.6 - 0.1
    pixels = np.empty((30, 40), np.uint32)
    show(picture, space, pixels)
    shown = np.stack([pixels >> shift & 255 for shift in (16, 8, 0)]).astype(int)
    assert abs(shown - to_bytes(displayed(picture, space)).astype(int)).max() <= 1
    assert (pixels >> 24 == 255).all()
