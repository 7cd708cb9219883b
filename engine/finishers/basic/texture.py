"""Texture: detail of medium size, raised or smoothed.

The band between a fine blur and an edge-aware base, about 0.1 to 0.6 % of the long side wide: skin,
bark, cloth, but neither edges, which the base keeps, nor noise, which is finer in a large photo.
A small preview that cannot hold the band shows what a reduced full-size render shows: little.

He, Sun, Fast Guided Filter, arXiv 1505.00996, 2015.
"""

import torch
from torch import Tensor

from engine import filters
from engine.color import luminance
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

TEXTURE = Slider("texture", -100.0, 100.0, xmp="Texture")

GRID = 1600
"""Long side, at most, of the picture on which the band is taken."""

FINE, COARSE = 0.0007, 0.004
"""Sigma of the blur that ends the band, and radius of the base, as fractions of the long side."""

BASE_GRID = 640
EPSILON = 0.06
"""Variance in EV^2 that the base takes for texture and not for an edge."""


def exact(image: Tensor, metadata: Metadata, statistics: Statistics, *, texture: Value) -> Tensor:
    """Return `image` (B, 3, H, W), scene-linear ProPhoto, with its medium detail scaled."""
    s = texture / 100.0
    amount = (0.9 + 0.1 * s) * s
    light = luminance(image)
    frame = light.shape[-2:]
    light = filters.resize(light, filters.grid_size(frame, GRID))
    tone = filters.log_luminance(light)
    band = tone - _base(light, tone)
    band = filters.gaussian_blur(band, FINE * max(tone.shape[-2:]))
    return image * torch.exp2(filters.enlarge(amount * band, frame))


def _base(light: Tensor, tone: Tensor) -> Tensor:
    """`tone` without its texture."""
    small = filters.log_luminance(
        filters.resize(light, filters.grid_size(light.shape[-2:], BASE_GRID))
    )
    radius = max(1, round(COARSE * max(small.shape[-2:])))
    fit = filters.guided_fit(small, small, radius, EPSILON)
    slope, offset = filters.enlarge(torch.cat(fit, 1), tone.shape[-2:]).split(1, 1)
    return slope * tone + offset


STAGE = Stage("texture", (TEXTURE,), exact, Kind.AREAWISE, Space.SCENE)
