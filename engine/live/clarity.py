"""Clarity, live."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from engine.curves import middle_grey
from engine.finishers.basic import clarity as stage
from engine.live.kernels import (
    F,
    Maps,
    Planes,
    each_pixel,
    exp2,
    kernel,
    maps_over,
    read_row,
    scale_row,
    wide_rows,
)
from engine.live.reduce import reduced_tones
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics


def features(
    image: Tensor, metadata: Metadata, statistics: Statistics, size: Sequence[int]
) -> Tensor:
    """Tones (1, 1, h, w) in EV from middle grey."""
    return reduced_tones(image, size, float(middle_grey(metadata)))


def clarified(
    image: Tensor, maps: Tensor, metadata: Metadata, statistics: Statistics, *, clarity: Value
) -> Tensor:
    """`image` (1, 3, H, W) with a share of the full gain, `maps` (1, 1, h, w) in EV, put on it."""
    if clarity == 0.0:
        return image
    return each_pixel(image, gained, maps_over(stage.amount(clarity) * maps, *image.shape[-2:]))


@kernel
def gained(planes: Planes, maps: Maps, out: Planes, first: int, stop: int) -> None:
    """Raise `planes` by the EV that `maps` (1, h, w) give."""
    gain = np.zeros((1, planes.shape[2]), F)
    wide, held = wide_rows(maps)
    for y in range(first, stop):
        read_row(maps, y, wide, held, gain)
        for x in range(gain.shape[1]):
            gain[0, x] = exp2(gain[0, x])
        for k in range(3):
            scale_row(planes[k, y], gain[0], out[k, y])


ANALYSIS = replace(stage.ANALYSIS, features=features, apply=clarified)
