"""Texture, live."""

import cv2
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
    count = _sums(np.ones_like(tone), radius)
    mean = _sums(tone, radius) / count
    center = tone.mean()
    variance = _sums((tone - center) ** 2, radius) / count - (mean - center) ** 2
    slope = variance / (variance + F(stage.EPSILON))
    fit = [_sums(part, radius) / count for part in (slope, mean * (1 - slope))]
    return torch.from_numpy(np.stack(fit))[None]


def _sums(plane: Plane, radius: int) -> Plane:
    """Sums over squares of side 2 radius + 1, cut off at the frame."""
    side = (2 * radius + 1, 2 * radius + 1)
    sums = cv2.boxFilter(plane, -1, side, normalize=False, borderType=cv2.BORDER_CONSTANT)
    return sums.astype(np.float32, copy=False)


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
