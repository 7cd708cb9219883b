"""From stored samples to linear light: black to 0, the white level to 1.

Adobe, Digital Negative Specification 1.7.1, chapter 5 (Mapping Raw Values to Linear Reference
Values). Values above white are clipped to it; noise below black stays, slightly negative, so that
deep shade keeps its mean and its hue.
"""

import numpy as np
from numpy.typing import NDArray

from engine.raw.sensor import Plane
from engine.raw.tiff import DamagedError, Tags
from engine.raw.tiles import BITS, SAMPLE_FORMAT

LINEARIZATION_TABLE, BLACK_REPEAT, BLACK = 50712, 50713, 50714
BLACK_DELTA_H, BLACK_DELTA_V, WHITE = 50715, 50716, 50717


def black_levels(tags: Tags, planes: int) -> NDArray[np.float32]:
    """BlackLevel as (rows, columns, planes), repeating over the active area."""
    rows, columns = (tags.integers(BLACK_REPEAT) or [1, 1])[:2]
    levels = np.array(tags.numbers(BLACK) or [0.0], np.float32)
    if rows < 1 or columns < 1 or rows * columns > 4096:
        raise DamagedError
    if len(levels) == 1:
        levels = np.repeat(levels, rows * columns * planes)
    if len(levels) != rows * columns * planes:
        raise DamagedError
    return levels.reshape(rows, columns, planes)


def white_levels(tags: Tags, planes: int) -> NDArray[np.float32]:
    """WhiteLevel of each plane."""
    floating = tags.integer(SAMPLE_FORMAT, 1) == 3
    default = 1.0 if floating else 2.0 ** tags.integer(BITS, 16) - 1.0
    levels = tags.numbers(WHITE) or [default]
    return np.array((levels * planes)[:planes], np.float32)


def linearize(stored: NDArray[np.generic], tags: Tags) -> Plane:
    """Return the active area (H, W, planes) of stored samples as linear light.

    Raises DamagedError where the levels make no sense.
    """
    height, width, planes = stored.shape
    table = np.array(tags.numbers(LINEARIZATION_TABLE), np.float32)
    if len(table):
        picture = table[np.minimum(stored, len(table) - 1).astype(np.intp)]
    else:
        picture = stored.astype(np.float32)
    black, white = black_levels(tags, planes), white_levels(tags, planes)
    across = np.array(tags.numbers(BLACK_DELTA_H), np.float32)
    down = np.array(tags.numbers(BLACK_DELTA_V), np.float32)
    darkest = black.max((0, 1)) + across.max(initial=0.0) + down.max(initial=0.0)
    span = white - darkest
    if not (np.isfinite(span).all() and (span > 0).all()):
        raise DamagedError
    _subtract_pattern(picture, black)
    if len(across) == width:
        picture -= across[None, :, None]
    if len(down) == height:
        picture -= down[:, None, None]
    picture *= (1.0 / span).astype(np.float32)
    if tags.integer(SAMPLE_FORMAT, 1) == 3:
        return np.nan_to_num(picture, copy=False, posinf=1.0, neginf=0.0)
    return np.minimum(picture, 1.0, out=picture)


def _subtract_pattern(picture: Plane, black: NDArray[np.float32]) -> None:
    if (black == black[:1, :1]).all():
        picture -= black[0, 0]
        return
    rows, columns = black.shape[:2]
    for row in range(rows):
        for column in range(columns):
            picture[row::rows, column::columns] -= black[row, column]
