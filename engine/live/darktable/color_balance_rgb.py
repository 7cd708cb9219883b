"""Color balance RGB, live."""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.finishers.darktable import color_balance_rgb as stage
from engine.live.kernels import F, Planes, Row, clipped, each_pixel, exp2, kernel, log2, part
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics


class _Shares(NamedTuple):
    """The sliders, from -1 to 1."""

    contrast: np.float32
    vibrance: np.float32
    saturation: np.float32
    chroma: np.float32
    brilliance: np.float32


def balanced(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    contrast: Value,
    vibrance: Value,
    saturation: Value,
    chroma: Value,
    brilliance: Value,
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, with its colors balanced, negatives as black."""
    values = contrast, vibrance, saturation, chroma, brilliance
    if not any(values):
        return image
    gamut = np.ascontiguousarray(stage.gamut().numpy(), np.float32)
    return each_pixel(image, _balance, _Shares(*(F(value / 100.0) for value in values)), gamut)


def _numbers(matrix: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(matrix.numpy(), np.float32)


_BEND = torch.tensor([[1.15, 0.0, -0.15], [0.34, 0.66, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64)
"""(3, 3) from XYZ, D65, to what the cones of JzAzBz see."""

_TO_LMS = _numbers(stage.TO_LMS @ stage.TO_XYZ_D65)
_TO_GRADING = _numbers(torch.linalg.inv(stage.FROM_GRADING))
_FROM_GRADING, _LUMINANCE = _numbers(stage.FROM_GRADING), _numbers(stage.LUMINANCE)
_TO_CONES = _numbers(stage.TO_CONES @ _BEND @ torch.linalg.inv(stage.TO_LMS) / 10_000.0)
_TO_IAB, _FROM_IAB = _numbers(stage.TO_IAB), _numbers(torch.linalg.inv(stage.TO_IAB))
_FROM_CONES = _numbers(torch.linalg.inv(stage.TO_CONES @ _BEND @ stage.TO_XYZ_D65 / 10_000.0))
_GREY, _RED, _GREEN, _TINY = F(stage.GREY), F(stage.WHITE[0]), F(stage.WHITE[1]), F(stage.TINY)
_BLUE = F(1.0 - sum(stage.WHITE))
_C1, _C2, _C3, _D0 = F(stage.C1), F(stage.C2), F(stage.C3), F(stage.D0)
_N, _P, _ONE_NTH, _ONE_PTH = F(stage.N), F(stage.P), F(1.0 / stage.N), F(1.0 / stage.P)
_RIGHT, _LAST = F(math.pi / 2.0), F(stage.HUES - 1)
_HUES_IN_RADIANS = F((stage.HUES - 1) / (2.0 * math.pi))
_FULL = F(3e38)


@kernel
def _balance(
    planes: Planes, shares: _Shares, gamut: Row, out: Planes, first: int, stop: int
) -> None:
    for y in range(first, stop):
        for x in range(planes.shape[2]):
            long, medium, short = _turned(
                _TO_LMS,
                max(planes[0, y, x], F(0)),
                max(planes[1, y, x], F(0)),
                max(planes[2, y, x], F(0)),
            )
            long, medium, short = _graded(shares, long, medium, short)
            light, a, b = _jzazbz(long, medium, short)
            pure = _length(a, b)
            across, up = a / pure, b / pure
            light, pure = _scaled(shares, light, pure)
            light, pure = _held(gamut, light, pure, across, up)
            pure = min(pure, _purest(light, across, up))
            red, green, blue = _rgb(light, pure * across, pure * up)
            out[0, y, x], out[1, y, x] = max(red, F(0)), max(green, F(0))
            out[2, y, x] = max(blue, F(0))


@part
def _turned(matrix: NDArray[np.float32], a: F, b: F, c: F) -> tuple[F, F, F]:
    return (
        matrix[0, 0] * a + matrix[0, 1] * b + matrix[0, 2] * c,
        matrix[1, 0] * a + matrix[1, 1] * b + matrix[1, 2] * c,
        matrix[2, 0] * a + matrix[2, 1] * b + matrix[2, 2] * c,
    )


@part
def _length(a: F, b: F) -> F:
    return max(np.sqrt(a * a + b * b), _TINY)


@part
def _graded(shares: _Shares, long: F, medium: F, short: F) -> tuple[F, F, F]:
    """Contrast, chroma and vibrance: the cones' responses, in Kirk's Yrg and back."""
    luminance = max(_LUMINANCE[0] * long + _LUMINANCE[1] * medium, F(0))
    total = long + medium + short
    share = F(1) / (F(1) if total == F(0) else total)
    red, green, _ = _turned(_TO_GRADING, long * share, medium * share, short * share)
    red, green = red - _RED, green - _GREEN
    vivid = exp2(abs(shares.vibrance) * log2(_length(red, green)))
    factor = max(F(1) + shares.chroma + shares.vibrance * (F(1) - vivid), F(0))
    room = min(_room(red, _RED), _room(green, _GREEN))
    factor = min(factor, min(room, _room(-red - green, _BLUE)))
    seen = exp2(log2(max(luminance / _GREY, _TINY)) * (F(1) + shares.contrast)) * _GREY
    seen = seen if luminance > F(0) else F(0)
    red, green = factor * red + _RED, factor * green + _GREEN
    long, medium, short = _turned(_FROM_GRADING, red, green, F(1) - red - green)
    seen /= _LUMINANCE[0] * long + _LUMINANCE[1] * medium
    return seen * long, seen * medium, seen * short


@part
def _room(away: F, limit: F) -> F:
    """How many times further from white this stays positive."""
    return limit / max(-away, _TINY) if away < F(0) else _FULL


@part
def _jzazbz(long: F, medium: F, short: F) -> tuple[F, F, F]:
    long, medium, short = _turned(_TO_CONES, long, medium, short)
    intensity, a, b = _turned(_TO_IAB, _bent(long), _bent(medium), _bent(short))
    light = F(0.44) * intensity / (F(1) - F(0.56) * intensity) - _D0
    return max(light, F(0)), a, b


@part
def _bent(cone: F) -> F:
    power = exp2(log2(max(cone, _TINY)) * _N)
    # log2 of what is near 1, as a series: kernels.log2 is not near enough for a power this high
    high, low = _C1 + _C2 * power, F(1) + _C3 * power
    s = (high - low) / (high + low)
    square = s * s
    series = F(0.41219859) * square + F(0.57707802)
    series = (series * square + F(0.96179669)) * square + F(2.88539008)
    return exp2(series * s * _P)


@part
def _unbent(value: F) -> F:
    # e to the power of x near 0, as a series
    x = log2(max(value, _TINY)) * (_ONE_PTH * F(math.log(2.0)))
    series = F(1.0 / 120.0) * x + F(1.0 / 24.0)
    series = ((series * x + F(1.0 / 6.0)) * x + F(0.5)) * x + F(1)
    # cone - 1, less of which is lost
    less = series * x
    ratio = (_C1 - F(1) - less) / (_C3 * less + (_C3 - _C2))
    return exp2(log2(max(ratio, _TINY)) * _ONE_NTH)


@part
def _scaled(shares: _Shares, light: F, pure: F) -> tuple[F, F]:
    """Brilliance along a color, and saturation across it, light for purity."""
    size = _length(light, pure)
    angle = _angle(pure, light)
    aside = size * min(max(angle * shares.saturation, -angle), _RIGHT - angle)
    along = max(F(1) + shares.brilliance, F(0))
    aside /= size
    return (
        max(along * light - aside * pure, F(0)),
        max(along * pure + aside * light, F(0)),
    )


@part
def _angle(up: F, across: F) -> F:
    """The arctangent of up / across, both at least 0 [Abramowitz and Stegun, 4.4.49]."""
    t = min(up, across) / max(max(up, across), F(1e-30))
    square = t * t
    p = F(0.0028662257) * square - F(0.0161657367)
    p = p * square + F(0.0429096138)
    p = p * square - F(0.0752896400)
    p = p * square + F(0.1065626393)
    p = p * square - F(0.1420889944)
    p = p * square + F(0.1999355085)
    p = p * square - F(0.3333314528)
    angle = t + t * square * p
    return _RIGHT - angle if up > across else angle


@part
def _held(gamut: Row, light: F, pure: F, across: F, up: F) -> tuple[F, F]:
    """Light and purity drawn to where the working space ends at this hue, half from each."""
    hue = _angle(abs(up), abs(across))
    hue = hue if across > F(0) else F(math.pi) - hue
    hue = hue if up > F(0) else -hue
    place = clipped((hue + F(math.pi)) * _HUES_IN_RADIANS, F(0), _LAST)
    before = np.int32(place)
    low, high = gamut[before], gamut[min(before + 1, np.int32(_LAST))]
    most = low + (place - F(before)) * (high - low)
    ratio = pure / max(light, _TINY)
    soft, rest = F(0.8) * most, F(0.2) * most
    over = max(ratio - soft, F(0)) / rest
    beyond = soft + (F(1) - exp2(over * F(-1.0 / math.log(2.0)))) * rest
    ratio = beyond if ratio > soft else ratio
    ratio = ratio if light > F(0) else most
    at_ratio = pure / max(ratio, _TINY) if ratio > F(0) else light
    return (light + at_ratio) * F(0.5), (pure + light * ratio) * F(0.5)


@part
def _intensity(light: F) -> F:
    shifted = light + _D0
    return max(shifted / (F(0.44) + F(0.56) * shifted), F(0))


@part
def _purest(light: F, across: F, up: F) -> F:
    """The purity up to which no cone's response is negative."""
    intensity, most = _intensity(light), _FULL
    for k in range(3):
        slope = _FROM_IAB[k, 1] * across + _FROM_IAB[k, 2] * up
        most = min(most, intensity / max(-slope, F(1e-30)) if slope < F(0) else _FULL)
    return most


@part
def _rgb(light: F, a: F, b: F) -> tuple[F, F, F]:
    """Linear Rec. 2020 of JzAzBz."""
    long, medium, short = _turned(_FROM_IAB, _intensity(light), a, b)
    return _turned(_FROM_CONES, _unbent(long), _unbent(medium), _unbent(short))
