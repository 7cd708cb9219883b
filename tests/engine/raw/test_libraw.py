"""LibRaw describes and decodes what is no DNG; on a DNG it must agree with our own reader."""

import numpy as np
import pytest

from engine.raw import dng, libraw
from engine.raw.develop import develop
from engine.raw.tiff import Tiff
from resources.dng import XTRANS, gain_map, opcode_list, warp_rectilinear, write_dng

MATRIX = [0.8, -0.2, -0.1, -0.4, 1.2, 0.2, -0.1, 0.2, 0.6]


def both(path):
    with path.open("rb") as file:
        tiff = Tiff(file)
        ours = dng.decode(tiff, dng.describe(tiff))
    described, theirs = libraw.decode(path)
    return ours, theirs, described


@pytest.mark.parametrize("cfa", ["RGGB", "GBRG", XTRANS])
def test_agrees_with_our_own_reader(tmp_path, cfa):
    stored = np.random.default_rng(3).integers(500, 16000, (60, 72)).astype(np.uint16)
    path = tmp_path / "a.dng"
    write_dng(
        path, stored, cfa=cfa, BlackLevel=512, WhiteLevel=16383, Orientation=6,
        AsShotNeutral=[0.5, 1, 0.7], ColorMatrix1=MATRIX,
    )  # fmt: skip
    ours, theirs, described = both(path)
    np.testing.assert_allclose(theirs.picture, ours.picture, atol=1e-6)
    np.testing.assert_array_equal(theirs.pattern, ours.pattern)
    np.testing.assert_allclose(theirs.neutral, ours.neutral, atol=1e-4)
    assert theirs.orientation == ours.orientation == 6
    assert described.camera.integer(libraw.ILLUMINANT_1, 0) == 21
    np.testing.assert_array_equal(develop(theirs, half=True).shape, develop(ours, half=True).shape)


def test_real_mosaics(shared_data):
    for name in ("canon_kissx4_magiclantern_frame.dng", "nikon_rose_crop_14bit_wrapped.dng"):
        ours, theirs, _ = both(shared_data / "raws" / name)
        left, top, width, height = ours.crop
        mine = ours.picture[top : top + height, left : left + width]
        np.testing.assert_allclose(theirs.picture[:height, :width], mine, atol=2e-4)


def test_a_dng_of_unknown_compression_gets_its_corrections(tmp_path):
    stored = np.random.default_rng(3).integers(500, 16000, (60, 72)).astype(np.uint16)
    path = tmp_path / "a.dng"
    gains = opcode_list(gain_map([[1.0, 1.5], [2.0, 1.2]], area=(0, 0, 60, 72)))
    lens = opcode_list(warp_rectilinear([1, 0.01, 0, 0, 0, 0]))
    write_dng(
        path, stored, cfa="RGGB", WhiteLevel=16383, OpcodeList2=gains, OpcodeList3=lens,
        DefaultCropOrigin=[4, 2], DefaultCropSize=[60, 50],
    )  # fmt: skip
    ours, theirs, _ = both(path)
    with path.open("rb") as file:
        theirs = dng.completed(theirs, dng.describe(Tiff(file)))
    np.testing.assert_allclose(develop(theirs, half=False), develop(ours, half=False), atol=1e-5)


@pytest.mark.parametrize(("piled", "white"), [(40, 15000), (0, 16383)])
def test_white_is_where_values_pile_up(tmp_path, piled, white):
    stored = np.random.default_rng(3).integers(0, 12000, (60, 72)).astype(np.uint16)
    stored[0, 0] = 15000
    stored.flat[1 : 1 + piled] = 15000
    path = tmp_path / "a.dng"
    write_dng(path, stored, cfa="RGGB", WhiteLevel=16383)
    _, sensor = libraw.decode(path)
    assert sensor.picture[0, 0, 0] == pytest.approx(15000 / white, abs=1e-5)


def test_monochrome(tmp_path):
    stored = np.random.default_rng(3).integers(500, 16000, (60, 72)).astype(np.uint16)
    write_dng(tmp_path / "a.dng", stored, BlackLevel=512, WhiteLevel=16383)
    ours, theirs, _ = both(tmp_path / "a.dng")
    assert theirs.pattern is None
    assert theirs.colors == 1
    np.testing.assert_allclose(theirs.picture, ours.picture, atol=1e-6)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation(tmp_path, orientation):
    stored = np.zeros((40, 44), np.uint16)
    write_dng(tmp_path / "a.dng", stored, cfa="RGGB", Orientation=orientation)
    ours, theirs, _ = both(tmp_path / "a.dng")
    assert theirs.orientation == ours.orientation == orientation


def test_black_of_each_place_in_the_cell(tmp_path):
    stored = np.random.default_rng(3).integers(600, 16000, (40, 44)).astype(np.uint16)
    black = np.array([[500, 510], [520, 530]])
    write_dng(tmp_path / "a.dng", stored, cfa="BGGR", BlackLevel=black, WhiteLevel=16383)
    ours, theirs, _ = both(tmp_path / "a.dng")
    np.testing.assert_allclose(theirs.picture, ours.picture, atol=1e-6)


def test_no_thumbnail_is_none(tmp_path):
    path = tmp_path / "a.dng"
    write_dng(path, np.zeros((40, 40), np.uint16), cfa="RGGB")
    assert libraw.thumbnail(path) is None
