"""Decode the stored samples of a DNG's raw picture, tile by tile.

Adobe, Digital Negative Specification 1.7.1, chapters 2 and 4 (compression, bit depths, predictors).
Codecs: imagecodecs, loaded one by one as they are needed.
"""

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from engine.raw.tiff import DamagedError, Tags, Tiff

WIDTH, LENGTH, BITS, COMPRESSION = 256, 257, 258, 259
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS, PLANAR = 273, 277, 278, 279, 284
PREDICTOR, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS = 317, 322, 323, 324, 325
SAMPLE_FORMAT = 339

UNCOMPRESSED, LZW, JPEG, DEFLATE, OLD_DEFLATE = 1, 5, 7, 8, 32946
LOSSY_JPEG, JPEG_XL = 34892, 52546
NAMES = {
    UNCOMPRESSED: "none",
    LZW: "LZW",
    JPEG: "lossless JPEG",
    DEFLATE: "deflate",
    OLD_DEFLATE: "deflate",
    LOSSY_JPEG: "lossy JPEG",
    JPEG_XL: "JPEG XL",
}
HORIZONTAL = {2: 1, 34892: 2, 34893: 4}  # predictor: distance in pixels
FLOATING = {3: 1, 34894: 2, 34895: 4}
MOST_SAMPLES = 1 << 30

Samples = NDArray[np.generic]


def readable(tags: Tags) -> bool:
    """Whether `read_samples` knows this picture's compression."""
    return tags.integer(COMPRESSION, 1) in NAMES


