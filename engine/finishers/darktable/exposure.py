"""Exposure: darktable's module of that name: a gain, after a black level is taken off.

out = (in - black) / (2^-exposure - black).
"""

from torch import Tensor

from engine.finishers.darktable.module import Module, Numbers, Parameters, first
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

EXPOSURE = Slider("exposure", -5.0, 5.0, unit="EV", step=0.05, decimals=2)
BLACK = Slider("black", -0.02, 0.02, step=0.0005, decimals=4)
"""Below white at any exposure: beyond that, light would turn into its negative."""


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, exposure: Value, black: Value
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, through the module."""
    return alone("exposure", parameters(metadata, exposure=exposure, black=black), image)


def proxy(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, exposure: Value, black: Value
) -> Tensor:
    """The module's formula."""
    return (image - black) / (2.0**-exposure - black)


def parameters(metadata: Metadata, *, exposure: Value, black: Value) -> Parameters:
    """Exposure in EV and black as darktable has them."""
    return {"exposure": float(exposure), "black": float(black)}


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse; None for an exposure that darktable finds from the histogram."""
    if numbers["mode"][0] or numbers["compensate_exposure_bias"][0]:
        return None
    return {name: first(numbers, name) for name in ("exposure", "black")}


MODULE = Module(
    Stage(
        "exposure", (EXPOSURE, BLACK), exact, Kind.POINTWISE, Space.WORKING, differentiable=False
    ),
    "exposure",
    parameters,
    settings,
    proxy,
)
