"""Kernels: compiled loops over rows of planes, and what many of them need.

A kernel is told the first row it is to make and the one after the last, so that `by_rows` can share
a picture out. It runs without Python's lock. It calls only functions of its own file, of this, and
of highlights.py.

log2 and exp2 work on the bits of a float32: its exponent, and a minimax polynomial for the rest.
"""

import hashlib
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numba
import numpy as np
import platformdirs
import torch
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numpy.typing import NDArray
from torch import Tensor

import engine
from engine.color import PROPHOTO
from engine.filters import FLOOR
from engine.live.room import room
from engine.strips import at_once

Plane: TypeAlias = NDArray[np.float32]
"""Pixels (H, W)."""

Planes: TypeAlias = NDArray[np.float32]
"""Pixels (K, H, W), plane by plane."""

Row: TypeAlias = NDArray[np.float32]
"""Pixels (W,)."""

F = np.float32
"""Numbers in a kernel are made with it: anything else would make double precision of a sum."""

_Function = TypeVar("_Function", bound=Callable[..., Any])

_BLOCKS, _ROWS = 2, 64  # a picture is shared out in so many blocks of so many rows at least
_CALLED = ("kernels.py", "highlights.py")
_BUILDS = 4  # of the kernels that stay on disk


def _compiled() -> Path:
    """The folder of compiled kernels, one for each state of the files that others call.

    Numba itself compiles again when the kernel's own file has changed, but not when these have.
    """
    try:
        state = b"".join((Path(__file__).parent / name).read_bytes() for name in _CALLED)
    except OSError:  # a frozen program has no sources
        state = engine.__version__.encode()
    builds = Path(platformdirs.user_cache_dir("photofinish")) / "kernels"
    build = builds / hashlib.sha256(state).hexdigest()[:16]
    others = sorted(set(builds.glob("*")) - {build}, key=lambda path: path.name)
    for old in others[_BUILDS - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
    return build


class _Apart(CompilerBase):
    """Numba's compiler, told that arrays do not overlap: else few loops can use vectors."""

    def define_pipelines(self) -> list[Any]:
        """Return the passes."""
        self.state.flags.noalias = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


_COMPILER: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"nsz", "arcp", "contract", "afn", "reassoc"},  # infinite, or no number, may be
    "pipeline_class": _Apart,
}


def kernel(function: _Function) -> _Function:
    """`function`, compiled when it is first called, and kept on disk. Its arrays are apart."""
    try:
        compiled: _Function = numba.njit(cache=True, **_COMPILER)(function)
    except RuntimeError:  # there is no folder to keep it in
        compiled = part(function)
    return compiled


def part(function: _Function) -> _Function:
    """`function`, compiled into the kernels that call it. Arrays given to it are apart."""
    compiled: _Function = numba.njit(**_COMPILER)(function)
    return compiled


numba.config.CACHE_DIR = str(_compiled())  # type: ignore[attr-defined]


