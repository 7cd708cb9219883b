"""Sharpen: darktable's unsharp mask of lightness; radius in pixels of the full-size photo."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from engine.finishers.darktable.lightness import with_lightness
from engine.finishers.darktable.module import Module, Numbers, Parameters, first
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

AMOUNT = Slider("sharpen_amount", 0.0, 2.0, step=0.02, decimals=2, label="Amount")
RADIUS = Slider("sharpen_radius", 0.5, 8.0, 2.0, "px", step=0.1, decimals=1, label="Radius")
THRESHOLD = Slider("sharpen_threshold", 0.0, 10.0, 0.5, step=0.1, decimals=1, label="Threshold")

FARTHEST = 12
"""Pixels that the module's blur looks away at most."""

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


def proxy(
    image: Tensor, metadata: Metadata, statistics: Statistics, *,
    sharpen_amount: Value, sharpen_radius: Value, sharpen_threshold: Value,
) -> Tensor:  # fmt: skip
    """What lightness has beyond its blur, less the threshold, is added."""
    sigma = max(float(sharpen_radius) * metadata.scale, 1e-3)

    def change(lightness: Tensor) -> Tensor:
        blurred, reach = _blurred(lightness, sigma)
        inner = (..., slice(reach, -reach), slice(reach, -reach))
        detail = lightness[inner] - blurred
        beyond = detail.sign() * (detail.abs() - sharpen_threshold).clamp_min(0.0)
        return lightness + functional.pad(sharpen_amount * beyond, (reach, reach, reach, reach))

    return with_lightness(image, change)


def _blurred(plane: Tensor, sigma: float) -> tuple[Tensor, int]:
    """Gaussian, cut off at 2.5 sigma and at FARTHEST, where it does not reach beyond the frame.

    And how many pixels along the frame are left out, as the module leaves them.
    """
    reach = min(math.ceil(2.5 * sigma), FARTHEST)
    offsets = torch.arange(-reach, reach + 1, dtype=plane.dtype)
    weights = torch.exp(-0.5 * (offsets / sigma) ** 2)
    weights = weights / weights.sum()
    across = functional.conv2d(plane, weights.view(1, 1, 1, -1))
    return functional.conv2d(across, weights.view(1, 1, -1, 1)), reach


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
    proxy,
)
