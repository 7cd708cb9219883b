"""View transforms: how a tap of any space is shown on the screen, as encoded sRGB.

Camera RGB is shown as the sensor saw it, without white balance. Scene and profile values are
ProPhoto (ROMM, ISO 22028-2), darktable's Rec. 2020 (ITU-R BT.2020-2); they are brought to sRGB. A
pixel brighter than the screen is scaled down as a whole, so that its hue survives.
"""

import torch
from torch import Tensor

from engine.color import srgb_encode, transform
from engine.live.shown import TO_SRGB
from engine.stage import Space

DIFFERENCE_GAIN = 2.0


@torch.no_grad()
def displayed(image: Tensor, space: Space) -> Tensor:
    """`image` (1, 3, H, W) of a tap in `space` as display RGB in [0, 1]."""
    if space is Space.DISPLAY:
        return image
    if space is Space.CAMERA:
        return srgb_encode(image.clamp(0.0, 1.0))
    linear = transform(image, TO_SRGB[space]).clamp_min(0.0)
    return srgb_encode(linear / linear.amax(1, keepdim=True).clamp_min(1.0))


@torch.no_grad()
def difference(after: Tensor, before: Tensor) -> Tensor:
    """Two displayed pictures as their signed difference around mid grey, twice as strong."""
    return (0.5 + DIFFERENCE_GAIN * (after - before)).clamp(0.0, 1.0)
