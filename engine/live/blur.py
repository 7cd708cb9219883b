"""Blur of a plane by a symmetric kernel; the frame's edge is repeated outwards."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from engine.live.kernels import F, Plane, Row, by_rows, kernel, part


def weights_of(blur: Callable[[Tensor], Tensor], reach: int) -> Row:
    """The center of a separable blur's kernel, and its weights on from there: (reach + 1,)."""
    point = torch.zeros(1, 1, 1, 2 * reach + 1)
    point[..., reach] = 1.0
    return blur(point)[0, 0, 0, reach:].contiguous().numpy()


def blurred(plane: Plane, weights: Row) -> Plane:
    """`plane` blurred along both axes by a kernel of these `weights`, from its center on."""
    out = np.empty_like(plane)
    by_rows(lambda first, stop: _blur(plane, weights, out, first, stop), len(plane))
    return out


@kernel
def _blur(plane: Plane, weights: Row, out: Plane, first: int, stop: int) -> None:
    height, width = plane.shape
    reach = len(weights) - 1
    line = np.zeros(width + 2 * reach, F)
    for y in range(first, stop):
        inner = line[reach : reach + width]
        _times(plane[y], weights[0], inner)
        for i in range(1, reach + 1):
            _add_pair(plane[max(0, y - i)], plane[min(height - 1, y + i)], weights[i], inner)
        line[:reach] = line[reach]
        line[reach + width :] = line[reach + width - 1]
        _times(inner, weights[0], out[y])
        for i in range(1, reach + 1):
            before, after = line[reach - i :], line[reach + i :]
            _add_pair(before, after, weights[i], out[y])


@part
def _times(row: Row, weight: F, out: Row) -> None:
    for x in range(len(out)):
        out[x] = weight * row[x]


@part
def _add_pair(one: Row, other: Row, weight: F, out: Row) -> None:
    for x in range(len(out)):
        out[x] += weight * (one[x] + other[x])
