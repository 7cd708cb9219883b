"""Tone mapping: highlights, shadows, whites and blacks, as a gain in EV.

Highlights and shadows move the tone of a pixel's surroundings, so its own contrast to them stays.
The surroundings are a bilateral base, which leaks over no edge and so leaves no halo; it is taken
on a small grid over the whole frame and brought to full size along the edges by a guided fit.
Whites and blacks then move each tone by itself.

Durand, Dorsey, Fast Bilateral Filtering for the Display of High-Dynamic-Range Images, TOG 21(3),
2002; Chen, Paris, Durand, Real-time Edge-Aware Image Processing with the Bilateral Grid, TOG 26(3),
2007; He, Sun, Fast Guided Filter, arXiv 1505.00996, 2015.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from engine import filters
from engine.color import lit_luminance
from engine.curves import middle_grey
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Analysis, Kind, Space, Stage
from engine.statistics import Statistics
from engine.strips import in_strips

HIGHLIGHTS = Slider("highlights", -100.0, 100.0, xmp="Highlights2012")
SHADOWS = Slider("shadows", -100.0, 100.0, xmp="Shadows2012")
WHITES = Slider("whites", -100.0, 100.0, xmp="Whites2012")
BLACKS = Slider("blacks", -100.0, 100.0, xmp="Blacks2012")

GRID, DEPTH = 384, 4
"""Long side of the grid, and log2 of the reach of the base in cells: 4 % of the long side."""

DETAIL = 0.6
"""EV, standard deviation, by which a pixel may differ from its surroundings and belong to them."""

OUTSTANDING = 1.5
"""EV from which on a pixel between cells (a twig, a glint) is a tone of its own, and no detail."""

FIT_RADIUS, FIT_EPSILON = 2, 0.005
ANCHORS = torch.arange(-8.0, 5.5, DETAIL)
"""Tones at which the base is sampled. All tones here are in EV from the middle tone."""

KNEE = 1.0


def exact(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    highlights: Value,
    shadows: Value,
    whites: Value,
    blacks: Value,
) -> Tensor:
    """Return `image` (B, 3, H, W), scene-linear ProPhoto, with its tones moved; any sign, any size.

    At -100 and 100 a tone of highlights moves by about -1.9 and 1 EV, one of shadows by 2.3 EV.
    """
    return ANALYSIS.exact(
        image,
        metadata,
        statistics,
        highlights=highlights,
        shadows=shadows,
        whites=whites,
        blacks=blacks,
    )


def toned(
    image: Tensor,
    maps: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    highlights: Value,
    shadows: Value,
    whites: Value,
    blacks: Value,
) -> Tensor:
    """`image` with its tones moved, and the local contrast kept that the `maps` take off.

    They are slope and offset (B, 2, h, w) of a base as a function of the tones around.
    """
    middle, top = anchors(metadata, statistics)
    around, own = regional(top, highlights, shadows), ends(top, whites, blacks)
    fits = filters.enlarged(maps, image.shape[-2:])

    def on_strip(strip: Tensor, first: int) -> Tensor:
        tone = filters.log_luminance(lit_luminance(strip)) - middle
        gain = climbed(_base(tone, fits(first, strip.shape[-2])), around)
        gain = gain + climbed(tone + gain, own)
        return strip * torch.exp2(gain)

    return in_strips(on_strip, image)


class Ramp(NamedTuple):
    """EV that are added to tones: `gain` times how far they are on the way from start to stop.

    Counted upwards, or (`sign` -1) downwards. Level beyond, and round at both ends.
    """

    gain: Value
    sign: float
    start: float
    stop: Value


def regional(top: Value, highlights: Value, shadows: Value) -> list[Ramp]:
    """What highlights and shadows add, by the tone of the surroundings."""
    light, dark = highlights / 100.0, shadows / 100.0
    lift = (0.5 + 0.05 * dark) * dark
    return [
        Ramp((0.42 - 0.13 * light) * light, 1.0, 0.2, top),
        Ramp(lift, -1.0, 0.3, 4.7),
        # the deepest blacks are lifted less: black stays black, and noise stays in it
        Ramp(-0.6 * lift, -1.0, 5.2, 8.0),
    ]


def ends(top: Value, whites: Value, blacks: Value) -> list[Ramp]:
    """What whites and blacks add, by the tone itself."""
    white, black = whites / 100.0, blacks / 100.0
    return [
        Ramp(0.35 * white, 1.0, -0.5, top),
        Ramp((0.45 - 0.1 * black) * black, -1.0, 1.0, 8.0),
    ]


def climbed(tone: Tensor, ramps: Sequence[Ramp]) -> Tensor:
    """EV that the `ramps` add to a `tone`."""
    total = torch.zeros_like(tone)
    for gain, sign, start, stop in ramps:
        total = total + gain * (_bend(sign * tone - start) - _bend(sign * tone - stop))
    return total


def features(
    image: Tensor, metadata: Metadata, statistics: Statistics, size: Sequence[int]
) -> Tensor:
    """Tones (B, 1, h, w) in EV from the middle one."""
    light = filters.resize(lit_luminance(image), size)
    return filters.log_luminance(light) - anchors(metadata, statistics)[0]


def anchors(metadata: Metadata, statistics: Statistics) -> tuple[Value, Value]:
    """log2 luminance of the middle tone, and how many EV above it the picture's brightest are."""
    grey = middle_grey(metadata)
    middle = grey + 0.3 * _limit(statistics.quantile(0.5) - grey + 0.5, 2.0)
    top = 3.4 + 0.7 * _limit(statistics.quantile(0.99) - middle - 2.5, 1.5)
    return middle, top


def _limit(value: Value, most: float) -> Tensor:
    """`value`, held smoothly within +-`most`."""
    return most * torch.tanh(torch.as_tensor(value) / most)


def fit(tone: Tensor) -> Tensor:
    """Slope and offset (B, 2, h, w) that take the local contrast off the tones of a small grid."""
    base = filters.bilateral_base(tone, ANCHORS.to(tone), DETAIL, DEPTH)
    return torch.cat(filters.guided_fit(tone, base, FIT_RADIUS, FIT_EPSILON), 1)


def _base(tone: Tensor, fit: Tensor) -> Tensor:
    """`tone` (B, 1, H, W) without local contrast."""
    slope, offset = fit.split(1, 1)
    # where the base follows the tones, at an edge, nothing is local contrast
    detail = (1.0 - slope.clamp(0.0, 1.0) ** 2) * (tone - (slope * tone + offset))
    return tone - detail * torch.exp(-0.5 * (detail / OUTSTANDING) ** 2)


def _bend(x: Tensor) -> Tensor:
    """max(x, 0), but a parabola for abs(x) < KNEE."""
    inner = (x + KNEE).clamp(0.0, 2.0 * KNEE)
    return inner * inner / (4.0 * KNEE) + (x - KNEE).clamp_min(0.0)


ANALYSIS = Analysis(lambda frame: filters.grid_size(frame, GRID, 2**DEPTH), features, fit, toned)
STAGE = Stage(
    "tone_mapping",
    (HIGHLIGHTS, SHADOWS, WHITES, BLACKS),
    exact,
    Kind.AREAWISE,
    Space.SCENE,
    analysis=ANALYSIS,
)
