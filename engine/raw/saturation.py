"""Where the photosites of each color fill up, seen in the picture itself.

Many sensors fill up a few percent below the file's white level, and not at the same value for every
color (the readout scales them); taken at the file's word, their clipped highlights turn pink.
"""

import numpy as np
from numpy.typing import NDArray

from engine.raw.sensor import Plane

_BIN = 0.01
_LEAST = 0.65  # of the white level: peaks from _REACH bins above it are looked at
_REACH = 8  # bins below a pile that say how many values the scene itself would put there
_SHARE, _RATIO, _BEYOND = 5e-4, 4.0, 0.1


def levels(mosaic: Plane, pattern: NDArray[np.int64], colors: int) -> NDArray[np.float64]:
    """Return (colors,) the value at which each color of `mosaic` (H, W) saturates, 1 = white level.

    It is below 1 only where a share of the picture piles up there and next to nothing lies above.
    """
    rows, columns = pattern.shape
    counts = np.zeros((colors, round((1.0 - _LEAST) / _BIN) + 1), np.int64)
    sizes = np.zeros(colors)
    for row, column in np.ndindex(rows, columns):
        cells = mosaic[row::rows, column::columns]
        bright = cells[cells >= _LEAST].clip(max=1.0)
        bins = ((bright - _LEAST) * (1.0 / _BIN)).astype(np.intp)
        color = pattern[row, column]
        counts[color] += np.bincount(bins, minlength=counts.shape[1])
        sizes[color] += cells.size
    return np.array([_level(line, size) for line, size in zip(counts, sizes, strict=True)])


def _level(counts: NDArray[np.int64], size: float) -> float:
    peak = _REACH + int(counts[_REACH:].argmax())
    pile = counts[peak - 1 : peak + 2].sum()
    scene = 3.0 * np.median(counts[peak - _REACH : peak - 2])
    beyond = counts[peak + 2 :].sum()
    if pile < _SHARE * size or pile < _RATIO * scene or beyond > _BEYOND * pile:
        return 1.0
    return min(1.0, _LEAST + (peak + 0.5) * _BIN)
