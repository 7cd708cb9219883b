"""The maps of a LocalLaplacianProxy, compiled: the same network, several times as fast."""

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.live.kernels import (
    Curve,
    F,
    Plane,
    Planes,
    Row,
    by_rows,
    clipped,
    curve,
    kernel,
    look_up,
    part,
    picture_of,
    planes_of,
)
from engine.live.room import room
from engine.proxies.areawise import LocalLaplacianProxy


def local_laplacian_maps(proxy: LocalLaplacianProxy) -> Callable[[Tensor], Tensor]:
    """`proxy.maps`, as kernels, for one picture."""
    waves = _numbers(proxy.waves / (2.0 * math.pi))
    shares, edges = _numbers(proxy.shares), _numbers(proxy.edges)
    low, high, knots = proxy.LOWEST, proxy.HIGHEST, proxy.numbers["knots"]
    with torch.no_grad():
        spared = curve(lambda tone: proxy.spared(tone.float()), low, high, knots - 1)

    def maps(features: Tensor) -> Tensor:
        tone = planes_of(features)[0]
        pyramid = [room((2 * len(waves) + 1, *tone.shape))]
        by_rows(lambda first, stop: _wave(tone, waves, pyramid[0], first, stop), len(tone))
        for _ in shares:  # one more than there are octaves: below the last, nothing is added
            pyramid.append(_halved(pyramid[-1]))
        pyramid[-1][:] = 0.0
        gain = np.zeros(pyramid[-1].shape[1:], F)
        for octave in range(len(shares) - 1, -1, -1):
            levels, share = (pyramid[octave], pyramid[octave + 1]), shares[octave]
            gain = _with_band(levels, gain, waves, share, spared)
        return picture_of(_outside_edges(gain, tone, pyramid[1][-1], edges)[None])

    return maps


