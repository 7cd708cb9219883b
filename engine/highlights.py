"""Highlights that the sensor could not hold: a likely color for saturated channels."""

import torch
from torch import Tensor

from engine.filters import smooth_step
from engine.strips import in_strips

FADE = 0.002
"""A channel within this of the raw's white level counts as saturated."""

ROUGH_FADE = 0.06
"""The same for a mosaic: noise, and photosites that fill up a little earlier than most."""

RIM = 0.75
"""Where all channels are above this, the pixel is likely an average over saturated ones."""


@torch.no_grad()
def recovered(camera: Tensor, camera_white: Tensor, full: Tensor | None = None) -> Tensor:
    """A developed mosaic `camera` (1, 3, H, W), its saturated channels at likely values above 1.

    To be done at full size: averaged with their surroundings, saturated pixels cannot be told any
    more, and leave magenta rims. `camera_white` (3,) is the as-shot white's camera RGB; `full` (3,)
    where the channels saturate, by default at 1.
    """
    white = camera_white.to(camera)[:, None, None]
    ends = torch.ones_like(white) if full is None else full.to(camera)[:, None, None]

    def on_strip(strip: Tensor, _: int) -> Tensor:
        filled = strip / ends
        if float(filled.max()) <= 1.0 - ROUGH_FADE:
            return strip
        return white * _likely(filled, strip / white, ROUGH_FADE)

    return in_strips(on_strip, camera)


def without_false_color(camera: Tensor, balanced: Tensor) -> Tensor:
    """Give saturated channels of `balanced` (B, 3, H, W), `camera` over its white, a likely value.

    A saturated channel says only that the scene is brighter: it rises to what the others say on
    average, so a color fades to the white's hue as one channel after the other saturates. Where all
    do, they are on one level. Where all nearly do, as on the rim of a clipped sky in a reduced
    picture, none stands out. Only values from 1 up change, and stay there: what is clipped at the
    white later comes out the same.
    """
    if float(balanced.detach().max()) < 1.0:
        return balanced
    return torch.where(balanced < 1.0, balanced, _likely(camera, balanced, FADE))


def _likely(camera: Tensor, balanced: Tensor, fade: float) -> Tensor:
    saturated = smooth_step(camera, 1.0 - fade, 1.0)
    heard = 1.0 - saturated + 1e-3
    told = torch.maximum(_others(balanced) / 2.0, _others(heard * balanced) / _others(heard))
    likely = balanced + saturated * (told - balanced).clamp_min(0.0)
    highest = likely.amax(1, keepdim=True)
    likely = likely + saturated.prod(1, keepdim=True) * (highest - likely)
    rim = smooth_step(camera.amin(1, keepdim=True), RIM, 1.0)
    level = likely.amin(1, keepdim=True).clamp_min(1.0)
    return likely - rim * (likely - level).clamp_min(0.0)


def _others(planes: Tensor) -> Tensor:
    """For each channel of (B, 3, H, W) the sum of the other two."""
    return planes.sum(1, keepdim=True) - planes
