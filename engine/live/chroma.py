"""Color mixer, vibrance and saturation, live: each color by itself, in one pass."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.finishers.basic import color_mixer as mixer
from engine.finishers.basic import saturation as saturating
from engine.finishers.basic import vibrance as vibrant
from engine.gamut import TINY, halves
from engine.live.kernels import (
    BLUE,
    GREEN,
    RED,
    Curve,
    F,
    Planes,
    Row,
    curve_of,
    each_pixel,
    exp2,
    kernel,
    log2,
    look_up,
    part,
)
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics


def mixed(image: Tensor, metadata: Metadata, statistics: Statistics, **values: Value) -> Tensor:
    """`image` (1, 3, H, W), linear ProPhoto in [0, 1], with its bands of hue moved."""
    kinds = [
        tuple(values[slider.name] for slider in sliders)
        for sliders in (mixer.HUES, mixer.SATURATIONS, mixer.LUMINANCES)
    ]
    if not any(any(kind) for kind in kinds):
        return image
    return each_pixel(image, _mix, _bands(*kinds))


def with_vibrance(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, vibrance: Value
) -> Tensor:
    """`image` (1, 3, H, W), linear ProPhoto in [0, 1], with faint colors scaled."""
    if vibrance == 0.0:
        return image
    more, less = (F(half) for half in halves(vibrance / 100.0))
    return each_pixel(image, _vibrate, more, less)


def saturated(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, saturation: Value
) -> Tensor:
    """`image` (1, 3, H, W), linear ProPhoto in [0, 1], with its chroma scaled."""
    if saturation == 0.0:
        return image
    more, less = (F(half) for half in halves(saturation / 100.0))
    return each_pixel(image, _saturate, more, less)


class _Bands(NamedTuple):
    """What is done to the hues of the circle [0, 1], which of the kinds at all, and their means."""

    hues: Curve
    saturations: Curve
    luminances: Curve
    used: NDArray[np.bool_]
    means: NDArray[np.float32]


@lru_cache(maxsize=8)  # other sliders are dragged for longer than these
def _bands(*kinds: tuple[Value, ...]) -> _Bands:
    """The bands that the sliders of the three kinds make."""
    circles = [_circle(kind) for kind in kinds]
    used = np.array([any(kind) for kind in kinds])
    means = torch.stack([circle.mean() for circle in circles]).numpy()
    hues, saturations, luminances = (curve_of(circle, 0.0, 1.0) for circle in circles)
    return _Bands(hues, saturations, luminances, used, means)


def _circle(values: tuple[Value, ...]) -> Tensor:
    amounts = mixer.curve(values, like=torch.zeros(1, dtype=torch.float32))
    return torch.zeros(2) if amounts is None else amounts


_TO_LMS, _FROM_LMS = mixer.TO_LMS.astype(np.float32), mixer.FROM_LMS.astype(np.float32)
_TO_LAB, _FROM_LAB = (
    mixer.ROOTS_TO_LAB.astype(np.float32),
    mixer.LAB_TO_ROOTS.astype(np.float32),
)
_ACROSS, _UP = F(math.cos(vibrant.SKIN_HUE)), F(math.sin(vibrant.SKIN_HUE))
_TINY = F(TINY)


@kernel
def _vibrate(planes: Planes, more: F, less: F, out: Planes, first: int, stop: int) -> None:
    for y in range(first, stop):
        for x in range(planes.shape[2]):
            red, green, blue = planes[0, y, x], planes[1, y, x], planes[2, y, x]
            low, high = min(red, min(green, blue)), max(red, max(green, blue))
            gray = RED * red + GREEN * green + BLUE * blue
            across = red - F(0.5) * (green + blue)
            up = F(math.sqrt(3.0) / 2.0) * (green - blue)
            radius = np.sqrt(across * across + up * up + F(1e-12))
            toward = F(0.5) + F(0.5) * (across * _ACROSS + up * _UP) / radius
            cubed = toward * toward * toward
            skin = (cubed * cubed) * (cubed * cubed)
            faint = low / max(high, F(1e-6)) * (F(1) - F(vibrant.SKIN_SPARED) * skin)
            room = _room(red, green, blue, gray)
            growth = faint * (more * _strengthening(room, F(vibrant.MOST)) + less)
            out[0, y, x] = red + (red - gray) * growth
            out[1, y, x] = green + (green - gray) * growth
            out[2, y, x] = blue + (blue - gray) * growth


@kernel
def _saturate(planes: Planes, more: F, less: F, out: Planes, first: int, stop: int) -> None:
    for y in range(first, stop):
        for x in range(planes.shape[2]):
            red, green, blue = planes[0, y, x], planes[1, y, x], planes[2, y, x]
            gray = RED * red + GREEN * green + BLUE * blue
            room = _room(red, green, blue, gray)
            growth = more * _strengthening(room, F(saturating.MOST)) + less
            out[0, y, x] = red + (red - gray) * growth
            out[1, y, x] = green + (green - gray) * growth
            out[2, y, x] = blue + (blue - gray) * growth


@part
def _room(red: F, green: F, blue: F, gray: F) -> F:
    """As engine.gamut.room."""
    up, down = F(1) / max(F(1) - gray, _TINY), F(1) / max(gray, _TINY)
    red = _need(red - gray, up, down)
    green = _need(green - gray, up, down)
    blue = _need(blue - gray, up, down)
    return F(1) / np.sqrt(np.sqrt(red * red + green * green + blue * blue))


@part
def _need(away: F, up: F, down: F) -> F:
    """The square of what a channel so far from gray needs of its way to its end."""
    need = min(max(away * up, max(-away * down, _TINY)), F(1) / _TINY)
    return need * need


@part
def _strengthening(room: F, most: F) -> F:
    """As engine.gamut.strengthening."""
    spare = max(room - F(1), F(0))
    return most * spare / (most + spare)


@kernel
def _mix(planes: Planes, bands: _Bands, out: Planes, first: int, stop: int) -> None:
    seen = np.zeros((5, planes.shape[2]), F)
    for y in range(first, stop):
        red, green, blue = out[0, y], out[1, y], out[2, y]
        red[:], green[:], blue[:] = planes[0, y], planes[1, y], planes[2, y]
        lightness, along, across, around, toes = seen[0], seen[1], seen[2], seen[3], seen[4]
        _see(red, green, blue, lightness, along, across, around, toes)
        if bands.used[0]:
            _turn_row(bands, lightness, along, across, around, toes, red, green, blue)
        if bands.used[1]:
            _strengthen_row(bands, along, across, around, red, green, blue)
        if bands.used[2]:
            _lighten_row(bands.luminances, along, across, around, red, green, blue)


@part
def _see(
    red: Row,
    green: Row,
    blue: Row,
    lightness: Row,
    along: Row,
    across: Row,
    around: Row,
    toes: Row,
) -> None:
    """Oklab of a row, its hues in turns, and the roots at which its toes begin."""
    m, n = _TO_LMS, _TO_LAB
    for x in range(len(red)):
        r, g, b = red[x], green[x], blue[x]
        long = m[0, 0] * r + m[0, 1] * g + m[0, 2] * b
        middle = m[1, 0] * r + m[1, 1] * g + m[1, 2] * b
        short = m[2, 0] * r + m[2, 1] * g + m[2, 2] * b
        toe = _cube_root(max(F(mixer.TOE / 3.0) * (long + middle + short), F(mixer.LEAST)))
        long, middle, short = _root(long, toe), _root(middle, toe), _root(short, toe)
        lightness[x] = n[0, 0] * long + n[0, 1] * middle + n[0, 2] * short
        along[x] = n[1, 0] * long + n[1, 1] * middle + n[1, 2] * short
        across[x] = n[2, 0] * long + n[2, 1] * middle + n[2, 2] * short
        around[x] = _turns(across[x], along[x] + F(1e-12))
        toes[x] = toe


@part
def _at(curve: Curve, mean: F, around: F, a: F, b: F) -> F:
    """As that of the mixer."""
    squared = a * a + b * b
    return mean + (look_up(curve, around) - mean) * (squared / (squared + F(mixer.SURE**2)))


@part
def _turn_row(
    bands: _Bands,
    lightness: Row,
    along: Row,
    across: Row,
    around: Row,
    toes: Row,
    red: Row,
    green: Row,
    blue: Row,
) -> None:
    for x in range(len(red)):
        light, a, b, toe = lightness[x], along[x], across[x], toes[x]
        turn = _at(bands.hues, bands.means[0], around[x], a, b) * F(mixer.TURN)
        cos, sin = _cos(turn), _sin(turn)
        to_red, to_green, to_blue = _linear(light, a * cos - b * sin, a * sin + b * cos, toe)
        from_red, from_green, from_blue = _linear(light, a, b, toe)
        r = max(red[x] + (to_red - from_red), F(0))
        g = max(green[x] + (to_green - from_green), F(0))
        b = max(blue[x] + (to_blue - from_blue), F(0))
        share = F(1) / max(max(r, max(g, b)), F(1))
        red[x], green[x], blue[x] = r * share, g * share, b * share


@part
def _strengthen_row(
    bands: _Bands, along: Row, across: Row, around: Row, red: Row, green: Row, blue: Row
) -> None:
    for x in range(len(red)):
        r, g, b = red[x], green[x], blue[x]
        gray = min(RED * r + GREEN * g + BLUE * b, F(1))
        room = _room(r, g, b, gray)
        amount = _at(bands.saturations, bands.means[1], around[x], along[x], across[x])
        growth = max(amount, F(0)) * _strengthening(room, F(mixer.MOST)) + min(amount, F(0))
        red[x], green[x], blue[x] = (
            r + (r - gray) * growth,
            g + (g - gray) * growth,
            b + (b - gray) * growth,
        )


@part
def _lighten_row(
    luminances: Curve, along: Row, across: Row, around: Row, red: Row, green: Row, blue: Row
) -> None:
    for x in range(len(red)):
        squared = along[x] * along[x] + across[x] * across[x]
        amount = look_up(luminances, around[x]) * (squared / (squared + F(mixer.FAINT**2)))
        headroom = F(1) / max(max(red[x], max(green[x], blue[x])), F(1e-6))
        brighter = max(amount, F(0)) * _strengthening(headroom, F(mixer.BRIGHTEST))
        gain = F(1) + brighter + min(amount, F(0)) * F(mixer.DARKEST)
        red[x], green[x], blue[x] = red[x] * gain, green[x] * gain, blue[x] * gain


@part
def _cube_root(positive: F) -> F:
    return exp2(log2(positive) * F(1.0 / 3.0))


@part
def _root(cone: F, toe: F) -> F:
    """Of a cone's answer; below the root `toe`, the tangent."""
    square = toe * toe
    cube = square * toe
    return _cube_root(max(cone, cube)) + min(cone - cube, F(0)) / (F(3) * square)


