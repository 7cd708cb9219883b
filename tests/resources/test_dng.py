import shutil
import struct
import subprocess

import numpy as np
import pytest
import rawpy
import tifffile

from resources.dng import (
    XTRANS,
    Type,
    gain_map,
    opcode_list,
    profile_gain_table_map,
    warp_rectilinear,
    write_dng,
)

BAYER = ("RGGB", "BGGR", "GRBG", "GBRG")


@pytest.fixture
def mosaic():
    return np.random.default_rng(1).integers(500, 16000, (96, 120), dtype=np.uint16)


def tags_of(path, ifd=0):
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        if ifd:
            page = page.pages[0]
        return {tag.code: tag.value for tag in page.tags}


def fractions(value):
    return np.array(value[::2]) / np.array(value[1::2])


@pytest.mark.parametrize("cfa", [*BAYER, XTRANS])
def test_a_mosaic_reads_back_with_its_pattern(tmp_path, mosaic, cfa):
    write_dng(tmp_path / "a.dng", mosaic, cfa=cfa, BlackLevel=512, WhiteLevel=16383)
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        np.testing.assert_array_equal(raw.raw_image_visible, mosaic)
        letters = "".join(chr(raw.color_desc[i]) for i in raw.raw_pattern.ravel())
        side = len(raw.raw_pattern)
        assert letters == cfa[: side * side]
        assert raw.black_level_per_channel == [512] * 4
        assert raw.white_level == 16383


