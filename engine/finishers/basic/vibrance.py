"""Vibrance: saturation for colors that have little; skin and strong colors are spared."""

import math

import torch
from torch import Tensor

from engine.color import extremes, luminance
from engine.gamut import halves, room, strengthening
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

VIBRANCE = Slider("vibrance", -100.0, 100.0, xmp="Vibrance")

MOST = 2.0
"""What +100 adds to the chroma of a faint color."""

SKIN_HUE = math.radians(26.0)
"""Of skin, light or dark, on the RGB hexagon of linear ProPhoto."""

SKIN_SPARED = 0.6


def exact(image: Tensor, metadata: Metadata, statistics: Statistics, *, vibrance: Value) -> Tensor:
    """Return `image` (B, 3, H, W), linear ProPhoto in [0, 1], with faint colors scaled."""
    gray = luminance(image)
    more, less = halves(vibrance / 100.0)
    growth = more * strengthening(room(image, gray), MOST) + less
    return image + (image - gray) * (growth * _share(image))


def _share(image: Tensor) -> Tensor:
    """How much of the effect a pixel gets (B, 1, H, W): 1 for faint colors that are no skin."""
    red, green, blue = image.unbind(1)
    low, high = extremes(image)
    faint = (low / high.clamp_min(1e-6)).squeeze(1)
    across, up = red - (green + blue) / 2.0, (green - blue) * (math.sqrt(3.0) / 2.0)
    radius = torch.sqrt(across.square() + up.square() + 1e-12)
    toward = (across * math.cos(SKIN_HUE) + up * math.sin(SKIN_HUE)) / radius
    cubed = (0.5 + 0.5 * toward) ** 3
    skin = cubed.square().square()  # half of it at 27 degrees off
    return (faint * (1.0 - SKIN_SPARED * skin)).unsqueeze(1)


STAGE = Stage("vibrance", (VIBRANCE,), exact, Kind.PROGRAM, Space.PROFILE)
