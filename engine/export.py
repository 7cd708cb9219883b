"""Export: the finished picture, or every stage's output, as files."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine import color
from engine.errors import PhotofinishError
from engine.files import make_folder, replacing, write_bytes
from engine.finisher import Finisher
from engine.formats import FORMATS, Format, Meaning, Pixels, write_tiff
from engine.metadata import ColorSpace, Metadata
from engine.photo import Photo
from engine.progress import Progress, Work
from engine.renderer import Renderer, Tap
from engine.settings import Settings
from engine.sidecar import RAW_SUFFIXES, write_edit
from engine.stage import Operator, Space
from engine.white import as_shot_temperature_tint

STRIP_ROWS = 256
LONG_SIDES = (16, 65500)
QUALITIES = (1, 100)


def export(
    photo: Photo,
    settings: Settings,
    out: Path,
    *,
    finisher: Finisher,
    operators: Mapping[str, Operator] | None = None,
    live: bool = False,
    long_side: int | None = None,
    space: str = "srgb",
    linear: bool = False,
    bits: int | None = None,
    quality: int = 92,
) -> Work[Path]:
    """Finish `photo` and write it to `out`, whose name says the format; return `out`.

    By the stages themselves, or by `operators` for some, or `live`: as a drag shows it.
    `long_side` in pixels reduces the raw picture in linear light before anything else; it never
    enlarges. `linear` leaves out the encoding of `space`; OpenEXR always does. Until all is
    written, and when the work is closed or fails, a file that was there stays as it was. Raises
    PhotofinishError.
    """
    out = Path(out)
    kind = check(out, space=space, bits=bits, long_side=long_side, quality=quality)
    seen_in = color.SPACES[space]
    meaning = Meaning(seen_in, linear or kind.linear, photo.metadata.exif)
    if long_side is not None:
        photo = photo.reduced(long_side)
    photo = _seen_in(photo, seen_in)
    renderer = Renderer(photo, finisher, operators)
    image = yield from (
        _as_a_drag_shows(renderer, settings) if live else _one_by_one(renderer, settings)
    )
    del photo, renderer
    pixels = _pixels(image, kind, bits or kind.bits[0], meaning)
    del image
    with replacing(out) as temporary:
        kind.write(temporary, pixels, meaning, quality)
        yield Progress(len(finisher) + 1, len(finisher) + 1, "Written")
    return out


def _one_by_one(renderer: Renderer, settings: Settings) -> Work[Tensor]:
    """The finished picture, display RGB."""
    image = renderer.photo.image
    for done, tap in enumerate(renderer.finish(settings), 1):
        image = tap.image
        yield Progress(done, len(renderer.finisher) + 1, tap.stage.title)
    return image


def _as_a_drag_shows(renderer: Renderer, settings: Settings) -> Work[Tensor]:
    from engine.live.renderer import LiveRenderer  # and the compiler of its kernels

    yield Progress(0, 1, "Live")
    return LiveRenderer(renderer.photo, renderer.finisher).picture(settings)


def check(
    out: Path,
    *,
    space: str = "srgb",
    bits: int | None = None,
    long_side: int | None = None,
    quality: int = 92,
) -> Format:
    """The format that `out` is named for. Raises PhotofinishError where the wishes do not fit."""
    kind = FORMATS.get(out.suffix.lower())
    if kind is None or out.resolve().suffix.lower() in RAW_SUFFIXES:
        raise PhotofinishError(
            f"{out.name} cannot be exported to: the name must end in .jpg, .png, .tif or .exr."
        )
    _check_picture(space, long_side)
    if bits is not None and bits not in kind.bits:
        able = " or ".join(str(number) for number in sorted(kind.bits))
        raise PhotofinishError(f"{kind.name} holds {able} bits per channel, not {bits}.")
    if not QUALITIES[0] <= quality <= QUALITIES[1]:
        raise PhotofinishError(f"The quality must be 1 to 100, not {quality}.")
    if not out.parent.is_dir():
        raise PhotofinishError(f"The folder {out.parent} does not exist.")
    if out.is_dir():
        raise PhotofinishError(f"{out} is a folder.")
    return kind


def _check_picture(space: str, long_side: int | None) -> None:
    if space not in color.SPACES:
        raise PhotofinishError(f"The space {space!r} is none of {', '.join(color.SPACES)}.")
    if long_side is not None and not LONG_SIDES[0] <= long_side <= LONG_SIDES[1]:
        raise PhotofinishError(
            f"The long side must be {LONG_SIDES[0]} to {LONG_SIDES[1]} pixels, not {long_side}."
        )


def export_taps(
    photo: Photo,
    settings: Settings,
    folder: Path,
    *,
    finisher: Finisher,
    operators: Mapping[str, Operator] | None = None,
    long_side: int | None = None,
    space: str = "srgb",
    name: str = "edit",
) -> Work[list[Path]]:
    """Write each stage's output as a float32 TIFF into `folder`, with taps.json and the edit.

    Files are numbered in the order light travels; taps.json says stage, space and values of each.
    Returns the paths of the pictures. Raises PhotofinishError.
    """
    _check_picture(space, long_side)
    make_folder(folder)
    if long_side is not None:
        photo = photo.reduced(long_side)
    photo = _seen_in(photo, color.SPACES[space])
    paths, stages = [], []
    for i, tap in enumerate(Renderer(photo, finisher, operators).finish(settings)):
        path = folder / f"{i + 1:02d}_{tap.stage.name}.tif"
        yield Progress(i, len(finisher), tap.stage.title)
        export_tap(tap, path)
        paths.append(path)
        stages.append(
            {
                "file": path.name,
                "stage": tap.stage.name,
                "kind": tap.stage.kind.value,
                "space": tap.stage.space.value,
                "on": tap.stage.name not in settings.off,
                "values": dict(tap.values),
            }
        )
    width, height = photo.size
    about = {"finisher": finisher.name, "output": space, "size": [width, height], "taps": stages}
    write_bytes(folder / "taps.json", json.dumps(about, indent=1).encode())
    as_shot = as_shot_temperature_tint(photo.metadata)
    write_edit(folder / f"{name}.xmp", settings, finisher, as_shot)
    return paths


def export_tap(tap: Tap, out: Path) -> Path:
    """Write one stage's output as a float32 TIFF, its values as they are."""
    meaning = Meaning(_space(tap), tap.stage.space is not Space.DISPLAY, tap.metadata.exif)
    pixels = tap.image[0].permute(1, 2, 0).contiguous().numpy()
    with replacing(out) as temporary:
        write_tiff(temporary, pixels, meaning, 0)
    return out


