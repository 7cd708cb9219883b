"""A small real raw file for the window to open."""

from pathlib import Path

import numpy as np

from resources.dng import write_dng
from tests.photos import COLOR_MATRIX, D50, scene


def write_raw(path: Path, width: int = 240, height: int = 160) -> Path:
    """Write a Bayer DNG of the made scene; return `path`."""
    neutral = COLOR_MATRIX @ D50
    neutral /= neutral.max()
    camera = (scene(width, height)[0].numpy() * neutral[:, None, None]).clip(0.0, 1.0)
    mosaic = camera[1].copy()
    mosaic[0::2, 0::2] = camera[0][0::2, 0::2]
    mosaic[1::2, 1::2] = camera[2][1::2, 1::2]
    write_dng(
        path,
        np.round(mosaic * 16000.0).astype(np.uint16) + 512,
        cfa="RGGB",
        BlackLevel=512,
        WhiteLevel=16512,
        ColorMatrix1=COLOR_MATRIX,
        CalibrationIlluminant1=23,
        AsShotNeutral=neutral,
        Make="Made",
        Model="Camera",
    )
    return path
