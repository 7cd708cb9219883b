"""Sharpen: darktable's unsharp mask of lightness; radius in pixels of the full-size photo."""

from torch import Tensor

from engine.finishers.darktable.module import Module, Numbers, Parameters, first
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

AMOUNT = Slider("sharpen_amount", 0.0, 2.0, step=0.02, decimals=2, label="Amount")
RADIUS = Slider("sharpen_radius", 0.5, 8.0, 2.0, "px", step=0.1, decimals=1, label="Radius")
THRESHOLD = Slider("sharpen_threshold", 0.0, 10.0, 0.5, step=0.1, decimals=1, label="Threshold")

_NAMES = {
    "sharpen_amount": "amount",
    "sharpen_radius": "radius",
    "sharpen_threshold": "threshold",
}


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *,
    sharpen_amount: Value, sharpen_radius: Value, sharpen_threshold: Value,
) -> Tensor:  # fmt: skip
    """`image` (1, 3, H, W), linear Rec. 2020, through the module."""
    told = parameters(
        metadata,
        sharpen_amount=sharpen_amount,
        sharpen_radius=metadata.scale * sharpen_radius,  # darktable takes the tap for a whole photo
        sharpen_threshold=sharpen_threshold,
    )
    return alone("sharpen", told, image)


def parameters(metadata: Metadata, **values: Value) -> Parameters:
    """As darktable has them."""
    return {_NAMES[name]: float(value) for name, value in values.items()}


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse."""
    return {name: first(numbers, theirs) for name, theirs in _NAMES.items()}


MODULE = Module(
    Stage(
        "sharpen",
        (AMOUNT, RADIUS, THRESHOLD),
        exact,
        Kind.AREAWISE,
        Space.WORKING,
        differentiable=False,
    ),
    "sharpen",
    parameters,
    settings,
)
