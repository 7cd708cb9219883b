"""Sigmoid: darktable's view transform: a log-logistic curve from scene light to the display's."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from engine.finishers.darktable.module import Module, Numbers, Parameters, first
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import Scale, Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

VIEW_CONTRAST = Slider("view_contrast", 0.7, 3.0, 1.5, step=0.02, decimals=2, scale=Scale.LOG)
SKEW = Slider("skew", -1.0, 1.0, step=0.02, decimals=2)

GREY, WHITE, BLACK_TARGET = 0.1845, 1.0, 0.000152
"""What the scene's grey, infinite light and no light come to on the display."""

TINY, ALIKE = 1e-12, 1e-9

_NAMES = {"view_contrast": "middle_grey_contrast", "skew": "contrast_skewness"}


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, view_contrast: Value, skew: Value
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, through the module: in [0, 1]."""
    told = parameters(metadata, view_contrast=view_contrast, skew=skew)
    return alone("sigmoid", told, image)


def proxy(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, view_contrast: Value, skew: Value
) -> Tensor:
    """The curve on each channel, then the middle channel where the hue before has it.

    The sum of the channels is that of the curve's, for dark colors, or what the hue leaves, for
    pure ones.
    """
    colors = _no_negatives(image)
    order = colors.argsort(1)
    low, middle, high = colors.gather(1, order).split(1, 1)
    curve = _curve(torch.as_tensor(view_contrast), torch.as_tensor(skew))
    least, between, most = (curve(plane) for plane in (low, middle, high))
    share = (middle - low) / (high - low).clamp_min(TINY)
    straight = least + (most - least) * share
    purity = 1.0 - 2.0 * low / (low + middle).clamp_min(TINY)
    total = least + between + most + purity * (straight - between)
    from_top = (share * most + (1.0 - share) * (total - most)) / (2.0 - share)
    from_below = (least * (1.0 - share) + share * (total - least)) / (1.0 + share)
    raised = straight > between
    seen = torch.cat(
        [
            torch.where(raised, least, total - most - from_top),
            torch.where(raised, from_below, from_top),
            torch.where(raised, total - least - from_below, most),
        ],
        1,
    )
    alike = (most - least) < ALIKE
    seen = torch.where(alike, torch.cat([least, between, most], 1), seen)
    return torch.zeros_like(image).scatter(1, order, seen)


def _no_negatives(image: Tensor) -> Tensor:
    """Colors outside of the space drawn to grey until they are at its border."""
    average = image.mean(1, keepdim=True).clamp_min(0.0)
    least = image.amin(1, keepdim=True)
    share = torch.where(least < 0.0, average / (average - least).clamp_min(TINY), 1.0)
    return average + share * (image - average)


def _curve(contrast: Tensor, skew: Tensor) -> Callable[[Tensor], Tensor]:
    """The log-logistic curve through grey and the display's black and white.

    white (film / (paper + film))^power, film = (fog + x)^steepness.
    """
    fog, steepness, paper, power = emulsion(contrast, skew)

    def curve(light: Tensor) -> Tensor:
        film = (fog + light).clamp_min(TINY) ** steepness
        return WHITE * (film / (paper + film)) ** power

    return curve


def emulsion(contrast: Tensor, skew: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Fog, steepness, paper and power of the curve.

    Its slope at grey is the contrast's, whatever the skew.
    """
    power = 5.0**-skew
    above = (WHITE / GREY) ** (1.0 / power) - 1.0
    # slopes at grey: wanted, and of a film that is not steep
    wanted = contrast * (1.0 - GREY)
    plain = WHITE * power * (1.0 / (1.0 + above)) ** power * above / (1.0 + above) / GREY
    steepness = _as_measured(wanted / plain, contrast, skew)
    below = (BLACK_TARGET / WHITE) ** (-1.0 / power) - 1.0
    fog = GREY * above ** (1.0 / steepness)
    fog = fog / (below ** (1.0 / steepness) - above ** (1.0 / steepness))
    return fog, steepness, (fog + GREY) ** steepness * above, power


def _as_measured(steepness: Tensor, contrast: Tensor, skew: Tensor) -> Tensor:
    """`steepness` with the value, not the derivatives, that darktable comes to.

    It takes both slopes from differences of a millionth in 32 bits, of which few are left.
    """
    measured = [
        _measured(*pair)
        for pair in zip(contrast.flatten().tolist(), skew.flatten().tolist(), strict=True)
    ]
    found = torch.tensor(measured, dtype=torch.float64).view(steepness.shape)
    return steepness + (found - steepness).detach()


def _measured(contrast: float, skew: float) -> float:
    f = np.float32
    grey, power = f(GREY), _power(5.0, -f(skew))
    paper = f(_power(grey, f(contrast)) * (f(WHITE) / grey - f(1.0)))
    wanted = _slope(paper, f(contrast), f(1.0))
    plain = f(grey * (_power(f(WHITE) / grey, f(1.0) / power) - f(1.0)))
    return float(wanted / _slope(plain, f(1.0), power))


def _slope(paper: np.float32, steepness: np.float32, power: np.float32) -> np.float32:
    """Of the curve at grey, from two points beside it."""
    step = np.float32(1e-6)

    def curve(light: np.float32) -> np.float32:
        film = _power(light, steepness)
        return _power(film / (paper + film), power)

    grey = np.float32(GREY)
    return (curve(grey + step) - curve(grey - step)) / np.float32(2.0) / step


def _power(base: float | np.float32, exponent: np.float32) -> np.float32:
    return np.float32(float(base) ** float(exponent))


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
    proxy,
)
