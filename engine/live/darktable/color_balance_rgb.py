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
    limits = stage.gamut().float().numpy()
    gamut = np.append(limits, limits[-1])
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
    # by many short loops along a row: in one long one, no vectors would be used
    room, cones = np.zeros((5, planes.shape[2]), F), np.zeros((3, planes.shape[2]), F)
    long, medium, short = cones[0], cones[1], cones[2]
    for y in range(first, stop):
        red, green, luminance, factor = room[0], room[1], room[2], room[3]
        _look(planes[0, y], planes[1, y], planes[2, y], red, green, luminance, factor)
        _raise(factor, abs(shares.vibrance))
        _factor(shares, red, green, factor)
        _raise(luminance, F(1) + shares.contrast)
        _see(red, green, factor, luminance, long, medium, short)
        for k in range(3):
            _bend(cones[k])
        light, across, up, pure, most = room[0], room[1], room[2], room[3], room[4]
        _direct(long, medium, short, light, across, up)
        _scale(shares, light, across, up, pure)
        _place(across, up, most)
        _look_up(gamut, most)
        _hold(light, pure, across, up, most)
        _respond(light, pure, across, up, long, medium, short)
        for k in range(3):
            _unbend(cones[k])
        _show(long, medium, short, out[0, y], out[1, y], out[2, y])


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
def _look(r: Row, g: Row, b: Row, red: Row, green: Row, luminance: Row, distance: Row) -> None:
    """Kirk's r and g from those of white, how far that is, and luminance over grey's."""
    for x in range(len(red)):
        long, medium, short = _turned(_TO_LMS, max(r[x], F(0)), max(g[x], F(0)), max(b[x], F(0)))
        luminance[x] = (_LUMINANCE[0] * long + _LUMINANCE[1] * medium) * (F(1) / _GREY)
        total = long + medium + short
        share = F(1) / (total if total > F(0) else F(1))
        to_red, to_green, _ = _turned(_TO_GRADING, long * share, medium * share, short * share)
        red[x], green[x] = to_red - _RED, to_green - _GREEN
        distance[x] = _length(red[x], green[x])


@part
def _raise(row: Row, power: F) -> None:
    for x in range(len(row)):
        raised = exp2(log2(max(row[x], _TINY)) * power)
        row[x] = raised if row[x] > F(0) else F(0)


@part
def _factor(shares: _Shares, red: Row, green: Row, factor: Row) -> None:
    """Turn powers of distances into how many times further from white colors come to be."""
    for x in range(len(factor)):
        wanted = F(1) + shares.chroma + shares.vibrance * (F(1) - factor[x])
        room = min(_room(red[x], _RED), _room(green[x], _GREEN))
        room = min(room, _room(-red[x] - green[x], _BLUE))
        factor[x] = min(max(wanted, F(0)), room)


@part
def _room(away: F, limit: F) -> F:
    """How many times further from white this stays positive."""
    return limit / max(-away, _TINY) if away < F(0) else _FULL


@part
def _see(
    red: Row, green: Row, factor: Row, luminance: Row, long: Row, medium: Row, short: Row
) -> None:
    """What the cones of JzAzBz see of Kirk's colors."""
    for x in range(len(red)):
        r, g = factor[x] * red[x] + _RED, factor[x] * green[x] + _GREEN
        one, two, three = _turned(_FROM_GRADING, r, g, F(1) - r - g)
        seen = luminance[x] * _GREY / (_LUMINANCE[0] * one + _LUMINANCE[1] * two)
        long[x], medium[x], short[x] = _turned(_TO_CONES, seen * one, seen * two, seen * three)


@part
def _bend(row: Row) -> None:
    """By Dolby's curve, as JzAzBz has it."""
    for x in range(len(row)):
        power = exp2(log2(max(row[x], _TINY)) * _N)
        # log2 of what is near 1, as a series: kernels.log2 is not near enough for so high a power
        high, low = _C1 + _C2 * power, F(1) + _C3 * power
        s = (high - low) / (high + low)
        square = s * s
        series = F(0.41219859) * square + F(0.57707802)
        series = (series * square + F(0.96179669)) * square + F(2.88539008)
        row[x] = exp2(series * s * _P)


@part
def _direct(long: Row, medium: Row, short: Row, light: Row, a: Row, b: Row) -> None:
    """Jz, az and bz."""
    for x in range(len(light)):
        intensity, a[x], b[x] = _turned(_TO_IAB, long[x], medium[x], short[x])
        light[x] = max(F(0.44) * intensity / (F(1) - F(0.56) * intensity) - _D0, F(0))


