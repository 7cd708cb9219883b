"""Color balance RGB: darktable's contrast, vibrance, saturation, chroma and brilliance."""

from torch import Tensor

from engine.finishers.darktable.module import Module, Numbers, Parameters, agree
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

_NAMES = {
    "contrast": "contrast",
    "vibrance": "vibrance",
    "saturation": "saturation_global",
    "chroma": "chroma_global",
    "brilliance": "brilliance_global",
}

SLIDERS = tuple(Slider(name, -100.0, 100.0, unit="%") for name in _NAMES)

ZONES = "shadows", "midtones", "highlights"

OTHERS = (
    *(f"{zone}_{letter}" for zone in (*ZONES, "global") for letter in "YC"),
    *(f"{what}_{zone}" for what in ("chroma", "saturation", "brilliance") for zone in ZONES),
    "hue_angle",
)
"""Parameters of the module that no slider moves."""


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *,
    contrast: Value, vibrance: Value, saturation: Value, chroma: Value, brilliance: Value,
) -> Tensor:  # fmt: skip
    """`image` (1, 3, H, W), linear Rec. 2020, through the module, negatives as black."""
    told = parameters(
        metadata,
        contrast=contrast,
        vibrance=vibrance,
        saturation=saturation,
        chroma=chroma,
        brilliance=brilliance,
    )
    return alone("colorbalancergb", told, image)


def parameters(metadata: Metadata, **values: Value) -> Parameters:
    """% as shares."""
    return {_NAMES[name]: float(value) / 100.0 for name, value in values.items()}


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse; None where more is balanced than the sliders do."""
    if not agree(numbers, dict.fromkeys(OTHERS, 0.0)):
        return None
    return {name: round(100.0 * numbers[theirs][0], 4) for name, theirs in _NAMES.items()}


MODULE = Module(
    Stage("color_balance_rgb", SLIDERS, exact, Kind.POINTWISE, Space.WORKING, differentiable=False),
    "colorbalancergb",
    parameters,
    settings,
)
