"""Roots: what a table holds where local contrast follows it: XYZ's shares of white, bent as in L*.

They are perceptually even, L* is one of them, and what is added to it is added to all three.
"""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.color import REC2020, between
from engine.finishers.darktable import lightness as exact
from engine.live.darktable.lightness import FROM_WHITE, TO_WHITE
from engine.live.kernels import (
    F,
    Plane,
    Planes,
    by_rows,
    clipped,
    each_pixel,
    exp2,
    kernel,
    log2,
    part,
    planes_of,
    srgb_encoded,
)
from engine.live.table import Packed
from engine.metadata import ColorSpace

LIGHTNESS = 1.16, -0.16
"""What makes L* / 100 of the second root: a gain, and what is added."""


def rooted(image: Tensor) -> Tensor:
    """The roots (1, 3, H, W) of linear Rec. 2020 `image`."""
    return each_pixel(image, _root_all)


def unrooted(roots: Tensor, change: Plane, amount: float) -> Tensor:
    """Linear Rec. 2020 (1, 3, H, W) of `roots` with `amount` of `change` (H, W) added to L*."""
    return each_pixel(roots, _unroot, change, F(amount / 116.0), FROM_WHITE)


def write(roots: Tensor, change: Plane, amount: float, space: ColorSpace, out: Packed) -> None:
    """Write the same to `out` (H, W), encoded for `space`, which has the curve of sRGB."""
    planes, share = planes_of(roots), F(amount / 116.0)
    matrix = (between(REC2020, space) @ FROM_WHITE).astype(np.float32)
    by_rows(lambda first, stop: _write(planes, change, share, matrix, out, first, stop), len(out))


_EPSILON, _KAPPA = F(exact.EPSILON), F(exact.KAPPA)
_ROOT_OF_EPSILON = F(exact.EPSILON ** (1.0 / 3.0))


@kernel
def _root_all(planes: Planes, out: Planes, first: int, stop: int) -> None:
    for k in range(3):
        for y in range(first, stop):
            for x in range(out.shape[2]):
                share = TO_WHITE[k, 0] * planes[0, y, x] + TO_WHITE[k, 1] * planes[1, y, x]
                share += TO_WHITE[k, 2] * planes[2, y, x]
                curved = exp2(log2(max(share, _EPSILON)) * F(1.0 / 3.0))
                line = share * (_KAPPA / F(116)) + F(16.0 / 116.0)
                out[k, y, x] = curved if share > _EPSILON else line


@part
def _cube(root: F) -> F:
    line = (F(116) * root - F(16)) * (F(1) / _KAPPA)
    return root * root * root if root > _ROOT_OF_EPSILON else line


@kernel
def _unroot(
    roots: Planes,
    change: Plane,
    share: F,
    matrix: NDArray[np.float32],
    out: Planes,
    first: int,
    stop: int,
) -> None:
    for i in range(first, stop):
        for j in range(out.shape[2]):
            by = share * change[i, j]
            x, y = _cube(roots[0, i, j] + by), _cube(roots[1, i, j] + by)
            z = _cube(roots[2, i, j] + by)
            out[0, i, j] = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z
            out[1, i, j] = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z
            out[2, i, j] = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z


@kernel
def _write(
    roots: Planes,
    change: Plane,
    share: F,
    matrix: NDArray[np.float32],
    out: Packed,
    first: int,
    stop: int,
) -> None:
    for i in range(first, stop):
        for j in range(out.shape[1]):
            by = share * change[i, j]
            x, y = _cube(roots[0, i, j] + by), _cube(roots[1, i, j] + by)
            z = _cube(roots[2, i, j] + by)
            red = _byte(matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z)
            green = _byte(matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z)
            blue = _byte(matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z)
            packed = np.uint32(0xFF000000) | (red << np.uint32(16))
            out[i, j] = packed | (green << np.uint32(8)) | blue


@part
def _byte(linear: F) -> np.uint32:
    """Encoded and rounded to 8 bit."""
    return np.uint32(np.int32(np.rint(F(255) * srgb_encoded(clipped(linear, F(0), F(1))))))
