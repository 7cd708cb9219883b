"""Lightness, live: L* of a picture in linear Rec. 2020, and changes of it put back."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.color import D50_XYZ
from engine.finishers.darktable import lightness as exact
from engine.finishers.darktable.working import TO_XYZ
from engine.live.kernels import (
    F,
    Plane,
    Planes,
    Row,
    by_rows,
    each_pixel,
    exp2,
    kernel,
    log2,
    part,
    planes_of,
)
from engine.live.room import room

TO_WHITE = np.ascontiguousarray((TO_XYZ / D50_XYZ[:, None]).numpy(), np.float32)
"""(3, 3) to XYZ as shares of those of white."""

FROM_WHITE = np.ascontiguousarray(torch.linalg.inv(TO_XYZ / D50_XYZ[:, None]).numpy(), np.float32)


def lightness(image: Tensor) -> Plane:
    """L* (H, W) of `image` (1, 3, H, W)."""
    planes = planes_of(image)
    out = room(planes.shape[1:])
    by_rows(lambda first, stop: _look(planes, out, first, stop), len(out))
    return out


def changed(image: Tensor, changes: Planes, amounts: Sequence[float]) -> Tensor:
    """`image` (1, 3, H, W) with `amounts` of `changes` (K, H, W) added to its L*."""
    shares = np.array(amounts, np.float32) / F(116)
    return each_pixel(image, _change, changes, shares)


_EPSILON, _KAPPA = F(exact.EPSILON), F(exact.KAPPA)
_ROOT_OF_EPSILON = F(exact.EPSILON ** (1.0 / 3.0))


@part
def _root(share: F) -> F:
    curved = exp2(log2(max(share, _EPSILON)) * F(1.0 / 3.0))
    line = share * (_KAPPA / F(116)) + F(16.0 / 116.0)
    return curved if share > _EPSILON else line


@part
def _cube(root: F) -> F:
    line = (F(116) * root - F(16)) * (F(1) / _KAPPA)
    return root * root * root if root > _ROOT_OF_EPSILON else line


@kernel
def _look(planes: Planes, out: Plane, first: int, stop: int) -> None:
    for y in range(first, stop):
        red, green, blue = planes[0, y], planes[1, y], planes[2, y]
        for x in range(out.shape[1]):
            light = TO_WHITE[1, 0] * red[x] + TO_WHITE[1, 1] * green[x] + TO_WHITE[1, 2] * blue[x]
            out[y, x] = F(116) * _root(light) - F(16)


@kernel
def _change(
    planes: Planes, changes: Planes, shares: Row, out: Planes, first: int, stop: int
) -> None:
    added = np.zeros(planes.shape[2], F)
    for y in range(first, stop):
        added[:] = F(0)
        for k in range(len(shares)):
            _add(changes[k, y], shares[k], added)
        _shift(planes, y, added, out)


@part
def _add(row: Row, share: F, total: Row) -> None:
    for x in range(len(total)):
        total[x] += share * row[x]


@part
def _shift(planes: Planes, y: int, by: Row, out: Planes) -> None:
    """A row with something added to the roots of its XYZ."""
    red, green, blue = planes[0, y], planes[1, y], planes[2, y]
    to_red, to_green, to_blue = out[0, y], out[1, y], out[2, y]
    for i in range(len(by)):
        x = _shifted(TO_WHITE[0], red[i], green[i], blue[i], by[i])
        y_ = _shifted(TO_WHITE[1], red[i], green[i], blue[i], by[i])
        z = _shifted(TO_WHITE[2], red[i], green[i], blue[i], by[i])
        to_red[i] = FROM_WHITE[0, 0] * x + FROM_WHITE[0, 1] * y_ + FROM_WHITE[0, 2] * z
        to_green[i] = FROM_WHITE[1, 0] * x + FROM_WHITE[1, 1] * y_ + FROM_WHITE[1, 2] * z
        to_blue[i] = FROM_WHITE[2, 0] * x + FROM_WHITE[2, 1] * y_ + FROM_WHITE[2, 2] * z


@part
def _shifted(weights: NDArray[np.float32], red: F, green: F, blue: F, by: F) -> F:
    return _cube(_root(weights[0] * red + weights[1] * green + weights[2] * blue) + by)
