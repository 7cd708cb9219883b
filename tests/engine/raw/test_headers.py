"""EXIF wherever a maker keeps it."""

import numpy as np
import pytest

from engine.raw.headers import directories
from resources.dng import write_dng

MAKE, EXPOSURE_TIME = 271, 33434


@pytest.fixture
def tiff(tmp_path):
    path = tmp_path / "a.dng"
    write_dng(path, np.zeros((8, 8), np.uint16), cfa="RGGB", Make="Made", ExposureTime=0.25)
    return path.read_bytes()


def test_a_file_that_is_tiff(tmp_path, tiff):
    main, exif, _ = directories(tmp_path / "a.dng")
    assert main.text(MAKE) == "Made"
    assert exif.number(EXPOSURE_TIME, 0.0) == 0.25


def test_the_jpeg_of_a_raf(tmp_path, tiff):
    path = tmp_path / "a.raf"
    path.write_bytes(b"FUJIFILMCCD-RAW 0201".ljust(148, b"\0") + b"\xff\xd8Exif\0\0" + tiff)
    main, exif, _ = directories(path)
    assert main.text(MAKE) == "Made"
    assert exif.number(EXPOSURE_TIME, 0.0) == 0.25


def test_the_boxes_of_a_cr3(tmp_path, tiff):
    path = tmp_path / "a.cr3"
    boxes = b"".join(b"\0\0\0\0" + name + tiff for name in (b"CMT1", b"CMT2", b"CMT4"))
    path.write_bytes(b"\0\0\0\x18ftypcrx ".ljust(64, b"\0") + boxes)
    main, exif, gps = directories(path)
    assert main.text(MAKE) == exif.text(MAKE) == gps.text(MAKE) == "Made"


def test_none_at_all(tmp_path):
    path = tmp_path / "a.x3f"
    path.write_bytes(b"FOVb" + bytes(200))
    assert [dict(tags) for tags in directories(path)] == [{}, {}, {}]
