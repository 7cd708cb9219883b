"""A display-like encoding of scene values, for networks and losses: dark tones count as seen.

The compander of mu-law [ITU-T G.711], odd, without an upper limit. At MU its slope at black is
that of sRGB's curve.
"""

import math

import torch
from torch import Tensor

MU = 50.0


def compress(linear: Tensor) -> Tensor:
    """Encoded values (any shape) of `linear` ones: 0 and 1 stay, what lies outside is kept."""
    return torch.sign(linear) * torch.log1p(MU * linear.abs()) / math.log1p(MU)


def expand(encoded: Tensor) -> Tensor:
    """The inverse of `compress`."""
    return torch.sign(encoded) * torch.expm1(encoded.abs() * math.log1p(MU)) / MU
