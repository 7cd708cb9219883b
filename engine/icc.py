"""ICC profiles of the output spaces, encoded and linear, made here.

ICC.1:2022 (profile version 4.4): a display profile of matrix and curves. Where our encoding is a
parametric curve of the standard's kind it is written as one, else as a table of its inverse.
"""

import hashlib
import struct
from collections.abc import Sequence
from functools import cache

import numpy as np
import torch

from engine import color
from engine.metadata import ColorSpace, Matrix

PCS_WHITE = np.array([0.9642, 1.0, 0.8249])  # D50 as the standard rounds it
CURVE_POINTS = 4096

Chromaticity = tuple[float, float]
CHROMATICITIES: dict[str, tuple[Chromaticity, Chromaticity, Chromaticity, Chromaticity]] = {
    "srgb": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), (0.3127, 0.3290)),
    "display-p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290)),
    "adobe-rgb": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), (0.3127, 0.3290)),
    "rec2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), (0.3127, 0.3290)),
    "prophoto": (
        (0.734699, 0.265301),
        (0.159597, 0.840403),
        (0.036598, 0.000105),
        (0.3457, 0.3585),
    ),
}
"""x, y of red, green, blue and of the space's own white, from the standard of each."""

_SRGB = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_REC2020 = (1 / 0.45, 1 / 1.0992968, 0.0992968 / 1.0992968, 1 / 4.5, 4.5 * 0.0180540)
_PARAMETRIC = {"srgb": _SRGB, "display-p3": _SRGB, "rec2020": _REC2020}


@cache
def profile(space: ColorSpace, *, linear: bool = False) -> bytes:
    """The ICC profile of `space`, with its encoding or without any."""
    title = f"{space.title}, linear" if linear else space.title
    curve = _parametric(1.0) if linear else _curve(space)
    tags = {
        b"desc": _text(title),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": _xyz(PCS_WHITE),
        b"chad": _adaptation(CHROMATICITIES[space.name][3]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), _colorants(space).T, strict=True):
        tags[name] = _xyz(column)
    return _assemble(tags)


def _colorants(space: ColorSpace) -> Matrix:
    """Colorants by column, on the grid of the file format, their sum exactly the PCS white."""
    matrix = space.to_xyz * (PCS_WHITE / space.to_xyz.sum(1))[:, None]
    fixed = np.round(matrix * 65536.0)
    fixed[:, 1] = np.round(PCS_WHITE * 65536.0) - fixed[:, 0] - fixed[:, 2]
    return fixed / 65536.0


def _adaptation(white: Chromaticity) -> bytes:
    pcs = torch.from_numpy(PCS_WHITE)
    matrix = color.adaptation(color.xyz(torch.tensor(white, dtype=torch.float64)), pcs)
    return b"sf32\0\0\0\0" + _fixed(matrix.flatten().tolist())


def _curve(space: ColorSpace) -> bytes:
    if space.name in _PARAMETRIC:
        return _parametric(*_PARAMETRIC[space.name])
    encoded = torch.linspace(0.0, 1.0, CURVE_POINTS, dtype=torch.float64)
    codes = (color.decode(encoded, space) * 65535.0).round().int().tolist()
    return b"curv\0\0\0\0" + struct.pack(f">I{CURVE_POINTS}H", CURVE_POINTS, *codes)


def _parametric(*numbers: float) -> bytes:
    """x^g, or (a x + b)^g above d and c x below, as numbers g, a, b, c, d."""
    kind = 3 if len(numbers) == 5 else 0
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + _fixed(numbers)


def _text(text: str) -> bytes:
    letters = text.encode("utf-16-be")
    head = struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(letters), 28)
    return b"mluc\0\0\0\0" + head + letters


def _xyz(numbers: Matrix) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(numbers.tolist())


def _fixed(numbers: Sequence[float]) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536.0) for number in numbers))


def _assemble(tags: dict[bytes, bytes]) -> bytes:
    """Header, tag table and tags; equal ones are stored once."""
    offset = 128 + 4 + 12 * len(tags)
    table, body, places = b"", b"", dict[bytes, int]()
    for name, content in tags.items():
        if content not in places:
            places[content] = offset + len(body)
            body += content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, places[content], len(content))
    size = offset + len(body)
    head = struct.pack(
        ">I4sI4s4s4s6H4s4s", size, b"", 0x04400000, b"mntr", b"RGB ", b"XYZ ",
        *(2026, 1, 1, 0, 0, 0), b"acsp", b"",
    )  # fmt: skip
    head += bytes(24) + _fixed(PCS_WHITE.tolist())
    head += bytes(128 - len(head))
    content = head + struct.pack(">I", len(tags)) + table + body
    identity = hashlib.md5(content, usedforsecurity=False).digest()
    return content[:84] + identity + content[100:]