def _space(tap: Tap) -> ColorSpace | None:
    spaces = {
        Space.CAMERA: None,
        Space.WORKING: color.REC2020,
        Space.VIEWED: color.REC2020,
        Space.DISPLAY: tap.metadata.output or color.SRGB,
    }
    return spaces.get(tap.stage.space, color.PROPHOTO)


def _seen_in(photo: Photo, space: ColorSpace) -> Photo:
    metadata: Metadata = photo.metadata.replace(output=space)
    return Photo(photo.image, metadata, photo.statistics)


def _pixels(image: Tensor, kind: Format, bits: int, meaning: Meaning) -> Pixels:
    """The picture (H, W, 3) as the file takes it, made strip by strip: memory is short here."""
    types: dict[int, type[np.generic]] = {8: np.uint8, 16: np.uint16, 32: np.float32}
    kept = np.float16 if bits == 16 and kind.linear else types[bits]
    pixels = np.empty((*image.shape[-2:], 3), kept)
    for top in range(0, len(pixels), STRIP_ROWS):
        strip = image[0, :, top : top + STRIP_ROWS]
        if meaning.linear and meaning.space is not None:
            strip = color.decode(strip, meaning.space)
        if not np.issubdtype(kept, np.floating):
            strip = torch.round(strip.clamp(0.0, 1.0) * (2**bits - 1))
        pixels[top : top + STRIP_ROWS] = strip.permute(1, 2, 0).numpy()
    return pixels
