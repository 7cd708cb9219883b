"""Sharpening, live; and the last step to the screen: display RGB as 0xffRRGGBB."""

from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.finishers.basic import sharpening as stage
from engine.live.blur import blurred, weights_of
from engine.live.kernels import (
    F,
    Maps,
    Plane,
    Planes,
    Row,
    by_rows,
    clipped,
    kernel,
    maps_over,
    mean_row,
    part,
    picture_of,
    planes_of,
    read_row,
    wide_rows,
)
from engine.live.room import room
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics

Packed: TypeAlias = NDArray[np.uint32]
"""Pixels (H, W), each 0xffRRGGBB."""

_Amounts: TypeAlias = NDArray[np.float32]
"""Strength, distance of a neighbor, and what share of its hold is let go."""


def sharpened(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    sharpen_amount: Value,
    sharpen_radius: Value,
    sharpen_detail: Value,
    sharpen_masking: Value,
) -> Tensor:
    """`image` (1, 3, H, W), display RGB in [0, 1], sharpened."""
    if sharpen_amount == 0.0:
        return image
    planes = planes_of(image)
    out = room(planes.shape)
    luma, smooth, edges = _looked_at(planes, metadata, sharpen_radius, sharpen_masking)
    amounts = _amounts(metadata, sharpen_amount, sharpen_detail)
    by_rows(
        lambda first, stop: _sharpen(planes, luma, smooth, edges, amounts, out, first, stop),
        planes.shape[1],
    )
    return picture_of(out)


def sharpened_pixels(
    image: Tensor,
    metadata: Metadata,
    out: Packed,
    *,
    sharpen_amount: Value,
    sharpen_radius: Value,
    sharpen_detail: Value,
    sharpen_masking: Value,
) -> None:
    """Write what `sharpened` returns to `out`, rounded to 8 bit."""
    if sharpen_amount == 0.0:
        pixels(image, out)
        return
    planes = planes_of(image)
    luma, smooth, edges = _looked_at(planes, metadata, sharpen_radius, sharpen_masking)
    amounts = _amounts(metadata, sharpen_amount, sharpen_detail)
    by_rows(
        lambda first, stop: _sharpen_pixels(planes, luma, smooth, edges, amounts, out, first, stop),
        planes.shape[1],
    )


def pixels(image: Tensor, out: Packed) -> None:
    """Write `image` (1, 3, H, W), display RGB, to `out`, rounded to 8 bit."""
    planes = planes_of(image)
    by_rows(lambda first, stop: _pixels(planes, out, first, stop), planes.shape[1])


def _amounts(metadata: Metadata, amount: Value, detail: Value) -> _Amounts:
    return np.array([stage.STRENGTH * amount / 100.0, metadata.scale, detail / 100.0], np.float32)


