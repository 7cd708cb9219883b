"""Clarity: local contrast of the mid tones.

A local Laplacian filter on a small grid scales differences between a tone and its surroundings,
from 0.4 to 3 % of the long side wide. Differences as large as an edge's are left alone, so edges
get no halo; the deepest shadows and the brightest highlights are spared.

Paris, Hasinoff, Kautz, Local Laplacian Filters, SIGGRAPH 2011, sec. 5.2 (detail manipulation).
"""

import torch
from torch import Tensor

from engine import filters
from engine.color import luminance
from engine.curves import middle_grey
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
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
    s = clarity / 100.0
    amount = (0.68 + 0.2 * s) * s
    frame = image.shape[-2:]
    light = luminance(filters.resize(image, filters.grid_size(frame, GRID, 2**DEPTH)))
    tone = filters.log_luminance(light) - middle_grey(metadata)

    def change(plane: Tensor, anchor: Tensor) -> Tensor:
        difference = plane - anchor
        return difference * torch.exp(-0.5 * (difference / DETAIL) ** 2) * _mid_tones(anchor)

    gain = amount * filters.local_laplacian(tone, ANCHORS.to(tone), change, DEPTH)
    gains = filters.enlarged(gain / (1.0 + _variance(tone) / EDGE), frame)

    def on_strip(strip: Tensor, top: int) -> Tensor:
        return strip * torch.exp2(gains(top, strip.shape[-2]))

    return in_strips(on_strip, image)


def _variance(tone: Tensor) -> Tensor:
    mean = filters.box_mean(tone, 2)
    return filters.box_mean((tone - mean) ** 2, 2)


def _mid_tones(tone: Tensor) -> Tensor:
    return filters.smooth_step(tone, *SHADOWS) * (1.0 - filters.smooth_step(tone, *HIGHLIGHTS))


STAGE = Stage("clarity", (CLARITY,), exact, Kind.AREAWISE, Space.SCENE)
