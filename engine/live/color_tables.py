"""Color tables, live: what the profile makes of colors that are clipped already."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine import white
from engine.curves import ramp_of
from engine.finishers.basic import color_tables as stage
from engine.live.kernels import (
    F,
    Planes,
    clipped,
    each_pixel,
    kernel,
    part,
    srgb_decoded,
    srgb_encoded,
)
from engine.metadata import HueSatTable, Metadata
from engine.statistics import Statistics
from engine.tables import depends_on_encoded_value, hue_sat_map


def profiled(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """As the stage's own `profiled`: of `image` (1, 3, H, W), linear ProPhoto in [0, 1]."""
    profile, chosen = metadata.profile, metadata.white or white.as_shot(metadata)
    if profile.gain_table_map is not None:  # which looks at the place too
        return stage.profiled(image, metadata, statistics)
    image = _moved(image, hue_sat_map(profile, chosen.weights))
    image = each_pixel(image, _ramp, *(F(number) for number in ramp_of(metadata)))
    return _moved(image, profile.look_table)


class _Table(NamedTuple):
    """Deltas (V, H + 1, S, 3): the hue closed, so that its last entry is its first."""

    deltas: NDArray[np.float32]
    encoded: bool


def _moved(image: Tensor, table: HueSatTable | None) -> Tensor:
    if table is None:
        return image
    closed = np.concatenate([table.deltas, table.deltas[:, :1]], axis=1)
    read = _Table(np.ascontiguousarray(closed, np.float32), depends_on_encoded_value(table))
    return each_pixel(image, _move, read)


@kernel
def _ramp(
    planes: Planes, black: F, slope: F, radius: F, out: Planes, first: int, stop: int
) -> None:
    """As engine.curves.exposure_ramp."""
    bend = slope / (F(4) * max(radius, F(1e-9)))
    for k in range(3):
        for y in range(first, stop):
            for x in range(planes.shape[2]):
                above = planes[k, y, x] - black
                foot = max(above + radius, F(0))
                line = above * slope if above >= radius else foot * foot * bend
                out[k, y, x] = clipped(line, F(0), F(1))


@kernel
def _move(planes: Planes, table: _Table, out: Planes, first: int, stop: int) -> None:
    """As engine.tables.apply_hue_sat."""
    values, hues, saturations = table.deltas.shape[:3]
    for y in range(first, stop):
        for x in range(planes.shape[2]):
            red, green, blue = planes[0, y, x], planes[1, y, x], planes[2, y, x]
            value = max(red, max(green, blue))
            chroma = value - min(red, min(green, blue))
            hue = _hue(red, green, blue, value, F(1) / max(chroma, F(1e-12)))
            saturation = chroma / max(value, F(1e-12))
            value = srgb_encoded(value) if table.encoded else value
            across = hue * F((hues - 1) / 6.0)
            up, out_from = value * F(values - 1), saturation * F(saturations - 1)
            shift = _between(table.deltas, up, across, out_from, 0)
            saturation *= _between(table.deltas, up, across, out_from, 1)
            value *= _between(table.deltas, up, across, out_from, 2)
            value = clipped(value, F(0), F(1))
            value = srgb_decoded(value) if table.encoded else value
            chroma = value * min(saturation, F(1))
            hue += shift * F(6.0 / 360.0)
            out[0, y, x] = value - chroma * _ramped(hue + F(5))
            out[1, y, x] = value - chroma * _ramped(hue + F(3))
            out[2, y, x] = value - chroma * _ramped(hue + F(1))


@part
def _hue(red: F, green: F, blue: F, value: F, scale: F) -> F:
    """In [0, 6]."""
    if red >= value:
        around = (green - blue) * scale
        return around + F(6) if around < F(0) else around
    if green >= value:
        return (blue - red) * scale + F(2)
    return (red - green) * scale + F(4)


@part
def _ramped(sector: F) -> F:
    sector -= F(6) * np.floor(sector * F(1.0 / 6.0))
    return clipped(min(sector, F(4) - sector), F(0), F(1))


@part
def _between(table: NDArray[np.float32], a: F, b: F, c: F, k: int) -> F:
    """Entry `k`, trilinear; the ends are held."""
    i, j, n = _below(a, table.shape[0]), _below(b, table.shape[1]), _below(c, table.shape[2])
    i1, j1 = min(i + 1, table.shape[0] - 1), min(j + 1, table.shape[1] - 1)
    n1, along = min(n + 1, table.shape[2] - 1), c - F(n)
    low = _mix(
        _mix(table[i, j, n, k], table[i, j, n1, k], along),
        _mix(table[i, j1, n, k], table[i, j1, n1, k], along),
        b - F(j),
    )
    high = _mix(
        _mix(table[i1, j, n, k], table[i1, j, n1, k], along),
        _mix(table[i1, j1, n, k], table[i1, j1, n1, k], along),
        b - F(j),
    )
    return _mix(low, high, a - F(i))


@part
def _below(position: F, count: int) -> int:
    return int(clipped(np.floor(position), F(0), F(count - 1)))


@part
def _mix(low: F, high: F, share: F) -> F:
    return low + (high - low) * share
