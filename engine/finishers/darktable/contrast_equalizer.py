"""Contrast equalizer: darktable's wavelets of lightness: its finer scales as texture.

Hanika, Dammertz, Lensch, Edge-Optimized A-Trous Wavelets for Local Contrast Enhancement with Robust
Denoising, Computer Graphics Forum 30(7), 2011.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from engine.finishers.darktable.lightness import with_lightness
from engine.finishers.darktable.module import Module, Numbers, Parameters, agree
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

TEXTURE = Slider("texture", -100.0, 100.0)

NODES, CURVES = 6, 5
"""Of each curve, from the coarsest scale to the finest; curves of lightness, chroma, edges and
both's noise."""

SHAPE = (0.0, 0.0, 0.1, 0.25, 0.25, 0.1)
"""How far a texture of 100 lifts each node of lightness above 0.5, which changes nothing."""

SCALES, SPLINE = 8, (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""At most, and the weights of five neighbors."""

PLAIN: Parameters = {
    "octaves": 4,
    "x": tuple(node / (NODES - 1) for node in range(NODES)) * CURVES,
    "mix": 1.0,
}


def exact(image: Tensor, metadata: Metadata, statistics: Statistics, *, texture: Value) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, through the module.

    It takes the tap for a whole photo, whose scales lie elsewhere on the curve: the curve is
    written so that each scale finds what it would in the photo.
    """
    here = places(max(image.shape[-2:]), 1.0)[:NODES]
    there = places(max(metadata.full_size), metadata.scale)
    wanted = [0.5 + bend(place) * float(texture) / 100.0 for place in there]
    nodes = sorted(zip(here, (*wanted, *[0.5] * NODES), strict=False))
    coarsest = nodes[0][0]
    spare = [(coarsest - 0.01 * i, 0.5) for i in range(NODES - len(nodes), 0, -1)]
    x, y = zip(*spare, *nodes, strict=True)
    told = {**PLAIN, "x": x * CURVES, "y": _curves(y)}
    return alone("atrous", told, image)


def proxy(image: Tensor, metadata: Metadata, statistics: Statistics, *, texture: Value) -> Tensor:
    """Wavelets of lightness, each scale multiplied as the curve says at its place."""
    gains = [
        (1.0 + 2.0 * bend(place) * texture / 100.0) ** 2
        for place in places(max(metadata.full_size), metadata.scale)
    ]

    def change(lightness: Tensor) -> Tensor:
        coarse, changed = lightness, torch.zeros_like(lightness)
        for scale, gain in enumerate(gains):
            smoother = _smoothed(coarse, 2**scale)
            changed = changed + gain * (coarse - smoother)
            coarse = smoother
        return coarse + changed

    return with_lightness(image, change)


def places(long_side: int, scale: float) -> list[float]:
    """Where the scales of a photo of that size, reduced to `scale`, lie on the curve, finest first.

    The module's widest filter is a fifth of the photo, at most 513 pixels.
    """
    wide = (min(513.0, 0.2 * long_side) - 1.0) / 2.0
    if wide <= 1.0:
        return []  # no photo is that small
    widest = math.log2(wide)
    places = []
    for i in range(SCALES):
        width = (2 * (2 << i) + 1) / scale
        place = 1.0 - (math.log2((width - 1.0) / 2.0) - 0.5) / widest
        if place < 0.0:
            break
        places.append(place)
    return places


def bend(place: float) -> float:
    """How far a texture of 100 lifts the curve of lightness at `place`, 0 to 1.

    Catmull and Rom's spline through the nodes.
    """
    step = 1.0 / (NODES - 1)
    at = min(max(place, 0.0), 1.0) / step
    first = min(int(at), NODES - 2)
    share = at - first
    # one node beyond each end, as the module adds them
    nodes = (SHAPE[0], *SHAPE, SHAPE[-1])
    before, low, high, after = nodes[first : first + 4]
    rise, fall = (high - before) / 2.0, (after - low) / 2.0
    return (
        low * (1.0 + 2.0 * share) * (1.0 - share) ** 2
        + high * share**2 * (3.0 - 2.0 * share)
        + rise * share * (1.0 - share) ** 2
        - fall * share**2 * (1.0 - share)
    )


def _smoothed(plane: Tensor, step: int) -> Tensor:
    """Mean of neighbors `step` pixels apart, by a spline's weights."""
    for axis in (-1, -2):
        length = plane.shape[axis]
        places = torch.arange(length)
        neighbors = [(places + step * i).clamp(0, length - 1) for i in range(-2, 3)]
        plane = sum(
            (w * plane.index_select(axis, at) for w, at in zip(SPLINE, neighbors, strict=True)),
            torch.zeros(()),
        )
    return plane


def parameters(metadata: Metadata, *, texture: Value) -> Parameters:
    """Texture in % as a curve of lightness; chroma as it is, no edges spared, no noise taken."""
    share = float(texture) / 100.0
    return {**PLAIN, "y": _curves([0.5 + share * height for height in SHAPE])}


def _curves(lightness: Sequence[float]) -> tuple[float, ...]:
    flat, none = [0.5] * NODES, [0.0] * NODES
    return (*lightness, *flat, *none, *none, *none)


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse; None for other curves."""
    highest = SHAPE.index(max(SHAPE))
    texture = round(100.0 * (numbers["y"][highest] - 0.5) / SHAPE[highest], 3)
    return {"texture": texture} if agree(numbers, parameters(metadata, texture=texture)) else None


MODULE = Module(
    Stage(
        "contrast_equalizer",
        (TEXTURE,),
        exact,
        Kind.AREAWISE,
        Space.WORKING,
        differentiable=False,
    ),
    "atrous",
    parameters,
    settings,
    proxy,
)
