"""Dehaze: take away, or add, the veil that lies on what is far.

The haze model: seen = scene * t + airlight * (1 - t). What haze adds shows in the darkest channel
of a neighbourhood; a guided fit brings that veil to full size along the edges. The airlight is
neutral, a luminance that the statistics give, so greys stay grey.

He, Sun, Tang, Single Image Haze Removal Using Dark Channel Prior, TPAMI 33(12), 2011.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine import filters
from engine.color import luminance
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Analysis, Kind, Space, Stage
from engine.statistics import Statistics
from engine.strips import in_strips

DEHAZE = Slider("dehaze", -100.0, 100.0, xmp="Dehaze")

GRID = 384
PATCH = 5
"""Radius in cells of the neighbourhood whose darkest channel tells the veil."""

MOST = 0.95  # of the light of a pixel that haze may be

FIRST = 0.05  # of the slider's way to more haze, on which it begins as on its way to less

FIT_RADIUS, FIT_EPSILON = 6, 0.05


def exact(image: Tensor, metadata: Metadata, statistics: Statistics, *, dehaze: Value) -> Tensor:
    """Return `image` (B, 3, H, W), scene-linear ProPhoto, with less or more haze."""
    return ANALYSIS.exact(image, metadata, statistics, dehaze=dehaze)


def dehazed(
    image: Tensor, maps: Tensor, metadata: Metadata, statistics: Statistics, *, dehaze: Value
) -> Tensor:
    """`image` with less or more of the veil that the `maps` (B, 2, h, w) bring along its edges."""
    airlight = airlight_of(statistics)
    fits = filters.enlarged(maps, image.shape[-2:])

    def on_strip(strip: Tensor, top: int) -> Tensor:
        veil = _veil(strip / airlight, fits(top, strip.shape[-2]))
        # seen = scene (1 - removed) + airlight removed, solved for the scene
        return torch.addcmul(strip, strip - airlight, strength(veil, dehaze))

    return in_strips(on_strip, image)


def strength(veil: Tensor, dehaze: Value) -> Tensor:
    """By how much of its distance from the airlight a pixel under a `veil` in [0, 1) moves."""
    s = torch.as_tensor(dehaze / 100.0)
    # a thin veil may as well be a grey scene: it is taken away less than in proportion
    removable = 0.85 * veil * veil / (veil + 0.12)
    removed = s.clamp_min(0.0) * removable
    # the first haze is seen most in the shades, so the slider starts slowly
    faded, thin = -s.clamp_max(0.0), 0.2 * (0.3 + 0.7 * veil)
    added = thin * faded * (0.55 + 0.45 * faded)
    # at first as it takes haze away on the other side of 0, or there it would turn a corner
    added = added + (removable - 0.55 * thin) * FIRST * (1.0 - torch.exp(-faded / FIRST))
    return removed / (1.0 - removed) - added


def features(
    image: Tensor, metadata: Metadata, statistics: Statistics, size: Sequence[int]
) -> Tensor:
    """Tone (EV) and darkest channel (B, 2, h, w), relative to the airlight."""
    relative = filters.resize(image, size) / airlight_of(statistics)
    tone = filters.log_luminance(luminance(relative))
    return torch.cat([tone, relative.amin(1, keepdim=True)], 1)


def fit(features: Tensor) -> Tensor:
    """Slope and offset (B, 2, h, w) that bring the veil of a small picture along its edges."""
    tone, darkest = features.split(1, 1)
    return torch.cat(filters.guided_fit(tone, _opening(darkest, PATCH), FIT_RADIUS, FIT_EPSILON), 1)


def airlight_of(statistics: Statistics) -> Tensor:
    """The luminance that far haze has: that of the brightest hundredth of the photo."""
    return torch.exp2(torch.as_tensor(statistics.quantile(0.99)))


def _veil(relative: Tensor, fit: Tensor) -> Tensor:
    """Share (B, 1, H, W) of the airlight that haze puts over the picture, in [0, 1)."""
    slope, offset = fit.split(1, 1)
    veil = slope * filters.log_luminance(luminance(relative)) + offset
    # no pixel holds more haze than light in any of its channels
    return torch.minimum(veil, relative.amin(1, keepdim=True)).clamp(0.0, MOST)


def _opening(plane: Tensor, radius: int) -> Tensor:
    """Darkest of a neighbourhood, back out to where it ends: bright areas keep their outline."""
    return _brightest(-_brightest(-plane, radius), radius)


def _brightest(plane: Tensor, radius: int) -> Tensor:
    """Of a square of side 2 radius + 1: along one axis, then along the other."""
    for size, padding in (((2 * radius + 1, 1), (radius, 0)), ((1, 2 * radius + 1), (0, radius))):
        plane = functional.max_pool2d(plane, size, 1, padding)
    return plane


ANALYSIS = Analysis(lambda frame: filters.grid_size(frame, GRID), features, fit, dehazed)
STAGE = Stage("dehaze", (DEHAZE,), exact, Kind.AREAWISE, Space.SCENE, analysis=ANALYSIS)
