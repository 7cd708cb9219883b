""".cube files: one- and three-dimensional tables of a look.

Adobe Systems, Cube LUT Specification 1.0, 2013.
"""

import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.curves import look_up
from engine.errors import PhotofinishError
from engine.tables import interpolate

_LARGEST = {1: 65536, 3: 256}
_SIZES = {"LUT_1D_SIZE": 1, "LUT_3D_SIZE": 3}
_RANGES = ("LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE")  # DaVinci Resolve's way to say the domain


@dataclass(frozen=True, eq=False)
class Cube:
    """`table` (n, 3) float32 for each channel, or (n, n, n, 3), indexed blue, green, red.

    `low` and `high` (3,) are the inputs of the first and last entry.
    """

    table: NDArray[np.float32]
    low: tuple[float, ...] = (0.0, 0.0, 0.0)
    high: tuple[float, ...] = (1.0, 1.0, 1.0)

    def apply(self, image: Tensor) -> Tensor:
        """Return `image` (B, 3, H, W), on the table's own scale, looked up linearly."""
        channels = zip(image.unbind(1), self.low, self.high, strict=True)
        places = [((x - low) / (high - low)).clamp(0.0, 1.0) for x, low, high in channels]
        if self.table.ndim == 2:
            curves = torch.from_numpy(self.table).to(image).unbind(1)
            looked_up = [look_up(c, x) for c, x in zip(curves, places, strict=True)]
        else:
            red, green, blue = (x * (len(self.table) - 1) for x in places)
            looked_up = interpolate(self.table, blue, green, red)
        return torch.stack(looked_up, 1)


def load_cube(path: str | Path) -> Cube:
    """Read a .cube file; the last few stay in memory. Raises PhotofinishError."""
    try:
        about = Path(path).stat()
        if not stat.S_ISREG(about.st_mode):  # opening a pipe would wait for its other end
            raise PhotofinishError(f"The .cube file {path} is no ordinary file.")
        return _load(str(path), about.st_mtime_ns)
    except OSError as error:
        raise PhotofinishError(f"The .cube file {path} cannot be read.") from error


@lru_cache(maxsize=8)
def _load(path: str, _changed: int) -> Cube:
    name = Path(path).name
    try:
        return parse_cube(Path(path).read_text(encoding="utf-8", errors="replace"))
    except ValueError as error:
        raise PhotofinishError(f"{name} is no valid .cube file: {error}.") from error


def parse_cube(text: str) -> Cube:
    """The table in the text of a .cube file. Raises ValueError, saying what is wrong."""
    dimensions, size = 0, 0
    domain = {"DOMAIN_MIN": (0.0, 0.0, 0.0), "DOMAIN_MAX": (1.0, 1.0, 1.0)}
    rows: list[str] = []
    for line in text.splitlines():
        words = line.split(maxsplit=1)
        if not words or words[0].startswith("#") or words[0] == "TITLE":
            continue
        keyword, rest = words[0], "".join(words[1:])
        if keyword in _SIZES:
            if dimensions:
                raise ValueError("it gives two sizes")
            dimensions, size = _SIZES[keyword], int(rest)
            if not 2 <= size <= _LARGEST[dimensions]:
                raise ValueError(f"its size is {size}")
        elif keyword in domain:
            domain[keyword] = _triple(rest)
        elif keyword in _RANGES:
            low, high = rest.split()
            domain = {"DOMAIN_MIN": _triple(f"{low} " * 3), "DOMAIN_MAX": _triple(f"{high} " * 3)}
        elif keyword[0].isalpha() and keyword.lower() not in ("nan", "inf"):
            raise ValueError(f"it says {keyword!r}")
        else:
            rows.append(line)
    if not dimensions:
        raise ValueError("it gives no size")
    if len(rows) != size**dimensions:
        raise ValueError(f"it holds {len(rows)} colors instead of {size**dimensions}")
    first, last = domain["DOMAIN_MIN"], domain["DOMAIN_MAX"]
    if not all(a < b for a, b in zip(first, last, strict=True)):
        raise ValueError("its domain is empty")
    table = np.array([_triple(row) for row in rows], dtype=np.float32)
    return Cube(table.reshape(*[size] * dimensions, 3), first, last)


def _triple(text: str) -> tuple[float, float, float]:
    values = [float(word) for word in text.split()]
    if len(values) != 3 or not np.isfinite(values).all():
        raise ValueError(f"{text.strip()[:40]!r} is no color")
    return values[0], values[1], values[2]