def _numbers(weights: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(weights.detach().numpy(), np.float32)


def _halved(planes: Planes) -> Planes:
    """As engine.filters.halve; an odd last row or column counts as two."""
    count, height, width = planes.shape
    out = room((count, (height + 1) // 2, (width + 1) // 2))
    by_rows(lambda first, stop: _halve(planes, out, first, stop), out.shape[1])
    return out


def _with_band(
    levels: tuple[Planes, Planes], below: Plane, waves: Row, share: Row, spared: Curve
) -> Plane:
    fine, coarse = levels
    out = room(fine.shape[1:])

    def rows(first: int, stop: int) -> None:
        _add_band(fine, coarse, below, waves, share, spared, out, first, stop)

    by_rows(rows, len(out))
    return out


def _outside_edges(gain: Plane, tone: Plane, half: Plane, edges: Row) -> Plane:
    """`gain`, less where the tones around vary as they do at an edge."""
    out = room(gain.shape)
    by_rows(lambda first, stop: _square_apart(tone, half, out, first, stop), len(tone))
    spread = _halved(out[None])
    wider = _halved(spread)[0]
    mixed = room(spread[0].shape)
    by_rows(lambda first, stop: _mix(spread[0], wider, edges, mixed, first, stop), len(mixed))
    by_rows(lambda first, stop: _divide(gain, mixed, out, first, stop), len(gain))
    return out


@part
def _sine(turns: F) -> F:
    """Sine of so many turns, to 1e-6."""
    r = turns - np.floor(turns + F(0.5))
    square = r * r
    p = F(-12.26886) * square + F(41.20374)
    p = p * square - F(76.57969)
    p = p * square + F(81.59614)
    p = p * square - F(41.34142)
    p = p * square + F(6.283183)
    return p * r


@part
def _cosine(turns: F) -> F:
    """Cosine of so many turns, to 2e-6."""
    r = turns - np.floor(turns + F(0.5))
    square = r * r
    p = F(-21.07111) * square + F(58.79049)
    p = p * square - F(85.27162)
    p = p * square + F(64.92866)
    p = p * square - F(19.73898)
    return p * square + F(0.9999992)


@kernel
def _wave(tone: Plane, waves: Row, out: Planes, first: int, stop: int) -> None:
    """Sines, cosines and the tone itself."""
    count, width = len(waves), tone.shape[1]
    for y in range(first, stop):
        for k in range(count):
            for x in range(width):
                turns = tone[y, x] * waves[k]
                out[k, y, x] = _sine(turns)
                out[count + k, y, x] = _cosine(turns)
        for x in range(width):
            out[2 * count, y, x] = tone[y, x]


@kernel
def _halve(planes: Planes, out: Planes, first: int, stop: int) -> None:
    height, width = planes.shape[1:]
    line = np.zeros(width + 4, F)
    for k in range(len(planes)):
        plane = planes[k]
        for y in range(first, stop):
            last = height - 1
            a, b = plane[max(2 * y - 1, 0)], plane[min(2 * y, last)]
            c, d = plane[min(2 * y + 1, last)], plane[min(2 * y + 2, last)]
            inner = line[1 : width + 1]
            for x in range(width):
                inner[x] = F(0.375) * (b[x] + c[x]) + F(0.125) * (a[x] + d[x])
            line[0] = line[1]
            line[width + 1 :] = line[width]
            for x in range(out.shape[2]):
                at = 2 * x
                near, far = line[at + 1] + line[at + 2], line[at] + line[at + 3]
                out[k, y, x] = F(0.375) * near + F(0.125) * far


@part
def _double_row(plane: Plane, y: int, line: Row, out: Row) -> None:
    """Row `y` of `plane` at twice its size, as engine.filters.double; `line` is 2 longer."""
    width, near = plane.shape[1], y >> 1
    far = near + 2 * (y & 1) - 1
    far = min(max(far, 0), len(plane) - 1)
    inner = line[1 : width + 1]
    for x in range(width):
        inner[x] = F(0.75) * plane[near, x] + F(0.25) * plane[far, x]
    line[0] = line[1]
    line[width + 1] = line[width]
    for x in range(len(out) >> 1):
        out[2 * x] = F(0.75) * line[x + 1] + F(0.25) * line[x]
        out[2 * x + 1] = F(0.75) * line[x + 1] + F(0.25) * line[x + 2]
    if len(out) & 1:
        at = len(out) >> 1
        out[2 * at] = F(0.75) * line[at + 1] + F(0.25) * line[at]


@kernel
def _add_band(
    fine: Planes,
    coarse: Planes,
    below: Plane,
    waves: Row,
    share: Row,
    spared: Curve,
    out: Plane,
    first: int,
    stop: int,
) -> None:
    """What is `below`, at twice its size, and the details of `fine`, remapped."""
    count, width = len(waves), fine.shape[2]
    line = np.zeros(coarse.shape[2] + 2, F)
    sines, cosines, total = np.zeros(width, F), np.zeros(width, F), np.zeros(width, F)
    low, high = spared.low, spared.low + F(len(spared.entries) - 1) / spared.steps
    for y in range(first, stop):
        tone = fine[2 * count, y]
        total[:] = F(0)
        for k in range(count):
            _double_row(coarse[k], y, line, sines)
            _double_row(coarse[count + k], y, line, cosines)
            for x in range(width):
                turns = clipped(tone[x], low, high) * waves[k]
                turned = (fine[k, y, x] - sines[x]) * _cosine(turns)
                turned -= (fine[count + k, y, x] - cosines[x]) * _sine(turns)
                total[x] += share[k] * turned
        _double_row(below, y, line, sines)
        for x in range(width):
            out[y, x] = sines[x] + total[x] * look_up(spared, tone[x])


@kernel
def _square_apart(tone: Plane, half: Plane, out: Plane, first: int, stop: int) -> None:
    line, around = np.zeros(half.shape[1] + 2, F), np.zeros(tone.shape[1], F)
    for y in range(first, stop):
        _double_row(half, y, line, around)
        for x in range(len(around)):
            apart = tone[y, x] - around[x]
            out[y, x] = apart * apart


@kernel
def _mix(spread: Plane, wider: Plane, edges: Row, out: Plane, first: int, stop: int) -> None:
    line, wide = np.zeros(wider.shape[1] + 2, F), np.zeros(spread.shape[1], F)
    for y in range(first, stop):
        _double_row(wider, y, line, wide)
        for x in range(len(wide)):
            out[y, x] = edges[0] * spread[y, x] + edges[1] * wide[x]


@kernel
def _divide(gain: Plane, mixed: Plane, out: Plane, first: int, stop: int) -> None:
    line, more = np.zeros(mixed.shape[1] + 2, F), np.zeros(gain.shape[1], F)
    for y in range(first, stop):
        _double_row(mixed, y, line, more)
        for x in range(len(more)):
            out[y, x] = gain[y, x] / (F(1) + more[x])
