"""Creative LUT: darktable's lut 3D: a look from a .cube file, read tetrahedrally in sRGB.

Kasson, Nin, Plouffe, Hafner, Performing color space conversions with three-dimensional linear
interpolation, Journal of Electronic Imaging 4(3), 1995: tetrahedra. What sRGB cannot hold is cut
off. The amount is the opacity with which darktable blends the module in.

darktable is told of the file by its path from its own folder of tables (`luts`): the user's own
darktable finds it there too, as long as file and folder stay where they are.
"""

import os
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from engine.color import REC2020, SRGB, between, srgb_decode, srgb_encode, transform
from engine.cube import Cube, load_cube
from engine.errors import PhotofinishError
from engine.finishers.darktable import luts
from engine.finishers.darktable.module import Module, Numbers, Parameters, agree
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import CubeFile, Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

LUT = CubeFile("lut", label="LUT")
AMOUNT = Slider("lut_amount", 0.0, 100.0, default=100.0, unit="%", label="Amount")

PLAIN: Parameters = {"colorspace": 0, "interpolation": 0, "nb_keypoints": 0}
"""In sRGB, by tetrahedra; no table of G'MIC's."""

SUFFIXES = ".cube", ".CUBE"
"""darktable tells a .cube file by them."""

BYTES = 512
"""Of darktable's path, which ends with a zero."""


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, lut: str, lut_amount: Value
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, through the module.

    Raises PhotofinishError where `lut` names a file that darktable cannot read.
    """
    if not lut:
        return image
    cube_of(lut)
    told = parameters(metadata, lut=lut, lut_amount=lut_amount)
    return alone("lut3d", told, image, float(lut_amount) / 100.0)


def proxy(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, lut: str, lut_amount: Value
) -> Tensor:
    """The table's answer, mixed with the picture."""
    if not lut:
        return image
    cube = cube_of(lut)
    linear = transform(image, between(REC2020, SRGB)).clamp(0.0, 1.0)
    looked_up = tetrahedral(cube, srgb_encode(linear)).clamp_min(0.0)
    look = transform(srgb_decode(looked_up), between(SRGB, REC2020))
    return image + (look - image) * (lut_amount / 100.0)


def tetrahedral(cube: Cube, image: Tensor) -> Tensor:
    """Return `image` (B, 3, H, W) in [0, 1] looked up in the three-dimensional `cube`.

    From a cell's darkest corner to its lightest, one edge for each channel, the largest share
    first: the four corners on the way are mixed.
    """
    side = len(cube.table)
    table = torch.from_numpy(cube.table).to(image).reshape(-1, 3)
    places = image * (side - 1)
    cell = places.detach().floor().nan_to_num().clamp(0, side - 2)
    shares, order = (places - cell).sort(1, descending=True)
    strides = torch.tensor([1, side, side * side], device=image.device)
    corner = (cell.long() * strides.view(1, 3, 1, 1)).sum(1)
    edges = strides[order].unbind(1)
    first, second, third = shares.unsqueeze(-1).unbind(1)
    seen = (1.0 - first) * table[corner]
    for edge, weight in zip(edges, (first - second, second - third, third), strict=True):
        corner = corner + edge
        seen = seen + weight * table[corner]
    return seen.movedim(-1, 1)


def cube_of(path: str) -> Cube:
    """The table in the file at `path`. Raises PhotofinishError where darktable cannot read it.

    darktable itself says nothing to that, and leaves the picture without the look.
    """
    cube = load_cube(path)
    why = _unread(path, cube, Path(path).stat().st_mtime_ns)
    if why:
        raise PhotofinishError(f"darktable cannot read {Path(path).name}: {why}.")
    return cube


@lru_cache(maxsize=8)
def _unread(path: str, cube: Cube, _changed: int) -> str:
    if not path.endswith(SUFFIXES):
        return "its name does not end in .cube"
    if cube.table.ndim != 4:
        return "its table is one-dimensional"
    if (cube.low, cube.high) != ((0.0,) * 3, (1.0,) * 3):
        return "its table does not run from 0 to 1"
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    if any(line.split()[:1] == ["LUT_3D_INPUT_RANGE"] for line in text.splitlines()):
        return "it says LUT_3D_INPUT_RANGE"  # which is taken for a color
    return ""


def parameters(metadata: Metadata, *, lut: str, lut_amount: Value) -> Parameters:
    """The file's path as darktable has it. Raises PhotofinishError where it has none."""
    way = os.fsencode(luts.told(lut)) if lut else b""
    signed = [byte - 256 if byte > 127 else byte for byte in way.ljust(BYTES, b"\0")]
    return {**PLAIN, "filepath": signed}


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse, but for the amount; None for files of other kinds and spaces."""
    if not agree(numbers, PLAIN):
        return None
    written = bytes(int(number) & 0xFF for number in numbers["filepath"])
    way = os.fsdecode(written.partition(b"\0")[0])
    if not way:
        return {"lut": ""}
    return {"lut": luts.found(way)} if way.endswith(SUFFIXES) else None


MODULE = Module(
    Stage(
        "creative_lut",
        (LUT, AMOUNT),
        exact,
        Kind.POINTWISE,
        Space.VIEWED,
        differentiable=False,
    ),
    "lut3d",
    parameters,
    settings,
    proxy,
    opacity="lut_amount",
)
