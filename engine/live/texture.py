"""Texture, live."""

import numpy as np
import torch
from torch import Tensor

from engine import filters
from engine.finishers.basic import texture as stage
from engine.live.blur import blurred, weights_of
from engine.live.clarity import gained
from engine.live.kernels import (
    F,
    Maps,
    Plane,
    Planes,
    Row,
    by_rows,
    exp2,
    kernel,
    log_luminance,
    maps_over,
    mean_row,
    part,
    picture_of,
    planes_of,
    read_row,
    scale_row,
    wide_rows,
)
from engine.live.reduce import reduced, reduced_luminance, tones
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics


def textured(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, texture: Value
) -> Tensor:
    """`image` (1, 3, H, W), scene-linear ProPhoto, with its medium detail scaled."""
    if texture == 0.0:
        return image
    planes, frame = planes_of(image), image.shape[-2:]
    out = np.empty_like(planes)
    size = filters.grid_size(frame, stage.GRID)
    light = reduced_luminance(image, size)
    band = _band(light) * F(stage.amount(texture))
    if size == tuple(frame):
        by_rows(lambda first, stop: _raise(planes, band, out, first, stop), frame[0])
    else:
        over = maps_over(torch.from_numpy(band)[None, None], *frame)
        by_rows(lambda first, stop: gained(planes, over, out, first, stop), frame[0])
    return picture_of(out)


def _band(light: Tensor) -> Plane:
    """The texture, in EV, of a luminance (1, 1, h, w)."""
    height, width = light.shape[-2:]
    small = reduced(light, filters.grid_size((height, width), stage.BASE_GRID))
    radius = max(1, round(stage.COARSE * max(small.shape[-2:])))
    over = maps_over(_fit(planes_of(tones(small, 0.0))[0], radius), height, width)
    plane, detail = planes_of(light)[0], np.empty((height, width), np.float32)
    by_rows(lambda first, stop: _detail(plane, over, detail, first, stop), height)
    sigma = stage.FINE * max(height, width)
    blur = weights_of(lambda point: filters.gaussian_blur(point, sigma), filters.blur_reach(sigma))
    return blurred(detail, blur)


def _fit(tone: Plane, radius: int) -> Tensor:
    """engine.filters.guided_fit (1, 2, h, w) of `tone` by itself."""
    center = tone.mean(dtype=np.float32)
    apart = np.stack([tone - center, np.square(tone - center)])
    rough, smooth = np.empty_like(apart), np.empty_like(apart)
    by_rows(lambda first, stop: _lines(apart, center, radius, rough, first, stop), len(tone))
    by_rows(lambda first, stop: _means(rough, radius, smooth, first, stop), len(tone))
    return picture_of(smooth)


@kernel
def _lines(apart: Planes, center: F, radius: int, out: Planes, first: int, stop: int) -> None:
    """Slope and offset in a box, from tones less `center` and the squares of those."""
    width = apart.shape[2]
    mean, line = np.zeros(width, F), np.zeros(width + 2 * radius, F)
    for y in range(first, stop):
        mean_row(apart[0], y, radius, line, mean)
        mean_row(apart[1], y, radius, line, out[0, y])
        _line_row(mean, center, out[0, y], out[1, y])


@part
def _line_row(mean: Row, center: F, slope: Row, offset: Row) -> None:
    for x in range(len(slope)):
        variance = max(slope[x] - mean[x] * mean[x], F(0))
        slope[x] = variance / (variance + F(stage.EPSILON))
        offset[x] = (mean[x] + center) * (F(1) - slope[x])


@kernel
def _means(planes: Planes, radius: int, out: Planes, first: int, stop: int) -> None:
    line = np.zeros(planes.shape[2] + 2 * radius, F)
    for k in range(len(planes)):
        for y in range(first, stop):
            mean_row(planes[k], y, radius, line, out[k, y])


@kernel
def _detail(light: Plane, fit: Maps, out: Plane, first: int, stop: int) -> None:
    """`out`: how far the tones of a luminance are from their base, in EV."""
    line = np.zeros((2, light.shape[1]), F)
    wide, held = wide_rows(fit)
    for y in range(first, stop):
        read_row(fit, y, wide, held, line)
        _detail_row(light[y], line[0], line[1], out[y])


@part
def _detail_row(light: Row, slope: Row, offset: Row, out: Row) -> None:
    for x in range(len(out)):
        tone = log_luminance(light[x])
        out[x] = tone - (slope[x] * tone + offset[x])


@kernel
def _raise(planes: Planes, band: Plane, out: Planes, first: int, stop: int) -> None:
    """Raise `planes` by the EV of `band`."""
    gain = np.zeros(planes.shape[2], F)
    for y in range(first, stop):
        for x in range(len(gain)):
            gain[x] = exp2(band[y, x])
        for k in range(3):
            scale_row(planes[k, y], gain, out[k, y])
