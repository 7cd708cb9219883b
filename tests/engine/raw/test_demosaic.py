import numpy as np
import pytest

from engine.raw.binning import binned
from engine.raw.demosaic import demosaic, interpolated, is_bayer
from resources.dng import XTRANS

BAYER = {"RGGB": [[0, 1], [1, 2]], "BGGR": [[2, 1], [1, 0]]}
BAYER |= {"GRBG": [[1, 0], [2, 1]], "GBRG": [[1, 2], [0, 1]]}
FUJI = np.array(["RGB".index(c) for c in XTRANS]).reshape(6, 6)
FOUR = np.array([[0, 1], [2, 3]])
BALANCE = np.array([2.0, 1.0, 1.6])


def sampled(picture, pattern):
    rows, columns = pattern.shape
    mosaic = np.empty(picture.shape[:2], np.float32)
    for row, column in np.ndindex(rows, columns):
        mosaic[row::rows, column::columns] = picture[
            row::rows, column::columns, pattern[row, column]
        ]
    return mosaic


@pytest.fixture(scope="module")
def scene():
    """Grey rings that get finer outwards and colored soft blobs, in camera RGB."""
    y, x = np.mgrid[0:144, 0:180].astype(np.float32)
    rings = 0.4 + 0.25 * np.cos(((x - 60) ** 2 + (y - 60) ** 2) / 160)
    tint = np.stack([np.cos(x / 25), np.sin(y / 30), np.cos((x - y) / 35)], -1)
    return ((rings[..., None] * (1 + 0.3 * tint)) / BALANCE).astype(np.float32)


def psnr(a, b):
    inner = np.s_[8:-8, 8:-8]
    return 10 * np.log10(1 / np.mean((a[inner] * BALANCE - b[inner] * BALANCE) ** 2))


@pytest.mark.parametrize("name", BAYER)
def test_bayer_beats_plain_interpolation_by_far(scene, name):
    pattern = np.array(BAYER[name])
    mosaic = sampled(scene, pattern)
    ours = psnr(demosaic(mosaic, pattern, 3, BALANCE), scene)
    plain = psnr(interpolated(mosaic, pattern, 3, 0.7), scene)
    assert ours > 36
    assert ours > plain + 9


@pytest.mark.parametrize(
    ("pattern", "colors"),
    [*((np.array(p), 3) for p in BAYER.values()), (FUJI, 3), (FOUR, 4)],
    ids=[*BAYER, "X-Trans", "four colors"],
)
def test_an_even_color_comes_back_exactly(pattern, colors):
    color = np.array([0.31, 0.62, 0.2, 0.45], np.float32)[:colors]
    picture = np.broadcast_to(color, (72, 84, colors))
    balance = color.max() / color
    out = demosaic(sampled(picture, pattern), pattern, colors, balance)
    np.testing.assert_allclose(out, picture, atol=2e-5)
    np.testing.assert_allclose(
        binned(sampled(picture, pattern), pattern, colors), picture[::2, ::2], atol=1e-6
    )


def test_what_was_recorded_stays(scene):
    pattern = np.array(BAYER["GRBG"])
    mosaic = sampled(scene, pattern)
    out = demosaic(mosaic, pattern, 3, BALANCE)
    np.testing.assert_allclose(sampled(out, pattern), mosaic, atol=1e-6)


def test_xtrans_resolves_what_it_can(scene):
    out = demosaic(sampled(scene, FUJI), FUJI, 3, BALANCE)
    assert psnr(out, scene) > 39


def test_xtrans_keeps_negative_noise_and_values_above_white():
    picture = np.full((60, 60, 3), 0.5, np.float32)
    picture[:30] = -0.01
    picture[30:] = 1.7
    out = demosaic(sampled(picture, FUJI), FUJI, 3, np.ones(3))
    assert out[10, 30].min() == pytest.approx(-0.01, abs=1e-3)
    assert out[50, 30].max() == pytest.approx(1.7, abs=1e-3)


def test_edges_do_not_overshoot_what_was_recorded():
    picture = np.full((64, 64, 3), 0.02, np.float32)
    picture[:, 32:] = 1.0
    for name in BAYER:
        pattern = np.array(BAYER[name])
        out = demosaic(sampled(picture, pattern), pattern, 3, BALANCE)
        assert out.max() <= 1.0 + 1e-6
        assert out.min() >= 0.02 - 1e-6


def test_half_size_is_the_mean_of_each_color_in_a_cell():
    mosaic = np.array([[1, 2], [4, 8]], np.float32)
    assert binned(mosaic, np.array(BAYER["RGGB"]), 3).ravel().tolist() == [1, 3, 8]
    assert binned(mosaic, FOUR, 4).ravel().tolist() == [1, 2, 4, 8]


def test_is_bayer():
    assert all(is_bayer(np.array(p)) for p in BAYER.values())
    assert not is_bayer(FUJI)
    assert not is_bayer(FOUR)
    assert not is_bayer(np.array([[0, 1], [2, 1]]))
