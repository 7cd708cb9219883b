"""Tone equalizer: darktable's exposure by zones, eight EV below white to white, edge-aware.

Each slider lifts two neighbouring zones, so that one zone answers to two of them at most.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.finishers.darktable.module import Module, Numbers, Parameters, agree, first
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

ZONES = (
    *("noise", "ultra_deep_blacks", "deep_blacks", "blacks", "shadows", "midtones"),
    *("highlights", "whites", "speculars"),
)
"""darktable's names of what lies eight EV below white to none."""

_CENTERS = torch.linspace(-8.0, 0.0, 8)
"""EV at which the gains are told apart."""

NO_LIGHT, LEAST = 1e-6, 2.0**-16
"""The least product of energies that is divided by, and the least smoothed energy."""

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


def proxy(
    image: Tensor, metadata: Metadata, statistics: Statistics, *,
    highlights: Value, shadows: Value, whites: Value, blacks: Value,
) -> Tensor:  # fmt: skip
    """A gain by the smoothed, edge-aware energy of the colors."""
    mask = _smoothed(image.square().sum(1, keepdim=True).sqrt())
    return image * gain(torch.log2(mask), highlights, shadows, whites, blacks)


def gain(energy: Tensor, highlights: Value, shadows: Value, whites: Value, blacks: Value) -> Tensor:
    """The gain of colors of this smoothed `energy`, in EV from white."""
    told = _zones(highlights, shadows, whites, blacks)
    lifts = [torch.as_tensor(told.get(name, 0.0)) for name in ZONES]
    gains = 2.0 ** torch.stack(torch.broadcast_tensors(*lifts), -1).to(energy)
    bells = _bells(torch.arange(-8.0, 1.0)[:, None], _CENTERS)
    factors = gains @ torch.linalg.pinv(bells).T.to(energy)
    place = energy.clamp(-8.0, 0.0)
    total = torch.zeros(())
    for i, center in enumerate(_CENTERS.tolist()):
        total = total + _bells(place, center) * factors[..., i]
    return total.clamp(0.25, 4.0)


def _bells(place: Tensor, center: Tensor | float) -> Tensor:
    """How much of a center there is at `place`, both in EV."""
    return torch.exp(-0.25 * (place - center) ** 2)


def _smoothed(plane: Tensor) -> Tensor:
    """The exposure-independent guided filter, by means and variances of a small `plane`."""
    frame = plane.shape[-2:]
    small = _sampled(plane, small_size(frame))
    mean = _blurred(small, sigma(frame))
    variance = _blurred(small.square(), sigma(frame)) - mean.square()
    mean, variance = _sampled(mean, frame), _sampled(variance, frame)
    relative = variance / (mean * plane).clamp_min(NO_LIGHT)
    slope = relative / (relative + 1.0)
    return (slope * plane + (1.0 - slope) * mean).clamp_min(LEAST)


def small_size(frame: Sequence[int]) -> tuple[int, int]:
    """Height and width of the picture that surroundings are looked at on: mostly a quarter."""
    height, width = (max(1, math.floor(side / _reduction(frame))) for side in frame)
    return height, width


def sigma(frame: Sequence[int]) -> float:
    """How far around a pixel is looked at, in pixels of the small picture."""
    return max(_radius(frame) / _reduction(frame), 1.0)


def _reduction(frame: Sequence[int]) -> float:
    return max(min(float(_radius(frame)), 4.0), 1.0)


def _radius(frame: Sequence[int]) -> int:
    return math.floor((0.05 * max(frame) - 1) / 2)


def _sampled(plane: Tensor, size: Sequence[int]) -> Tensor:
    """`plane` at another size, linear between pixels; the corners of both lie on each other."""
    for axis, count in ((-1, size[1]), (-2, size[0])):
        length = plane.shape[axis]
        before, share = (torch.from_numpy(numbers) for numbers in sampling(length, count))
        share = share.to(plane) if axis == -1 else share.to(plane)[:, None]
        after = (before + 1).clamp_max(length - 1)
        plane = torch.lerp(plane.index_select(axis, before), plane.index_select(axis, after), share)
    return plane


def sampling(length: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Which of `length` pixels is before each of `count`, and the share of the way to the next."""
    place = np.arange(count) * (length / count)
    before = np.floor(place).astype(np.int64)
    return before, place - before


def weights(sigma: float) -> Tensor:
    """Deriche's kernel (1 + a |x|) e^(-a |x|), which darktable takes for a Gaussian, (n,)."""
    a = 1.695 / sigma
    reach = math.ceil(8.0 * sigma)
    away = torch.arange(-reach, reach + 1).abs().float()
    found = (1.0 + a * away) * torch.exp(-a * away)
    return found / found.sum()


def _blurred(plane: Tensor, sigma: float) -> Tensor:
    weighed = weights(sigma).to(plane)
    reach = len(weighed) // 2
    padded = functional.pad(plane, (reach, reach, reach, reach), mode="replicate")
    across = functional.conv2d(padded, weighed.view(1, 1, 1, -1))
    return functional.conv2d(across, weighed.view(1, 1, -1, 1))


def parameters(
    metadata: Metadata, *, highlights: Value, shadows: Value, whites: Value, blacks: Value
) -> Parameters:
    """Zones in EV."""
    zones = _zones(highlights, shadows, whites, blacks)
    return {name: float(lift) for name, lift in zones.items()}


def _zones(highlights: Value, shadows: Value, whites: Value, blacks: Value) -> dict[str, Value]:
    """What lifts the zones two, one and none EV below white, and four, five and six."""
    return {
        "highlights": highlights,
        "whites": highlights + whites,
        "speculars": whites,
        "shadows": shadows,
        "blacks": shadows + blacks,
        "deep_blacks": blacks,
    }


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse; None where zones are lifted as no sliders lift them."""
    found = {
        "highlights": first(numbers, "highlights"),
        "shadows": first(numbers, "shadows"),
        "whites": first(numbers, "speculars"),
        "blacks": first(numbers, "deep_blacks"),
    }
    rest = dict.fromkeys(ZONES, 0.0)
    return {**found} if agree(numbers, {**rest, **parameters(metadata, **found)}) else None


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
    proxy,
)
