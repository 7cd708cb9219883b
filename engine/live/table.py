"""Tables: any function of a pixel's color, sampled on a lattice and read tetrahedrally.

The lattice's first axis is the logarithm of the largest channel, the other two are how far red and
blue are from green, as shares of it, with narrow steps next to neutral, where hue turns fastest,
and next to pure colors. White is a border, greys are a line of nodes, and where two channels are
equal, which is where hues bend, tetrahedra meet: these are read exactly. A photo's colors fill few
of the lattice's cells; only the corners of those have to be known.

Kasson, Nin, Plouffe, Hafner, Performing color space conversions with three-dimensional linear
interpolation, Journal of Electronic Imaging 4(3), 1995: tetrahedra.
"""

import math
from dataclasses import dataclass, field, fields, replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.live.highlights import BLOCK, turn_row
from engine.live.kernels import (
    F,
    Plane,
    Planes,
    Row,
    by_rows,
    clipped,
    kernel,
    log2,
    part,
    picture_of,
    planes_of,
)
from engine.live.room import room
from engine.metadata import Matrix

Packed: TypeAlias = NDArray[np.uint32]
"""Pixels (H, W), each 0xffRRGGBB."""

Places: TypeAlias = NDArray[np.uint32]
"""Places on the lattice (2, H, W): which tetrahedron, and the ways along its three edges.

A tetrahedron is the number of the node that its cell begins with, and by the two bits above NODE
along which axes its first and its last edge run, the longest way being first. The ways are shares
of ONE, FRACTION bits each, the shortest highest.
"""

Marks: TypeAlias = NDArray[np.uint8]
"""1 for each node of a lattice that is marked, in whole words."""

FRACTION = 8
ONE = 1 << FRACTION
NODE = 22
"""Bits of a node's number."""
FIELD = 21
"""Bits of a channel in a node: three share an int64, so one product weighs all three."""

LEVELS, LOWEST = 4080, -0.5
"""A node's step from 0 to 1, and the least it holds: what leaves [0, 1] is clipped when read."""

BEND = 0.4
"""By what share the steps across are narrower at neutral and at pure colors than if all were even:
twice as much as they are wider between."""

HALF = 8
"""What is added to a node, so that a sum of ONE weights rounds to 8 bits: half of LEVELS / 255."""

DARK = 2.0**-9
"""Value below which the steps of the lattice are even, and not in proportion."""

ROW = 1024
"""Nodes in a row of their colors."""

WORD = 8
"""Bytes that are looked at in one."""

NEAR = 0.2
"""By what share of a gain channels may differ on two ways that are near."""

LEAST = int(LEVELS * LOWEST)
DOWN = 12
"""Bits by which a field of ONE weights is more than 8."""


_SHARE = np.linspace(0.0, 1.0, 4097)
_BENT = _SHARE * (1.0 + BEND * (1.0 - _SHARE) * (1.0 - 2.0 * _SHARE)), _SHARE


@dataclass(frozen=True, eq=False)
class Way:
    """How a pixel becomes a color that a table is of, by way of what no lattice could hold.

    `to_camera` (3, 3) and what is `added` (3,) lead to where values clip at `ceiling`, `to_working`
    (3, 3) from there to the colors. With a `camera_white` (3,) the pixels are camera RGB, whose
    saturated channels get a likely value first. Where values are `lit`, they are XYZ: without light
    they are black, and Z below 0 is 0. What is below 0 of a color is clipped, or the color is
    `drawn` to grey until nothing is; what is above `top` is clipped.
    """

    to_camera: Matrix
    to_working: Matrix
    added: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    ceiling: float = 1.0
    top: float = 1.0
    lit: bool = False
    drawn: bool = False
    camera_white: NDArray[np.float64] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Way) and all(
            np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)
        )

    def near(self, other: "Way") -> bool:
        """Whether the two lead about the same way, but for a gain."""
        turn = self.to_camera @ np.linalg.inv(other.to_camera)
        gain = float(np.trace(turn)) / 3.0
        return bool(np.abs(turn - gain * np.eye(3)).max() < NEAR * gain)

    def then(self, other: "Way", colors: Tensor) -> Tensor:
        """Colors (1, 3, H, W) at the end of the `other` way for those at the end of this.

        What has been clipped is at the clip, and saturated channels keep the value they have got.
        """
        back = other.to_camera @ np.linalg.inv(self.to_working @ self.to_camera)
        added = other.added - other.to_camera @ np.linalg.inv(self.to_camera) @ self.added
        planes = planes_of(colors)
        shaper = shaper_for(replace(other, to_camera=back, added=added, camera_white=None), 2)
        out = room(planes.shape)
        by_rows(lambda first, stop: _go(planes, shaper, out, first, stop), planes.shape[1])
        return picture_of(out)


