"""Filters on planes: log luminance, blur, edge-aware bases, local Laplacian; all differentiable.

Sizes are given in pixels of the plane at hand; a stage derives them from fractions of the long side
and mostly works on a `grid`, a small picture of the whole frame that is the same for every preview
size.

He, Sun, Tang, Guided Image Filtering, TPAMI 35(6), 2013; He, Sun, Fast Guided Filter, 2015.
Paris, Hasinoff, Kautz, Local Laplacian Filters, SIGGRAPH 2011; Aubry et al., Fast Local Laplacian
Filters, TOG 33(5), 2014. Chen, Paris, Durand, Real-time Edge-Aware Image Processing with the
Bilateral Grid, SIGGRAPH 2007.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.strips import gradients_wanted, side_by_side

FLOOR = 2.0**-13
"""Linear luminance below which the logarithm levels off: no photo holds tone there."""

BAND = 16
"""Rows that `reduce` makes at a time."""

TONES = 6
"""Anchors that are worked on at a time, by one worker."""

Plane: TypeAlias = NDArray[np.float32]

Size: TypeAlias = Sequence[int]
"""Height and width."""


def log_luminance(plane: Tensor) -> Tensor:
    """log2 of a linear plane, in EV; levels off smoothly below FLOOR and takes any sign."""
    plane = plane.clamp_min(-4.0 * FLOOR)  # farther below zero the sum would cancel to nothing
    return torch.log2((plane + torch.sqrt(plane * plane + 4.0 * FLOOR**2)) * 0.5)


def smooth_step(x: Tensor, low: float, high: float) -> Tensor:
    """0 up to `low`, 1 from `high`, a cubic between that is level at both."""
    t = ((x - low) / (high - low)).clamp(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def grid_size(size: Size, long_side: int, multiple: int = 1) -> tuple[int, int]:
    """Height and width of a grid over a frame of `size`, its sides multiples of `multiple`.

    Its long side is `long_side`, or that of the frame if that is smaller.
    """
    factor = min(1.0, long_side / max(size))
    height, width = (max(1, round(side * factor / multiple)) * multiple for side in size)
    return height, width


def reduce(plane: Tensor, size: Size) -> Tensor:
    """Area average of `plane` (B, C, H, W) at a smaller `size` (h, w).

    The same as `engine.photo.area_average`, as matrix products of bands of rows, then of columns,
    which gradients can follow.
    """
    return _average_rows(_average_rows(plane, size[0]).mT, size[1]).mT


def _average_rows(plane: Tensor, count: int) -> Tensor:
    length = plane.shape[-2]
    if length == count:
        return plane

    def band(first: int) -> Tensor:
        last = min(first + BAND, count)
        start, stop = first * length // count, -(-last * length // count)
        edges = torch.arange(first, last + 1).double()[:, None] * (length / count)
        pixels = torch.arange(start, stop).double()
        upper, lower = torch.minimum(edges[1:], pixels + 1.0), torch.maximum(edges[:-1], pixels)
        shares = (upper - lower).clamp_min(0.0) * (count / length)
        return shares.to(plane) @ plane[..., start:stop, :]

    return torch.cat(side_by_side(band, range(0, count, BAND)), -2)


def enlarge(plane: Tensor, size: Size) -> Tensor:
    """`plane` (B, C, h, w) at a larger `size`, bilinear."""
    if plane.shape[-2:] == tuple(size):
        return plane
    return functional.interpolate(plane, size=list(size), mode="bilinear", align_corners=False)


def enlarged(plane: Tensor, size: Size) -> Callable[[int, int], Tensor]:
    """`enlarge`, for strips: from the first row and how many, those rows."""
    height, wide = plane.shape[-2], enlarge(plane, (plane.shape[-2], size[1]))
    if height == size[0]:
        return lambda top, rows: wide[..., top : top + rows, :]

    def strip(top: int, rows: int) -> Tensor:
        centers = torch.arange(top, top + rows, dtype=torch.float64, device=plane.device) + 0.5
        position = (centers * (height / size[0]) - 0.5).clamp(0.0, height - 1.0)
        above = position.long()
        share = (position - above).to(plane)[:, None]
        below = (above + 1).clamp_max(height - 1)
        return torch.lerp(wide.index_select(-2, above), wide.index_select(-2, below), share)

    return strip


def resize(plane: Tensor, size: Size) -> Tensor:
    """`plane` at `size`: area average down, bilinear up."""
    height, width = plane.shape[-2:]
    return enlarge(reduce(plane, (min(height, size[0]), min(width, size[1]))), size)


def box_mean(plane: Tensor, radius: int) -> Tensor:
    """Mean over squares of side 2 radius + 1, cut off at the frame; for a `radius` of a few."""
    if _compiled(plane):
        return _each_plane(lambda values: _box_mean(values, radius), plane)
    for axis in (-2, -1):
        length = plane.shape[axis]
        reach = min(radius, length - 1)
        if reach < 1:
            continue
        border = (0, 0, reach, reach) if axis == -2 else (reach, reach)
        padded = functional.pad(plane, border)
        # shifted planes: several times faster than torch's pooling
        for start in (start for start in range(2 * reach + 1) if start != reach):
            plane = plane + padded.narrow(axis, start, length)
        line = torch.arange(length, device=plane.device)
        count = (line + reach).clamp_max(length - 1) - (line - reach).clamp_min(0) + 1
        plane = plane / count.to(plane).view(-1, *[1] * (-1 - axis))
    return plane


def _box_mean(values: Plane, radius: int) -> Plane:
    side = 2 * radius + 1
    border = cv2.BORDER_CONSTANT
    total = cv2.boxFilter(values, cv2.CV_32F, (side, side), normalize=False, borderType=border)
    for axis, length in enumerate(values.shape):
        line = np.arange(length)
        count = np.minimum(line + radius, length - 1) - np.maximum(line - radius, 0) + 1
        total *= np.expand_dims((1.0 / count).astype(np.float32), 1 - axis)
    return np.asarray(total, np.float32)


def _compiled(plane: Tensor) -> bool:
    """Whether OpenCV may work on `plane`: four times as fast as torch, but blind to gradients."""
    return plane.dtype == torch.float32 and plane.device.type == "cpu" and not gradients_wanted()


def _each_plane(run: Callable[[Plane], Plane], planes: Tensor) -> Tensor:
    """`run` of each plane (H, W) of `planes` (B, C, H, W)."""
    flat = planes.flatten(0, 1)
    done = [torch.from_numpy(run(np.ascontiguousarray(plane.numpy()))) for plane in flat]
    return torch.stack(done).view_as(planes) if len(done) > 1 else done[0].view_as(planes)


def gaussian_blur(plane: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of each channel, `sigma` in pixels; the frame's edge is repeated outwards.

    Meant for sigmas of a few pixels: for more, blur a reduced plane.
    """
    reach = blur_reach(sigma)
    weights = [math.exp(-0.5 * (offset / sigma) ** 2) for offset in range(1, reach + 1)]
    total = 1.0 + 2.0 * sum(weights)
    if total < 1.0001:
        return plane
    if _compiled(plane):
        kernel = np.array([*reversed(weights), 1.0, *weights]) / total

        def blurred(values: Plane) -> Plane:
            border = cv2.BORDER_REPLICATE
            out = cv2.sepFilter2D(values, cv2.CV_32F, kernel, kernel, borderType=border)
            return np.asarray(out, np.float32)

        return _each_plane(blurred, plane)
    for axis in (-2, -1):
        length = plane.shape[axis]
        padded = _bordered(plane, axis, reach)
        # a sum of shifted planes: several times faster than torch's one-channel convolution
        plane = plane / total
        for offset, weight in enumerate(weights, 1):
            for start in (reach - offset, reach + offset):
                shifted = padded.narrow(axis, start, length)
                plane = torch.add(plane, shifted, alpha=weight / total)
    return plane


