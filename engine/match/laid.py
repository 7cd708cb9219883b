"""Laid: a target on the frame of the photo that is to look like it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.photo import Photo, area_average

WHOLE = 0.999
"""Share of a pixel that the target must cover."""


@dataclass(frozen=True, eq=False)
class Laid:
    """A target laid on a photo.

    `target` (1, 3, H, W), encoded sRGB, has the size and frame of `photo`; `weight` (1, 1, H, W), 0
    to 1, says what of it counts.
    """

    photo: Photo
    target: Tensor
    weight: Tensor

    def reduced(self, long_side: int) -> "Laid":
        """All of it at most `long_side` pixels long; pixels not covered whole do not count."""
        photo = self.photo.reduced(long_side)
        width, height = photo.size
        target, weight, covered = (
            area_average(plane, (height, width))
            for plane in (self.target, self.weight, (self.weight > 0.0).float())
        )
        return Laid(photo, target, torch.where(covered > WHOLE, weight, 0.0))