def _looked_at(
    planes: Planes, metadata: Metadata, radius: Value, masking: Value
) -> tuple[Plane, Plane, Maps]:
    """Luma, luma blurred, and how much of an edge there is."""
    height, width = planes.shape[1:]
    luma = room((height, width))
    by_rows(lambda first, stop: _luma(planes, luma, first, stop), height)
    sigma = float(radius * metadata.scale)
    smooth = blurred(luma, weights_of(stage.blur, sigma, stage.reach(sigma)))
    if masking == 0.0:
        return luma, smooth, maps_over(torch.ones(1, 1, 1, 1), height, width)
    half = room(((height + 1) // 2, (width + 1) // 2))
    slope, edges = room(half.shape), room(half.shape)
    by_rows(lambda first, stop: _halve(smooth, half, first, stop), len(half))
    by_rows(lambda first, stop: _slopes(half, slope, first, stop), len(half))
    flat = F((stage.EDGE * masking / 100.0) ** 2)
    near = F((metadata.scale / 4.0) ** 2)
    by_rows(lambda first, stop: _edges(slope, near, flat, edges, first, stop), len(half))
    small = torch.from_numpy(edges)[None, None]
    return luma, smooth, maps_over(small, 2 * len(half), 2 * half.shape[1])


_RED, _GREEN, _BLUE = (F(weight) for weight in stage.LUMA_OF_RGB)
_ROOM, _CURVATURE = F(stage.ROOM), F(stage.CURVATURE)


@kernel
def _luma(planes: Planes, out: Plane, first: int, stop: int) -> None:
    for y in range(first, stop):
        for x in range(out.shape[1]):
            red, green, blue = planes[0, y, x], planes[1, y, x], planes[2, y, x]
            out[y, x] = _RED * red + _GREEN * green + _BLUE * blue


@kernel
def _halve(plane: Plane, out: Plane, first: int, stop: int) -> None:
    bottom, right = plane.shape[0] - 1, plane.shape[1] - 1
    for y in range(first, stop):
        upper, lower = plane[2 * y], plane[min(2 * y + 1, bottom)]
        for x in range(out.shape[1]):
            left, beside = 2 * x, min(2 * x + 1, right)
            total = upper[left] + upper[beside] + lower[left] + lower[beside]
            out[y, x] = F(0.25) * total


@kernel
def _slopes(plane: Plane, out: Plane, first: int, stop: int) -> None:
    """The square of the slope, over two pixels each way."""
    bottom, right = plane.shape[0] - 1, plane.shape[1] - 1
    for y in range(first, stop):
        above, row, below = plane[max(0, y - 1)], plane[y], plane[min(bottom, y + 1)]
        for x in range(out.shape[1]):
            across = row[min(right, x + 1)] - row[max(0, x - 1)]
            down = below[x] - above[x]
            out[y, x] = across * across + down * down


@kernel
def _edges(slope: Plane, near: F, flat: F, out: Plane, first: int, stop: int) -> None:
    line = np.zeros(slope.shape[1] + 2, F)
    for y in range(first, stop):
        mean_row(slope, y, 1, line, out[y])
        _edge_row(near, flat, out[y])


@part
def _edge_row(near: F, flat: F, row: Row) -> None:
    for x in range(len(row)):
        steep = row[x] * near + F(1e-9)
        row[x] = steep / (steep + flat)


@kernel
def _sharpen(
    planes: Planes,
    luma: Plane,
    smooth: Plane,
    edges: Maps,
    amounts: _Amounts,
    out: Planes,
    first: int,
    stop: int,
) -> None:
    width = planes.shape[2]
    added, low, high = np.zeros(width, F), np.zeros(width, F), np.zeros(width, F)
    line, edge = np.zeros(width + 2, F), np.zeros((1, len(edges.columns)), F)
    wide, held = wide_rows(edges)
    for y in range(first, stop):
        read_row(edges, y, wide, held, edge)
        _least(luma, y, line, low)
        _greatest(luma, y, line, high)
        _added(luma[y], smooth[y], edge[0], amounts, low, high, added)
        _shares(luma[y], added)
        for k in range(3):
            _lit(planes[k, y], added, out[k, y])


@kernel
def _sharpen_pixels(
    planes: Planes,
    luma: Plane,
    smooth: Plane,
    edges: Maps,
    amounts: _Amounts,
    out: Packed,
    first: int,
    stop: int,
) -> None:
    width = planes.shape[2]
    added, low, high = np.zeros(width, F), np.zeros(width, F), np.zeros(width, F)
    red, green, blue = np.zeros(width, F), np.zeros(width, F), np.zeros(width, F)
    line, edge = np.zeros(width + 2, F), np.zeros((1, len(edges.columns)), F)
    wide, held = wide_rows(edges)
    for y in range(first, stop):
        read_row(edges, y, wide, held, edge)
        _least(luma, y, line, low)
        _greatest(luma, y, line, high)
        _added(luma[y], smooth[y], edge[0], amounts, low, high, added)
        _shares(luma[y], added)
        _lit(planes[0, y], added, red)
        _lit(planes[1, y], added, green)
        _lit(planes[2, y], added, blue)
        _pack(red, green, blue, out[y])


@kernel
def _pixels(planes: Planes, out: Packed, first: int, stop: int) -> None:
    for y in range(first, stop):
        _pack(planes[0, y], planes[1, y], planes[2, y], out[y])


@part
def _least(luma: Plane, y: int, line: Row, out: Row) -> None:
    """Of a row's pixels and their eight neighbors each; `line` has a pixel more at both ends."""
    above, row, below = luma[max(0, y - 1)], luma[y], luma[min(len(luma) - 1, y + 1)]
    for x in range(len(row)):
        line[x + 1] = min(above[x], min(row[x], below[x]))
    line[0], line[len(row) + 1] = line[1], line[len(row)]
    for x in range(len(out)):
        out[x] = min(line[x], min(line[x + 1], line[x + 2]))


@part
def _greatest(luma: Plane, y: int, line: Row, out: Row) -> None:
    """The same, the other way."""
    above, row, below = luma[max(0, y - 1)], luma[y], luma[min(len(luma) - 1, y + 1)]
    for x in range(len(row)):
        line[x + 1] = max(above[x], max(row[x], below[x]))
    line[0], line[len(row) + 1] = line[1], line[len(row)]
    for x in range(len(out)):
        out[x] = max(line[x], max(line[x + 1], line[x + 2]))


@part
def _added(
    luma: Row, smooth: Row, edge: Row, amounts: _Amounts, low: Row, high: Row, out: Row
) -> None:
    """What is added to a row's luma."""
    strength, near, let_go = amounts[0], amounts[1], amounts[2]
    for x in range(len(luma)):
        free = (luma[x] - smooth[x]) * strength
        held = min(max(free, (low[x] - luma[x]) * near), (high[x] - luma[x]) * near)
        out[x] = (held + let_go * (free - held)) * edge[x]


@part
def _shares(luma: Row, row: Row) -> None:
    """Turn what is added to luma into shares of the way: to white, or below 0 to black."""
    for x in range(len(luma)):
        most, light = abs(row[x]), max(luma[x], _ROOM)
        bent = light + _CURVATURE * most
        # as stage.lit has it, with one division and one root: this is what takes the time
        lighter = row[x] > F(0)
        room = max(F(1) - luma[x], _ROOM) * bent if lighter else light * light
        most *= light if lighter else bent
        share = most / np.sqrt(room * room + most * most)
        row[x] = share if lighter else -share


@part
def _lit(plane: Row, shares: Row, out: Row) -> None:
    for x in range(len(out)):
        end = F(1) if shares[x] > F(0) else F(0)
        out[x] = clipped(plane[x] + abs(shares[x]) * (end - plane[x]), F(0), F(1))


@part
def _pack(red: Row, green: Row, blue: Row, out: NDArray[np.uint32]) -> None:
    for x in range(len(out)):
        r, g, b = _byte(red[x]), _byte(green[x]), _byte(blue[x])
        out[x] = np.uint32(0xFF000000) | (r << np.uint32(16)) | (g << np.uint32(8)) | b


@part
def _byte(value: F) -> np.uint32:
    return np.uint32(np.int32(np.rint(F(255) * clipped(value, F(0), F(1)))))