@part
def _cone(root: F, toe: F) -> F:
    """The inverse of _root."""
    held = max(root, toe)
    return held * held * held + min(root - toe, F(0)) * (F(3) * toe * toe)


@part
def _linear(light: F, a: F, b: F, toe: F) -> tuple[F, F, F]:
    """Linear ProPhoto of Oklab."""
    n, m = _FROM_LAB, _FROM_LMS
    long = _cone(n[0, 0] * light + n[0, 1] * a + n[0, 2] * b, toe)
    middle = _cone(n[1, 0] * light + n[1, 1] * a + n[1, 2] * b, toe)
    short = _cone(n[2, 0] * light + n[2, 1] * a + n[2, 2] * b, toe)
    red = m[0, 0] * long + m[0, 1] * middle + m[0, 2] * short
    green = m[1, 0] * long + m[1, 1] * middle + m[1, 2] * short
    return red, green, m[2, 0] * long + m[2, 1] * middle + m[2, 2] * short


@part
def _turns(y: F, x: F) -> F:
    """The angle of (x, y) in turns, in [0, 1]; to 2e-7.

    In the first octant a polynomial of Chebyshev's; the others are its mirror images.
    """
    along, aside = max(abs(x), abs(y)), min(abs(x), abs(y))
    t = aside / max(along, F(1e-30))
    s = t * t
    p = _ARC[0] + s * (_ARC[1] + s * (_ARC[2] + s * (_ARC[3] + s * _more(s))))
    turns = p * t
    turns = F(0.25) - turns if abs(y) > abs(x) else turns
    turns = F(0.5) - turns if x < F(0) else turns
    return F(1) - turns if y < F(0) else turns


@part
def _more(s: F) -> F:
    return _ARC[4] + s * (_ARC[5] + s * (_ARC[6] + s * _ARC[7]))


def _arc() -> NDArray[np.float32]:
    """atan(t) / (2 pi t) for t in [0, 1] as a polynomial in t squared."""
    t = 0.5 + 0.5 * np.cos(np.pi * (np.arange(64) + 0.5) / 64)
    root = np.sqrt(t)
    fitted = np.polynomial.Chebyshev.fit(t, np.arctan(root) / (2.0 * np.pi * root), 7, (0.0, 1.0))
    return fitted.convert(kind=np.polynomial.Polynomial).coef.astype(np.float32)


_ARC = _arc()


@part
def _cos(x: F) -> F:
    """Of angles up to 30 degrees, to 1e-8."""
    s = x * x
    return F(1) + s * (F(-0.5) + s * (F(1.0 / 24.0) + s * (F(-1.0 / 720.0) + s * F(1.0 / 40320.0))))


@part
def _sin(x: F) -> F:
    """Of angles up to 30 degrees, to 1e-8."""
    s = x * x
    return x * (F(1) + s * (F(-1.0 / 6.0) + s * (F(1.0 / 120.0) + s * F(-1.0 / 5040.0))))