def by_rows(run: Callable[[int, int], None], height: int) -> None:
    """Run `run(first, stop)` for the rows of a picture, on as many threads as torch has."""
    blocks = min(_BLOCKS, height // _ROWS)
    if blocks <= 1:
        run(0, height)
        return
    edges = [block * height // blocks for block in range(blocks + 1)]
    at_once(lambda block: run(edges[block], edges[block + 1]), range(blocks))


def planes_of(image: Tensor) -> Planes:
    """The planes (K, H, W) of one picture (1, K, H, W): its own memory if that is in order."""
    return np.ascontiguousarray(image[0].detach().numpy(), np.float32)


def picture_of(planes: Planes) -> Tensor:
    """The picture (1, K, H, W) of `planes`: the same memory."""
    return torch.from_numpy(planes)[None]


def each_pixel(image: Tensor, run: Callable[..., None], *told: object) -> Tensor:
    """What the kernel `run(planes, *told, out, first, stop)` makes of `image` (1, K, H, W)."""
    planes = planes_of(image)
    out = room(planes.shape)
    by_rows(lambda first, stop: run(planes, *told, out, first, stop), planes.shape[1])
    return picture_of(out)


@part
def log2(x: F) -> F:
    """log2 of x > 0, to 1e-6."""
    bits = F(x).view(np.int32)
    m = np.int32((bits & 0x7FFFFF) | 0x3F800000).view(F) - F(1)
    p = F(0.01520910828295167) * m - F(0.07853497035695785)
    p = p * m + F(0.193029654897827)
    p = p * m - F(0.32514018726154015)
    p = p * m + F(0.47332419153164584)
    p = p * m - F(0.7205542372467233)
    p = p * m + F(1.4426664401527969)
    return F((bits >> 23) - 127) + p * m


@part
def exp2(x: F) -> F:
    """2 to the power of x, held within -126 and 127; to a part in 2e6."""
    x = clipped(x, F(-126), F(127))
    whole = np.floor(x)
    r = x - whole
    p = F(0.0018968500438472096) * r + F(0.008947750310280186)
    p = p * r + F(0.0558552964128367)
    p = p * r + F(0.24014712313028247)
    p = p * r + F(0.6931529801027534)
    p = p * r + F(1)
    return np.int32((np.int32(whole) + 127) << 23).view(F) * p


@part
def clipped(x: F, low: F, high: F) -> F:
    """`x` held within `low` and `high`; `low` if it is no number."""
    x = x if x > low else low
    return x if x < high else high


@part
def srgb_encoded(linear: F) -> F:
    """As engine.color.srgb_encode."""
    power = F(1.055) * exp2(log2(max(linear, F(0.0031308))) * F(1.0 / 2.4)) - F(0.055)
    return min(F(12.92) * linear, power)


@part
def srgb_decoded(encoded: F) -> F:
    """As engine.color.srgb_decode."""
    power = exp2(log2((max(encoded, F(0.04045)) + F(0.055)) * F(1.0 / 1.055)) * F(2.4))
    return power if encoded > F(0.04045) else encoded * F(1.0 / 12.92)


_LEAST = F(-4 * FLOOR)
_ROUND = F(4 * FLOOR**2)


@part
def log_luminance(y: F) -> F:
    """As engine.filters.log_luminance: EV of a linear value of any sign."""
    y = y if y > _LEAST else _LEAST
    return log2((y + np.sqrt(y * y + _ROUND)) * F(0.5))


RED, GREEN, BLUE = (F(weight) for weight in PROPHOTO.to_xyz[1])


@part
def luminance_row(red: Row, green: Row, blue: Row, out: Row) -> None:
    """CIE Y of linear ProPhoto."""
    for x in range(len(out)):
        out[x] = RED * red[x] + GREEN * green[x] + BLUE * blue[x]


@part
def scale_row(plane: Row, gain: Row, out: Row) -> None:
    """`plane` times `gain`."""
    for x in range(len(out)):
        out[x] = plane[x] * gain[x]


@part
def mean_row(plane: Plane, y: int, radius: int, line: Row, out: Row) -> None:
    """Row `y` of engine.filters.box_mean; `line` is 2 `radius` longer."""
    width = len(out)
    above, below = max(0, y - radius), min(len(plane) - 1, y + radius)
    line[:] = F(0)
    for row in range(above, below + 1):
        _add(plane[row], line[radius : radius + width])
    out[:] = F(0)
    for start in range(2 * radius + 1):
        _add(line[start : start + width], out)
    share = F(1) / F((2 * radius + 1) * (below - above + 1))
    for x in range(width):
        out[x] *= share
    # the box is cut off at the ends, by so many columns
    for x in range(min(radius, width)):
        out[x] *= F(2 * radius + 1) / F(min(x + radius, width - 1) + 1)
    for x in range(max(radius, width - radius), width):
        out[x] *= F(2 * radius + 1) / F(radius + width - x)


@part
def _add(row: Row, total: Row) -> None:
    for x in range(len(total)):
        total[x] += row[x]


class Curve(NamedTuple):
    """A function of one variable as a table: at (x - low) * steps, value and rise to the next."""

    entries: NDArray[np.int64]  # both float32s of an entry in one: a lookup is one read
    low: np.float32
    steps: np.float32


def curve(function: Callable[[Tensor], Tensor], low: float, high: float, steps: int) -> Curve:
    """`function` by `steps` equal steps from `low` to `high`; level beyond."""
    x = torch.linspace(low, high, steps + 1, dtype=torch.float64)
    return curve_of(function(x), low, high)


def curve_of(values: Tensor, low: float, high: float) -> Curve:
    """The curve through `values` (n,) at equal steps from `low` to `high`."""
    heights = values.numpy()
    rises = np.diff(heights, append=heights[-1])
    entries = np.stack([heights, rises], -1).astype(np.float32)
    return Curve(entries.view(np.int64)[:, 0], F(low), F((len(heights) - 1) / (high - low)))


@part
def look_up(table: Curve, x: F) -> F:
    """`table` at `x`."""
    position = clipped((x - table.low) * table.steps, F(0), F(len(table.entries) - 1))
    index = np.int32(position)
    entry = table.entries[np.uint32(index)]
    return np.int32(entry).view(F) + np.int32(entry >> 32).view(F) * (position - F(index))


class Maps(NamedTuple):
    """Small planes (K, h, w), and where the rows and columns of a full-size picture lie in them.

    A position is the entry before, and the share of the way from there to the next.
    """

    small: Planes
    rows: NDArray[np.int32]
    down: NDArray[np.float32]
    columns: NDArray[np.int32]
    across: NDArray[np.float32]


def maps_over(small: Tensor, height: int, width: int) -> Maps:
    """`small` (1, K, h, w), to be read bilinearly over a frame as engine.filters.enlarge does."""
    planes = planes_of(small)
    return Maps(planes, *positions(planes.shape[1], height), *positions(planes.shape[2], width))


@lru_cache(maxsize=32)
def positions(count: int, full: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Where `full` pixels lie among `count` cells over the same length."""
    place = np.clip((np.arange(full) + 0.5) * (count / full) - 0.5, 0.0, count - 1.0)
    before = np.minimum(place.astype(np.int32), max(0, count - 2))
    return before.astype(np.int32), (place - before).astype(np.float32)


@part
def wide_rows(maps: Maps) -> tuple[Planes, NDArray[np.int64]]:
    """Room for two rows of `maps` at full width, (2, K, W), and which rows they are."""
    room = np.zeros((2, maps.small.shape[0], len(maps.columns)), F)
    return room, np.full(2, -1)


@part
def read_row(maps: Maps, y: int, wide: Planes, held: NDArray[np.int64], out: Plane) -> None:
    """Row `y` of the full-size maps, (K, W). `wide` and `held` keep what neighbors need too."""
    above = np.int64(maps.rows[y])
    below = min(above + 1, maps.small.shape[1] - 1)
    for k in range(len(out)):
        for row in (above, below):
            if held[row & 1] != row:
                _widen(maps.small[k, row], maps.columns, maps.across, wide[row & 1, k])
        _between(wide[above & 1, k], wide[below & 1, k], maps.down[y], out[k])
    held[above & 1] = above
    held[below & 1] = below


@part
def _widen(small: Row, columns: NDArray[np.int32], across: Row, out: Row) -> None:
    last = len(small) - 1
    for x in range(len(out)):
        left = columns[x]
        value = small[left]
        out[x] = value + across[x] * (small[min(left + 1, last)] - value)


@part
def _between(above: Row, below: Row, share: F, out: Row) -> None:
    for x in range(len(out)):
        out[x] = above[x] + share * (below[x] - above[x])