def blur_reach(sigma: float) -> int:
    """How many pixels away `gaussian_blur` looks."""
    return math.ceil(3.0 * sigma)


def guided_fit(guide: Tensor, target: Tensor, radius: int, epsilon: float) -> tuple[Tensor, Tensor]:
    """Slope and offset (B, 1, h, w) of `target` as a locally linear function of `guide`.

    `epsilon` is the variance of the guide below which it counts as flat. The coefficients are
    smooth: compute them on a small grid, resize them, and apply them to a full-size guide.
    """
    mean_guide, mean_target = box_mean(guide, radius), box_mean(target, radius)
    # centred on one number for all: squares of numbers far from zero lose what float32 can hold
    center = guide.detach().mean()
    shifted = guide - center
    mean_shifted = mean_guide - center
    variance = box_mean(shifted * shifted, radius) - mean_shifted * mean_shifted
    covariance = box_mean(shifted * target, radius) - mean_shifted * mean_target
    slope = covariance / (variance.clamp_min(0.0) + epsilon)
    offset = mean_target - slope * mean_guide
    return box_mean(slope, radius), box_mean(offset, radius)


def guided_filter(guide: Tensor, target: Tensor, radius: int, epsilon: float) -> Tensor:
    """`target` smoothed over `radius` pixels, with the edges of `guide`."""
    slope, offset = guided_fit(guide, target, radius, epsilon)
    return slope * guide + offset


