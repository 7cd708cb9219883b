"""Creative LUT, live."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.color import REC2020, SRGB, between
from engine.cube import Cube
from engine.finishers.darktable import creative_lut as stage
from engine.live.kernels import (
    F,
    Planes,
    clipped,
    each_pixel,
    kernel,
    part,
    srgb_decoded,
    srgb_encoded,
)
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics

IDENTITY = Cube(np.moveaxis(np.indices((2, 2, 2))[::-1], 0, -1).astype(np.float32))
"""A table that changes nothing."""


def graded(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, lut: str, lut_amount: Value
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, moved toward the look by the amount.

    Raises PhotofinishError where `lut` names a file that darktable cannot read.
    """
    if not lut or lut_amount == 0.0:
        return image
    return looked_up(image, stage.cube_of(lut), float(lut_amount) / 100.0)


def looked_up(image: Tensor, cube: Cube, amount: float) -> Tensor:
    """The same, of a three-dimensional `cube`; `amount` up to 1."""
    mixed = _Mixed(_TO_SRGB, _FROM_SRGB, F(amount), F(len(cube.table) - 1))
    return each_pixel(image, _look, cube.table, mixed)


class _Mixed(NamedTuple):
    """Matrices to the table's space and back, the amount, and the table's last entry."""

    there: NDArray[np.float32]
    back: NDArray[np.float32]
    amount: F
    last: F


_TO_SRGB, _FROM_SRGB = (
    np.ascontiguousarray(between(*pair), np.float32) for pair in ((REC2020, SRGB), (SRGB, REC2020))
)


@kernel
def _look(
    planes: Planes, table: NDArray[np.float32], mixed: _Mixed, out: Planes, first: int, stop: int
) -> None:
    there, back = mixed.there, mixed.back
    for y in range(first, stop):
        for x in range(planes.shape[2]):
            red, green, blue = planes[0, y, x], planes[1, y, x], planes[2, y, x]
            r = _place(there[0, 0] * red + there[0, 1] * green + there[0, 2] * blue, mixed.last)
            g = _place(there[1, 0] * red + there[1, 1] * green + there[1, 2] * blue, mixed.last)
            b = _place(there[2, 0] * red + there[2, 1] * green + there[2, 2] * blue, mixed.last)
            i, j, k = _cell(r, mixed.last), _cell(g, mixed.last), _cell(b, mixed.last)
            r, g, b = r - F(i), g - F(j), b - F(k)
            most, least = max(r, max(g, b)), min(r, min(g, b))
            middle = max(min(r, g), min(max(r, g), b))
            # the corners between: along the channel of the largest share, and along all but the
            # one of the smallest
            red_first = (r >= g) and (r >= b)
            green_first = (not red_first) and (g >= b)
            blue_first = not (red_first or green_first)
            blue_last = (not blue_first) and (b <= r) and (b <= g)
            green_last = (not green_first) and (not blue_last) and (g <= r) and (g <= b)
            red_last = not (blue_last or green_last)
            i1, j1, k1 = i + red_first, j + green_first, k + blue_first
            i2, j2, k2 = i + (not red_last), j + (not green_last), k + (not blue_last)
            w0, w1, w2 = F(1) - most, most - middle, middle - least
            dark, near = table[k, j, i], table[k1, j1, i1]
            far, light = table[k2, j2, i2], table[k + 1, j + 1, i + 1]
            lit_red = _lit(w0 * dark[0] + w1 * near[0] + w2 * far[0] + least * light[0])
            lit_green = _lit(w0 * dark[1] + w1 * near[1] + w2 * far[1] + least * light[1])
            lit_blue = _lit(w0 * dark[2] + w1 * near[2] + w2 * far[2] + least * light[2])
            seen = back[0, 0] * lit_red + back[0, 1] * lit_green + back[0, 2] * lit_blue
            out[0, y, x] = red + mixed.amount * (seen - red)
            seen = back[1, 0] * lit_red + back[1, 1] * lit_green + back[1, 2] * lit_blue
            out[1, y, x] = green + mixed.amount * (seen - green)
            seen = back[2, 0] * lit_red + back[2, 1] * lit_green + back[2, 2] * lit_blue
            out[2, y, x] = blue + mixed.amount * (seen - blue)


@part
def _place(linear: F, last: F) -> F:
    """Where a channel lies, in entries of the table."""
    return last * srgb_encoded(clipped(linear, F(0), F(1)))


@part
def _cell(place: F, last: F) -> int:
    return min(int(place), int(last) - 1)


@part
def _lit(encoded: F) -> F:
    """Linear, and no less than black."""
    return srgb_decoded(max(encoded, F(0)))
