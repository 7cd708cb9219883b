"""Tone mapping, live."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.finishers.basic import tone_mapping as stage
from engine.live.kernels import (
    F,
    Maps,
    Plane,
    Planes,
    Row,
    clipped,
    each_pixel,
    exp2,
    kernel,
    log_luminance,
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
    middle, top = (float(anchor) for anchor in stage.anchors(metadata, statistics))
    around = _ramps(stage.regional(top, highlights, shadows))
    own = _ramps(stage.ends(top, whites, blacks))
    return each_pixel(image, _tone, maps_over(maps, *image.shape[-2:]), around, own, F(middle))


def _ramps(ramps: Sequence[stage.Ramp]) -> NDArray[np.float32]:
    """Those that add anything, (n, 4)."""
    return np.array([ramp for ramp in ramps if ramp.gain], np.float32).reshape(-1, 4)


@kernel
def _tone(
    planes: Planes,
    maps: Maps,
    around: NDArray[np.float32],
    own: NDArray[np.float32],
    middle: F,
    out: Planes,
    first: int,
    stop: int,
) -> None:
    width = planes.shape[2]
    wide, held = wide_rows(maps)
    fit, tone = np.zeros((2, width), F), np.zeros(width, F)
    base, gain = np.zeros(width, F), np.zeros(width, F)
    for y in range(first, stop):
        read_row(maps, y, wide, held, fit)
        light_row(planes[0, y], planes[1, y], planes[2, y], tone)
        _base(tone, middle, fit, base)
        gain[:] = F(0)
        for ramp in around:
            _climb(base, ramp, gain)
        _add_row(gain, tone)
        for ramp in own:
            _climb(tone, ramp, gain)
        for x in range(width):
            gain[x] = exp2(gain[x])
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
def _climb(tone: Row, ramp: Row, gain: Row) -> None:
    """stage.climbed, added to `gain`."""
    up, sign, start, stop = ramp[0], ramp[1], ramp[2], ramp[3]
    for x in range(len(tone)):
        at = sign * tone[x]
        gain[x] += up * (_bend(at - start) - _bend(at - stop))


@part
def _bend(x: F) -> F:
    inner = clipped(x + F(stage.KNEE), F(0), F(2.0 * stage.KNEE))
    return inner * inner * F(0.25 / stage.KNEE) + max(x - F(stage.KNEE), F(0))


@part
def _add_row(added: Row, row: Row) -> None:
    for x in range(len(row)):
        row[x] += added[x]


ANALYSIS = replace(stage.ANALYSIS, features=features, apply=toned)
