"""Sigmoid: darktable's view transform: a log-logistic curve from scene light to the display's."""

from torch import Tensor

from engine.finishers.darktable.module import Module, Numbers, Parameters, first
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import Scale, Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

VIEW_CONTRAST = Slider("view_contrast", 0.7, 3.0, 1.5, step=0.02, decimals=2, scale=Scale.LOG)
SKEW = Slider("skew", -1.0, 1.0, step=0.02, decimals=2)

_NAMES = {"view_contrast": "middle_grey_contrast", "skew": "contrast_skewness"}


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, view_contrast: Value, skew: Value
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, through the module: in [0, 1]."""
    told = parameters(metadata, view_contrast=view_contrast, skew=skew)
    return alone("sigmoid", told, image)


def parameters(metadata: Metadata, **values: Value) -> Parameters:
    """As darktable has them; each channel by itself, hue kept."""
    return {_NAMES[name]: float(value) for name, value in values.items()}


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse; None for the other way to treat color."""
    if numbers["color_processing"][0]:
        return None
    return {name: first(numbers, theirs) for name, theirs in _NAMES.items()}


MODULE = Module(
    Stage(
        "sigmoid",
        (VIEW_CONTRAST, SKEW),
        exact,
        Kind.POINTWISE,
        Space.VIEWED,
        profile_part=True,
        differentiable=False,
    ),
    "sigmoid",
    parameters,
    settings,
)
