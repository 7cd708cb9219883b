import numpy as np
import pytest
import rawpy
import tifffile

from engine.color import D50_XYZ
from resources import sample


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("sample") / "sample.dng"
    sample.write_sample(path, long_side=400)
    return path


@pytest.fixture(scope="module")
def light(path):
    """The four planes of the mosaic as fractions of the white level: (4, h, w)."""
    with rawpy.imread(str(path)) as raw:
        mosaic = (raw.raw_image_visible.astype(np.float32) - 512) / (16383 - 512)
    return np.stack([mosaic[r::2, c::2] for r in (0, 1) for c in (0, 1)])


def test_it_is_a_raw_with_its_camera_and_exposure(path, light):
    assert light.shape == (4, 150, 200)
    with tifffile.TiffFile(path) as file:
        tags = {tag.name: tag.value for tag in file.pages[0].tags}
        raw = {tag.code: tag.value for tag in file.pages[0].pages[0].tags}
    assert (tags["Make"], tags["Model"]) == ("Photofinish", "Sample Camera")
    assert (tags["CalibrationIlluminant1"], tags["CalibrationIlluminant2"]) == (17, 21)
    assert raw[51041] == sample.NOISE


def test_it_spans_deep_shade_and_clipped_light(light):
    green = np.sort(light[1].ravel())
    assert 0.0002 < (green >= 0.999).mean() < 0.02
    assert np.log2(green[int(0.99 * green.size)] / green[int(0.03 * green.size)]) > 6
    assert green[int(0.03 * green.size)] > 0


def test_it_holds_many_colors(path):
    with rawpy.imread(str(path)) as raw:
        picture = raw.postprocess(use_camera_wb=True, half_size=True).astype(float) / 255
    low, high = picture.min(-1), picture.max(-1)
    vivid = (high - low > 0.25) & (high > 0.2)
    red, green, blue = picture[vivid].T
    hue = np.degrees(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)) % 360
    share = np.histogram(hue, bins=8, range=(0, 360))[0] / vivid.size
    assert (share > 0.0002).sum() >= 6


def test_gray_is_gray_behind_the_as_shot_white():
    _, to_camera, neutral = sample.camera()
    gray = np.full((64, 64, 3), 0.4, np.float32)
    mosaic = (sample.expose(gray, to_camera).astype(float) - 512) / (16383 - 512)
    means = [mosaic[r::2, c::2].mean() for r, c in ((0, 0), (0, 1), (1, 1))] / neutral
    np.testing.assert_allclose(means, 0.4 * sample.EXPOSURE, rtol=5e-3)


def test_noise_is_what_the_profile_says():
    _, to_camera, _ = sample.camera()
    a, b = sample.NOISE
    for level in (0.0, 0.02, 0.8):
        scene = np.full((256, 256, 3), level, np.float32)
        green = sample.expose(scene, to_camera)[::2, 1::2].astype(float) / (16383 - 512)
        expected = a * level * sample.EXPOSURE + b
        np.testing.assert_allclose(green.var(), expected, rtol=0.06)


def test_forward_matrices_take_white_to_d50():
    profile, _, _ = sample.camera()
    for calibration in profile.calibrations:
        white = calibration.forward_matrix.sum(1)
        np.testing.assert_allclose(white, D50_XYZ.numpy(), atol=3e-4)


def test_it_is_the_same_every_time(path, tmp_path):
    sample.write_sample(tmp_path / "again.dng", long_side=400)
    assert (tmp_path / "again.dng").read_bytes() == path.read_bytes()
