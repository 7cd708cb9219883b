"""View transforms: how a tap of any space is shown on the screen, as encoded sRGB.

Camera RGB is shown as the sensor saw it, without white balance. Scene and profile values are
ProPhoto (ROMM, ISO 22028-2) and are brought to sRGB; a pixel brighter than the screen is scaled
down as a whole, so that its hue survives.
"""

from functools import cache

import numpy as np
import torch
from torch import Tensor

from editor.qimage import Bytes, to_bytes
from engine.color import PROPHOTO, SRGB, between, srgb_encode, transform
from engine.stage import Space

PROPHOTO_TO_SRGB = between(PROPHOTO, SRGB)
DIFFERENCE_GAIN = 2.0
STEPS = 1023
"""Of the table of sRGB over the square root of linear light: both rise alike, so few will do."""


@torch.no_grad()
def displayed(image: Tensor, space: Space) -> Tensor:
    """`image` (1, 3, H, W) of a tap in `space` as display RGB in [0, 1]."""
    if space is Space.DISPLAY:
        return image
    if space is Space.CAMERA:
        return srgb_encode(image.clamp(0.0, 1.0))
    linear = transform(image, PROPHOTO_TO_SRGB).clamp_min(0.0)
    return srgb_encode(linear / linear.amax(1, keepdim=True).clamp_min(1.0))


@torch.no_grad()
def difference(after: Tensor, before: Tensor) -> Tensor:
    """Two displayed pictures as their signed difference around mid grey, twice as strong."""
    return (0.5 + DIFFERENCE_GAIN * (after - before)).clamp(0.0, 1.0)


def small_bytes(image: Tensor, space: Space) -> Bytes:
    """`displayed`, rounded to bytes (3, H, W): the quick way for thumbnails, one off at most."""
    if space is Space.DISPLAY:
        return to_bytes(image)
    linear = image[0].cpu().numpy()
    if space is not Space.CAMERA:
        matrix = PROPHOTO_TO_SRGB.astype(np.float32)
        linear = np.maximum((matrix @ linear.reshape(3, -1)).reshape(linear.shape), 0.0)
        linear /= np.maximum(linear.max(0), 1.0)
    return _encoding()[(np.sqrt(linear.clip(0.0, 1.0)) * STEPS + 0.5).astype(np.intp)]


@cache
def _encoding() -> Bytes:
    roots = torch.linspace(0.0, 1.0, STEPS + 1, dtype=torch.float64)
    encoded: Bytes = (srgb_encode(roots.square()) * 255.0).round().byte().numpy()
    return encoded
