"""Tone equalizer, live."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.finishers.darktable import tone_equalizer as stage
from engine.live.blur import blurred
from engine.live.kernels import (
    Curve,
    F,
    Maps,
    Plane,
    Planes,
    by_rows,
    curve,
    each_pixel,
    kernel,
    log2,
    look_up,
    part,
    picture_of,
    planes_of,
    read_row,
    scale_row,
    wide_rows,
)
from engine.live.room import room
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics

_Samples = tuple[NDArray[np.int32], NDArray[np.float32]]

_ENERGIES = (-8.0, 0.0, 1024)
"""EV from white that the curve of gains spans, and its steps: it is level beyond."""


def maps(image: Tensor, metadata: Metadata) -> Tensor:
    """Mean and variance (1, 2, h, w) of the energy of colors around each pixel."""
    planes = planes_of(image)
    frame = planes.shape[1:]
    size = stage.small_size(frame)
    down, across = (_samples(*pair) for pair in zip(frame, size, strict=True))
    small = room((2, *size))
    by_rows(lambda first, stop: _look(planes, *down, *across, small, first, stop), size[0])
    weights = stage.weights(stage.sigma(frame)).numpy()
    weights = np.ascontiguousarray(weights[len(weights) // 2 :])
    mean, square = blurred(small[0], weights), blurred(small[1], weights)
    return picture_of(np.stack([mean, square - mean * mean]))


def equalized(
    image: Tensor,
    maps: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    highlights: Value,
    shadows: Value,
    whites: Value,
    blacks: Value,
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, with its zones lifted."""
    gains = curve(lambda e: stage.gain(e, highlights, shadows, whites, blacks), *_ENERGIES)
    small, frame = planes_of(maps), image.shape[-2:]
    down, across = (_samples(*pair) for pair in zip(small.shape[1:], frame, strict=True))
    return each_pixel(image, _equalize, Maps(small, *down, *across), gains)


def _samples(length: int, count: int) -> _Samples:
    before, share = stage.sampling(length, count)
    return before.astype(np.int32), share.astype(np.float32)


@kernel
def _look(
    planes: Planes,
    rows: NDArray[np.int32],
    down: NDArray[np.float32],
    columns: NDArray[np.int32],
    across: NDArray[np.float32],
    out: Planes,
    first: int,
    stop: int,
) -> None:
    """Energies of colors, and the squares of those, between four pixels each."""
    bottom, right = planes.shape[1] - 1, planes.shape[2] - 1
    once, twice = out[0], out[1]
    for y in range(first, stop):
        above, below = rows[y], min(rows[y] + 1, bottom)
        for x in range(out.shape[2]):
            left, beside = columns[x], min(columns[x] + 1, right)
            upper, lower = _energy(planes, above, left), _energy(planes, below, left)
            upper += across[x] * (_energy(planes, above, beside) - upper)
            lower += across[x] * (_energy(planes, below, beside) - lower)
            energy = upper + down[y] * (lower - upper)
            once[y, x] = energy
            twice[y, x] = energy * energy


@part
def _energy(planes: Planes, y: int, x: int) -> F:
    red, green, blue = planes[0, y, x], planes[1, y, x], planes[2, y, x]
    return np.sqrt(red * red + green * green + blue * blue)


_NO_LIGHT, _LEAST = F(stage.NO_LIGHT), F(stage.LEAST)


@kernel
def _equalize(planes: Planes, maps: Maps, gains: Curve, out: Planes, first: int, stop: int) -> None:
    width = planes.shape[2]
    wide, held = wide_rows(maps)
    around, gain = np.zeros((2, width), F), np.zeros(width, F)
    for y in range(first, stop):
        read_row(maps, y, wide, held, around)
        _smooth(planes, y, around, gain)
        for x in range(width):
            gain[x] = look_up(gains, gain[x])
        for k in range(3):
            scale_row(planes[k, y], gain, out[k, y])


@part
def _smooth(planes: Planes, y: int, around: Plane, out: NDArray[np.float32]) -> None:
    """A row of energies, smoothed where they vary little, in EV."""
    red, green, blue = planes[0, y], planes[1, y], planes[2, y]
    mean, variance = around[0], around[1]
    for x in range(len(out)):
        energy = np.sqrt(red[x] * red[x] + green[x] * green[x] + blue[x] * blue[x])
        scale = max(mean[x] * energy, _NO_LIGHT)
        slope = variance[x] / (variance[x] + scale)
        out[x] = log2(max(mean[x] + slope * (energy - mean[x]), _LEAST))