@part
def _scale(shares: _Shares, light: Row, across: Row, up: Row, pure: Row) -> None:
    """Brilliance along a color, and saturation across it, light for purity.

    Of a and b, `across` and `up`, the direction is left.
    """
    for x in range(len(light)):
        colored = _length(across[x], up[x])
        across[x], up[x] = across[x] / colored, up[x] / colored
        angle = _angle(colored, light[x])
        aside = min(max(angle * shares.saturation, -angle), _RIGHT - angle)
        along = max(F(1) + shares.brilliance, F(0))
        pure[x] = max(along * colored + aside * light[x], F(0))
        light[x] = max(along * light[x] - aside * colored, F(0))


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
def _place(across: Row, up: Row, out: Row) -> None:
    """Where a hue lies among all."""
    for x in range(len(out)):
        hue = _angle(abs(up[x]), abs(across[x]))
        hue = hue if across[x] > F(0) else F(math.pi) - hue
        hue = hue if up[x] > F(0) else -hue
        out[x] = clipped((hue + F(math.pi)) * _HUES_IN_RADIANS, F(0), _LAST)


@part
def _look_up(gamut: Row, row: Row) -> None:
    """Turn places of hues into the largest purity over light there."""
    for x in range(len(row)):
        before = np.int32(row[x])
        low, high = gamut[np.uint32(before)], gamut[np.uint32(before + np.int32(1))]
        row[x] = low + (row[x] - F(before)) * (high - low)


@part
def _hold(light: Row, pure: Row, across: Row, up: Row, most: Row) -> None:
    """Draw light and purity to where the working space ends at this hue, half from each."""
    for x in range(len(light)):
        ratio = pure[x] / max(light[x], _TINY)
        soft, rest = F(0.8) * most[x], F(0.2) * most[x]
        over = max(ratio - soft, F(0)) / rest
        beyond = soft + (F(1) - exp2(over * F(-1.0 / math.log(2.0)))) * rest
        ratio = beyond if ratio > soft else ratio
        ratio = ratio if light[x] > F(0) else most[x]
        at_ratio = pure[x] / max(ratio, _TINY) if ratio > F(0) else light[x]
        held = (pure[x] + light[x] * ratio) * F(0.5)
        light[x] = (light[x] + at_ratio) * F(0.5)
        pure[x] = min(held, _purest(light[x], across[x], up[x]))


@part
def _purest(light: F, across: F, up: F) -> F:
    """The purity up to which no cone's response is negative."""
    intensity, most = _intensity(light), _FULL
    for k in range(3):
        slope = _FROM_IAB[k, 1] * across + _FROM_IAB[k, 2] * up
        most = min(most, intensity / max(-slope, F(1e-30)) if slope < F(0) else _FULL)
    return most


@part
def _intensity(light: F) -> F:
    shifted = light + _D0
    return max(shifted / (F(0.44) + F(0.56) * shifted), F(0))


@part
def _respond(
    light: Row, pure: Row, across: Row, up: Row, long: Row, medium: Row, short: Row
) -> None:
    """Bent responses of the cones."""
    for x in range(len(light)):
        a, b = pure[x] * across[x], pure[x] * up[x]
        long[x], medium[x], short[x] = _turned(_FROM_IAB, _intensity(light[x]), a, b)


@part
def _unbend(row: Row) -> None:
    for i in range(len(row)):
        # e to the power of x near 0, less 1, as a series: little of that is left of the difference
        x = log2(max(row[i], _TINY)) * (_ONE_PTH * F(math.log(2.0)))
        series = F(1.0 / 120.0) * x + F(1.0 / 24.0)
        less = (((series * x + F(1.0 / 6.0)) * x + F(0.5)) * x + F(1)) * x
        ratio = (_C1 - F(1) - less) / (_C3 * less + (_C3 - _C2))
        row[i] = exp2(log2(max(ratio, _TINY)) * _ONE_NTH)


@part
def _show(long: Row, medium: Row, short: Row, red: Row, green: Row, blue: Row) -> None:
    """Linear Rec. 2020."""
    for x in range(len(red)):
        r, g, b = _turned(_FROM_CONES, long[x], medium[x], short[x])
        red[x], green[x], blue[x] = max(r, F(0)), max(g, F(0)), max(b, F(0))
