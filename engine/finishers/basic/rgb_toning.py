"""RGB toning: the profile's tone curve, then contrast, regions and point curves.

The profile's part follows the Adobe Digital Negative Specification 1.7.1, chapter 6. Ours lies on
an sRGB-encoded axis, where equal steps look about equal. All curves but those of single channels
make one table, applied to the largest and smallest of R, G, B: hues stay, and greys stay grey.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engine.color import srgb_decode, srgb_encode
from engine.curves import (
    INTERVALS,
    apply_tone,
    exposure_ramp,
    look_up,
    natural_spline,
    profile_tone_table,
    total_exposure,
)
from engine.metadata import Metadata, Profile
from engine.slider import IDENTITY, Curve, Points, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

CONTRAST = Slider("contrast", -100.0, 100.0, xmp="Contrast2012")
SHADOWS = Slider("parametric_shadows", -100.0, 100.0, xmp="ParametricShadows")
DARKS = Slider("parametric_darks", -100.0, 100.0, xmp="ParametricDarks")
LIGHTS = Slider("parametric_lights", -100.0, 100.0, xmp="ParametricLights")
HIGHLIGHTS = Slider("parametric_highlights", -100.0, 100.0, xmp="ParametricHighlights")
TONE_CURVE = Curve("tone_curve", xmp="ToneCurvePV2012")
RED = Curve("tone_curve_red", xmp="ToneCurvePV2012Red")
GREEN = Curve("tone_curve_green", xmp="ToneCurvePV2012Green")
BLUE = Curve("tone_curve_blue", xmp="ToneCurvePV2012Blue")

_STEEPEST = 0.6
"""Contrast 100 adds this to the slope at the pivot and takes it off at black and white."""

_REGION = 0.16
"""What +-100 moves a region's Bernstein ordinate by: below 1/5, so that the curve still rises."""


def exact(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    contrast: Value,
    parametric_shadows: Value,
    parametric_darks: Value,
    parametric_lights: Value,
    parametric_highlights: Value,
    tone_curve: Points,
    tone_curve_red: Points,
    tone_curve_green: Points,
    tone_curve_blue: Points,
) -> Tensor:
    """Return `image` (B, 3, H, W), linear ProPhoto in [0, 1], toned."""
    table = tone_table(
        metadata,
        statistics,
        contrast=contrast,
        parametric_shadows=parametric_shadows,
        parametric_darks=parametric_darks,
        parametric_lights=parametric_lights,
        parametric_highlights=parametric_highlights,
        tone_curve=tone_curve,
    )
    image = apply_tone(image, table.to(image))
    channels = (tone_curve_red, tone_curve_green, tone_curve_blue)
    if any(points != IDENTITY for points in channels):
        planes = zip(image.unbind(1), channels, strict=True)
        image = torch.stack([_along(plane, points) for plane, points in planes], 1)
    return image


def tone_table(
    metadata: Metadata,
    statistics: Statistics,
    *,
    contrast: Value,
    parametric_shadows: Value,
    parametric_darks: Value,
    parametric_lights: Value,
    parametric_highlights: Value,
    tone_curve: Points,
) -> Tensor:
    """What all channels go through, (INTERVALS + 1,) or (B, INTERVALS + 1) float64 on [0, 1]."""
    regions = (parametric_shadows, parametric_darks, parametric_lights, parametric_highlights)
    profile, axis, decoded = _of_profile(metadata.profile, total_exposure(metadata))
    curved = pivoted(axis, _column(contrast) / 100.0, _pivot(profile, metadata, statistics))
    for region, amount in enumerate(regions, start=1):
        if isinstance(amount, float) and amount == 0.0:
            continue
        curved = lifted(curved, region, _column(amount) / 100.0)
    if tone_curve != IDENTITY:
        curved = look_up(_spline_table(tone_curve), curved)
    # as a difference, so that neutral sliders leave the profile's table to the bit
    return profile + (srgb_decode(curved) - decoded)


@lru_cache(maxsize=4)
def _of_profile(profile: Profile, exposure: float) -> tuple[Tensor, Tensor, Tensor]:
    """The profile's tone table, encoded, and decoded again: the same for all frames of a drag."""
    table = profile_tone_table(profile, exposure)
    axis = srgb_encode(table)
    return table, axis, srgb_decode(axis)


def channel_table(points: Points) -> Tensor:
    """What a single channel goes through, (INTERVALS + 1,) float64 on [0, 1]."""
    linear = torch.linspace(0.0, 1.0, INTERVALS + 1, dtype=torch.float64)
    return srgb_decode(look_up(_spline_table(points), srgb_encode(linear)))


def pivoted(x: Tensor, amount: Value, pivot: Value) -> Tensor:
    """An S about `pivot` on [0, 1]: two parabolas that keep 0, pivot and 1, and always rise.

    `amount` in [-1, 1] is linear in its effect.
    """
    below = (x / pivot).clamp_max(1.0)
    above = ((1.0 - x) / (1.0 - pivot)).clamp_max(1.0)
    dip, bump = pivot * below * (1.0 - below), (1.0 - pivot) * above * (1.0 - above)
    return x + _STEEPEST * amount * (bump - dip)


def lifted(x: Tensor, region: int, amount: Value) -> Tensor:
    """Raise or lower one of the regions 1 to 4 of [0, 1] by `amount` in [-1, 1].

    A Bernstein polynomial of degree five with ordinates k/5, of which one is moved by less than
    their distance: it rises as they do, and keeps 0 and 1.
    """
    choose = (5.0, 10.0, 10.0, 5.0)[region - 1]
    return x + _REGION * amount * choose * x**region * (1.0 - x) ** (5 - region)


def _pivot(profile: Tensor, metadata: Metadata, statistics: Statistics) -> Value:
    """Where the photo's median lands on the encoded axis, kept away from the ends."""
    median = torch.exp2(torch.as_tensor(statistics.quantile(0.5), dtype=torch.float64))
    toned = look_up(profile, exposure_ramp(median, metadata))
    return _column(srgb_encode(toned).clamp(0.25, 0.65))


def _column(value: Value) -> Value:
    """(B, 1, 1, 1) as (B, 1), to broadcast against a table."""
    if isinstance(value, Tensor):
        return value.reshape(-1, 1).double() if value.ndim else value.double()
    return value


def _spline_table(points: Points) -> Tensor:
    """The natural spline that Camera Raw draws through `points`, (INTERVALS + 1,) on [0, 1]."""
    x = np.linspace(0.0, 255.0, INTERVALS + 1)
    return torch.from_numpy(np.clip(natural_spline(points, x) / 255.0, 0.0, 1.0))


def _along(plane: Tensor, points: Points) -> Tensor:
    if points == IDENTITY:
        return plane
    return look_up(channel_table(points).to(plane), plane)


STAGE = Stage(
    "rgb_toning",
    (CONTRAST, SHADOWS, DARKS, LIGHTS, HIGHLIGHTS, TONE_CURVE, RED, GREEN, BLUE),
    exact,
    Kind.PROGRAM,
    Space.PROFILE,
    profile_part=True,
)
