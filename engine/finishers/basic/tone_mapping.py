"""Tone mapping: highlights, shadows, whites and blacks, by a local gain in EV.

A curve in log2 luminance says by how many EV each tone is to move. A local Laplacian filter
applies it: differences larger than `DETAIL` between a pixel and its surroundings follow the curve,
so edges get no halo; smaller ones ride on it unchanged, so local contrast stays. It runs on a small
grid over the whole frame and is brought to full size along the edges by a guided fit.

Paris, Hasinoff, Kautz, Local Laplacian Filters, SIGGRAPH 2011; Aubry et al., Fast Local Laplacian
Filters, TOG 33(5), 2014; He, Sun, Fast Guided Filter, 2015.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from engine import filters
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

HIGHLIGHTS = Slider("highlights", -100.0, 100.0, xmp="Highlights2012")
SHADOWS = Slider("shadows", -100.0, 100.0, xmp="Shadows2012")
WHITES = Slider("whites", -100.0, 100.0, xmp="Whites2012")
BLACKS = Slider("blacks", -100.0, 100.0, xmp="Blacks2012")

GRID, DEPTH = 384, 5
"""Long side of the grid, and how often it is halved: local means within 32 cells, 8 % of it."""

DETAIL = 0.7
"""Standard deviation in EV of what counts as local contrast."""

ANCHORS = torch.arange(-9.0, 5.01, 0.7)
"""Tones at which the filter is sampled, in EV from middle grey."""

FIT_RADIUS, FIT_EPSILON = 2, 0.01

Curve = Callable[[Tensor], Tensor]


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
    """Return `image` (B, 3, H, W), scene-linear ProPhoto, with its tones moved."""
    middle, top = _anchors(metadata, statistics)

    def local(tone: Tensor) -> Tensor:
        return _highlights(tone, top, highlights) + _shadows(tone, shadows)

    light = filters.luminance(image)
    size = filters.grid_size(light.shape[-2:], GRID, 2**DEPTH)
    small = filters.log_luminance(filters.resize(light, size)) - middle
    tone = filters.log_luminance(light) - middle
    gain = _local_gain(tone, small, local)
    gain = gain + _ends(tone + gain, top, whites, blacks)
    return image * torch.exp2(gain)


def _anchors(metadata: Metadata, statistics: Statistics) -> tuple[Value, Value]:
    """log2 luminance of the middle tone, and the brightest tone in EV above it."""
    exposure = metadata.baseline_exposure + metadata.profile.baseline_exposure_offset
    grey = MIDDLE_GREY - exposure
    middle = grey + 0.3 * _limit(statistics.quantile(0.5) - grey + 0.5, 2.0)
    top = 3.6 + 0.5 * _limit(statistics.quantile(0.99) - middle - 2.8, 2.0)
    return middle, top


MIDDLE_GREY = -2.5


def _limit(value: Value, most: float) -> Value:
    """`value`, held smoothly within +-`most`."""
    return most * torch.tanh(torch.as_tensor(value) / most)


def _ramp(tone: Tensor, start: float, stop: Value, knee: float) -> Tensor:
    """0 below `start`, then rising as `tone` does, level from `stop`; smooth within +-`knee`."""
    return _bend(tone - start, knee) - _bend(tone - stop, knee)


def _bend(x: Tensor, knee: float) -> Tensor:
    """max(x, 0) with a parabola for |x| < `knee`."""
    inner = (x + knee).clamp(0.0, 2.0 * knee)
    return inner * inner / (4.0 * knee) + (x - knee).clamp_min(0.0)


def _highlights(tone: Tensor, top: Value, value: Value) -> Tensor:
    s = value / 100.0
    return (0.45 - 0.13 * s) * s * _ramp(tone, -0.3, top, 1.2)


def _shadows(tone: Tensor, value: Value) -> Tensor:
    s = value / 100.0
    opened = _ramp(-tone, 0.0, 4.0, 1.2) - 0.6 * _ramp(-tone, 5.2, 8.0, 1.2)
    return (0.55 + 0.07 * s) * s * opened


def _ends(tone: Tensor, top: Value, whites: Value, blacks: Value) -> Tensor:
    w, b = whites / 100.0, blacks / 100.0
    raised = 0.35 * w * _ramp(tone, -0.5, top, 1.2)
    return raised + (0.45 - 0.1 * b) * b * _ramp(-tone, 1.0, 8.0, 1.2)


def _local_gain(tone: Tensor, small: Tensor, curve: Curve) -> Tensor:
    """EV to add to `tone` (B, 1, H, W); `small` is the same on the grid."""
    wanted = curve(small)

    def change(plane: Tensor, anchor: Tensor) -> Tensor:
        near = torch.exp(-0.5 * ((plane - anchor) / DETAIL) ** 2)
        return wanted + near * (curve(anchor) - wanted)

    gain = filters.local_laplacian(small, ANCHORS.to(small), change, DEPTH)
    slope, offset = filters.guided_fit(small, gain, FIT_RADIUS, FIT_EPSILON)
    coarse = torch.cat([slope, offset, small, gain - wanted], 1)
    slope, offset, base, kept = filters.enlarge(coarse, tone.shape[-2:]).split(1, 1)
    # what stands out of its cell (twigs, glints) is no detail: it follows the curve
    near = torch.exp(-0.5 * ((tone - base) / (2.0 * DETAIL)) ** 2)
    far = curve(tone) + kept
    return far + near * (slope * tone + offset - far)


STAGE = Stage(
    "tone_mapping",
    (HIGHLIGHTS, SHADOWS, WHITES, BLACKS),
    exact,
    Kind.AREAWISE,
    Space.SCENE,
)
