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
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

FLOOR = 2.0**-13
"""Linear luminance below which the logarithm levels off: no photo holds tone there."""

Size: TypeAlias = Sequence[int]
"""Height and width."""


def log_luminance(plane: Tensor) -> Tensor:
    """log2 of a linear plane, in EV; levels off smoothly below FLOOR and takes any sign."""
    plane = plane.clamp_min(-4.0 * FLOOR)  # farther below zero the sum would cancel to nothing
    return torch.log2((plane + torch.sqrt(plane * plane + 4.0 * FLOOR**2)) * 0.5)


def grid_size(size: Size, long_side: int, multiple: int = 1) -> tuple[int, int]:
    """Height and width of a grid over a frame of `size`, its sides multiples of `multiple`.

    Its long side is `long_side`, or that of the frame if that is smaller.
    """
    factor = min(1.0, long_side / max(size))
    height, width = (max(1, round(side * factor / multiple)) * multiple for side in size)
    return height, width


def reduce(plane: Tensor, size: Size) -> Tensor:
    """Area average of `plane` (B, C, H, W) at a smaller `size` (h, w).

    The same as `engine.photo.area_average`, as two matrix products: fast where `size` is small.
    """
    rows, columns = (
        _area_weights(length, count).to(plane)
        for length, count in zip(plane.shape[-2:], size, strict=True)
    )
    return (rows @ plane) @ columns.mT


def _area_weights(length: int, count: int) -> Tensor:
    """What share each of `length` pixels has in each of `count`: (count, length), rows sum to 1."""
    edges = torch.linspace(0, length, count + 1, dtype=torch.float64)[:, None]
    pixels = torch.arange(length, dtype=torch.float64)
    upper, lower = torch.minimum(edges[1:], pixels + 1.0), torch.maximum(edges[:-1], pixels)
    return (upper - lower).clamp_min(0.0) * (count / length)


def enlarge(plane: Tensor, size: Size) -> Tensor:
    """`plane` (B, C, h, w) at a larger `size`, bilinear."""
    if plane.shape[-2:] == tuple(size):
        return plane
    return functional.interpolate(plane, size=list(size), mode="bilinear", align_corners=False)


def resize(plane: Tensor, size: Size) -> Tensor:
    """`plane` at `size`: area average down, bilinear up."""
    height, width = plane.shape[-2:]
    return enlarge(reduce(plane, (min(height, size[0]), min(width, size[1]))), size)


def box_mean(plane: Tensor, radius: int) -> Tensor:
    """Mean over squares of side 2 radius + 1, cut off at the frame."""
    for axis in (-2, -1):
        reach = min(radius, plane.shape[axis] - 1)
        if reach < 1:
            continue
        size = (2 * reach + 1, 1) if axis == -2 else (1, 2 * reach + 1)
        padding = (reach, 0) if axis == -2 else (0, reach)
        plane = functional.avg_pool2d(plane, size, 1, padding, count_include_pad=False)
    return plane


def gaussian_blur(plane: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of each channel, `sigma` in pixels; the frame's edge is repeated outwards.

    Meant for sigmas of a few pixels: for more, blur a reduced plane.
    """
    reach = math.ceil(3.0 * sigma)
    weights = [math.exp(-0.5 * (offset / sigma) ** 2) for offset in range(1, reach + 1)]
    total = 1.0 + 2.0 * sum(weights)
    if total < 1.0001:
        return plane
    for axis in (-2, -1):
        length = plane.shape[axis]
        border = (0, 0, reach, reach) if axis == -2 else (reach, reach, 0, 0)
        padded = functional.pad(plane, border, mode="replicate")
        # a sum of shifted planes: several times faster than torch's one-channel convolution
        plane = plane / total
        for offset, weight in enumerate(weights, 1):
            for start in (reach - offset, reach + offset):
                shifted = padded.narrow(axis, start, length)
                plane = torch.add(plane, shifted, alpha=weight / total)
    return plane


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
    batch, channels, height, width = plane.shape
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=plane.dtype, device=plane.device) / 8.0
    single = plane.reshape(batch * channels, 1, height, width)
    single = functional.pad(single, (1, 1, 1, 1), mode="replicate")
    single = functional.conv2d(single, (taps[:, None] * taps)[None, None], stride=2)
    return single.reshape(batch, channels, height // 2, width // 2)


def double(plane: Tensor) -> Tensor:
    """Twice the size, bilinear: the transpose of `halve`."""
    return functional.interpolate(plane, scale_factor=2.0, mode="bilinear", align_corners=False)


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
    tones = anchors.view(1, -1, 1, 1)
    difference = plane - tones
    weight = torch.exp(-0.5 * (difference / sigma) ** 2)
    both = torch.cat([weight, weight * difference], 1)
    for _ in range(depth):
        both = halve(both)
    both = enlarge(gaussian_blur(both, 1.0), plane.shape[-2:])
    weight, difference = both.chunk(2, 1)
    mean = tones + difference / (weight + 1e-6)
    return (_between(plane, anchors) * mean).sum(1, keepdim=True)


def _between(plane: Tensor, anchors: Tensor) -> Tensor:
    """Weights (B, K, h, w) by which values at evenly spaced `anchors` interpolate to `plane`."""
    position = (plane - anchors[0]) / (anchors[1] - anchors[0])
    index = torch.arange(len(anchors), dtype=plane.dtype, device=plane.device)
    distance = position.clamp(0.0, len(anchors) - 1.0) - index.view(1, -1, 1, 1)
    return (1.0 - distance.abs()).clamp_min(0.0)


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
    local = gaussian_pyramid(plane, depth)
    changes = gaussian_pyramid(change(plane, anchors.view(1, -1, 1, 1)), depth)
    total: Tensor | None = None
    for level in range(depth, -1, -1):
        band = changes[level] if total is None else changes[level] - double(changes[level + 1])
        added = (_between(local[level], anchors) * band).sum(1, keepdim=True)
        total = added if total is None else double(total) + added
    assert total is not None
    return total
