"""Local contrast, live.

A remapped picture is the picture and `clarity` times what is near a grey. All that follows is
linear: so is what the filter adds in clarity, and it is found once for a picture.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.finishers.darktable import local_contrast as stage
from engine.live.darktable.lightness import changed, lightness
from engine.live.kernels import (
    F,
    Plane,
    Planes,
    Row,
    by_rows,
    clipped,
    exp2,
    kernel,
    part,
    planes_of,
)
from engine.live.room import room
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics

GREYS = len(stage.GREYS)


class _Fit(NamedTuple):
    """How a side of a level and that of the next, half as large, lie on each other.

    Of either, what is before `first` and after `last` is as that.
    """

    to_half: int
    first_half: int
    last_half: int
    from_half: int
    first: int
    last: int


def maps(image: Tensor, metadata: Metadata) -> Tensor:
    """What a clarity of 1 adds to L*, (1, 1, H, W)."""
    return torch.from_numpy(added(lightness(image), 0.01, 0.0))[None, None]


def contrasted(
    image: Tensor, maps: Tensor, metadata: Metadata, statistics: Statistics, *, clarity: Value
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, with its local contrast."""
    return changed(image, planes_of(maps), (float(clarity),))


def added(plane: Plane, gain: float, offset: float) -> Plane:
    """What a detail of 1 adds to `plane` (H, W), of which `gain` and `offset` make 0 to 1."""
    frame = stage.Frame.of(plane.shape)
    if frame.levels == 1:
        return np.zeros_like(plane)
    tone = _entered(plane, gain, offset, frame)
    halvings = range(frame.levels - 1)
    fits = [(_fit(frame.rows, level), _fit(frame.columns, level)) for level in halvings]
    pyramid = [_looked_at(tone, fits[0], _size(frame, 1))]
    for level in halvings[1:]:
        pyramid.append(_halved(pyramid[-1], fits[level], _size(frame, level + 1)))
    below = np.zeros(pyramid[-1].shape[1:], F)
    for level in reversed(halvings[1:]):
        below = _with_band(pyramid[level - 1], pyramid[level], below, fits[level])
    return _with_finest(tone, pyramid[0], below, fits[0], frame)


def _entered(plane: Plane, gain: float, offset: float, frame: stage.Frame) -> Plane:
    """`plane` as lightness, its edges repeated outwards."""
    above, left = _margin(frame.rows), _margin(frame.columns)
    out = room(_size(frame, 0))
    by_rows(
        lambda first, stop: _enter(plane, F(gain), F(offset), above, left, out, first, stop),
        len(out),
    )
    return out


def _margin(axis: stage.Axis) -> int:
    return int(2 ** (len(axis.starts) - 1) - axis.starts[0])


def _size(frame: stage.Frame, level: int) -> tuple[int, int]:
    height, width = (axis.stops[level] - axis.starts[level] for axis in (frame.rows, frame.columns))
    return height, width


