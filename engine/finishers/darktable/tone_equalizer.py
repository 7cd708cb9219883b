"""Tone equalizer: darktable's exposure by zones, eight EV below white to white, edge-aware.

Each slider lifts two neighbouring zones, so that one zone answers to two of them at most.
"""

from torch import Tensor

from engine.finishers.darktable.module import Module, Numbers, Parameters, agree, first
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

HIGHLIGHTS = Slider("highlights", -1.0, 1.0, unit="EV", step=0.02, decimals=2)
SHADOWS = Slider("shadows", -1.0, 1.0, unit="EV", step=0.02, decimals=2)
WHITES = Slider("whites", -1.0, 1.0, unit="EV", step=0.02, decimals=2)
BLACKS = Slider("blacks", -1.0, 1.0, unit="EV", step=0.02, decimals=2)


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *,
    highlights: Value, shadows: Value, whites: Value, blacks: Value,
) -> Tensor:  # fmt: skip
    """`image` (1, 3, H, W), linear Rec. 2020, through the module."""
    told = parameters(
        metadata, highlights=highlights, shadows=shadows, whites=whites, blacks=blacks
    )
    return alone("toneequal", told, image)


def parameters(
    metadata: Metadata, *, highlights: Value, shadows: Value, whites: Value, blacks: Value
) -> Parameters:
    """Zones in EV: of highlights and whites two, three and none below white; of the others more."""
    return {
        "highlights": float(highlights),
        "whites": float(highlights + whites),
        "speculars": float(whites),
        "shadows": float(shadows),
        "blacks": float(shadows + blacks),
        "deep_blacks": float(blacks),
    }


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse; None where zones are lifted as no sliders lift them."""
    found = {
        "highlights": first(numbers, "highlights"),
        "shadows": first(numbers, "shadows"),
        "whites": first(numbers, "speculars"),
        "blacks": first(numbers, "deep_blacks"),
    }
    rest = {"noise": 0.0, "ultra_deep_blacks": 0.0, "midtones": 0.0}
    return {**found} if agree(numbers, {**parameters(metadata, **found), **rest}) else None


MODULE = Module(
    Stage(
        "tone_equalizer",
        (HIGHLIGHTS, SHADOWS, WHITES, BLACKS),
        exact,
        Kind.AREAWISE,
        Space.WORKING,
        differentiable=False,
    ),
    "toneequal",
    parameters,
    settings,
)
