"""Sigmoid, live."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.finishers.darktable import sigmoid as stage
from engine.live.kernels import F, Planes, each_pixel, exp2, kernel, log2, part
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics


class _Emulsion(NamedTuple):
    """The numbers of the curve."""

    fog: np.float32
    steepness: np.float32
    paper: np.float32
    power: np.float32


def viewed(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, view_contrast: Value, skew: Value
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, as the display is to show it: in [0, 1]."""
    numbers = stage.emulsion(torch.as_tensor(view_contrast), torch.as_tensor(skew))
    return each_pixel(image, _view, _Emulsion(*(F(float(number)) for number in numbers)))


_TINY, _ALIKE = F(stage.TINY), F(stage.ALIKE)


@kernel
def _view(planes: Planes, emulsion: _Emulsion, out: Planes, first: int, stop: int) -> None:
    for y in range(first, stop):
        for x in range(planes.shape[2]):
            red, green, blue = planes[0, y, x], planes[1, y, x], planes[2, y, x]
            average = max((red + green + blue) * F(1.0 / 3.0), F(0))
            below = min(min(red, min(green, blue)), F(0))
            share = average / max(average - below, _TINY)
            red = average + share * (red - average) if below < F(0) else red
            green = average + share * (green - average) if below < F(0) else green
            blue = average + share * (blue - average) if below < F(0) else blue
            high, low = max(red, max(green, blue)), min(red, min(green, blue))
            middle = _median(red, green, blue)
            lit_red, lit_green = _developed(emulsion, red), _developed(emulsion, green)
            lit_blue = _developed(emulsion, blue)
            most = max(lit_red, max(lit_green, lit_blue))
            least = min(lit_red, min(lit_green, lit_blue))
            between = _median(lit_red, lit_green, lit_blue)
            share = (middle - low) / max(high - low, _TINY)
            straight = least + (most - least) * share
            purity = F(1) - F(2) * low / max(low + middle, _TINY)
            total = least + between + most + purity * (straight - between)
            raised = straight > between
            # as stage.proxy has it: of two channels one is left as it is, the third is the rest
            kept = least if raised else most
            aside = F(1) - share if raised else share
            moved = (aside * kept + (F(1) - aside) * (total - kept)) / (F(2) - aside)
            rest = total - kept - moved
            top, bottom = (rest, kept) if raised else (kept, rest)
            alike = most - least < _ALIKE
            out[0, y, x] = lit_red if alike else _placed(red, low, high, bottom, moved, top)
            out[1, y, x] = lit_green if alike else _placed(green, low, high, bottom, moved, top)
            out[2, y, x] = lit_blue if alike else _placed(blue, low, high, bottom, moved, top)


@part
def _median(a: F, b: F, c: F) -> F:
    return max(min(a, b), min(max(a, b), c))


@part
def _developed(emulsion: _Emulsion, light: F) -> F:
    """The log-logistic curve."""
    film = exp2(log2(max(emulsion.fog + light, _TINY)) * emulsion.steepness)
    return exp2(log2(film / (emulsion.paper + film)) * emulsion.power)


@part
def _placed(channel: F, low: F, high: F, bottom: F, middle: F, top: F) -> F:
    """What comes of a channel, by which of the three it is."""
    value = top if channel == high else middle
    return bottom if channel == low else value
