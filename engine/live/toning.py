"""RGB toning and color conversion, live."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.color import DISPLAY_P3, PROPHOTO, SRGB, between
from engine.finishers.basic import color_conversion, rgb_toning
from engine.live.kernels import (
    Curve,
    F,
    Plane,
    Planes,
    by_rows,
    clipped,
    curve_of,
    each_pixel,
    kernel,
    look_up,
    planes_of,
    srgb_encoded,
)
from engine.metadata import ColorSpace, Metadata
from engine.slider import IDENTITY, Points
from engine.statistics import Statistics


def toned(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    tone_curve_red: Points,
    tone_curve_green: Points,
    tone_curve_blue: Points,
    **common: Any,
) -> Tensor:
    """`image` (1, 3, H, W), linear ProPhoto in [0, 1], toned."""
    answer = each_pixel(image, _tone, _table(metadata, statistics, **common))
    channels = (tone_curve_red, tone_curve_green, tone_curve_blue)
    for plane, points in zip(planes_of(answer), channels, strict=True):
        if points != IDENTITY:
            _look_up_channel(plane, points)
    return answer


@lru_cache(maxsize=4)  # other sliders are dragged for longer than these
def _table(metadata: Metadata, statistics: Statistics, **common: Any) -> Curve:
    return curve_of(rgb_toning.tone_table(metadata, statistics, **common), 0.0, 1.0)


def _look_up_channel(plane: Plane, points: Points) -> None:
    table = curve_of(rgb_toning.channel_table(points), 0.0, 1.0)
    by_rows(lambda first, stop: _look_up_plane(table, plane, first, stop), len(plane))


def converted(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """Linear ProPhoto `image` (1, 3, H, W) encoded for `metadata.output`, in [0, 1]."""
    if _space(metadata) not in LIKE_SRGB:
        return color_conversion.exact(image, metadata, statistics)
    return encoded(image, PROPHOTO, _space(metadata), clip=True)


def unclipped(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """The same before the clip: what the space cannot hold is beyond 0 and 1, smoothly."""
    if _space(metadata) not in LIKE_SRGB:
        return color_conversion.unclipped(image, metadata, statistics)
    return encoded(image, PROPHOTO, _space(metadata), clip=False)


LIKE_SRGB = (SRGB, DISPLAY_P3)
"""Spaces whose values are encoded by the curve of sRGB."""


def _space(metadata: Metadata) -> ColorSpace:
    return metadata.output or SRGB


def encoded(image: Tensor, source: ColorSpace, target: ColorSpace, *, clip: bool) -> Tensor:
    """Linear `image` (1, 3, H, W) of `source` encoded for `target`, one of LIKE_SRGB."""
    return each_pixel(image, _convert, between(source, target).astype(np.float32), clip)


@kernel
def _tone(planes: Planes, table: Curve, out: Planes, first: int, stop: int) -> None:
    """As engine.curves.apply_tone."""
    for y in range(first, stop):
        for x in range(planes.shape[2]):
            red, green, blue = planes[0, y, x], planes[1, y, x], planes[2, y, x]
            low, high = min(red, min(green, blue)), max(red, max(green, blue))
            base = look_up(table, low)
            spread = (look_up(table, high) - base) / max(high - low, F(1e-12))
            out[0, y, x] = base + (red - low) * spread
            out[1, y, x] = base + (green - low) * spread
            out[2, y, x] = base + (blue - low) * spread


@kernel
def _look_up_plane(table: Curve, plane: Plane, first: int, stop: int) -> None:
    for y in range(first, stop):
        for x in range(plane.shape[1]):
            plane[y, x] = look_up(table, plane[y, x])


@kernel
def _convert(
    planes: Planes, matrix: NDArray[np.float32], clip: bool, out: Planes, first: int, stop: int
) -> None:
    for y in range(first, stop):
        for k in range(3):
            by_red, by_green, by_blue = matrix[k]
            for x in range(planes.shape[2]):
                linear = by_red * planes[0, y, x] + by_green * planes[1, y, x]
                linear += by_blue * planes[2, y, x]
                linear = clipped(linear, F(0), F(1)) if clip else linear
                encoded = srgb_encoded(abs(linear))
                out[k, y, x] = encoded if linear > F(0) else -encoded
