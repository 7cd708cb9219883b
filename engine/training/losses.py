"""How far a proxy's picture is from the true one, as a viewer would see it."""

import torch
from torch import Tensor

from engine.curves import total_exposure
from engine.metadata import Metadata
from engine.proxies.encoding import compress
from engine.stage import Kind, Space, Stage

BEYOND = 0.2
"""Weight of differences above white: mostly clipped later, but not before exposure may fall."""


def seen(image: Tensor, metadata: Metadata, stage: Stage) -> Tensor:
    """A stage's output (B, 3, H, W) on a display-like scale: 0 black, 1 white."""
    if stage.space is Space.DISPLAY:
        return image
    if stage.space in (Space.CAMERA, Space.SCENE):
        image = image * 2.0 ** total_exposure(metadata)
    encoded = compress(image)
    return torch.minimum(encoded, 1.0 + BEYOND * (encoded - 1.0))


def loss(answer: Tensor, truth: Tensor, metadata: Metadata, stage: Stage) -> Tensor:
    """L1, for areawise stages with that of the spatial gradients [Tseng et al. 2022, sec. 4.2]."""
    difference = seen(answer, metadata, stage) - seen(truth, metadata, stage)
    total = difference.abs().mean()
    if stage.kind is Kind.AREAWISE:
        for axis in (-1, -2):
            total = total + difference.diff(dim=axis).abs().mean()
    return total


def decibels(answer: Tensor, truth: Tensor, metadata: Metadata, stage: Stage) -> Tensor:
    """Peak signal to noise ratio (B,) of what is seen, at most 100."""
    a, b = (seen(image, metadata, stage).clamp(0.0, 1.0) for image in (answer, truth))
    return -10.0 * torch.log10((a - b).square().mean((1, 2, 3)).clamp_min(1e-10))