class Shaper(NamedTuple):
    """How a color becomes a place on the lattice, after its way there."""

    to_camera: NDArray[np.float32]
    added: NDArray[np.float32]
    ceiling: np.float32
    to_working: NDArray[np.float32]
    lit: bool
    drawn: bool
    top: np.float32
    steps: np.float32
    middle: np.float32
    last: np.float32
    camera_white: NDArray[np.float32]


def shaper_for(way: Way, nodes: int) -> Shaper:
    """A shaper for a lattice of `nodes` along a side, an odd number."""
    span, reach = (nodes - 1) * ONE, math.log2(1.0 + way.top / DARK)
    return Shaper(
        way.to_camera.astype(np.float32),
        way.added.astype(np.float32),
        F(way.ceiling),
        way.to_working.astype(np.float32),
        way.lit,
        way.drawn,
        F(way.top),
        F(span / reach),
        F(span // 2),
        F(span - 1),
        np.asarray([] if way.camera_white is None else way.camera_white, np.float32),
    )


@dataclass(frozen=True, eq=False)
class Shaped:
    """A picture's places on a lattice of `nodes` along a side, and what of it is used.

    `cells` marks the first node of each cell in use; `used` (N,) numbers the nodes at the corners.
    """

    places: Places
    shaper: Shaper
    nodes: int
    cells: Marks
    used: NDArray[np.int64]

    def colors(self) -> Tensor:
        """The colors (1, 3, R, ROW) of the used nodes, 0 to top but for rounding; the rest black.

        In rows so long that kernels do not share them out: that would cost more than it saves.
        """
        out = room((3, -(-len(self.used) // ROW), ROW))
        out[:, -1] = 0.0
        tones, ways = _axes(self.shaper, self.nodes)
        flat, rows = out.reshape(3, -1), out.shape[1]
        by_rows(
            lambda first, stop: _color(
                self.used[first * ROW : stop * ROW],
                self.nodes,
                tones,
                ways,
                flat[:, first * ROW : stop * ROW],
            ),
            rows,
        )
        return picture_of(out)


def _axes(shaper: Shaper, nodes: int) -> tuple[Row, Row]:
    """The largest channel at each node of the first axis, and the differences at the others'."""
    index = np.arange(nodes) * float(ONE)
    tones = np.expm1(index * (math.log(2.0) / float(shaper.steps))) * DARK
    away = (index - shaper.middle) / float(shaper.middle)
    ways = np.sign(away) * np.interp(np.abs(away), *_BENT)
    return tones.astype(np.float32), ways.astype(np.float32)


def shaped(
    planes: Planes, shaper: Shaper, nodes: int, used: tuple[Marks, NDArray[np.int64]] | None = None
) -> Shaped:
    """The places of `planes` (3, H, W) on the lattice.

    Cells and nodes that have been `used` by another picture count as used, and stay as they are
    where no others are.
    """
    places = room((2, *planes.shape[1:]), np.uint32)
    marked: list[NDArray[np.uint8]] = []

    def rows(first: int, stop: int) -> None:
        # each thread its own: cores that write to one another's memory wait for each other
        cells = _no_marks(nodes)
        _shape(planes, shaper, nodes, places, cells, first, stop)
        marked.append(cells)

    by_rows(rows, planes.shape[1])
    cells = marked[0]
    for others in marked[1:]:
        cells |= others
    if used is not None:
        if not (cells > used[0]).any():
            return Shaped(places, shaper, nodes, *used)
        cells |= used[0]
    return Shaped(places, shaper, nodes, cells, _corners(cells, nodes))


def _no_marks(nodes: int) -> Marks:
    """None for a lattice with so many nodes along a side."""
    marks = room([-(-(nodes**3) // WORD) * WORD], np.uint8)
    marks.fill(0)
    return marks


def _corners(cells: Marks, side: int) -> NDArray[np.int64]:
    """The numbers of the nodes around the `cells` in use, each marked at its first node."""
    nodes = _no_marks(side)
    found = room([len(nodes)], np.int64)
    count = _collect(cells, cells.view(np.uint64), side, nodes, nodes.view(np.uint64), found)
    used = room([count], np.int64)
    used[:] = found[:count]
    return used


class Table:
    """The colors of a lattice's used nodes, packed: three channels in one number each."""

    def __init__(self, on: Shaped, colors: Tensor) -> None:
        """`colors` (1, 3, R, ROW), display RGB, of the nodes that are used `on` it."""
        self.on = on
        self._nodes = room([on.nodes**3], np.int64)
        _pack(planes_of(colors).reshape(3, -1), on.used, self._nodes)

    def pixels(self, out: Packed) -> None:
        """Write the picture to `out` (H, W) for the screen."""
        places, nodes, side = self.on.places, self._nodes, self.on.nodes
        by_rows(lambda first, stop: _to_pixels(places, nodes, side, out, first, stop), len(out))

    def picture(self) -> Tensor:
        """The picture (1, 3, H, W), display RGB in [0, 1]."""
        places, nodes, side = self.on.places, self._nodes, self.on.nodes
        out = room((3, *places.shape[1:]))
        by_rows(lambda first, stop: _to_planes(places, nodes, side, out, first, stop), len(out[0]))
        return picture_of(out)


@kernel
def _collect(
    cells: NDArray[np.uint8],
    cells_by_words: NDArray[np.uint64],
    side: int,
    nodes: NDArray[np.uint8],
    nodes_by_words: NDArray[np.uint64],
    out: NDArray[np.int64],
) -> int:
    """Mark the corners of the cells in use, and number them in `out`; returns how many they are.

    Few are in use: a glance at a word passes over eight.
    """
    for word in range(len(cells_by_words)):
        if cells_by_words[word]:
            for cell in range(WORD * word, WORD * (word + 1)):
                if cells[cell]:
                    _mark_pair(nodes, cell)
                    _mark_pair(nodes, cell + side)
                    _mark_pair(nodes, cell + side * side)
                    _mark_pair(nodes, cell + side * side + side)
    count = 0
    for word in range(len(nodes_by_words)):
        if nodes_by_words[word]:
            for node in range(WORD * word, WORD * (word + 1)):
                out[count] = node
                count += nodes[node]
    return count


@part
def _mark_pair(nodes: NDArray[np.uint8], first: int) -> None:
    nodes[first] = 1
    nodes[first + 1] = 1


@kernel
def _color(used: NDArray[np.int64], side: int, tones: Row, ways: Row, out: Planes) -> None:
    for i in range(len(used)):
        rest, blue = divmod(used[i], side)
        most, red = divmod(rest, side)
        to_red, to_blue, light = ways[red], ways[blue], tones[most]
        green = F(1) - max(to_red, max(to_blue, F(0)))
        out[0, i] = light * max(green + to_red, F(0))
        out[1, i] = light * max(green, F(0))
        out[2, i] = light * max(green + to_blue, F(0))


@kernel
def _pack(colors: Planes, used: NDArray[np.int64], out: NDArray[np.int64]) -> None:
    for i in range(len(used)):
        packed = np.int64(0)
        for k in range(3):
            held = clipped(colors[2 - k, i], F(LOWEST), F(1.0 - LOWEST)) - F(LOWEST)
            packed = packed << FIELD | np.int64(np.rint(held * F(LEVELS))) + HALF
        out[used[i]] = packed


@kernel
def _shape(
    planes: Planes,
    shaper: Shaper,
    side: int,
    out: Places,
    used: NDArray[np.uint8],
    first: int,
    stop: int,
) -> None:
    at = np.zeros((3, planes.shape[2]), np.int32)
    camera, working = np.zeros((3, planes.shape[2]), F), np.zeros((3, planes.shape[2]), F)
    away, told = np.zeros((2, planes.shape[2]), F), np.zeros((3, BLOCK), F)
    for y in range(first, stop):
        _way_row(planes[0, y], planes[1, y], planes[2, y], shaper, told, camera, working)
        for x in range(camera.shape[1]):
            red, green, blue = working[0, x], working[1, x], working[2, x]
            most = max(red, max(green, blue))
            place = log2(most * F(1.0 / DARK) + F(1)) * shaper.steps
            at[0, x] = np.int32(clipped(place + F(0.5), F(0), shaper.last))
            share = F(1) / max(most, F(1e-9))
            away[0, x], away[1, x] = (red - green) * share, (blue - green) * share
        for k in range(2):
            for x in range(camera.shape[1]):
                way = away[k, x]
                size = abs(way)
                bent = way + F(BEND) * way * (F(1) - size) * (F(1) - F(2) * size)
                place = shaper.middle + bent * shaper.middle
                at[k + 1, x] = np.int32(clipped(place + F(0.5), F(0), shaper.last))
        _tetrahedra(at[0], at[1], at[2], np.int32(side), out[0, y], out[1, y])
        _mark(out[0, y], used)


@kernel
def _go(planes: Planes, shaper: Shaper, out: Planes, first: int, stop: int) -> None:
    camera, working = np.zeros((3, planes.shape[2]), F), np.zeros((3, planes.shape[2]), F)
    told = np.zeros((3, BLOCK), F)
    for y in range(first, stop):
        _way_row(planes[0, y], planes[1, y], planes[2, y], shaper, told, camera, working)
        for k in range(3):
            out[k, y] = working[k]


@part
def _way_row(
    red: Row, green: Row, blue: Row, shaper: Shaper, told: Plane, camera: Planes, working: Planes
) -> None:
    """The colors of a row at the end of their way, `working`; `camera` and `told` are room."""
    matrix = shaper.to_camera
    if len(shaper.camera_white):
        turn_row(
            *(red, green, blue, shaper.camera_white, matrix, told),
            *(camera[0], camera[1], camera[2]),
        )
    else:
        _turn(matrix, red, green, blue, camera)
    for k in range(3):
        for x in range(camera.shape[1]):
            camera[k, x] = min(camera[k, x] + shaper.added[k], shaper.ceiling)
    if shaper.lit:
        _light(camera[0], camera[1], camera[2])
    _turn(shaper.to_working, camera[0], camera[1], camera[2], working)
    if shaper.drawn:
        _draw(working[0], working[1], working[2])
    for k in range(3):
        for x in range(working.shape[1]):
            working[k, x] = clipped(working[k, x], F(0), shaper.top)


@part
def _turn(matrix: NDArray[np.float32], red: Row, green: Row, blue: Row, out: Planes) -> None:
    for k in range(3):
        by_red, by_green, by_blue = matrix[k]
        for x in range(len(red)):
            out[k, x] = by_red * red[x] + by_green * green[x] + by_blue * blue[x]


@part
def _light(x: Row, y: Row, z: Row) -> None:
    """Turn XYZ without light to black, and have no less than no Z."""
    for i in range(len(x)):
        lit = F(1) if min(y[i], x[i] + y[i] + z[i]) > F(0) else F(0)
        x[i] *= lit
        y[i] *= lit
        z[i] = lit * max(z[i], F(0))


@part
def _draw(red: Row, green: Row, blue: Row) -> None:
    """Draw colors outside of the space to grey until they are at its border."""
    for x in range(len(red)):
        average = max((red[x] + green[x] + blue[x]) * F(1.0 / 3.0), F(0))
        below = min(min(red[x], min(green[x], blue[x])), F(0))
        share = average / max(average - below, F(1e-12))
        red[x] = average + share * (red[x] - average)
        green[x] = average + share * (green[x] - average)
        blue[x] = average + share * (blue[x] - average)


@part
def _tetrahedra(
    most: NDArray[np.int32],
    red: NDArray[np.int32],
    blue: NDArray[np.int32],
    side: np.int32,
    out: NDArray[np.uint32],
    ways: NDArray[np.uint32],
) -> None:
    """A row of Places for places along each axis, in units of ONE to a node.

    A way and the number of its axis are sorted as one.
    """
    low = np.int32(ONE - 1)
    for x in range(len(out)):
        base = (most[x] >> FRACTION) * side + (red[x] >> FRACTION)
        base = base * side + (blue[x] >> FRACTION)
        along_most, along_red = (most[x] & low) << 2, (red[x] & low) << 2 | 1
        along_blue = (blue[x] & low) << 2 | 2
        longest, shortest = max(along_most, along_red), min(along_most, along_red)
        middle, longest = min(longest, along_blue), max(longest, along_blue)
        middle, shortest = max(middle, shortest), min(middle, shortest)
        axes = (longest & 3) << NODE | (shortest & 3) << NODE + 2
        out[x] = np.uint32(np.int32(base | axes))
        a, b, c = longest >> 2, middle >> 2, shortest >> 2
        ways[x] = np.uint32(np.int32(a | b << FRACTION | c << 2 * FRACTION))


@part
def _mark(cells: NDArray[np.uint32], out: NDArray[np.uint8]) -> None:
    for cell in cells:
        # again and again: quicker than to ask whether it is new
        out[np.uint32(cell & np.uint32((1 << NODE) - 1))] = 1


@part
def _read(
    cells: NDArray[np.uint32],
    ways: NDArray[np.uint32],
    nodes: NDArray[np.int64],
    steps: NDArray[np.uint32],
    out: NDArray[np.int64],
) -> None:
    """ONE times the three fields at a row of Places: by the four corners of each tetrahedron.

    `steps` lead to the next node along each axis.
    """
    node, low = np.uint32((1 << NODE) - 1), np.uint32(ONE - 1)
    for x in range(len(out)):
        cell, way = cells[x], ways[x]
        base = cell & node
        fourth = base + steps[3]
        second = base + steps[(cell >> NODE) & np.uint32(3)]
        third = fourth - steps[cell >> (NODE + 2)]
        a, b = np.int64(way & low), np.int64((way >> FRACTION) & low)
        c = np.int64(way >> 2 * FRACTION)
        near = (ONE - a) * nodes[np.uint32(base)] + (a - b) * nodes[np.uint32(second)]
        out[x] = near + (b - c) * nodes[np.uint32(third)] + c * nodes[np.uint32(fourth)]


@part
def _steps(side: int) -> NDArray[np.uint32]:
    """From a node to the next along each axis, and along all three."""
    steps = np.zeros(4, np.uint32)
    steps[0], steps[1], steps[2] = side * side, side, 1
    steps[3] = side * side + side + 1
    return steps


@kernel
def _to_pixels(
    places: Places, nodes: NDArray[np.int64], side: int, out: Packed, first: int, stop: int
) -> None:
    steps, row = _steps(side), np.zeros(out.shape[1], np.int64)
    for y in range(first, stop):
        _read(places[0, y], places[1, y], nodes, steps, row)
        _pixels(row, out[y])


@part
def _pixels(row: NDArray[np.int64], out: NDArray[np.uint32]) -> None:
    field, least = np.int32((1 << FIELD) - 1), np.int32(LEAST * ONE)
    for x in range(len(out)):
        rgb = row[x]
        packed = np.int32(255)
        for k in range(3):
            level = ((np.int32(rgb >> k * FIELD) & field) + least) >> DOWN
            level = max(min(level, np.int32(255)), np.int32(0))
            packed = packed << 8 | level
        out[x] = np.uint32(packed)


@kernel
def _to_planes(
    places: Places, nodes: NDArray[np.int64], side: int, out: Planes, first: int, stop: int
) -> None:
    steps, row = _steps(side), np.zeros(out.shape[2], np.int64)
    for y in range(first, stop):
        _read(places[0, y], places[1, y], nodes, steps, row)
        for k in range(3):
            _planes(row, k * FIELD, out[k, y])


@part
def _planes(row: NDArray[np.int64], shift: int, out: Row) -> None:
    scale, field = F(1.0 / (LEVELS * ONE)), np.int32((1 << FIELD) - 1)
    for x in range(len(out)):
        level = (np.int32(row[x] >> shift) & field) + np.int32((LEAST - HALF) * ONE)
        out[x] = clipped(F(level) * scale, F(0), F(1))
