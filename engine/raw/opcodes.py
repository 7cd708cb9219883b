"""DNG opcodes: corrections that the camera asks for, on the mosaic or on the finished picture.

Adobe, Digital Negative Specification 1.7.1, chapter 7. Lists are big-endian in every file. Pictures
are float32 (H, W, planes); opcodes of list 1 work on stored values, of lists 2 and 3 on linear ones
with 1 = white. Results are not clipped: a gain map may raise what the sensor recorded above 1.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import PhotofinishError
from engine.raw.tiff import DamagedError

Picture = NDArray[np.float32]
OPTIONAL, SKIP_FOR_PREVIEW = 1, 2


@dataclass(frozen=True)
class Opcode:
    """One entry of a list: its number, whether it may be left out, and its own bytes."""

    number: int
    optional: bool
    content: bytes

    @property
    def name(self) -> str:
        """Its name in the specification."""
        return NAMES.get(self.number, f"opcode {self.number}")


@dataclass(frozen=True)
class Grid:
    """Where a picture's pixels lie in the full-size picture that opcodes speak of.

    Pixel i of an axis covers full-size pixels i * step to (i + 1) * step.
    """

    height: int
    width: int
    step: int = 1


def read_list(content: bytes) -> list[Opcode]:
    """The opcodes of an OpcodeList tag, in order. Raises DamagedError where it is cut short."""
    if not content:
        return []
    try:
        (count,) = struct.unpack_from(">I", content)
        at, opcodes = 4, []
        for _ in range(count):
            number, _, flags, size = struct.unpack_from(">IIII", content, at)
            if at + 16 + size > len(content):
                raise DamagedError
            body = content[at + 16 : at + 16 + size]
            opcodes.append(Opcode(number, bool(flags & OPTIONAL), body))
            at += 16 + size
    except struct.error as error:
        raise DamagedError from error
    return opcodes


def apply(opcodes: list[Opcode], picture: Picture, grid: Grid) -> Picture:
    """Return `picture` with the opcodes applied, in order; it may be written to.

    Raises PhotofinishError where one that may not be left out is unknown.
    """
    for opcode in opcodes:
        run = RUN.get(opcode.number)
        if run is None:
            if opcode.optional:
                continue
            raise PhotofinishError(
                f"This file asks for a correction that Photofinish does not know ({opcode.name})."
            )
        try:
            picture = run(opcode.content, picture, grid)
        except (struct.error, IndexError, ValueError, OverflowError) as error:
            raise DamagedError from error
    return picture


@dataclass(frozen=True)
class Area:
    """The pixels and planes that an opcode touches, in full-size coordinates."""

    top: int
    left: int
    bottom: int
    right: int
    plane: int
    planes: int
    row_pitch: int
    column_pitch: int

    SIZE = 32

    @classmethod
    def read(cls, content: bytes) -> "Area":
        """The area at the start of an opcode."""
        area = cls(*struct.unpack_from(">iiiiIIII", content))
        if area.row_pitch < 1 or area.column_pitch < 1:
            raise DamagedError
        return area

    def rows(self, grid: Grid) -> slice:
        """Rows of the picture at hand."""
        return _steps(self.top, self.bottom, self.row_pitch, grid.height, grid.step)

    def columns(self, grid: Grid) -> slice:
        """Columns of the picture at hand."""
        return _steps(self.left, self.right, self.column_pitch, grid.width, grid.step)

    def lanes(self, picture: Picture) -> range:
        """Planes of the picture at hand."""
        return range(self.plane, min(self.plane + self.planes, picture.shape[2]))


def _steps(start: int, stop: int, pitch: int, length: int, step: int) -> slice:
    first = max(start, 0)
    if start < 0:
        first += start % pitch
    return slice(-(-first // step), min(-(-stop // step), length), max(1, pitch // step))


def _gain_map(content: bytes, picture: Picture, grid: Grid) -> Picture:
    area = Area.read(content)
    points_v, points_h, step_v, step_h, from_v, from_h, planes = struct.unpack_from(
        ">IIddddI", content, Area.SIZE
    )
    size = points_v * points_h * planes
    at = Area.SIZE + struct.calcsize(">IIddddI")
    if not size or size > (len(content) - at) // 4:
        raise DamagedError
    gains = np.frombuffer(content, ">f4", size, at).astype(np.float32)
    gains = gains.reshape(points_v, points_h, planes)
    rows, columns = area.rows(grid), area.columns(grid)
    v = ((np.arange(grid.height)[rows] + 0.5) / grid.height - from_v) / (step_v or 1.0)
    h = ((np.arange(grid.width)[columns] + 0.5) / grid.width - from_h) / (step_h or 1.0)
    down, across = _weights(v, points_v), _weights(h, points_h)
    for lane in area.lanes(picture):
        table = gains[:, :, min(lane - area.plane, planes - 1)]
        picture[rows, columns, lane] *= down @ (table @ across.T)
    return picture


def _weights(position: NDArray[np.float64], points: int) -> NDArray[np.float32]:
    """Bilinear weights (positions, points): a row of them picks a value between two points."""
    position = position.clip(0.0, points - 1.0)
    low = np.minimum(position.astype(int), max(points - 2, 0))
    weights = np.zeros((len(position), points), np.float32)
    here = np.arange(len(position))
    weights[here, low] = 1.0 - (position - low)
    weights[here, np.minimum(low + 1, points - 1)] += position - low
    return weights


def _map_table(content: bytes, picture: Picture, grid: Grid) -> Picture:
    area = Area.read(content)
    (count,) = struct.unpack_from(">I", content, Area.SIZE)
    table = np.frombuffer(content, ">u2", count, Area.SIZE + 4).astype(np.float32) / 65535.0
    position = np.arange(count, dtype=np.float32) / 65535.0

    def look_up(values: Picture) -> Picture:
        return np.interp(values, position, table).astype(np.float32)

    return _pointwise(area, picture, grid, look_up)


def _map_polynomial(content: bytes, picture: Picture, grid: Grid) -> Picture:
    area = Area.read(content)
    (degree,) = struct.unpack_from(">I", content, Area.SIZE)
    if degree > 8:
        raise DamagedError
    factors = struct.unpack_from(f">{degree + 1}d", content, Area.SIZE + 4)

    def evaluate(values: Picture) -> Picture:
        out = np.full_like(values, factors[-1])
        for factor in factors[-2::-1]:
            out = out * values + np.float32(factor)
        return out

    return _pointwise(area, picture, grid, evaluate)


def _pointwise(
    area: Area, picture: Picture, grid: Grid, change: Callable[[Picture], Picture]
) -> Picture:
    for lane in area.lanes(picture):
        part = picture[area.rows(grid), area.columns(grid), lane]
        part[...] = change(part)
    return picture


def _per_line(axis: int, combine: Callable[..., object]) -> Callable[..., Picture]:
    """DeltaPerRow, DeltaPerColumn, ScalePerRow, ScalePerColumn: a number for each line."""

    def run(content: bytes, picture: Picture, grid: Grid) -> Picture:
        area = Area.read(content)
        (count,) = struct.unpack_from(">I", content, Area.SIZE)
        numbers = np.frombuffer(content, ">f4", count, Area.SIZE + 4).astype(np.float32)
        start, pitch = (area.top, area.row_pitch) if axis == 0 else (area.left, area.column_pitch)
        lines = (area.rows(grid), area.columns(grid))[axis]
        length = (grid.height, grid.width)[axis]
        chosen = np.arange(length)[lines] * grid.step
        index = ((chosen - start) // pitch).clip(0, count - 1)
        amount = numbers[index]
        amount = amount[:, None] if axis == 0 else amount[None, :]
        for lane in area.lanes(picture):
            part = picture[area.rows(grid), area.columns(grid), lane]
            combine(part, amount, out=part)
        return picture

    return run


def _vignette(content: bytes, picture: Picture, grid: Grid) -> Picture:
    *k, center_x, center_y = struct.unpack_from(">7d", content)
    x, y, reach = _radial(grid, center_x, center_y)
    r2 = (x * x + y * y) / (reach * reach)
    gain = np.full_like(r2, k[4])
    for factor in (*k[3::-1], 1.0):
        gain = gain * r2 + np.float32(factor)
    picture *= gain[..., None]
    return picture


def _radial(grid: Grid, center_x: float, center_y: float) -> tuple[Picture, Picture, float]:
    """Offsets of all pixels from the optical center, and the distance of the farthest corner."""
    along = max(grid.width - 1.0, 1.0), max(grid.height - 1.0, 1.0)
    x0, y0 = center_x * along[0], center_y * along[1]
    reach = float(np.hypot(max(x0, along[0] - x0), max(y0, along[1] - y0)))
    x = (np.arange(grid.width, dtype=np.float32) - np.float32(x0))[None, :]
    y = (np.arange(grid.height, dtype=np.float32) - np.float32(y0))[:, None]
    return x, y, reach


WARP_ROWS = 256


def _warp_rectilinear(content: bytes, picture: Picture, grid: Grid) -> Picture:
    (sets,) = struct.unpack_from(">I", content)
    terms = [struct.unpack_from(">6d", content, 4 + 48 * i) for i in range(sets)]
    center = struct.unpack_from(">2d", content, 4 + 48 * sets)

    def bend(x: Picture, y: Picture, i: int) -> tuple[Picture, Picture]:
        k0, k1, k2, k3, t0, t1 = (np.float32(term) for term in terms[min(i, sets - 1)])
        r2 = x * x + y * y
        ratio = k0 + r2 * (k1 + r2 * (k2 + r2 * k3))
        dx = t0 * (2 * x * y) + t1 * (r2 + 2 * x * x)
        dy = t1 * (2 * x * y) + t0 * (r2 + 2 * y * y)
        return ratio * x + dx, ratio * y + dy

    return _warp(picture, grid, center, bend, sets)


def _warp_fisheye(content: bytes, picture: Picture, grid: Grid) -> Picture:
    (sets,) = struct.unpack_from(">I", content)
    terms = [struct.unpack_from(">4d", content, 4 + 32 * i) for i in range(sets)]
    center = struct.unpack_from(">2d", content, 4 + 32 * sets)

    def bend(x: Picture, y: Picture, i: int) -> tuple[Picture, Picture]:
        k0, k1, k2, k3 = (np.float32(term) for term in terms[min(i, sets - 1)])
        r = np.maximum(np.hypot(x, y), np.float32(1e-9))
        angle = np.arctan(r)
        a2 = angle * angle
        ratio = angle * (k0 + a2 * (k1 + a2 * (k2 + a2 * k3))) / r
        return ratio * x, ratio * y

    return _warp(picture, grid, center, bend, sets)


def _warp(
    picture: Picture,
    grid: Grid,
    center: tuple[float, ...],
    bend: Callable[[Picture, Picture, int], tuple[Picture, Picture]],
    sets: int,
) -> Picture:
    """Resample: `bend` tells where a pixel comes from, both relative to the optical center."""
    import cv2

    x, y, reach = _radial(grid, *center)
    planes = picture.shape[2]
    together = sets == 1 or planes == 1
    out = np.empty_like(picture)
    for top in range(0, grid.height, WARP_ROWS):
        rows = slice(top, top + WARP_ROWS)
        for plane in range(1 if together else planes):
            from_x, from_y = bend(x / reach, y[rows] / reach, plane)
            map_x = from_x * np.float32(reach) - x[0, 0]
            map_y = from_y * np.float32(reach) - y[0, 0]
            lanes = slice(None) if together else slice(plane, plane + 1)
            part = cv2.remap(
                np.ascontiguousarray(picture[..., lanes]),
                map_x.astype(np.float32),
                map_y.astype(np.float32),
                cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_REPLICATE,
            )
            out[rows, :, lanes] = part.reshape(*map_x.shape, -1)
    return out


def _trim(content: bytes, picture: Picture, grid: Grid) -> Picture:
    top, left, bottom, right = (v // grid.step for v in struct.unpack_from(">iiii", content))
    kept = picture[max(top, 0) : bottom, max(left, 0) : right]
    if not kept.size:
        raise DamagedError
    # the default crop counts from the picture's own corner: keep the frame, repeat the edge
    lines = np.arange(grid.height).clip(max(top, 0), min(bottom, grid.height) - 1)
    columns = np.arange(grid.width).clip(max(left, 0), min(right, grid.width) - 1)
    return picture[lines][:, columns]


def _bad_constant(content: bytes, picture: Picture, _: Grid) -> Picture:
    constant = struct.unpack_from(">II", content)[0]
    rows, columns = np.nonzero(picture[..., 0] == np.float32(constant))
    return _mend(picture, list(zip(rows.tolist(), columns.tolist(), strict=True)))


def _bad_list(content: bytes, picture: Picture, grid: Grid) -> Picture:
    _, points, areas = struct.unpack_from(">III", content)
    spots = list(struct.iter_unpack(">II", content[12 : 12 + 8 * points]))
    for top, left, bottom, right in struct.iter_unpack(
        ">IIII", content[12 + 8 * points : 12 + 8 * points + 16 * areas]
    ):
        inside = range(top, min(bottom, grid.height)), range(left, min(right, grid.width))
        spots += [(row, column) for row in inside[0] for column in inside[1]]
    return _mend(picture, [s for s in spots if s[0] < grid.height and s[1] < grid.width])


def _mend(picture: Picture, spots: list[tuple[int, int]]) -> Picture:
    """Give each bad pixel the mean of the nearest good ones of its own color, two pixels away."""
    bad = set(spots)
    height, width = picture.shape[:2]
    for row, column in spots:
        around = [
            picture[r, c]
            for r, c in _neighbors(row, column)
            if 0 <= r < height and 0 <= c < width and (r, c) not in bad
        ]
        if around:
            picture[row, column] = np.mean(around, axis=0)
    return picture


def _neighbors(row: int, column: int) -> Iterator[tuple[int, int]]:
    for down, across in ((-2, 0), (2, 0), (0, -2), (0, 2), (-2, -2), (-2, 2), (2, -2), (2, 2)):
        yield row + down, column + across


NAMES = {
    1: "WarpRectilinear",
    2: "WarpFisheye",
    3: "FixVignetteRadial",
    4: "FixBadPixelsConstant",
    5: "FixBadPixelsList",
    6: "TrimBounds",
    7: "MapTable",
    8: "MapPolynomial",
    9: "GainMap",
    10: "DeltaPerRow",
    11: "DeltaPerColumn",
    12: "ScalePerRow",
    13: "ScalePerColumn",
    14: "WarpRectilinear2",
}

RUN: dict[int, Callable[[bytes, Picture, Grid], Picture]] = {
    1: _warp_rectilinear,
    2: _warp_fisheye,
    3: _vignette,
    4: _bad_constant,
    5: _bad_list,
    6: _trim,
    7: _map_table,
    8: _map_polynomial,
    9: _gain_map,
    10: _per_line(0, np.add),
    11: _per_line(1, np.add),
    12: _per_line(0, np.multiply),
    13: _per_line(1, np.multiply),
}
