"""A turned photo is the same photo turned: also where its profile depends on the place."""

import numpy as np
import pytest
import torch

from engine.finishers.basic import BASIC
from engine.photo import open_photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from resources.dng import profile_gain_table_map, write_dng
from tests.photos import COLOR_MATRIX

TURNS = {
    1: lambda picture: picture,
    2: lambda picture: picture.flip(-1),
    3: lambda picture: picture.flip(-1, -2),
    4: lambda picture: picture.flip(-2),
    5: lambda picture: picture.mT,
    6: lambda picture: picture.mT.flip(-1),
    7: lambda picture: picture.mT.flip(-1, -2),
    8: lambda picture: picture.mT.flip(-2),
}
"""What each EXIF Orientation does to the stored picture."""


def rendered(path, orientation):
    random = np.random.default_rng(5)
    stored = random.uniform(0.05, 0.4, (24, 40, 3))
    gains = random.uniform(0.6, 1.8, (3, 5, 4))
    write_dng(
        path, (stored * 65535).astype(np.uint16), WhiteLevel=65535, Orientation=orientation,
        ColorMatrix1=COLOR_MATRIX, CalibrationIlluminant1=23, AsShotNeutral=[0.8, 1.0, 0.7],
        DefaultCropOrigin=[3, 2], DefaultCropSize=[32, 20],
        ProfileGainTableMap2=profile_gain_table_map(
            gains, weights=(0.1, 0.3, 0.1, 0.2, 0.3), spacing=(0.4, 0.21), origin=(0.05, 0.13),
            gamma=0.7,
        ),
    )  # fmt: skip
    return Renderer(finish(open_photo(path)), BASIC).picture(Settings())


@pytest.mark.parametrize("orientation", TURNS)
def test_turned_with_a_gain_table_map(tmp_path, orientation):
    upright = rendered(tmp_path / "upright.dng", 1)
    turned = rendered(tmp_path / "turned.dng", orientation)
    torch.testing.assert_close(turned, TURNS[orientation](upright), atol=2e-6, rtol=0.0)
