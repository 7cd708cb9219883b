"""Keeping colors inside [0, 1] at their hue and luminance: only their chroma gives way."""

import torch
from torch import Tensor

from engine.color import extremes
from engine.slider import Value

TINY = 1e-6


def room(image: Tensor, gray: Tensor) -> Tensor:
    """How many times its distance from `gray` (B, 1, H, W) each pixel can have within [0, 1].

    A little less where two channels near their ends together, so that no hue has a ridge: what the
    channels need is added up as a norm of the fourth power.
    """
    away = image - gray
    up, down = 1.0 / (1.0 - gray).clamp_min(TINY), -1.0 / gray.clamp_min(TINY)
    needs = torch.maximum(away * up, away * down).clamp(TINY, 1.0 / TINY)
    return needs.square().square().sum(1, keepdim=True).sqrt().rsqrt()


def limited(image: Tensor, gray: Tensor) -> Tensor:
    """`image` (B, 3, H, W), where it leaves [0, 1] brought to the edge toward `gray`."""
    low, high = extremes(image)
    up = (1.0 - gray).clamp_min(TINY) / (high - gray).clamp_min(TINY)
    down = gray.clamp_min(TINY) / (gray - low).clamp_min(TINY)
    beyond = (1.0 - torch.minimum(up, down)).clamp(0.0, 1.0)
    # rounding may miss the edge by a hair
    return torch.addcmul(image, gray - image, beyond).clamp(0.0, 1.0)


def strengthening(factor_room: Tensor, most: float) -> Tensor:
    """How much may be added to 1 as a factor of chroma: about `most`, always less than the room.

    Growing a color by any share of this never leaves [0, 1], so effects can be linear in a slider.
    """
    spare = (factor_room - 1.0).clamp_min(0.0)
    return most * spare / (most + spare)


def halves(value: Value) -> tuple[Value, Value]:
    """The positive and the negative part of a slider's value; their sum is the value."""
    size = value.abs() if isinstance(value, Tensor) else abs(value)
    return (value + size) / 2.0, (value - size) / 2.0
