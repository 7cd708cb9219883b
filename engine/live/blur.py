"""Blurs of planes: by a symmetric kernel, the frame repeated outwards; box means, guided fits."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engine.live.kernels import F, Plane, Planes, Row, by_rows, kernel, part
from engine.live.room import room


@lru_cache(maxsize=32)
def weights_of(blur: Callable[[Tensor, float], Tensor], sigma: float, reach: int) -> Row:
    """The center of a separable blur's kernel, and its weights on from there: (reach + 1,)."""
    point = torch.zeros(1, 1, 1, 2 * reach + 1)
    point[..., reach] = 1.0
    return blur(point, sigma)[0, 0, 0, reach:].contiguous().numpy()


def blurred(plane: Plane, weights: Row) -> Plane:
    """`plane` blurred along both axes by a kernel of these `weights`, from its center on."""
    out = room(plane.shape)
    by_rows(lambda first, stop: _blur(plane, weights, out, first, stop), len(plane))
    return out


def box_means(planes: Planes, radius: int) -> Planes:
    """engine.filters.box_mean of each of the `planes`."""
    height, width = planes.shape[1:]
    down, across = _shares(height, radius), _shares(width, radius)
    out = room(planes.shape)
    by_rows(lambda first, stop: _means(planes, radius, down, across, out, first, stop), height)
    return out


def guided_fit(guide: Plane, target: Plane, radius: int, epsilon: float) -> Planes:
    """engine.filters.guided_fit: slope and offset (2, h, w) of `target` along the `guide`."""
    height, center = len(guide), F(guide.mean())
    products, fit = room((4, *guide.shape)), room((2, *guide.shape))
    by_rows(lambda first, stop: _products(guide, target, center, products, first, stop), height)
    means = box_means(products, radius)
    by_rows(lambda first, stop: _lines(means, center, F(epsilon), fit, first, stop), height)
    return box_means(fit, radius)


def _shares(length: int, radius: int) -> Row:
    """What each place of a line divides its sum by, as a factor: the frame cuts some off."""
    place = np.arange(length)
    count = np.minimum(place + radius, length - 1) - np.maximum(place - radius, 0) + 1
    return (1.0 / count).astype(np.float32)


@kernel
def _blur(plane: Plane, weights: Row, out: Plane, first: int, stop: int) -> None:
    height, width = plane.shape
    reach = len(weights) - 1
    line = np.zeros(width + 2 * reach, F)
    for y in range(first, stop):
        inner = line[reach : reach + width]
        _times(plane[y], weights[0], inner)
        for i in range(1, reach, 2):
            _add_pairs(
                plane[max(0, y - i)],
                plane[min(height - 1, y + i)],
                weights[i],
                plane[max(0, y - i - 1)],
                plane[min(height - 1, y + i + 1)],
                weights[i + 1],
                inner,
            )
        if reach % 2:
            _add_pair(
                plane[max(0, y - reach)], plane[min(height - 1, y + reach)], weights[reach], inner
            )
        line[:reach] = line[reach]
        line[reach + width :] = line[reach + width - 1]
        _times(inner, weights[0], out[y])
        for i in range(1, reach, 2):
            before, after = line[reach - i :], line[reach + i :]
            _add_pairs(
                before, after, weights[i], line[reach - i - 1 :], after[1:], weights[i + 1], out[y]
            )
        if reach % 2:
            _add_pair(line, line[2 * reach :], weights[reach], out[y])


@part
def _times(row: Row, weight: F, out: Row) -> None:
    for x in range(len(out)):
        out[x] = weight * row[x]


@part
def _add_pair(one: Row, other: Row, weight: F, out: Row) -> None:
    for x in range(len(out)):
        out[x] += weight * (one[x] + other[x])


@part
def _add_pairs(
    near: Row, opposite: Row, weight: F, far: Row, facing: Row, less: F, out: Row
) -> None:
    """Two pairs at once: half the reading and writing of what they are added to."""
    for x in range(len(out)):
        out[x] += weight * (near[x] + opposite[x]) + less * (far[x] + facing[x])


@kernel
def _means(
    planes: Planes, radius: int, down: Row, across: Row, out: Planes, first: int, stop: int
) -> None:
    height, width = planes.shape[1:]
    line = np.zeros(width + 2 * radius, F)
    total = line[radius : radius + width]
    for k in range(len(planes)):
        plane = planes[k]
        for y in range(first, stop):
            _times(plane[y], F(1), total)
            for i in range(1, radius + 1):
                if i <= y < height - i:
                    _add_pair(plane[y - i], plane[y + i], F(1), total)
                elif y >= i:
                    _add(plane[y - i], total)
                elif y < height - i:
                    _add(plane[y + i], total)
            _mean_row(line, radius, down[y], across, out[k, y])


@part
def _add(row: Row, total: Row) -> None:
    for x in range(len(total)):
        total[x] += row[x]


@part
def _mean_row(line: Row, radius: int, down: F, across: Row, out: Row) -> None:
    """`line`, sums down the columns with `radius` zeros at both ends, as means."""
    out[:] = line[radius : radius + len(out)]
    for i in range(radius):
        _add_pair(line[i:], line[2 * radius - i :], F(1), out)
    for x in range(len(out)):
        out[x] *= down * across[x]


@kernel
def _products(guide: Plane, target: Plane, center: F, out: Planes, first: int, stop: int) -> None:
    """The guide from its `center`, the target, and the guide times itself and the target."""
    apart, same, square, product = out[0], out[1], out[2], out[3]
    for y in range(first, stop):
        for x in range(guide.shape[1]):
            beyond = guide[y, x] - center
            apart[y, x] = beyond
            same[y, x] = target[y, x]
            square[y, x] = beyond * beyond
            product[y, x] = beyond * target[y, x]


@kernel
def _lines(means: Planes, center: F, epsilon: F, out: Planes, first: int, stop: int) -> None:
    """Slope and offset that the means of those products tell."""
    for y in range(first, stop):
        _line_row(
            means[0, y],
            means[1, y],
            means[2, y],
            means[3, y],
            center,
            epsilon,
            out[0, y],
            out[1, y],
        )


@part
def _line_row(
    apart: Row,
    target: Row,
    square: Row,
    product: Row,
    center: F,
    epsilon: F,
    slope: Row,
    offset: Row,
) -> None:
    for x in range(len(slope)):
        variance = max(square[x] - apart[x] * apart[x], F(0))
        rise = (product[x] - apart[x] * target[x]) / (variance + epsilon)
        slope[x] = rise
        offset[x] = target[x] - rise * (apart[x] + center)
