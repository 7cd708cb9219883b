"""Color balance, live, with the gain of exposure if wanted: it is one matrix."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import highlights, white
from engine.live.kernels import (
    F,
    Planes,
    Row,
    clipped,
    each_pixel,
    kernel,
    part,
)
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics

_BLOCK = 128
"""Pixels that are looked at together: most pictures are clipped in few places."""


def balanced(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    temperature: Value | None,
    tint: Value | None,
) -> Tensor:
    """Return camera RGB `image` (1, 3, H, W) as linear ProPhoto, unclipped."""
    return balanced_and_exposed(image, metadata, temperature=temperature, tint=tint)


def balanced_and_exposed(
    image: Tensor,
    metadata: Metadata,
    *,
    temperature: Value | None,
    tint: Value | None,
    exposure: float = 0.0,
) -> Tensor:
    """As `balanced`, and times 2 to the power of `exposure` (EV)."""
    chosen = metadata.white or white.resolve(metadata, temperature, tint)
    matrix = (chosen.camera_to_prophoto * 2.0**exposure).to(torch.float32).contiguous().numpy()
    camera_white = chosen.camera_white.to(torch.float32).contiguous().numpy()
    return each_pixel(image, _balance, camera_white, matrix)


def exposed(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, exposure: Value
) -> Tensor:
    """`image` (1, 3, H, W) times 2 to the power of `exposure` (EV)."""
    if exposure == 0.0:
        return image
    return each_pixel(image, _scale, F(2.0**exposure))


@kernel
def _scale(planes: Planes, gain: F, out: Planes, first: int, stop: int) -> None:
    for k in range(3):
        for y in range(first, stop):
            for x in range(planes.shape[2]):
                out[k, y, x] = gain * planes[k, y, x]


@kernel
def _balance(
    planes: Planes,
    camera_white: Row,
    matrix: NDArray[np.float32],
    out: Planes,
    first: int,
    stop: int,
) -> None:
    width = planes.shape[2]
    told = np.zeros((3, _BLOCK), F)
    for y in range(first, stop):
        for start in range(0, width, _BLOCK):
            end = min(start + _BLOCK, width)
            red, green, blue = planes[0, y], planes[1, y], planes[2, y]
            red, green, blue = red[start:end], green[start:end], blue[start:end]
            if _clips(red, green, blue, camera_white):
                size = end - start
                told_red, told_green, told_blue = told[0, :size], told[1, :size], told[2, :size]
                _recover(red, green, blue, camera_white, told_red, told_green, told_blue)
                red, green, blue = told_red, told_green, told_blue
            for k in range(3):
                _mix(red, green, blue, matrix[k], out[k, y, start:end])


@part
def _mix(red: Row, green: Row, blue: Row, weights: Row, out: Row) -> None:
    for x in range(len(out)):
        out[x] = weights[0] * red[x] + weights[1] * green[x] + weights[2] * blue[x]


@part
def _clips(red: Row, green: Row, blue: Row, camera_white: Row) -> bool:
    """Whether any channel of any pixel reaches the white."""
    most = F(-1)
    for x in range(len(red)):
        over = max(red[x] - camera_white[0], green[x] - camera_white[1])
        most = max(most, max(over, blue[x] - camera_white[2]))
    return bool(most >= F(0))


@part
def _recover(
    red: Row,
    green: Row,
    blue: Row,
    camera_white: Row,
    told_red: Row,
    told_green: Row,
    told_blue: Row,
) -> None:
    """engine.highlights.without_false_color, camera RGB in and out."""
    for x in range(len(red)):
        r, g, b = red[x] / camera_white[0], green[x] / camera_white[1], blue[x] / camera_white[2]
        full_r, full_g, full_b = _full(red[x]), _full(green[x]), _full(blue[x])
        heard_r, heard_g, heard_b = _HEARD - full_r, _HEARD - full_g, _HEARD - full_b
        says_r, says_g, says_b = heard_r * r, heard_g * g, heard_b * b
        likely_r = r + full_r * _above(g + b, says_g + says_b, heard_g + heard_b, r)
        likely_g = g + full_g * _above(r + b, says_r + says_b, heard_r + heard_b, g)
        likely_b = b + full_b * _above(r + g, says_r + says_g, heard_r + heard_g, b)
        highest = max(likely_r, max(likely_g, likely_b))
        all_full = full_r * full_g * full_b
        likely_r += all_full * (highest - likely_r)
        likely_g += all_full * (highest - likely_g)
        likely_b += all_full * (highest - likely_b)
        rim = _step(min(red[x], min(green[x], blue[x])), F(highlights.RIM))
        level = max(F(1), min(likely_r, min(likely_g, likely_b)))
        likely_r -= rim * max(likely_r - level, F(0))
        likely_g -= rim * max(likely_g - level, F(0))
        likely_b -= rim * max(likely_b - level, F(0))
        told_red[x] = likely_r * camera_white[0] if red[x] >= camera_white[0] else red[x]
        told_green[x] = likely_g * camera_white[1] if green[x] >= camera_white[1] else green[x]
        told_blue[x] = likely_b * camera_white[2] if blue[x] >= camera_white[2] else blue[x]


_HEARD = F(1.001)


@part
def _above(others: F, say: F, heard: F, value: F) -> F:
    """By how much what the other channels tell is above `value`."""
    return max(max(F(0.5) * others, say / heard) - value, F(0))


@part
def _full(camera: F) -> F:
    return _step(camera, F(1.0 - highlights.FADE))


@part
def _step(x: F, low: F) -> F:
    """engine.filters.smooth_step from `low` to 1."""
    t = clipped((x - low) / (F(1) - low), F(0), F(1))
    return t * t * (F(3) - F(2) * t)
