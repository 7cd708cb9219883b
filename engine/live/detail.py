"""Detail, live: the octaves of the exact stage, one after the other in compiled passes.

Its sliders only say what share of an octave is taken for noise: what the octaves hold is seen once.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.finishers.basic import detail as stage
from engine.live.kernels import (
    F,
    Plane,
    Planes,
    Row,
    by_rows,
    clipped,
    kernel,
    mean_row,
    part,
    picture_of,
    planes_of,
)
from engine.live.room import room
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics

_Matrix = NDArray[np.float32]
_SAME = (np.eye(3, dtype=np.float32), np.full(3, np.inf, np.float32))


class Octave(NamedTuple):
    """What follows the next finer level of a picture.

    `coarse` (3, h, w): its planes at half the size; `energy` (2, h, w): how many times the energy
    expected of noise there is around each place in what they lack, of luminance and of color.
    """

    number: float
    coarse: Planes
    energy: Planes


def octaves(image: Tensor, metadata: Metadata, statistics: Statistics) -> list[Octave]:
    """The octaves of `image` (1, 3, H, W) that may hold noise, finest first."""
    camera = _camera(metadata)
    fine, split, ceiling = planes_of(image), camera.to_split, camera.white
    answer = []
    for number, expected in camera.noise:
        coarse = _halved(fine, split, ceiling)
        energy = _smooth(_energy(fine, split, ceiling, coarse, expected))
        answer.append(Octave(number, coarse, energy))
        # the finest planes are split from the picture wherever they are read; others are kept
        fine, (split, ceiling) = coarse, _SAME
    return answer


def denoised(
    image: Tensor,
    octaves: Sequence[Octave],
    metadata: Metadata,
    statistics: Statistics,
    *,
    luminance_noise: Value,
    color_noise: Value,
) -> Tensor:
    """Return `image` (1, 3, H, W) with less noise in its `octaves`."""
    if luminance_noise == color_noise == 0.0 or not octaves:
        return image
    camera = _camera(metadata)
    amounts = (stage.LUMINANCE, luminance_noise), (stage.COLOR, color_noise)
    shares = []
    for octave in octaves:
        limits = [float(reach.limit_at(n / 100.0, octave.number)) for reach, n in amounts]
        shares.append(_shares(octave.energy, np.array(limits, np.float32)))
    taken = np.zeros_like(octaves[-1].coarse)
    for level in range(len(octaves) - 1, 0, -1):
        taken = _taken(octaves[level - 1].coarse, octaves[level].coarse, shares[level], taken)
    return picture_of(_less(planes_of(image), camera, octaves[0].coarse, shares[0], taken))


class _Camera(NamedTuple):
    """White, how its RGB is split and joined, and of each level its octave and noise a, b."""

    white: Row
    to_split: _Matrix
    from_split: _Matrix
    noise: Sequence[tuple[float, _Matrix]]


@lru_cache(maxsize=8)  # sizes of a photo
def _camera(metadata: Metadata) -> _Camera:
    white, split, noise = stage.balanced(metadata)
    below = -math.log2(metadata.scale)
    octaves = [below + i for i in range(max(0, math.ceil(stage.COLOR.octaves - below)))]
    levels = []
    for octave in octaves:
        expected = noise * torch.tensor(stage.gains(octave)).double().square()[:, None]
        levels.append((octave, _plain(expected)))
    return _Camera(_plain(white), _plain(split), _plain(torch.linalg.inv(split)), levels)


def _plain(tensor: Tensor) -> _Matrix:
    return tensor.float().contiguous().numpy()


def _halved(fine: Planes, split: _Matrix, ceiling: Row) -> Planes:
    """The planes that `split` makes of `fine`, up to the `ceiling`, at half the size."""
    _, height, width = fine.shape
    out = room((3, (height + 1) // 2, (width + 1) // 2))
    by_rows(lambda first, stop: _halve(fine, split, ceiling, out, first, stop), out.shape[1])
    return out


def _energy(fine: Planes, split: _Matrix, ceiling: Row, coarse: Planes, noise: _Matrix) -> Planes:
    """How many times the energy expected of noise there is (2, h, w): luminance, color."""
    out = room((2, *coarse.shape[1:]))
    by_rows(
        lambda first, stop: _compare(fine, split, ceiling, coarse, noise, out, first, stop),
        out.shape[1],
    )
    return out


def _smooth(energy: Planes) -> Planes:
    """`energy` around each place."""
    out = room(energy.shape)
    by_rows(lambda first, stop: _mean(energy, out, first, stop), out.shape[1])
    return out


def _shares(energy: Planes, limits: Row) -> Planes:
    """What share (2, h, w) of the details is taken for noise."""
    out = room(energy.shape)
    by_rows(lambda first, stop: _judge(energy, limits, out, first, stop), out.shape[1])
    return out


def _taken(fine: Planes, coarse: Planes, shares: Planes, below: Planes) -> Planes:
    """What of `fine` is noise; `below` is that of its `coarse`."""
    out = room(fine.shape)
    by_rows(lambda first, stop: _take(fine, coarse, shares, below, out, first, stop), out.shape[1])
    return out


def _less(image: Planes, camera: _Camera, coarse: Planes, shares: Planes, below: Planes) -> Planes:
    """The picture without its noise."""
    out = room(image.shape)
    white, to_split, from_split = camera.white, camera.to_split, camera.from_split
    by_rows(
        lambda first, stop: _remove(
            image, to_split, from_split, white, coarse, shares, below, out, first, stop
        ),
        out.shape[1],
    )
    return out


@kernel
def _halve(fine: Planes, split: _Matrix, ceiling: Row, out: Planes, first: int, stop: int) -> None:
    height, width = fine.shape[1:]
    upper, lower = np.zeros(width + 1, F), np.zeros(width + 1, F)
    for y in range(first, stop):
        for k in range(3):
            _split_row(fine, 2 * y, split[k], ceiling, upper)
            _split_row(fine, min(2 * y + 1, height - 1), split[k], ceiling, lower)
            _halve_row(upper, lower, out[k, y])


@kernel
def _compare(
    fine: Planes,
    split: _Matrix,
    ceiling: Row,
    coarse: Planes,
    noise: _Matrix,
    out: Planes,
    first: int,
    stop: int,
) -> None:
    height, width = fine.shape[1:]
    half = out.shape[2]
    row, smooth, line = np.zeros(width + 1, F), np.zeros(2 * half, F), np.zeros(half + 2, F)
    for y in range(first, stop):
        out[0, y], out[1, y] = F(0), F(0)
        rows = min(2, height - 2 * y)
        for k in range(3):
            # a last row alone stands for two
            share = F(0.25) * F(2 // rows) * (F(1) if k == 0 else F(0.5))
            for i in range(rows):
                _split_row(fine, 2 * y + i, split[k], ceiling, row)
                _double_row(coarse[k], 2 * y + i, line, smooth)
                _add_energy(
                    row, smooth, width % 2, coarse[0, y], noise[k], share, out[min(k, 1), y]
                )


@kernel
def _mean(energy: Planes, out: Planes, first: int, stop: int) -> None:
    line = np.zeros(energy.shape[2] + 2 * stage.RADIUS, F)
    for k in range(2):
        for y in range(first, stop):
            mean_row(energy[k], y, stage.RADIUS, line, out[k, y])


@kernel
def _judge(energy: Planes, limits: Row, out: Planes, first: int, stop: int) -> None:
    for k in range(2):
        for y in range(first, stop):
            _share_row(energy[k, y], limits[k] * limits[k], out[k, y])


@kernel
def _take(
    fine: Planes, coarse: Planes, shares: Planes, below: Planes, out: Planes, first: int, stop: int
) -> None:
    half = coarse.shape[2]
    line, smooth = np.zeros(half + 2, F), np.zeros(2 * half, F)
    share, more = np.zeros(2 * half, F), np.zeros(2 * half, F)
    for y in range(first, stop):
        for k in range(3):
            _double_row(coarse[k], y, line, smooth)
            if k < 2:
                _double_row(shares[k], y, line, share)
            _double_row(below[k], y, line, more)
            _take_row(fine[k, y], smooth, share, more, out[k, y])


@kernel
def _remove(
    image: Planes,
    to_split: _Matrix,
    from_split: _Matrix,
    ceiling: Row,
    coarse: Planes,
    shares: Planes,
    below: Planes,
    out: Planes,
    first: int,
    stop: int,
) -> None:
    half, width = coarse.shape[2], image.shape[2]
    line, smooth = np.zeros(half + 2, F), np.zeros(2 * half, F)
    share, more = np.zeros(2 * half, F), np.zeros(2 * half, F)
    row, taken = np.zeros(width + 1, F), np.zeros((3, width), F)
    for y in range(first, stop):
        for k in range(3):
            _split_row(image, y, to_split[k], ceiling, row)
            _double_row(coarse[k], y, line, smooth)
            if k < 2:
                _double_row(shares[k], y, line, share)
            _double_row(below[k], y, line, more)
            _take_row(row, smooth, share, more, taken[k])
        _room_row(image[0, y], image[1, y], image[2, y], ceiling, row)
        for k in range(3):
            _subtract_row(image[k, y], taken[0], taken[1], taken[2], from_split[k], row, out[k, y])


@part
def _split_row(planes: Planes, y: int, weights: Row, ceiling: Row, out: Row) -> None:
    """One row of a split of `planes`, its last pixel there twice."""
    _weigh_row(planes[0, y], planes[1, y], planes[2, y], weights, ceiling, out)
    out[len(out) - 1] = out[len(out) - 2]


@part
def _weigh_row(red: Row, green: Row, blue: Row, weights: Row, ceiling: Row, out: Row) -> None:
    for x in range(len(red)):
        r, g, b = min(red[x], ceiling[0]), min(green[x], ceiling[1]), min(blue[x], ceiling[2])
        out[x] = weights[0] * r + weights[1] * g + weights[2] * b


@part
def _halve_row(upper: Row, lower: Row, out: Row) -> None:
    for x in range(len(out)):
        total = upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]
        out[x] = F(0.25) * total


@part
def _double_row(plane: Plane, y: int, line: Row, out: Row) -> None:
    """Row `y` of `plane` at twice its size, as engine.filters.double has it."""
    near = y // 2
    far = min(near + 1, len(plane) - 1) if y % 2 else max(near - 1, 0)
    half = plane.shape[1]
    _blend_row(plane[near], plane[far], line[1 : half + 1])
    line[0], line[half + 1] = line[1], line[half]
    for x in range(half):
        most = F(0.75) * line[x + 1]
        out[2 * x] = most + F(0.25) * line[x]
        out[2 * x + 1] = most + F(0.25) * line[x + 2]


@part
def _blend_row(near: Row, far: Row, out: Row) -> None:
    for x in range(len(out)):
        out[x] = F(0.75) * near[x] + F(0.25) * far[x]


@part
def _add_energy(
    row: Row, smooth: Row, odd: int, light: Row, noise: Row, share: F, out: Row
) -> None:
    """Add the energy of a row's details, over that of noise where there is so much light."""
    for x in range(len(out) - odd):
        one, other = row[2 * x] - smooth[2 * x], row[2 * x + 1] - smooth[2 * x + 1]
        expected = noise[0] * max(light[x], F(0)) + noise[1]
        out[x] += share * (one * one + other * other) / expected
    if odd:
        last = len(out) - 1
        one = row[2 * last] - smooth[2 * last]
        expected = noise[0] * max(light[last], F(0)) + noise[1]
        out[last] += share * (one * one + one * one) / expected


@part
def _share_row(energy: Row, limit: F, out: Row) -> None:
    for x in range(len(out)):
        out[x] = limit / (limit + energy[x] * energy[x] + F(1e-12))


@part
def _take_row(fine: Row, smooth: Row, share: Row, more: Row, out: Row) -> None:
    for x in range(len(out)):
        out[x] = (fine[x] - smooth[x]) * share[x] + more[x]


@part
def _room_row(red: Row, green: Row, blue: Row, ceiling: Row, out: Row) -> None:
    """How much noise may be taken, that what is clipped stays clipped."""
    near = F(1.0 / stage.NEAR_WHITE)
    for x in range(len(red)):
        most = max(red[x] / ceiling[0], max(green[x] / ceiling[1], blue[x] / ceiling[2]))
        out[x] = clipped((F(1) - most) * near, F(0), F(1))


@part
def _subtract_row(
    plane: Row, one: Row, two: Row, three: Row, weights: Row, room: Row, out: Row
) -> None:
    for x in range(len(out)):
        noise = weights[0] * one[x] + weights[1] * two[x] + weights[2] * three[x]
        out[x] = plane[x] - noise * room[x]
