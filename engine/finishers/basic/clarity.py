"""Clarity: local contrast of the mid tones.

A local Laplacian filter on a small grid scales differences between a tone and its surroundings,
from 0.4 to 3 % of the long side wide. Differences as large as an edge's are left alone, so edges
get no halo; the deepest shadows and the brightest highlights are spared.

Paris, Hasinoff, Kautz, Local Laplacian Filters, SIGGRAPH 2011, sec. 5.2 (detail manipulation).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from engine import filters
from engine.color import luminance
from engine.curves import middle_grey
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Analysis, Kind, Space, Stage
from engine.statistics import Statistics
from engine.strips import in_strips

CLARITY = Slider("clarity", -100.0, 100.0, xmp="Clarity2012")

GRID, DEPTH = 256, 3
DETAIL = 0.6
"""EV difference at which local contrast is raised most; fades for larger ones."""

ANCHORS = torch.arange(-7.2, 4.5, 0.4)
"""Tones at which the filter is sampled, in EV from middle grey."""

EDGE = 0.18
"""Variance in EV^2 of a neighbourhood, at which it holds an edge and the effect is halved."""

SHADOWS, HIGHLIGHTS = (-6.5, -3.5), (1.5, 3.5)
"""EV from middle grey between which the effect fades in and out."""


def exact(image: Tensor, metadata: Metadata, statistics: Statistics, *, clarity: Value) -> Tensor:
    """Return `image` (B, 3, H, W), scene-linear ProPhoto, with its local contrast scaled."""
    return ANALYSIS.exact(image, metadata, statistics, clarity=clarity)


def clarified(
    image: Tensor, maps: Tensor, metadata: Metadata, statistics: Statistics, *, clarity: Value
) -> Tensor:
    """`image` with a share of the full gain, `maps` (B, 1, h, w) in EV, put on it."""
    gains = filters.enlarged(amount(clarity) * maps, image.shape[-2:])

    def on_strip(strip: Tensor, top: int) -> Tensor:
        return strip * torch.exp2(gains(top, strip.shape[-2]))

    return in_strips(on_strip, image)


def amount(clarity: Value) -> Value:
    """How much of the full gain a slider's value gives."""
    s = clarity / 100.0
    return (0.68 + 0.2 * s) * s


def features(
    image: Tensor, metadata: Metadata, statistics: Statistics, size: Sequence[int]
) -> Tensor:
    """Tones (B, 1, h, w) in EV from middle grey."""
    light = luminance(filters.resize(image, size))
    return filters.log_luminance(light) - middle_grey(metadata)


def full_gain(tone: Tensor) -> Tensor:
    """EV (B, 1, h, w) by which local contrast differs from the picture's own; none at edges."""

    def change(plane: Tensor, anchor: Tensor) -> Tensor:
        difference = plane - anchor
        return difference * torch.exp(-0.5 * (difference / DETAIL) ** 2) * _mid_tones(anchor)

    gain = filters.local_laplacian(tone, ANCHORS.to(tone), change, DEPTH)
    return gain / (1.0 + _variance(tone) / EDGE)


def _variance(tone: Tensor) -> Tensor:
    mean = filters.box_mean(tone, 2)
    return filters.box_mean((tone - mean) ** 2, 2)


def _mid_tones(tone: Tensor) -> Tensor:
    return filters.smooth_step(tone, *SHADOWS) * (1.0 - filters.smooth_step(tone, *HIGHLIGHTS))


ANALYSIS = Analysis(
    lambda frame: filters.grid_size(frame, GRID, 2**DEPTH), features, full_gain, clarified
)
STAGE = Stage("clarity", (CLARITY,), exact, Kind.AREAWISE, Space.SCENE, analysis=ANALYSIS)
