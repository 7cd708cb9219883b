"""A clipped sky comes back under negative Exposure and Highlights, without a tint."""

import numpy as np
import pytest
import torch

from engine.finishers.basic import BASIC
from engine.photo import open_photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from resources.dng import write_dng
from tests.photos import COLOR_MATRIX, D50

DARKER = [
    {"exposure": -2.0},
    {"exposure": -3.0},
    {"highlights": -100.0},
    {"highlights": -100.0, "exposure": -1.0},
]


def rendered(photo, moves):
    settings = Settings()
    for name, value in moves.items():
        settings = settings.replace(BASIC.control(name), value)
    return Renderer(photo, BASIC).picture(settings)[0]


def magenta(picture):
    """By how much green lies below the mean of red and blue, in display values."""
    red, green, blue = picture
    return (red + blue) / 2.0 - green


@pytest.fixture(scope="module", params=[(1.0, 1.0, 1.0), (0.995, 0.95, 0.92)], ids=["", "early"])
def sky(request, tmp_path_factory):
    """A neutral sky that grows brighter to the right, and the columns where it is clipped."""
    neutral = COLOR_MATRIX @ D50
    neutral = neutral / neutral.max()
    height, width = 240, 480
    light = np.geomspace(0.1, 5.0, width)
    index = np.tile([[0, 1], [1, 2]], (height // 2, width // 2))
    noise = np.random.default_rng(1).normal(1.0, 0.003, index.shape)
    ends = np.asarray(request.param)
    stored = np.minimum(light * neutral[index], ends[index]) * noise
    path = tmp_path_factory.mktemp("sky") / "sky.dng"
    write_dng(
        path, np.clip(stored * 65535, 0, 65535).astype(np.uint16), cfa="RGGB", WhiteLevel=65535,
        AsShotNeutral=neutral, ColorMatrix1=COLOR_MATRIX, CalibrationIlluminant1=23,
    )  # fmt: skip
    return finish(open_photo(path)), light > ends.min()


@pytest.mark.parametrize("moves", DARKER)
def test_made_sky_is_neutral(sky, moves):
    photo, clipped = sky
    picture = rendered(photo.reduced(240), moves)
    there = picture[..., torch.as_tensor(clipped[::2].copy())]
    spread = there.amax(0) - there.amin(0)
    assert float(there.mean()) < 0.97
    assert float(spread.quantile(0.99)) < 0.03
    assert float(magenta(there).quantile(0.99)) < 0.015


@pytest.mark.parametrize("name", ["gopro_hero6_GOPR0024", "gopro_fusion_front_GPFR7066"])
def test_real_sky_is_not_magenta(shared_data, name):
    photo = finish(open_photo(shared_data / "raws" / f"{name}.dng", half="fusion" in name))
    photo = photo.reduced(800)
    clipped = rendered(photo, {}).amin(0) >= 0.985
    assert float(clipped.float().mean()) > 0.005
    for moves in DARKER:
        there = rendered(photo, moves)[:, clipped]
        assert float(there.mean()) < 0.98
        assert abs(float(magenta(there).mean())) < 0.01
        assert float(magenta(there).quantile(0.98)) < 0.03
