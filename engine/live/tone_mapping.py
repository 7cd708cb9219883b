"""Tone mapping, live."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from torch import Tensor

from engine.finishers.basic import tone_mapping as stage
from engine.live.kernels import (
    Curve,
    F,
    Maps,
    Plane,
    Planes,
    Row,
    clipped,
    curve,
    each_pixel,
    exp2,
    kernel,
    log_luminance,
    look_up,
    maps_over,
    part,
    read_row,
    scale_row,
    wide_rows,
)
from engine.live.reduce import light_row, reduced_tones
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics

_TONES = (-16.0, 8.0, 1536)
"""EV from the middle tone that the curves span, and their steps: they are level well within."""


def features(
    image: Tensor, metadata: Metadata, statistics: Statistics, size: Sequence[int]
) -> Tensor:
    """Tones (1, 1, h, w) in EV from the middle one."""
    middle, _ = stage.anchors(metadata, statistics)
    return reduced_tones(image, size, float(middle), least=0.0)


def toned(
    image: Tensor,
    maps: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    highlights: Value,
    shadows: Value,
    whites: Value,
    blacks: Value,
) -> Tensor:
    """`image` (1, 3, H, W) with its tones moved, by the slope and offset `maps` (1, 2, h, w)."""
    if highlights == shadows == whites == blacks == 0.0:
        return image
    told = _curves(statistics, metadata, highlights, shadows, whites, blacks)
    return each_pixel(image, _tone, maps_over(maps, *image.shape[-2:]), *told)


@lru_cache(maxsize=4)  # other sliders are dragged for longer than these
def _curves(
    statistics: Statistics,
    metadata: Metadata,
    highlights: Value,
    shadows: Value,
    whites: Value,
    blacks: Value,
) -> tuple[Curve, Curve, F]:
    """EV that are added by tones of the base and of the picture, and the middle tone."""
    middle, top = stage.anchors(metadata, statistics)
    regional = curve(lambda base: stage.regional(base, top, highlights, shadows), *_TONES)
    return regional, curve(lambda tone: stage.ends(tone, top, whites, blacks), *_TONES), F(middle)


@kernel
def _tone(
    planes: Planes,
    maps: Maps,
    regional: Curve,
    ends: Curve,
    middle: F,
    out: Planes,
    first: int,
    stop: int,
) -> None:
    width = planes.shape[2]
    wide, held = wide_rows(maps)
    fit, tone, gain = np.zeros((2, width), F), np.zeros(width, F), np.zeros(width, F)
    for y in range(first, stop):
        read_row(maps, y, wide, held, fit)
        light_row(planes[0, y], planes[1, y], planes[2, y], tone)
        _base(tone, middle, fit, gain)
        _look_up_row(regional, gain)
        _add_row(gain, tone)
        _look_up_row(ends, tone)
        for x in range(width):
            gain[x] = exp2(gain[x] + tone[x])
        for k in range(3):
            scale_row(planes[k, y], gain, out[k, y])


@part
def _base(tone: Row, middle: F, fit: Plane, base: Row) -> None:
    """Turn a row of luminances, `tone`, into EV; `base` is that without local contrast."""
    slope, offset = fit[0], fit[1]
    sharp = F(-0.5 / (stage.OUTSTANDING**2 * np.log(2.0)))
    for x in range(len(tone)):
        ev = log_luminance(tone[x]) - middle
        follows = clipped(slope[x], F(0), F(1))
        detail = (F(1) - follows * follows) * (ev - (slope[x] * ev + offset[x]))
        tone[x] = ev
        base[x] = ev - detail * exp2(sharp * detail * detail)


@part
def _look_up_row(table: Curve, row: Row) -> None:
    for x in range(len(row)):
        row[x] = look_up(table, row[x])


@part
def _add_row(added: Row, row: Row) -> None:
    for x in range(len(row)):
        row[x] += added[x]


ANALYSIS = replace(stage.ANALYSIS, features=features, apply=toned)