def test_linear_rgb_reads_back(tmp_path):
    pixels = np.random.default_rng(2).integers(0, 65535, (40, 60, 3), dtype=np.uint16)
    write_dng(tmp_path / "a.dng", pixels, BlackLevel=7, WhiteLevel=65535)
    np.testing.assert_array_equal(fractions(tags_of(tmp_path / "a.dng")[50714]), (7, 7, 7))
    assert tags_of(tmp_path / "a.dng")[50717] == (65535,) * 3
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        np.testing.assert_array_equal(raw.raw_image_visible[..., :3], pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_monochrome_of_any_depth_reads_back(tmp_path, dtype):
    pixels = np.random.default_rng(3).integers(0, 255, (40, 60)).astype(dtype)
    write_dng(tmp_path / "a.dng", pixels)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.dng"), pixels)


def test_numbers_survive_to_nine_digits(tmp_path, mosaic):
    matrix = np.random.default_rng(4).normal(size=(3, 3)) * [[0.001], [1], [30]]
    write_dng(
        tmp_path / "a.dng", mosaic, cfa="RGGB", ColorMatrix2=matrix, NoiseProfile=[1e-4, 1e-9]
    )
    tags = tags_of(tmp_path / "a.dng")
    np.testing.assert_allclose(fractions(tags[50722]).reshape(3, 3), matrix, rtol=1e-6, atol=2e-9)
    assert tags[51041] == (1e-4, 1e-9)


def test_black_level_takes_the_shape_of_its_pattern(tmp_path, mosaic):
    write_dng(tmp_path / "a.dng", mosaic, cfa="RGGB", BlackLevel=[[500, 510], [520, 530]])
    tags = tags_of(tmp_path / "a.dng")
    assert tags[50713] == (2, 2)
    np.testing.assert_array_equal(fractions(tags[50714]), [500, 510, 520, 530])
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        assert sorted(raw.black_level_per_channel) == [500, 510, 520, 530]


def test_linearization_table_is_applied_by_readers(tmp_path):
    codes = np.random.default_rng(5).integers(0, 256, (40, 60), dtype=np.uint16)
    table = (np.arange(256) ** 2 / 4).astype(np.uint16)
    write_dng(tmp_path / "a.dng", codes, cfa="RGGB", LinearizationTable=table, WhiteLevel=16256)
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        np.testing.assert_array_equal(raw.raw_image_visible, table[codes])


def test_preview_comes_first_and_the_raw_moves_to_a_sub_ifd(tmp_path, mosaic):
    preview = np.full((32, 40, 3), (200, 100, 50), np.uint8)
    write_dng(tmp_path / "a.dng", mosaic, cfa="GBRG", preview=preview, Orientation=6)
    assert tags_of(tmp_path / "a.dng")[254] == 1
    assert tags_of(tmp_path / "a.dng", ifd=1)[262] == 32803
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        np.testing.assert_array_equal(raw.raw_image_visible, mosaic)
        assert raw.sizes.flip == 6
        assert raw.extract_thumb().format is rawpy.ThumbFormat.JPEG
    np.testing.assert_allclose(tifffile.imread(tmp_path / "a.dng", key=0), preview, atol=4)


def test_active_area_and_crop_are_seen(tmp_path, mosaic):
    write_dng(
        tmp_path / "a.dng",
        mosaic,
        cfa="RGGB",
        ActiveArea=(4, 6, 92, 116),
        DefaultCropOrigin=(2, 4),
        DefaultCropSize=(100, 80),
    )
    with rawpy.imread(str(tmp_path / "a.dng")) as raw:
        np.testing.assert_array_equal(raw.raw_image, mosaic)
        assert (raw.sizes.top_margin, raw.sizes.left_margin) == (4, 6)
    tags = tags_of(tmp_path / "a.dng")
    np.testing.assert_array_equal(fractions(tags[50720]), (100, 80))


def test_exif_goes_to_its_own_directory(tmp_path, mosaic):
    write_dng(
        tmp_path / "a.dng",
        mosaic,
        cfa="RGGB",
        Make="Maker",
        ISOSpeedRatings=400,
        ExposureTime=1 / 125,
        FNumber=2.8,
        XMP="<x:xmpmeta/>",
    )
    tags = tags_of(tmp_path / "a.dng")
    assert tags[271] == "Maker"
    assert bytes(tags[700]) == b"<x:xmpmeta/>"
    exif = tags[34665]
    assert exif["ISOSpeedRatings"] == 400
    assert exif["ExposureTime"] == (1, 125)
    assert exif["FNumber"] == (14, 5)


def test_none_leaves_a_default_out_and_fields_go_in_as_they_are(tmp_path, mosaic):
    fields = {50717: (Type.SHORT, [7])}
    write_dng(tmp_path / "a.dng", mosaic, cfa="RGGB", AsShotNeutral=None, fields=fields)
    tags = tags_of(tmp_path / "a.dng")
    assert 50728 not in tags
    assert tags[50717] == 7


def test_a_misspelled_tag_is_refused(tmp_path, mosaic):
    with pytest.raises(TypeError, match="ColourMatrix1"):
        write_dng(tmp_path / "a.dng", mosaic, cfa="RGGB", ColourMatrix1=np.eye(3))


def test_opcodes_are_laid_out_as_the_specification_says():
    gains = np.arange(1, 13, dtype=np.float32).reshape(3, 4)
    opcodes = opcode_list(
        gain_map(gains, area=(0, 1, 90, 120), pitch=(2, 2)), warp_rectilinear([1, 0.1, 0, 0, 0, 0])
    )
    count, first, version, flags, size = struct.unpack(">5I", opcodes[:20])
    assert (count, first, version, flags, size) == (2, 9, 0x01030000, 0, 76 + 4 * 12)
    assert struct.unpack(">8I", opcodes[20:52]) == (0, 1, 90, 120, 0, 1, 2, 2)
    assert struct.unpack(">2I4dI", opcodes[52:96]) == (3, 4, 1 / 2, 1 / 3, 0, 0, 1)
    np.testing.assert_array_equal(np.frombuffer(opcodes[96:144], ">f4"), gains.ravel())
    second, _, _, size = struct.unpack(">4I", opcodes[144:160])
    assert (second, size) == (1, 4 + 48 + 16)
    assert len(opcodes) == 160 + size


def test_gain_table_map_is_laid_out_as_the_specification_says():
    gains = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    arguments = {"weights": (0, 0, 0, 0, 1), "spacing": (0.5, 0.25), "origin": (0.1, 0.2)}
    first = profile_gain_table_map(gains, **arguments)
    assert struct.unpack("<2I4dI", first[:44]) == (2, 3, 0.5, 0.25, 0.1, 0.2, 4)
    np.testing.assert_array_equal(np.frombuffer(first[64:], "<f4"), gains.ravel())
    second = profile_gain_table_map(gains, gamma=0.5, **arguments)
    assert struct.unpack("<I3f", second[64:80]) == (3, 0.5, 0, 23)


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
def test_exiftool_finds_nothing_wrong(tmp_path, mosaic):
    path = tmp_path / "a.dng"
    preview = np.zeros((32, 40, 3), np.uint8)
    write_dng(
        path, mosaic, cfa="RGGB", preview=preview, ISOSpeedRatings=100, NoiseProfile=[1e-4, 0]
    )
    said = subprocess.run(
        ["exiftool", "-validate", "-warning", "-error", "-a", path], capture_output=True, text=True
    )
    assert said.stdout.split(":")[-1].strip() == "OK", said.stdout
