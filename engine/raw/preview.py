"""The picture that the camera embedded in a raw: quick to show, not ours."""

import io
import mmap
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageOps

from engine.raw import dng
from engine.raw.sniff import open_tiff
from engine.raw.tiff import SUB_IFDS, DamagedError, Tags, Tiff
from engine.raw.tiles import COMPRESSION, JPEG, STRIP_COUNTS, STRIP_OFFSETS, WIDTH

YCBCR = 6
ORIENTATION = 274


def preview(path: Path, file: BinaryIO, descriptor: int, long_side: int) -> dict[str, Any]:
    """Write the preview, at least `long_side` if it is as large, as (H, W, 3) uint8, upright."""
    tiff = open_tiff(file)
    jpeg: bytes | None
    orientation = 1
    if tiff is not None and dng.is_dng(tiff):
        jpeg, orientation = _largest_jpeg(tiff)
    else:
        from engine.raw import libraw

        jpeg = libraw.thumbnail(path)
    if not jpeg:
        return {"shape": None}
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as stored:
            stored.draft("RGB", (long_side, long_side))
            if orientation != 1:
                stored.getexif()[ORIENTATION] = orientation
            picture = ImageOps.exif_transpose(stored).convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DamagedError from error
    pixels = np.asarray(picture)
    os.ftruncate(descriptor, pixels.nbytes)
    with mmap.mmap(descriptor, pixels.nbytes) as shared:
        shared[:] = pixels.tobytes()
    return {"shape": list(pixels.shape)}


def _largest_jpeg(tiff: Tiff) -> tuple[bytes, int]:
    """The largest JPEG preview of a DNG, and the orientation that the main directory tells."""
    directories = list(tiff.directories())
    found = [*directories, *(sub for d in directories for sub in tiff.below(d, SUB_IFDS))]
    jpegs = [d for d in found if _is_jpeg(d)]
    if not jpegs:
        return b"", 1
    best = max(jpegs, key=lambda d: d.integer(WIDTH, 0))
    stored = tiff.read(best.integer(STRIP_OFFSETS, 0), best.integer(STRIP_COUNTS, 0))
    return stored, directories[0].integer(ORIENTATION, 1)


def _is_jpeg(tags: Tags) -> bool:
    return (
        tags.integer(COMPRESSION, 0) == JPEG
        and tags.integer(dng.PHOTOMETRIC, 0) == YCBCR
        and len(tags.integers(STRIP_OFFSETS)) == 1
    )
