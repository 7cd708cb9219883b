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
    weighed = weights(float(sharpen_radius) * metadata.scale).to(image)
    reach = len(weighed) // 2
    if min(image.shape[-2:]) < len(weighed):
        return image  # the module leaves alone what is smaller than its blur

    def change(lightness: Tensor) -> Tensor:
        # as far from the frame's edge as the blur looks: the module leaves out the rest
        inner = (..., slice(reach, -reach), slice(reach, -reach))
        detail = lightness[inner] - _blurred(lightness, weighed)
        beyond = detail.sign() * (detail.abs() - sharpen_threshold).clamp_min(0.0)
        return lightness + functional.pad(sharpen_amount * beyond, (reach, reach, reach, reach))

    return with_lightness(image, change)


def weights(sigma: float) -> Tensor:
    """A Gaussian (n,), cut off at 2.5 sigma and at FARTHEST."""
    sigma = max(sigma, 1e-3)
    reach = min(math.ceil(2.5 * sigma), FARTHEST)
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float32)
    found = torch.exp(-0.5 * (offsets / sigma) ** 2)
    return found / found.sum()


def _blurred(plane: Tensor, weighed: Tensor) -> Tensor:
    """`plane` through a separable kernel, where that does not reach beyond the frame."""
    across = functional.conv2d(plane, weighed.view(1, 1, 1, -1))
    return functional.conv2d(across, weighed.view(1, 1, -1, 1))


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
