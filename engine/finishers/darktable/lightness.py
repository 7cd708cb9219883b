"""Lightness: the L* of pictures in linear Rec. 2020, changed by itself; a* and b* stay.

CIE 15:2004, D50, as darktable converts to it for its modules of lightness.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from engine.color import D50_XYZ, transform
from engine.finishers.darktable.working import TO_XYZ

EPSILON, KAPPA = 216.0 / 24389.0, 24389.0 / 27.0


def with_lightness(image: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    """`image` (B, 3, H, W), linear Rec. 2020, with `change` made to its L* (B, 1, H, W)."""
    white = D50_XYZ.to(image).view(3, 1, 1)
    x, y, z = _root(transform(image, TO_XYZ) / white).split(1, 1)
    lightness = 116.0 * y - 16.0
    by = (change(lightness) - lightness) / 116.0
    xyz = _cube(torch.cat([x + by, y + by, z + by], 1)) * white
    return transform(xyz, torch.linalg.inv(TO_XYZ))


def _root(xyz: Tensor) -> Tensor:
    curved = xyz.clamp_min(EPSILON) ** (1.0 / 3.0)
    return torch.where(xyz > EPSILON, curved, (KAPPA * xyz + 16.0) / 116.0)


def _cube(root: Tensor) -> Tensor:
    line = (116.0 * root - 16.0) / KAPPA
    return torch.where(root > EPSILON ** (1.0 / 3.0), root**3, line)