def read_samples(tiff: Tiff, tags: Tags) -> Samples:
    """Return the picture (H, W, samples) as stored: uint8, uint16, uint32 or float32.

    Raises DamagedError where a tile is missing, cut short or cannot be decoded.
    """
    height, width = tags.integer(LENGTH, 0), tags.integer(WIDTH, 0)
    samples = tags.integer(SAMPLES, 1)
    tiled = TILE_OFFSETS in tags
    tile_width = tags.integer(TILE_WIDTH, 0) if tiled else width
    rows = tags.integer(TILE_LENGTH, 0) if tiled else tags.integer(ROWS_PER_STRIP, height)
    tile_height = rows if tiled else min(rows, height)
    if min(height, width, samples, tile_width, tile_height) < 1 or samples > 8:
        raise DamagedError
    if max(height * width, tile_height * tile_width) * samples > MOST_SAMPLES:
        raise DamagedError
    offsets = tags.integers(TILE_OFFSETS if tiled else STRIP_OFFSETS)
    counts = tags.integers(TILE_COUNTS if tiled else STRIP_COUNTS)
    down, across = -(-height // tile_height), -(-width // tile_width)
    # each color may lie by itself, all tiles of one before those of the next
    planes, depth = (samples, 1) if tags.integer(PLANAR, 1) == 2 else (1, samples)
    tiles = planes * down * across
    if len(offsets) < tiles or len(counts) < tiles:
        raise DamagedError
    if any(offset + count > tiff.length for offset, count in zip(offsets, counts, strict=False)):
        raise DamagedError
    picture: Samples | None = None
    for i in range(tiles):
        plane, place = divmod(i, down * across)
        top, left = place // across * tile_height, place % across * tile_width
        bottom, right = min(top + tile_height, height), min(left + tile_width, width)
        lines = tile_height if tiled else bottom - top
        stored = tiff.read(offsets[i], counts[i])
        tile = _decode(stored, tags, tiff.order, (lines, tile_width, depth))
        if picture is None:
            if tiles == 1 and tile.shape == (height, width, samples):
                return tile
            picture = np.empty((height, width, samples), tile.dtype)
        colors = slice(plane, plane + depth)
        picture[top:bottom, left:right, colors] = tile[: bottom - top, : right - left]
    if picture is None:
        raise DamagedError
    return picture


def _decode(stored: bytes, tags: Tags, order: str, shape: tuple[int, int, int]) -> Samples:
    compression = tags.integer(COMPRESSION, 1)
    try:
        if compression in (JPEG, LOSSY_JPEG):
            tile = _jpeg(stored)
        elif compression == JPEG_XL:
            tile = imagecodecs.jpegxl_decode(stored)
        else:
            if compression == LZW:
                stored = bytes(imagecodecs.lzw_decode(stored))
            elif compression in (DEFLATE, OLD_DEFLATE):
                size = shape[0] * shape[1] * shape[2] * 8
                stored = bytes(imagecodecs.zlib_decode(stored, out=size))
            tile = _unpack(stored, tags, order, shape)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise DamagedError from error
    if tile.size != shape[0] * shape[1] * shape[2]:
        raise DamagedError
    # a lossless JPEG may split a row into several components: the order of samples is the same
    tile = tile.reshape(shape)
    return tile.astype(np.float32) if tile.dtype.kind == "f" else tile


def _jpeg(stored: bytes) -> Samples:
    lossless = b"\xff\xc3" in stored[:4096]
    codec = imagecodecs.ljpeg_decode if lossless else imagecodecs.jpeg8_decode
    return np.asarray(codec(stored))


def _unpack(stored: bytes, tags: Tags, order: str, shape: tuple[int, int, int]) -> Samples:
    bits = tags.integer(BITS, 16)
    if tags.integer(SAMPLE_FORMAT, 1) == 3:
        return _floats(stored, bits, tags.integer(PREDICTOR, 1), order, shape)
    size = shape[0] * shape[1] * shape[2]
    if bits in (8, 16, 32):
        tile = np.frombuffer(stored, np.dtype(f"{order}u{bits // 8}"), size).reshape(shape)
        tile = tile.astype(tile.dtype.newbyteorder("="), copy=False)
    elif 8 < bits < 16:
        kind = np.uint16
        run = shape[1] * shape[2]
        if len(stored) < -(-run * bits // 8) * shape[0]:
            raise DamagedError
        tile = imagecodecs.packints_decode(stored, kind, bits, runlen=run)[:size].reshape(shape)
    else:
        raise DamagedError
    distance = HORIZONTAL.get(tags.integer(PREDICTOR, 1))
    if distance:
        tile = tile.copy()
        for first in range(distance):
            lane = tile[:, first::distance]
            np.cumsum(lane, axis=1, dtype=tile.dtype, out=lane)
    return tile


def _floats(
    stored: bytes, bits: int, predictor: int, order: str, shape: tuple[int, int, int]
) -> Samples:
    if bits not in (16, 24, 32):
        raise DamagedError
    row = shape[1] * shape[2]
    width = bits // 8
    table = np.frombuffer(stored, np.uint8, shape[0] * row * width).reshape(shape[0], -1)
    if predictor in FLOATING:
        step = FLOATING[predictor] * shape[2]
        table = table.copy()
        for first in range(step):
            lane = table[:, first::step]
            np.cumsum(lane, axis=1, dtype=np.uint8, out=lane)
        # bytes lie in planes, most significant first
        parts = table.reshape(shape[0], width, row).transpose(0, 2, 1)
    else:
        parts = table.reshape(shape[0], row, width)
        parts = parts[..., ::-1] if order == "<" else parts
    if bits == 24:
        return _from_float24(parts).reshape(shape)
    flat = np.ascontiguousarray(parts).view(f">f{width}")
    return flat.astype(np.float32).reshape(shape)


def _from_float24(table: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Sign, 7 bits of exponent (bias 63) and 16 of mantissa, as float32; denormals flush to 0."""
    parts = table.astype(np.uint32)
    word = np.asarray(parts[..., 0] << 16 | parts[..., 1] << 8 | parts[..., 2], np.uint32)
    exponent = word >> 16 & 0x7F
    whole = (word & 0x800000) << 8 | (exponent + 64) << 23 | (word & 0xFFFF) << 7
    return np.asarray(whole * (exponent > 0), np.uint32).view(np.float32)
