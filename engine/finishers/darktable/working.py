"""Working space: linear Rec. 2020 as darktable computes with it, white at D50.

ITU-R BT.2020, from its primaries in full precision: `engine.color` holds what fits into a profile.
"""

import torch
from torch import Tensor

from engine.color import D50_XYZ, adaptation, xyz

_PRIMARIES = torch.tensor([[0.708, 0.292], [0.170, 0.797], [0.131, 0.046]], dtype=torch.float64)
_WHITE = torch.tensor([0.3127, 0.3290], dtype=torch.float64)


def _to_xyz() -> Tensor:
    colorants = torch.stack([xyz(primary) for primary in _PRIMARIES], 1)
    white = xyz(_WHITE)
    light = colorants * torch.linalg.solve(colorants, white)
    return adaptation(white, D50_XYZ) @ light


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
