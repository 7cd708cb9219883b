"""Texture, live: its band, which hangs on no slider, and the picture raised by it."""

import numpy as np
import torch
from torch import Tensor

from engine import filters
from engine.finishers.basic import texture as stage
from engine.live.blur import blurred, box_means, weights_of
from engine.live.clarity import gained
from engine.live.kernels import (
    F,
    Maps,
    Plane,
    Planes,
    Row,
    by_rows,
    each_pixel,
    exp2,
    kernel,
    log_luminance,
    maps_over,
    part,
    picture_of,
    planes_of,
    read_row,
    scale_row,
    wide_rows,
)
from engine.live.reduce import light_row, reduced, reduced_tones
from engine.live.room import room
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics

_MIDDLE = -4.0
"""EV that tones are counted from where they are squared: float32 could not hold squares from 0."""


def band(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """The texture (1, 1, h, w) of `image` (1, 3, H, W), scene-linear ProPhoto, in EV."""
    frame = image.shape[-2:]
    size = filters.grid_size(frame, stage.GRID)
    band = _band(image if size == tuple(frame) else reduced(image, size))
    return torch.from_numpy(band)[None, None]


def textured(
    image: Tensor, band: Tensor, metadata: Metadata, statistics: Statistics, *, texture: Value
) -> Tensor:
    """`image` (1, 3, H, W) with its medium detail, the `band`, scaled."""
    if texture == 0.0:
        return image
    amount = F(stage.amount(texture))
    if band.shape[-2:] == image.shape[-2:]:
        return each_pixel(image, _raise, planes_of(band)[0], amount)
    return each_pixel(image, gained, maps_over(float(amount) * band, *image.shape[-2:]))


def _band(image: Tensor) -> Plane:
    height, width = image.shape[-2:]
    size = filters.grid_size((height, width), stage.BASE_GRID)
    tones = reduced_tones(image, size, _MIDDLE, least=0.0)
    radius = max(1, round(stage.COARSE * max(tones.shape[-2:])))
    over = maps_over(_fit(planes_of(tones)[0], radius), height, width)
    planes, detail = planes_of(image), room((height, width))
    by_rows(lambda first, stop: _detail(planes, over, detail, first, stop), height)
    sigma = stage.FINE * max(height, width)
    return blurred(detail, weights_of(filters.gaussian_blur, sigma, filters.blur_reach(sigma)))


def _fit(tone: Plane, radius: int) -> Tensor:
    """engine.filters.guided_fit (1, 2, h, w) of `tone` by itself."""
    pair = room((2, *tone.shape))
    by_rows(lambda first, stop: _square(tone, pair, first, stop), len(tone))
    rough = box_means(pair, radius)
    by_rows(lambda first, stop: _lines(rough, first, stop), len(tone))
    return picture_of(box_means(rough, radius))


@kernel
def _square(tone: Plane, out: Planes, first: int, stop: int) -> None:
    """Tones, and the squares of those."""
    once, twice = out[0], out[1]
    for y in range(first, stop):
        for x in range(tone.shape[1]):
            once[y, x] = tone[y, x]
            twice[y, x] = tone[y, x] * tone[y, x]


@kernel
def _lines(means: Planes, first: int, stop: int) -> None:
    """Turn means of tones, and of the squares of those, into slope and offset."""
    for y in range(first, stop):
        _line_row(means[0, y], means[1, y])


@part
def _line_row(mean: Row, square: Row) -> None:
    for x in range(len(mean)):
        center = mean[x]
        variance = max(square[x] - center * center, F(0))
        slope = variance / (variance + F(stage.EPSILON))
        mean[x] = slope
        square[x] = center * (F(1) - slope)


@kernel
def _detail(planes: Planes, fit: Maps, out: Plane, first: int, stop: int) -> None:
    """`out`: how far the tones are from their base, in EV."""
    line = np.zeros((2, planes.shape[2]), F)
    wide, held = wide_rows(fit)
    for y in range(first, stop):
        read_row(fit, y, wide, held, line)
        light_row(planes[0, y], planes[1, y], planes[2, y], out[y])
        _detail_row(line[0], line[1], out[y])


@part
def _detail_row(slope: Row, offset: Row, row: Row) -> None:
    for x in range(len(row)):
        tone = log_luminance(row[x]) - F(_MIDDLE)
        row[x] = tone - (slope[x] * tone + offset[x])


@kernel
def _raise(planes: Planes, band: Plane, amount: F, out: Planes, first: int, stop: int) -> None:
    """Raise `planes` by the EV of `band`, times `amount`."""
    gain = np.zeros(planes.shape[2], F)
    for y in range(first, stop):
        for x in range(len(gain)):
            gain[x] = exp2(amount * band[y, x])
        for k in range(3):
            scale_row(planes[k, y], gain, out[k, y])
