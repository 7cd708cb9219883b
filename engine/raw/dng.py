"""Decode a DNG: its own description of its pixels is complete, so nothing is guessed.

Adobe, Digital Negative Specification 1.7.1: chapter 4 (tags), 5 (linear values), 7 (opcodes).
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.errors import PhotofinishError
from engine.raw import opcodes
from engine.raw.linear import linearize
from engine.raw.opcodes import Grid
from engine.raw.saturation import levels
from engine.raw.sensor import Described, Sensor
from engine.raw.tiff import EXIF_IFD, GPS_IFD, SUB_IFDS, DamagedError, Tags, Tiff
from engine.raw.tiles import COMPRESSION, LENGTH, NAMES, WIDTH, read_samples

DNG_VERSION, SUBFILE_TYPE, PHOTOMETRIC, ORIENTATION = 50706, 254, 262, 274
CFA_REPEAT, CFA_PATTERN, CFA_PLANE_COLOR, CFA_LAYOUT = 33421, 33422, 50710, 50711
ACTIVE_AREA, MASKED_AREAS, DEFAULT_SCALE = 50829, 50830, 50718
CROP_ORIGIN, CROP_SIZE, AS_SHOT_NEUTRAL = 50719, 50720, 50728
OPCODE_LIST_1, OPCODE_LIST_2, OPCODE_LIST_3 = 51008, 51009, 51022
CFA, LINEAR_RAW = 32803, 34892


def is_dng(tiff: Tiff) -> bool:
    """Whether the first directory says so."""
    return DNG_VERSION in next(tiff.directories(), Tags())


def describe(tiff: Tiff) -> Described:
    """What the file says. Raises DamagedError where it holds no raw picture."""
    directories = list(tiff.directories())
    if not directories or DNG_VERSION not in directories[0]:
        raise DamagedError
    main = directories[0]
    pictures = [*directories, *(sub for d in directories for sub in _below(tiff, d, SUB_IFDS))]
    raws = [d for d in pictures if d.integer(PHOTOMETRIC, 0) in (CFA, LINEAR_RAW)]
    if not raws:
        raise PhotofinishError("This DNG holds no raw picture.")
    # NewSubfileType 0 is the raw picture; others are reduced, enhanced, depth or masks
    raw = min(raws, key=lambda d: (d.integer(SUBFILE_TYPE, 0) != 0, -d.integer(WIDTH, 0)))
    exif = next(_below(tiff, main, EXIF_IFD), Tags())
    gps = next(_below(tiff, main, GPS_IFD), Tags())
    return Described(main, raw, exif, gps, _facts(raw))


def decode(tiff: Tiff, described: Described) -> Sensor:
    """The sensor's picture. Raises PhotofinishError where it cannot be decoded."""
    raw = described.raw
    stored = read_samples(tiff, raw)
    first = opcodes.read_list(raw.blob(OPCODE_LIST_1))
    if first:
        whole = Grid(*stored.shape[:2])
        stored = opcodes.apply(first, stored.astype(np.float32), whole)
    height, width, planes = stored.shape
    top, left, bottom, right = raw.integers(ACTIVE_AREA)[:4] or [0, 0, height, width]
    if not (0 <= top < bottom <= height and 0 <= left < right <= width):
        raise DamagedError
    picture = linearize(stored[top:bottom, left:right], raw)
    mosaic = raw.integer(PHOTOMETRIC, 0) == CFA
    pattern, colors = _pattern(raw) if planes == 1 and mosaic else (None, planes)
    saturation = None if pattern is None else levels(picture[..., 0], pattern, colors)
    grid = Grid(bottom - top, right - left)
    picture = opcodes.apply(opcodes.read_list(raw.blob(OPCODE_LIST_2)), picture, grid)
    neutral = np.array(described.camera.numbers(AS_SHOT_NEUTRAL))
    scale = (raw.numbers(DEFAULT_SCALE) or [1.0, 1.0])[:2]
    return Sensor(
        picture=picture,
        pattern=pattern,
        colors=colors,
        crop=_crop(raw, grid),
        neutral=neutral if len(neutral) == colors and (neutral > 0).all() else None,
        aspect=(scale[0], scale[1]) if len(scale) == 2 and min(scale) > 0 else (1.0, 1.0),
        orientation=described.camera.integer(ORIENTATION, 1),
        after=opcodes.read_list(raw.blob(OPCODE_LIST_3)),
        saturation=saturation,
    )


def completed(sensor: Sensor, described: Described) -> Sensor:
    """What LibRaw decoded of a DNG whose compression only it knows, with the file's corrections."""
    raw = described.raw
    grid = Grid(*sensor.picture.shape[:2])
    picture = opcodes.apply(
        opcodes.read_list(raw.blob(OPCODE_LIST_2)), np.ascontiguousarray(sensor.picture), grid
    )
    after = opcodes.read_list(raw.blob(OPCODE_LIST_3))
    return replace(sensor, picture=picture, crop=_crop(raw, grid), after=after)


def _below(tiff: Tiff, tags: Tags, tag: int) -> Iterator[Tags]:
    """Directories below one; a pointer into nothing costs only what it points to."""
    try:
        yield from tiff.below(tags, tag)
    except DamagedError:
        return


def _pattern(raw: Tags) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int64]], int]:
    """Color index of each pixel of the mosaic's cell, and how many colors there are."""
    rows, columns = (raw.integers(CFA_REPEAT) or [2, 2])[:2]
    codes = raw.integers(CFA_PATTERN)
    planes = raw.integers(CFA_PLANE_COLOR) or [0, 1, 2]
    if not 0 < rows * columns == len(codes) or max(rows, columns) > 16:
        raise DamagedError
    if raw.integer(CFA_LAYOUT, 1) != 1:
        raise PhotofinishError("This camera's staggered sensor layout is not supported.")
    if len(planes) > 4 or not set(codes) <= set(planes):
        raise PhotofinishError("This camera's color filter pattern is not supported.")
    index = [planes.index(code) for code in codes]
    return np.array(index, np.int64).reshape(rows, columns), len(planes)


def _crop(raw: Tags, grid: Grid) -> tuple[int, int, int, int]:
    left, top = (raw.integers(CROP_ORIGIN) or [0, 0])[:2]
    width, height = (raw.integers(CROP_SIZE) or [grid.width, grid.height])[:2]
    left, top = min(max(left, 0), grid.width - 1), min(max(top, 0), grid.height - 1)
    width, height = min(width, grid.width - left), min(height, grid.height - top)
    if width < 1 or height < 1:
        raise DamagedError
    return left, top, width, height


def _facts(raw: Tags) -> dict[str, object]:
    lists = {
        f"opcodes_{i}": [opcode.name for opcode in opcodes.read_list(raw.blob(tag))]
        for i, tag in enumerate((OPCODE_LIST_1, OPCODE_LIST_2, OPCODE_LIST_3), 1)
    }
    return {
        "format": "DNG",
        "stored_size": [raw.integer(WIDTH, 0), raw.integer(LENGTH, 0)],
        "compression": NAMES.get(raw.integer(COMPRESSION, 1), "unknown"),
        **{name: names for name, names in lists.items() if names},
    }
