import numpy as np
import pytest
from PIL import Image, ImageOps

from engine.raw.develop import develop, full_size
from engine.raw.sensor import Sensor


def sensor(height=6, width=8, **changes):
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([y, x, y * 10 + x], -1).astype(np.float32)
    return Sensor(**{"picture": picture, "pattern": None, "colors": 3,
                     "crop": (0, 0, width, height), **changes})  # fmt: skip


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_exif(orientation):
    stored = sensor(orientation=orientation)
    picture = Image.fromarray(stored.picture.astype(np.uint8))
    picture.getexif()[274] = orientation
    expected = np.asarray(ImageOps.exif_transpose(picture))
    out = develop(stored, half=False)
    np.testing.assert_array_equal(out, expected)
    assert full_size(stored) == (out.shape[1], out.shape[0])


def test_crop():
    out = develop(sensor(crop=(2, 1, 5, 4)), half=False)
    np.testing.assert_array_equal(out[..., 1][0], [2, 3, 4, 5, 6])
    np.testing.assert_array_equal(out[..., 0][:, 0], [1, 2, 3, 4])


@pytest.mark.parametrize("orientation", [1, 6])
def test_half_size_is_the_same_view(orientation):
    stored = sensor(64, 48, crop=(8, 4, 32, 40), orientation=orientation)
    full, half = develop(stored, half=False), develop(stored, half=True)
    height, width = full.shape[0] // 2, full.shape[1] // 2
    reduced = full.reshape(height, 2, width, 2, 3).mean((1, 3))
    np.testing.assert_allclose(half, reduced, atol=1e-5)
    assert full_size(stored) == (full.shape[1], full.shape[0])


def test_oblong_pixels_are_stretched():
    stored = sensor(20, 30, aspect=(1.0, 2.0), orientation=1)
    assert full_size(stored) == (30, 40)
    out = develop(stored, half=False)
    assert out.shape == (40, 30, 3)
    assert out[20, 10, 0] == pytest.approx(9.75, abs=0.05)


def test_a_mosaic_without_a_white_is_balanced_by_its_mean():
    pattern = np.array([[0, 1], [1, 2]])
    picture = np.tile(np.array([[0.2, 0.8], [0.8, 0.4]], np.float32), (20, 20))[..., None]
    stored = Sensor(picture, pattern, 3, (0, 0, 40, 40))
    out = develop(stored, half=False)
    np.testing.assert_allclose(out[5:-5, 5:-5].reshape(-1, 3), [[0.2, 0.8, 0.4]] * 900, atol=1e-5)
