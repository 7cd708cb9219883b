"""Texture: detail of medium size, raised or smoothed.

The band between a fine blur and an edge-aware base, about 0.1 to 0.6 % of the long side wide: skin,
bark, cloth, but neither edges, which the base keeps, nor noise, which is finer in a large photo.
A small preview that cannot hold the band shows what a reduced full-size render shows: little.

He, Sun, Fast Guided Filter, arXiv 1505.00996, 2015.
"""

import torch
from torch import Tensor

from engine import filters
from engine.color import lit_luminance
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics
from engine.strips import in_strips

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
    share = amount(texture)
    frame = image.shape[-2:]
    light = lit_luminance(filters.resize(image, filters.grid_size(frame, GRID)))
    band = filters.enlarged(_band(light), frame)

    def on_strip(strip: Tensor, top: int) -> Tensor:
        return strip * torch.exp2(share * band(top, strip.shape[-2]))

    return in_strips(on_strip, image)


def amount(texture: Value) -> Value:
    """What share of the texture a slider's value adds."""
    s = texture / 100.0
    return (0.9 + 0.1 * s) * s


def _band(light: Tensor) -> Tensor:
    """The texture, in EV, of a luminance (B, 1, h, w)."""
    size = light.shape[-2:]
    small = filters.log_luminance(filters.resize(light, filters.grid_size(size, BASE_GRID)))
    radius = max(1, round(COARSE * max(small.shape[-2:])))
    fit = filters.guided_fit(small, small, radius, EPSILON)
    base = filters.enlarged(torch.cat(fit, 1), size)
    sigma = FINE * max(size)

    def on_strip(strip: Tensor, top: int) -> Tensor:
        tone = filters.log_luminance(strip)
        slope, offset = base(top, strip.shape[-2]).split(1, 1)
        return filters.gaussian_blur(tone - (slope * tone + offset), sigma)

    return in_strips(on_strip, light, halo=filters.blur_reach(sigma))


STAGE = Stage("texture", (TEXTURE,), exact, Kind.AREAWISE, Space.SCENE)
