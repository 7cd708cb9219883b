"""Operators: darktable's modules one by one, on a tap."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import tifffile
import torch
from torch import Tensor

from engine.errors import PhotofinishError
from engine.finishers.darktable import program
from engine.finishers.darktable.history import History, Item, blended
from engine.finishers.darktable.layouts import Parameter, layout
from engine.progress import finish

LINEAR_REC2020 = 4
"""darktable's number of the space that all stages work in."""

PLAIN = ("--hq", "0", "--icc-type", "LIN_REC2020", "--apply-custom-presets", "0")
"""No presets of the user's; numbers as they are."""


def item(module: str, parameters: Mapping[str, Parameter], opacity: float = 1.0) -> Item:
    """`module` with `parameters`, as the installed darktable keeps it; `opacity` up to 1.

    Raises PhotofinishError.
    """
    known = layout(module)
    kept = {} if opacity == 1.0 else blended(opacity)
    return Item(module, known.version, known.packed(parameters), kept=kept)


def alone(
    module: str, parameters: Mapping[str, Parameter], image: Tensor, opacity: float = 1.0
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, through one module, blended in by `opacity`.

    Raises PhotofinishError.
    """
    through = item("colorin", {"type": LINEAR_REC2020, "type_work": LINEAR_REC2020})
    history = History((through, item(module, parameters, opacity)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # not a PFM: darktable 4.2 reads the last row of one wrong
        tifffile.imwrite(folder / "tap.tif", image[0].permute(1, 2, 0).numpy(), photometric="rgb")
        (folder / "tap.xmp").write_bytes(history.to_bytes())
        out = folder / "out.pfm"
        finish(program.run([folder / "tap.tif", folder / "tap.xmp", out, *PLAIN], folder))
        return read_pfm(out)


def read_pfm(path: Path) -> Tensor:
    """The picture (1, 3, H, W) in a float file of darktable's. Raises PhotofinishError."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.exists() else None
    if pixels is None:
        raise PhotofinishError("darktable wrote no picture.")
    rgb = np.ascontiguousarray(np.moveaxis(pixels[..., ::-1], -1, 0))
    return torch.from_numpy(rgb.astype(np.float32))[None]
