"""Small pictures of the whole frame: what every analysis begins with.

Area averages, as engine.filters.resize makes them.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import filters
from engine.live.kernels import (
    F,
    Plane,
    Planes,
    Row,
    by_rows,
    kernel,
    log_luminance,
    luminance_row,
    part,
    picture_of,
    planes_of,
)


class Spans(NamedTuple):
    """Which pixels of a line each cell covers, and with what share its first and last."""

    first: NDArray[np.int32]
    last: NDArray[np.int32]
    share_of_first: NDArray[np.float32]
    share_of_last: NDArray[np.float32]
    share: np.float32  # of those between


def reduced(image: Tensor, size: Sequence[int]) -> Tensor:
    """`image` (1, 3, H, W) at `size`: its area average, enlarged where it is smaller."""
    planes = planes_of(image)
    count, height, width = planes.shape
    rows, columns = min(size[0], height), min(size[1], width)
    out = np.empty((count, rows, columns), np.float32)
    down, across = spans(height, rows), spans(width, columns)
    by_rows(lambda first, stop: _averages(planes, down, across, out, first, stop), rows)
    return filters.enlarge(picture_of(out), size)


def reduced_luminance(image: Tensor, size: Sequence[int]) -> Tensor:
    """The luminance (1, 1, h, w) of linear ProPhoto `image` at `size`."""
    planes = planes_of(image)
    height, width = planes.shape[1:]
    rows, columns = min(size[0], height), min(size[1], width)
    out = np.empty((rows, columns), np.float32)
    down, across = spans(height, rows), spans(width, columns)
    if (rows, columns) == (height, width):
        by_rows(lambda first, stop: _luminance(planes, out, first, stop), rows)
        return filters.enlarge(torch.from_numpy(out)[None, None], size)
    by_rows(lambda first, stop: _luminances(planes, down, across, out, first, stop), rows)
    return filters.enlarge(torch.from_numpy(out)[None, None], size)


def tones(light: Tensor, middle: float) -> Tensor:
    """log2 of a linear plane (1, 1, h, w), in EV from `middle`; as engine.filters.log_luminance."""
    planes = planes_of(light)
    out = np.empty_like(planes)
    _tones(planes[0], F(middle), out[0])
    return picture_of(out)


@lru_cache(maxsize=32)
def spans(full: int, count: int) -> Spans:
    """`count` equal cells over `full` pixels."""
    edges = np.arange(count + 1) * (full / count)
    first = np.arange(count) * full // count
    last = -(-np.arange(1, count + 1) * full // count) - 1
    of_first = np.minimum(edges[1:], first + 1.0) - edges[:-1]
    of_last = np.where(last > first, edges[1:] - last, 0.0)
    share = count / full
    return Spans(
        first.astype(np.int32),
        last.astype(np.int32),
        (of_first * share).astype(np.float32),
        (of_last * share).astype(np.float32),
        F(share),
    )


@kernel
def _averages(
    planes: Planes, down: Spans, across: Spans, out: Planes, first: int, stop: int
) -> None:
    total = np.zeros(planes.shape[2], F)
    for k in range(len(planes)):
        for cell in range(first, stop):
            total[:] = F(0)
            for y in range(down.first[cell], down.last[cell] + 1):
                _add(planes[k, y], _share(down, cell, y), total)
            _average(total, across, out[k, cell])


@kernel
def _luminance(planes: Planes, out: Plane, first: int, stop: int) -> None:
    for y in range(first, stop):
        luminance_row(planes[0, y], planes[1, y], planes[2, y], out[y])


@kernel
def _luminances(
    planes: Planes, down: Spans, across: Spans, out: Plane, first: int, stop: int
) -> None:
    light, total = np.zeros(planes.shape[2], F), np.zeros(planes.shape[2], F)
    for cell in range(first, stop):
        total[:] = F(0)
        for y in range(down.first[cell], down.last[cell] + 1):
            luminance_row(planes[0, y], planes[1, y], planes[2, y], light)
            _add(light, _share(down, cell, y), total)
        _average(total, across, out[cell])


@kernel
def _tones(light: Plane, middle: F, out: Plane) -> None:
    for y in range(len(light)):
        source, target = light[y], out[y]
        for x in range(len(source)):
            target[x] = log_luminance(source[x]) - middle


@part
def _share(spans: Spans, cell: int, y: int) -> F:
    if y == spans.first[cell]:
        return spans.share_of_first[cell]
    return spans.share_of_last[cell] if y == spans.last[cell] else spans.share


@part
def _add(row: Row, share: F, total: Row) -> None:
    for x in range(len(total)):
        total[x] += share * row[x]


@part
def _average(total: Row, spans: Spans, out: Row) -> None:
    for cell in range(len(out)):
        first, last = spans.first[cell], spans.last[cell]
        inner = F(0)
        for x in range(first + 1, last):
            inner += total[x]
        ends = spans.share_of_first[cell] * total[first] + spans.share_of_last[cell] * total[last]
        out[cell] = ends + spans.share * inner
