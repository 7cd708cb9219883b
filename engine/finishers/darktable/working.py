"""Working space: linear Rec. 2020 as darktable computes with it, white at D50.

ITU-R BT.2020, from its primaries in full precision: `engine.color` holds what fits into a profile.
"""

import torch
from torch import Tensor

from engine.color import D50_XYZ, adaptation, xyz

_PRIMARIES = torch.tensor([[0.708, 0.292], [0.170, 0.797], [0.131, 0.046]], dtype=torch.float64)

D65_XYZ = xyz(torch.tensor([0.3127, 0.3290], dtype=torch.float64))


def _to_xyz() -> Tensor:
    colorants = torch.stack([xyz(primary) for primary in _PRIMARIES], 1)
    light = colorants * torch.linalg.solve(colorants, D65_XYZ)
    return adaptation(D65_XYZ, D50_XYZ) @ light


TO_XYZ = _to_xyz()
"""(3, 3) to CIE XYZ, D50."""

CAT16 = torch.tensor(
    [
        [0.401288, 0.650173, -0.051461],
        [-0.250268, 1.204414, 0.045854],
        [-0.002079, 0.048952, 0.953127],
    ],
    dtype=torch.float64,
)
"""(3, 3) from XYZ to the responses that CAT16 scales."""


def adapted(source: Tensor, target: Tensor) -> Tensor:
    """(..., 3, 3) from a white (..., 3) to another by CAT16, both XYZ."""
    gains = (CAT16 @ target[..., None]) / (CAT16 @ source[..., None])
    return torch.linalg.inv(CAT16) @ (gains * CAT16)
