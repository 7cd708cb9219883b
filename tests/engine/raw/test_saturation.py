"""Where photosites fill up."""

import numpy as np
import pytest

from engine.raw.saturation import levels

BAYER = np.array([[0, 1], [1, 2]])


def mosaic(ends, scene=3.0, noise=0.003):
    """A horizon of greys up to `scene`, each color filling up at its end in `ends`."""
    random = np.random.default_rng(0)
    gray = np.geomspace(0.02, scene, 400)[None].repeat(300, 0)
    caps = np.asarray(ends)[np.tile(BAYER, (150, 200))]
    filled = np.minimum(gray, caps) * random.normal(1.0, noise, gray.shape)
    return np.minimum(filled, 1.0).astype(np.float32)


@pytest.mark.parametrize("ends", [(0.995, 0.95, 0.92), (0.85, 0.9, 0.8), (1.0, 0.95, 1.0)])
def test_each_color_has_its_own(ends):
    found = levels(mosaic(ends), BAYER, 3)
    assert found == pytest.approx(ends, abs=0.012)


def test_at_the_white_level_it_is_one():
    assert levels(mosaic((1.0, 1.0, 1.0), noise=0.0), BAYER, 3) == pytest.approx([1.0] * 3)


def test_nothing_saturated_nothing_found():
    assert levels(mosaic((9.0, 9.0, 9.0), scene=0.97), BAYER, 3).tolist() == [1.0, 1.0, 1.0]
    assert levels(np.zeros((8, 8), np.float32), BAYER, 3).tolist() == [1.0, 1.0, 1.0]


def test_a_bright_wall_with_brighter_things_is_no_end():
    picture = mosaic((1.0, 1.0, 1.0))
    picture[:100, :150] = 0.85
    assert levels(picture, BAYER, 3).min() >= 0.99
