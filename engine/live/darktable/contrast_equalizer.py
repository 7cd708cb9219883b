"""Contrast equalizer, live."""

import numpy as np
from torch import Tensor

from engine.finishers.darktable import contrast_equalizer as stage
from engine.live.darktable.lightness import changed, lightness
from engine.live.kernels import F, Plane, Planes, Row, by_rows, kernel, part, picture_of, planes_of
from engine.live.room import room
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics


def maps(image: Tensor, metadata: Metadata) -> Tensor:
    """What texture adds to L*, (1, 2, H, W): by its share of 100, and by the square of that.

    A scale's gain is (1 + 2 bend share)^2.
    """
    plane = lightness(image)
    out = room((2, *plane.shape))
    out.fill(0.0)
    for scale, place in enumerate(stage.places(max(metadata.full_size), metadata.scale)):
        plane = _without_band(plane, 1 << scale, F(2.0 * stage.bend(place)), out)
    return picture_of(out)


def equalized(
    image: Tensor, maps: Tensor, metadata: Metadata, statistics: Statistics, *, texture: Value
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, with its wavelets of lightness multiplied."""
    share = float(texture) / 100.0
    return changed(image, planes_of(maps), (share, share * share))


def _without_band(plane: Plane, step: int, bend: F, out: Planes) -> Plane:
    """`plane` smoothed over pixels `step` apart; what it had beyond that is added to `out`."""
    smoother = room(plane.shape)
    by_rows(
        lambda first, stop: _add_band(plane, step, bend, smoother, out, first, stop), len(plane)
    )
    return smoother


@kernel
def _add_band(
    plane: Plane, step: int, bend: F, smoother: Plane, out: Planes, first: int, stop: int
) -> None:
    height, width = plane.shape
    reach = 2 * step
    line = np.zeros(width + 2 * reach, F)
    for y in range(first, stop):
        _between(
            plane[max(0, y - reach)],
            plane[max(0, y - step)],
            plane[y],
            plane[min(height - 1, y + step)],
            plane[min(height - 1, y + reach)],
            line[reach : reach + width],
        )
        line[:reach] = line[reach]
        line[reach + width :] = line[reach + width - 1]
        _between(
            line, line[step:], line[reach:], line[reach + step :], line[2 * reach :], smoother[y]
        )
        _add(plane[y], smoother[y], bend, out[0, y], out[1, y])


_FAR, _NEAR, _HERE = (F(weight) for weight in stage.SPLINE[:3])


@part
def _between(a: Row, b: Row, c: Row, d: Row, e: Row, out: Row) -> None:
    for x in range(len(out)):
        out[x] = _FAR * (a[x] + e[x]) + _NEAR * (b[x] + d[x]) + _HERE * c[x]


@part
def _add(fine: Row, coarse: Row, bend: F, once: Row, twice: Row) -> None:
    for x in range(len(fine)):
        band = bend * (fine[x] - coarse[x])
        once[x] += F(2) * band
        twice[x] += bend * band
