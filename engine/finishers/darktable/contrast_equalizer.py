"""Contrast equalizer: darktable's wavelets of lightness: its finer scales as texture.

Hanika, Dammertz, Lensch, Edge-Optimized A-Trous Wavelets for Local Contrast Enhancement with Robust
Denoising, Computer Graphics Forum 30(7), 2011.
"""

from torch import Tensor

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

PLAIN: Parameters = {
    "octaves": 4,
    "x": tuple(node / (NODES - 1) for node in range(NODES)) * CURVES,
    "mix": 1.0,
}


def exact(image: Tensor, metadata: Metadata, statistics: Statistics, *, texture: Value) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, through the module."""
    return alone("atrous", parameters(metadata, texture=texture), image)


def parameters(metadata: Metadata, *, texture: Value) -> Parameters:
    """Texture in % as a curve of lightness; chroma, edges and noise as darktable begins."""
    share = float(texture) / 100.0
    lightness = [0.5 + share * height for height in SHAPE]
    flat, none = [0.5] * NODES, [0.0] * NODES
    return {**PLAIN, "y": (*lightness, *flat, *flat, *none, *none)}


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
)
