"""Dehaze, live: its veil is found exactly, sooner than a network could guess it."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from torch import Tensor

from engine.finishers.basic import dehaze as stage
from engine.live.blur import guided_fit
from engine.live.kernels import (
    BLUE,
    GREEN,
    RED,
    Curve,
    F,
    Maps,
    Plane,
    Planes,
    Row,
    by_rows,
    clipped,
    curve,
    each_pixel,
    kernel,
    log_luminance,
    look_up,
    luminance_row,
    maps_over,
    part,
    picture_of,
    planes_of,
    read_row,
    wide_rows,
)
from engine.live.reduce import reduced
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics

_STEPS = 1024


def features(
    image: Tensor, metadata: Metadata, statistics: Statistics, size: Sequence[int]
) -> Tensor:
    """Tone (EV) and darkest channel (1, 2, h, w), relative to the airlight."""
    small = planes_of(reduced(image, size))
    out = np.empty((2, *small.shape[1:]), np.float32)
    gain = F(1.0 / stage.airlight_of(statistics))
    by_rows(lambda first, stop: _look(small, gain, out, first, stop), out.shape[1])
    return picture_of(out)


def fit(features: Tensor) -> Tensor:
    """Slope and offset (1, 2, h, w) that bring the veil of a small picture along its edges."""
    tone, darkest = planes_of(features)
    window = np.ones((2 * stage.PATCH + 1, 2 * stage.PATCH + 1), np.uint8)
    around = np.asarray(cv2.dilate(cv2.erode(darkest, window), window), np.float32)
    return picture_of(guided_fit(tone, around, stage.FIT_RADIUS, stage.FIT_EPSILON))


def dehazed(
    image: Tensor, maps: Tensor, metadata: Metadata, statistics: Statistics, *, dehaze: Value
) -> Tensor:
    """`image` (1, 3, H, W) with less or more of the veil that the `maps` (1, 2, h, w) tell."""
    if dehaze == 0.0:
        return image
    airlight = float(stage.airlight_of(statistics))
    over = maps_over(maps, *image.shape[-2:])
    return each_pixel(image, _dehaze, over, _strength(dehaze), F(airlight))


@lru_cache(maxsize=4)
def _strength(dehaze: Value) -> Curve:
    return curve(lambda veil: stage.strength(veil, dehaze), 0.0, stage.MOST, _STEPS)


@kernel
def _look(small: Planes, gain: F, out: Planes, first: int, stop: int) -> None:
    tone, darkest = out[0], out[1]  # in order in memory: unpacked, numba would not know it
    red, green, blue = small[0], small[1], small[2]
    for y in range(first, stop):
        for x in range(small.shape[2]):
            r, g, b = gain * red[y, x], gain * green[y, x], gain * blue[y, x]
            tone[y, x] = log_luminance(RED * r + GREEN * g + BLUE * b)
            darkest[y, x] = min(r, min(g, b))


@kernel
def _dehaze(
    planes: Planes, maps: Maps, strength: Curve, airlight: F, out: Planes, first: int, stop: int
) -> None:
    width = planes.shape[2]
    wide, held = wide_rows(maps)
    fit, share = np.zeros((2, width), F), np.zeros(width, F)
    for y in range(first, stop):
        read_row(maps, y, wide, held, fit)
        luminance_row(planes[0, y], planes[1, y], planes[2, y], share)
        _veil(planes, y, fit, F(1) / airlight, share)
        for x in range(width):
            share[x] = look_up(strength, share[x])
        for k in range(3):
            _move(planes[k, y], share, airlight, out[k, y])


@part
def _veil(planes: Planes, y: int, fit: Plane, gain: F, light: Row) -> None:
    """Turn a row of luminances, `light`, into one of veils."""
    red, green, blue = planes[0, y], planes[1, y], planes[2, y]
    slope, offset = fit[0], fit[1]
    for x in range(len(light)):
        veil = slope[x] * log_luminance(light[x] * gain) + offset[x]
        darkest = min(red[x], min(green[x], blue[x])) * gain
        light[x] = clipped(min(veil, darkest), F(0), F(stage.MOST))


@part
def _move(plane: Row, share: Row, airlight: F, out: Row) -> None:
    for x in range(len(share)):
        out[x] = plane[x] + share[x] * (plane[x] - airlight)


ANALYSIS = replace(stage.ANALYSIS, features=features, maps=fit, apply=dehazed)
