"""Local contrast: darktable's local Laplacian filter of lightness.

Paris, Hasinoff, Kautz, Local Laplacian Filters, ACM TOG 30(4), 2011; Aubry et al., Fast Local
Laplacian Filters, ACM TOG 33(5), 2014.
"""

from torch import Tensor

from engine.finishers.darktable.module import Module, Numbers, Parameters, agree
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

CLARITY = Slider("clarity", -100.0, 100.0)

PLAIN: Parameters = {"mode": 1, "sigma_r": 1.0, "sigma_s": 1.0, "midtone": 0.5}
"""Highlights and shadows as they are: what darktable begins with compresses both."""


def exact(image: Tensor, metadata: Metadata, statistics: Statistics, *, clarity: Value) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, through the module."""
    return alone("bilat", parameters(metadata, clarity=clarity), image)


def parameters(metadata: Metadata, *, clarity: Value) -> Parameters:
    """Clarity in % as detail."""
    return {**PLAIN, "detail": float(clarity) / 100.0}


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse; None where highlights or shadows are compressed, or the old filter is used."""
    if not agree(numbers, PLAIN):
        return None
    return {"clarity": round(100.0 * numbers["detail"][0], 4)}


MODULE = Module(
    Stage("local_contrast", (CLARITY,), exact, Kind.AREAWISE, Space.VIEWED, differentiable=False),
    "bilat",
    parameters,
    settings,
)
