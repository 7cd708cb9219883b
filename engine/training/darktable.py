"""Tap-outs of darktable's own: it finishes a photo as a raw, once up to each stage.

Any photo will do: a crop of a raw, a photograph unprocessed, a made scene. It becomes a raw of its
own, of a camera that darktable does not know, so that the color matrices are the photo's.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.finishers.darktable import program
from engine.finishers.darktable.edit import history
from engine.finishers.darktable.operators import PLAIN, read_pfm
from engine.metadata import Metadata
from engine.photo import Photo
from engine.progress import Work
from engine.settings import Settings
from engine.stage import Operator, Space
from engine.training import tap_folder
from engine.white import as_shot
from resources.dng import write_dng

LONG_SIDES = (512, 768)
"""Of the raws in pixels."""

REDUCED = 2
"""Their pictures are so many times smaller, as previews are: radii count in pixels of the raw, and
a picture of one pixel per cell of the mosaic needs no guessed colors."""

BLACK, WHITE = 512, 16383
"""Levels of the raws."""


def write(photo: Photo, settings: Settings, folder: Path, *, finisher: Finisher) -> Work[Path]:
    """Write what enters and leaves each stage of `photo` by darktable at `settings`.

    As `tap_folder.write`. Raises PhotofinishError.
    """
    metadata = photo.metadata.replace(
        full_size=photo.size,
        scale=1.0,
        as_shot_neutral=as_shot(photo.metadata).camera_white.numpy(),
    )
    by_darktable = [stage for stage in finisher if stage.space is not Space.DISPLAY]
    moved = [stage.name for stage in by_darktable if not stage.idle(stage.values(settings))]
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        raw = place / "raws" / "photo.dng"
        raw.parent.mkdir()
        write_raw(raw, photo.image, metadata)
        entered, *left = yield from _taps(raw, metadata, settings, ["", *moved], place)
    scale = max(entered.shape[-2:]) / max(photo.size)
    first = Photo(entered, metadata.replace(scale=scale), photo.statistics)
    made = {stage: _made(image) for stage, image in zip(moved, left, strict=True)}
    return (yield from tap_folder.write(first, settings, folder, finisher=finisher, operators=made))


def write_raw(path: Path, image: Tensor, metadata: Metadata) -> None:
    """Write `image` (1, 3, H, W), linear camera RGB, as the mosaic of a camera of its own."""
    red, green, blue = image[0].clamp(0.0, 1.0).numpy()
    mosaic = green.copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = red[::2, ::2], blue[1::2, 1::2]
    levels = np.rint(BLACK + mosaic * (WHITE - BLACK)).astype(np.uint16)
    matrices: dict[str, Any] = {}
    for number, calibration in enumerate(metadata.profile.calibrations, 1):
        matrices[f"CalibrationIlluminant{number}"] = calibration.illuminant
        matrices[f"ColorMatrix{number}"] = calibration.color_matrix
    neutral: NDArray[np.float64] | None = metadata.as_shot_neutral
    write_dng(
        path, levels, cfa="RGGB", BlackLevel=BLACK, WhiteLevel=WHITE, AsShotNeutral=neutral,
        **matrices,
    )  # fmt: skip


def _taps(
    raw: Path, metadata: Metadata, settings: Settings, until: list[str], place: Path
) -> Work[list[Tensor]]:
    """What leaves each of the stages `until` (1, 3, H, W): one run with a duplicate for each."""
    for i, name in enumerate(until):
        duplicate = raw.with_name(f"{raw.stem}_{i:02d}{raw.suffix}.xmp" if i else f"{raw.name}.xmp")
        duplicate.write_bytes(history(settings, metadata, until=name).to_bytes())
    side = str(max(metadata.full_size) // REDUCED)
    size = ("--width", side, "--height", side)
    out = place / "$(FILE_NAME)_$(VERSION).pfm"
    yield from program.run([raw.parent, out, *size, *PLAIN], place)
    pictures = [read_pfm(place / f"{raw.stem}_{i}.pfm") for i in range(len(until))]
    if len({picture.shape for picture in pictures}) > 1:
        raise PhotofinishError("darktable's pictures of one photo differ in size.")
    # from colors that no light has it makes numbers that are none
    return [torch.nan_to_num(p, nan=0.0, posinf=0.0, neginf=0.0) for p in pictures]


def _made(picture: Tensor) -> Operator:
    """An operator whose answer is known."""

    def operator(*_: object, **__: object) -> Tensor:
        return picture

    return operator