def _fit(axis: stage.Axis, level: int) -> _Fit:
    start, half = axis.starts[level], axis.starts[level + 1]
    count, halves = axis.stops[level] - start, axis.stops[level + 1] - half
    return _Fit(
        2 * half - 2 - start,
        max(0, 1 - half),
        min(halves - 1, axis.lengths[level + 1] - 2 - half),
        start // 2 - half,
        max(0, 1 - start),
        min(count - 1, (axis.lengths[level] - 1) // 2 * 2 - 1 - start),
    )


def _looked_at(tone: Plane, fits: tuple[_Fit, _Fit], size: tuple[int, int]) -> Planes:
    """At half the size: what is near each grey, and the tone itself."""
    out = room((GREYS + 1, *size))
    by_rows(lambda first, stop: _look(tone, *fits, out, first, stop), size[0])
    return out


def _halved(planes: Planes, fits: tuple[_Fit, _Fit], size: tuple[int, int]) -> Planes:
    out = room((len(planes), *size))
    by_rows(lambda first, stop: _halve(planes, *fits, out, first, stop), size[0])
    return out


def _with_band(fine: Planes, coarse: Planes, below: Plane, fits: tuple[_Fit, _Fit]) -> Plane:
    out = room(fine.shape[1:])
    by_rows(lambda first, stop: _add_band(fine, coarse, below, *fits, out, first, stop), len(out))
    return out


def _with_finest(
    tone: Plane, coarse: Planes, below: Plane, fits: tuple[_Fit, _Fit], frame: stage.Frame
) -> Plane:
    """The same on the first level, the frame's own part of it."""
    above, left = _margin(frame.rows), _margin(frame.columns)
    out = room((frame.rows.inside, frame.columns.inside))

    def rows(first: int, stop: int) -> None:
        _add_finest(tone, coarse, below, *fits, above, left, out, first, stop)

    by_rows(rows, len(out))
    return out


@kernel
def _enter(
    plane: Plane, gain: F, offset: F, above: int, left: int, out: Plane, first: int, stop: int
) -> None:
    height, width = plane.shape
    for y in range(first, stop):
        row = plane[min(max(y - above, 0), height - 1)]
        inner = out[y, left : left + width]
        for x in range(width):
            inner[x] = gain * row[x] + offset
        out[y, :left] = inner[0]
        out[y, left + width :] = inner[width - 1]


_SPARE = 8
"""Pixels that a line is longer at both ends: as far as a level's half looks beyond what is held."""

_SIXTEENTH, _QUARTER, _MIDDLE, _EIGHTH = F(1 / 16), F(1 / 4), F(3 / 8), F(1 / 8)


@part
def _halve_row(line: Row, fit: _Fit, out: Row) -> None:
    """`line` at half its size."""
    begin = line[_SPARE + fit.to_half :]  # indexed from 0, it is read by vectors
    for x in range(len(out)):
        far, near = begin[2 * x] + begin[2 * x + 4], begin[2 * x + 1] + begin[2 * x + 3]
        out[x] = _SIXTEENTH * far + _QUARTER * near + _MIDDLE * begin[2 * x + 2]
    out[: fit.first_half] = out[fit.first_half]
    out[fit.last_half + 1 :] = out[fit.last_half]


@part
def _lengthen(line: Row) -> None:
    """Repeat the ends of what is within `line`."""
    line[:_SPARE] = line[_SPARE]
    line[len(line) - _SPARE :] = line[len(line) - _SPARE - 1]


@part
def _nearest(place: int, count: int) -> int:
    return min(max(place, 0), count - 1)


_FIRST, _STEP = stage.GREYS[0], stage.GREYS[1] - stage.GREYS[0]
_SHARP = 1.5 / stage.MIDTONE**2 / math.log(2.0)
_LOW, _HIGH = F(-1), F(2)
"""Tones between which there is something near a grey."""


@part
def _begin(tone: Row, bell: Row, ratio: Row) -> None:
    """How near each tone is to the first grey, and how many times nearer to the next."""
    for x in range(len(tone)):
        away = clipped(tone[x], _LOW, _HIGH) - F(_FIRST)
        bell[x] = exp2(F(-_SHARP) * away * away)
        ratio[x] = exp2(F(2.0 * _SHARP * _STEP) * away - F(_SHARP * _STEP**2))


@part
def _go_on(bell: Row, ratio: Row) -> None:
    """The same of the next grey."""
    for x in range(len(bell)):
        bell[x] *= ratio[x]
        ratio[x] *= F(2.0 ** (-2.0 * _SHARP * _STEP**2))


@part
def _near(tone: Row, grey: F, bell: Row, out: Row) -> None:
    for x in range(len(out)):
        out[x] = (tone[x] - grey) * bell[x]


@kernel
def _look(tone: Plane, rows: _Fit, columns: _Fit, out: Planes, first: int, stop: int) -> None:
    height, width = tone.shape
    line = np.zeros(width + 2 * _SPARE, F)
    inner = line[_SPARE : _SPARE + width]
    bell, ratio = np.zeros(width, F), np.zeros(width, F)
    # five rows that are halved across, and which they are
    halved, held = np.zeros((5, GREYS + 1, out.shape[2]), F), np.full(5, -1)
    for y in range(first, stop):
        top = rows.to_half + 2 * min(max(y, rows.first_half), rows.last_half)
        for i in range(5):
            row = _nearest(top + i, height)
            if held[row % 5] != row:
                held[row % 5] = row
                _begin(tone[row], bell, ratio)
                for k in range(GREYS):
                    _near(tone[row], F(_FIRST + k * _STEP), bell, inner)
                    _lengthen(line)
                    _halve_row(line, columns, halved[row % 5, k])
                    _go_on(bell, ratio)
                inner[:] = tone[row]
                _lengthen(line)
                _halve_row(line, columns, halved[row % 5, GREYS])
        a, b, c = _nearest(top, height), _nearest(top + 1, height), _nearest(top + 2, height)
        d, e = _nearest(top + 3, height), _nearest(top + 4, height)
        for k in range(GREYS + 1):
            _mix(
                halved[a % 5, k],
                halved[b % 5, k],
                halved[c % 5, k],
                halved[d % 5, k],
                halved[e % 5, k],
                out[k, y],
            )


@part
def _mix(a: Row, b: Row, c: Row, d: Row, e: Row, out: Row) -> None:
    for x in range(len(out)):
        out[x] = _SIXTEENTH * (a[x] + e[x]) + _QUARTER * (b[x] + d[x]) + _MIDDLE * c[x]


@kernel
def _halve(planes: Planes, rows: _Fit, columns: _Fit, out: Planes, first: int, stop: int) -> None:
    height, width = planes.shape[1:]
    line = np.zeros(width + 2 * _SPARE, F)
    for k in range(len(planes)):
        plane = planes[k]
        for y in range(first, stop):
            top = rows.to_half + 2 * min(max(y, rows.first_half), rows.last_half)
            _mix(
                plane[_nearest(top, height)],
                plane[_nearest(top + 1, height)],
                plane[_nearest(top + 2, height)],
                plane[_nearest(top + 3, height)],
                plane[_nearest(top + 4, height)],
                line[_SPARE : _SPARE + width],
            )
            _lengthen(line)
            _halve_row(line, columns, out[k, y])


@part
def _double_row(plane: Plane, y: int, rows: _Fit, columns: _Fit, line: Row, out: Row) -> None:
    """Row `y` of `plane` at twice its size."""
    height, width = plane.shape
    place = min(max(y, rows.first), rows.last)
    half = (place >> 1) + rows.from_half
    inner = line[_SPARE : _SPARE + width]
    here, after = plane[half], plane[min(half + 1, height - 1)]
    if place & 1:
        for x in range(width):
            inner[x] = F(0.5) * (here[x] + after[x])
    else:
        before = plane[max(half - 1, 0)]
        for x in range(width):
            inner[x] = _EIGHTH * (before[x] + after[x]) + F(0.75) * here[x]
    _lengthen(line)
    begin = line[_SPARE + columns.from_half - 1 :]
    for x in range(len(out) >> 1):
        out[2 * x] = _EIGHTH * (begin[x] + begin[x + 2]) + F(0.75) * begin[x + 1]
        out[2 * x + 1] = F(0.5) * (begin[x + 1] + begin[x + 2])
    if len(out) & 1:
        x = len(out) >> 1
        out[2 * x] = _EIGHTH * (begin[x] + begin[x + 2]) + F(0.75) * begin[x + 1]
    out[: columns.first] = out[columns.first]
    out[columns.last + 1 :] = out[columns.last]


@part
def _add_share(own: Row, k: int, near: Row, around: Row, total: Row) -> None:
    """Add what is near grey `k` and not around it, as far as the own tone is that grey's."""
    for x in range(len(total)):
        place = clipped(own[x] * F(1.0 / _STEP) - F(_FIRST / _STEP), F(0), F(GREYS - 1))
        total[x] += max(F(1) - abs(place - F(k)), F(0)) * (near[x] - around[x])


@kernel
def _add_band(
    fine: Planes,
    coarse: Planes,
    below: Plane,
    rows: _Fit,
    columns: _Fit,
    out: Plane,
    first: int,
    stop: int,
) -> None:
    """What is `below`, at twice its size, and what each pixel's greys make of `fine`."""
    line, around = np.zeros(coarse.shape[2] + 2 * _SPARE, F), np.zeros(fine.shape[2], F)
    for y in range(first, stop):
        _double_row(below, y, rows, columns, line, out[y])
        for k in range(GREYS):
            _double_row(coarse[k], y, rows, columns, line, around)
            _add_share(fine[GREYS, y], k, fine[k, y], around, out[y])


@kernel
def _add_finest(
    tone: Plane,
    coarse: Planes,
    below: Plane,
    rows: _Fit,
    columns: _Fit,
    above: int,
    left: int,
    out: Plane,
    first: int,
    stop: int,
) -> None:
    width = tone.shape[1]
    line = np.zeros(coarse.shape[2] + 2 * _SPARE, F)
    around, total, near = np.zeros(width, F), np.zeros(width, F), np.zeros(width, F)
    bell, ratio = np.zeros(width, F), np.zeros(width, F)
    for y in range(first, stop):
        own = tone[above + y]
        _double_row(below, above + y, rows, columns, line, total)
        _begin(own, bell, ratio)
        for k in range(GREYS):
            _near(own, F(_FIRST + k * _STEP), bell, near)
            _go_on(bell, ratio)
            _double_row(coarse[k], above + y, rows, columns, line, around)
            _add_share(own, k, near, around, total)
        out[y] = total[left : left + out.shape[1]]
