"""Small pictures of the whole frame: what every analysis begins with.

Area averages, as engine.filters.resize makes them.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import filters
from engine.live.kernels import (
    BLUE,
    GREEN,
    RED,
    F,
    Plane,
    Planes,
    Row,
    by_rows,
    kernel,
    log_luminance,
    part,
    picture_of,
    planes_of,
)
from engine.live.room import room


class Spans(NamedTuple):
    """For each cell of a line: its first pixel; and the shares in it of that and those after it."""

    first: NDArray[np.int32]
    shares: NDArray[np.float32]  # (pixels, cells); of no pixel that there is not


def reduced(image: Tensor, size: Sequence[int]) -> Tensor:
    """`image` (1, 3, H, W) at `size`: its area average, enlarged where it is smaller."""
    planes = planes_of(image)
    count, height, width = planes.shape
    rows, columns = min(size[0], height), min(size[1], width)
    out = room((count, rows, columns))
    down, across = spans(height, rows), spans(width, columns)
    by_rows(lambda first, stop: _averages(planes, down, across, out, first, stop), rows)
    return filters.enlarge(picture_of(out), size)


def reduced_luminance(image: Tensor, size: Sequence[int], least: float = -math.inf) -> Tensor:
    """The luminance (1, 1, h, w) of linear ProPhoto `image` at `size`.

    What is below `least` in a channel counts as that.
    """
    planes = planes_of(image)
    height, width = planes.shape[1:]
    rows, columns = min(size[0], height), min(size[1], width)
    out = room((rows, columns))
    down, across = spans(height, rows), spans(width, columns)
    if (rows, columns) == (height, width):
        by_rows(lambda first, stop: _luminance(planes, F(least), out, first, stop), rows)
        return filters.enlarge(torch.from_numpy(out)[None, None], size)
    by_rows(lambda first, stop: _luminances(planes, F(least), down, across, out, first, stop), rows)
    return filters.enlarge(torch.from_numpy(out)[None, None], size)


def tones(light: Tensor, middle: float) -> Tensor:
    """log2 of a linear plane (1, 1, h, w), in EV from `middle`; as engine.filters.log_luminance."""
    out = planes_of(light).copy()
    by_rows(lambda first, stop: _to_tones(out[0], F(middle), first, stop), out.shape[1])
    return picture_of(out)


def reduced_tones(
    image: Tensor, size: Sequence[int], middle: float, least: float = -math.inf
) -> Tensor:
    """The `tones` of `reduced_luminance`, in one pass where nothing is enlarged."""
    planes = planes_of(image)
    height, width = planes.shape[1:]
    if size[0] > height or size[1] > width:
        return tones(reduced_luminance(image, size, least), middle)
    out = room((1, *size))
    down, across = spans(height, size[0]), spans(width, size[1])

    def rows(first: int, stop: int) -> None:
        _luminances(planes, F(least), down, across, out[0], first, stop)
        _to_tones(out[0], F(middle), first, stop)

    by_rows(rows, size[0])
    return picture_of(out)


@lru_cache(maxsize=32)
def spans(full: int, count: int) -> Spans:
    """`count` equal cells over `full` pixels."""
    edges = np.arange(count + 1)[:, None] * (full / count)
    most = min(full, -(-full // count) + 1)
    first = np.minimum(np.arange(count) * full // count, full - most)
    pixels = first[:, None] + np.arange(most)
    within = np.minimum(edges[1:], pixels + 1.0) - np.maximum(edges[:-1], pixels)
    shares = np.maximum(within, 0.0).T * (count / full)
    return Spans(first.astype(np.int32), np.ascontiguousarray(shares, np.float32))


@kernel
def _averages(
    planes: Planes, down: Spans, across: Spans, out: Planes, first: int, stop: int
) -> None:
    total = np.zeros(planes.shape[2], F)
    for k in range(len(planes)):
        for cell in range(first, stop):
            total[:] = F(0)
            for i in range(len(down.shares)):
                if down.shares[i, cell] > F(0):
                    _add(planes[k, down.first[cell] + i], down.shares[i, cell], total)
            _average(total, across, out[k, cell])


@kernel
def _luminance(planes: Planes, least: F, out: Plane, first: int, stop: int) -> None:
    for y in range(first, stop):
        out[y] = F(0)
        _add_luminance(planes[0, y], planes[1, y], planes[2, y], F(1), least, out[y])


@kernel
def _luminances(
    planes: Planes, least: F, down: Spans, across: Spans, out: Plane, first: int, stop: int
) -> None:
    total = np.zeros(planes.shape[2], F)
    for cell in range(first, stop):
        total[:] = F(0)
        for i in range(len(down.shares)):
            y, share = down.first[cell] + i, down.shares[i, cell]
            if share > F(0):
                _add_luminance(planes[0, y], planes[1, y], planes[2, y], share, least, total)
        _average(total, across, out[cell])


@kernel
def _to_tones(light: Plane, middle: F, first: int, stop: int) -> None:
    for y in range(first, stop):
        _to_tone_row(light[y], middle)


@part
def _to_tone_row(row: Row, middle: F) -> None:
    for x in range(len(row)):
        row[x] = log_luminance(row[x]) - middle


@part
def _add(row: Row, share: F, total: Row) -> None:
    for x in range(len(total)):
        total[x] += share * row[x]


@part
def light_row(red: Row, green: Row, blue: Row, out: Row) -> None:
    """CIE Y of what is not below 0 of linear ProPhoto."""
    out[:] = F(0)
    _add_luminance(red, green, blue, F(1), F(0), out)


@part
def _add_luminance(red: Row, green: Row, blue: Row, share: F, least: F, total: Row) -> None:
    r, g, b = share * RED, share * GREEN, share * BLUE
    for x in range(len(total)):
        total[x] += r * max(red[x], least) + g * max(green[x], least) + b * max(blue[x], least)


@part
def _average(total: Row, spans: Spans, out: Row) -> None:
    out[:] = F(0)
    for i in range(len(spans.shares)):
        _add_shares(total[i:], spans.first, spans.shares[i], out)


@part
def _add_shares(total: Row, first: NDArray[np.int32], shares: Row, out: Row) -> None:
    for cell in range(len(out)):
        out[cell] += shares[cell] * total[np.uint32(first[cell])]