def halve(plane: Tensor) -> Tensor:
    """Half the size (sides must be even), through the binomial kernel (1, 3, 3, 1) / 8."""
    for axis in (-2, -1):
        padded = _bordered(plane, axis, 1)
        a, b, c, d = (
            _every_other(padded, axis, start, plane.shape[axis] // 2) for start in range(4)
        )
        plane = (b + c) * 0.375 + (a + d) * 0.125
    return plane


def halve_box(plane: Tensor) -> Tensor:
    """Half the size: means over 2x2 pixels; an odd last row or column stands for two."""
    for axis in (-2, -1):
        length = plane.shape[axis]
        if length % 2:
            plane = torch.cat([plane, plane.narrow(axis, length - 1, 1)], axis)
        first, second = (_every_other(plane, axis, start, (length + 1) // 2) for start in (0, 1))
        plane = (first + second) * 0.5
    return plane


def double(plane: Tensor) -> Tensor:
    """Twice the size, bilinear: the transpose of `halve`."""
    # slices put in place: several times faster than torch's interpolation
    for axis in (-1, -2):
        length = plane.shape[axis]
        padded, most = _bordered(plane, axis, 1), plane * 0.75
        shape = list(plane.shape)
        shape[axis] *= 2
        plane = plane.new_empty(shape)
        for side in (0, 1):
            mixed = torch.add(most, padded.narrow(axis, 2 * side, length), alpha=0.25)
            _every_other(plane, axis, side, length).copy_(mixed)
    return plane


def _bordered(plane: Tensor, axis: int, reach: int) -> Tensor:
    """`plane` (B, C, H, W) with its first and last entries along `axis` repeated outwards."""
    border = (0, 0, reach, reach) if axis == -2 else (reach, reach, 0, 0)
    return functional.pad(plane, border, mode="replicate")


def _every_other(plane: Tensor, axis: int, start: int, count: int) -> Tensor:
    picked = slice(start, start + 2 * count, 2)
    return plane[..., picked, :] if axis == -2 else plane[..., picked]


def gaussian_pyramid(plane: Tensor, depth: int) -> list[Tensor]:
    """`plane` and `depth` halvings of it; its sides must be multiples of 2**depth."""
    levels = [plane]
    for _ in range(depth):
        levels.append(halve(levels[-1]))
    return levels


def bilateral_base(plane: Tensor, anchors: Tensor, sigma: float, depth: int) -> Tensor:
    """Mean of the surroundings of each pixel of `plane` (B, 1, h, w) that are of its own tone.

    Weighs differences by a Gaussian of `sigma`, and distance by about 2**depth pixels, as `depth`
    halvings and a bilinear way back give it; sides must be multiples of 2**depth. Sampled at tones
    `anchors` (K,), evenly spaced, rising.
    """
    (down, up), (across, back) = (
        (there.to(plane), back.to(plane))
        for there, back in (_there_and_back(length, depth) for length in plane.shape[-2:])
    )
    position = _position(plane, anchors)

    def at(few: Tensor) -> Tensor:
        tones = anchors[few].view(1, -1, 1, 1)
        difference = plane - tones
        weight = torch.exp(-0.5 * (difference / sigma) ** 2)
        weight, difference = (
            up @ (down @ part @ across.mT) @ back.mT for part in (weight, weight * difference)
        )
        mean = tones + difference / (weight + 1e-6)
        return (_nearness(position, few) * mean).sum(1, keepdim=True)

    few_by_few = torch.arange(len(anchors), device=plane.device).split(TONES)
    return torch.stack(side_by_side(at, few_by_few)).sum(0)


@lru_cache(maxsize=8)
def _there_and_back(length: int, depth: int) -> tuple[Tensor, Tensor]:
    """For a line: `depth` halvings and a blur, (n, length); and the way back, (length, n)."""
    points = torch.eye(length, dtype=torch.float64)[:, None, :, None]
    points = points.expand(-1, -1, -1, 2**depth)
    for _ in range(depth):
        points = halve(points)
    there = gaussian_blur(points, 1.0)[:, 0, :, 0].mT
    points = torch.eye(len(there), dtype=torch.float64)[None, None]
    return there, enlarge(points, (length, len(there)))[0, 0]


def _position(plane: Tensor, anchors: Tensor) -> Tensor:
    """Where among the evenly spaced `anchors` (K,) the values lie, from 0 to K - 1."""
    step = anchors[1] - anchors[0]
    return ((plane - anchors[0]) / step).clamp(0.0, len(anchors) - 1.0)


def _nearness(position: Tensor, anchors: Tensor) -> Tensor:
    """Weights (B, K, h, w) by which values at the anchors of these numbers (K,) interpolate."""
    return (1.0 - (position - anchors.view(1, -1, 1, 1)).abs()).clamp_min(0.0)


def local_laplacian(
    plane: Tensor,
    anchors: Tensor,
    change: Callable[[Tensor, Tensor], Tensor],
    depth: int,
) -> Tensor:
    """What a local Laplacian filter adds to `plane` (B, 1, h, w).

    `change(plane, anchor)` is what the filter's remapping adds to a pixel whose neighbourhood is
    held to be at `anchor`; it is sampled at `anchors` (K,), evenly spaced, rising. Working on
    what is added instead of on the remapped plane makes a filter of no effect exactly zero.
    """
    positions = [_position(level, anchors) for level in gaussian_pyramid(plane, depth)]

    def at(few: Tensor) -> list[Tensor]:
        tones = anchors[few].view(1, -1, 1, 1)
        levels = gaussian_pyramid(change(plane, tones), depth)
        bands = [fine - double(coarse) for fine, coarse in pairwise(levels)] + levels[-1:]
        return [
            (_nearness(position, few) * band).sum(1, keepdim=True)
            for position, band in zip(positions, bands, strict=True)
        ]

    few_by_few = torch.arange(len(anchors), device=plane.device).split(TONES)
    bands = zip(*side_by_side(at, few_by_few), strict=True)
    *finer, total = (torch.stack(parts).sum(0) for parts in bands)
    for band in reversed(finer):
        total = double(total) + band
    return total
