"""Where the photos come from that proxies learn on: raws, photographs, and made scenes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from engine.errors import PhotofinishError
from engine.photo import Photo, area_average, canonical_statistics, open_photo
from engine.progress import finish
from engine.sidecar import RAW_SUFFIXES
from engine.training.scenes import made_scene
from engine.training.unprocess import exposed, random_shot, scene_of

Source: TypeAlias = Callable[[Generator], Photo]
"""A random photo, the same for the same random numbers."""

PICTURE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".tif", ".tiff"))
LONG_SIDES = (160, 512)
"""Of the photos in pixels. The long ones are the more frequent, as their pixels are cheap."""

STORED_SIDE = 1600
MADE = 0.35
"""Share of made scenes among photographs."""

APART = 4
"""Every so many-th file of a folder is kept apart, to validate on."""


def photos_in(folders: Sequence[Path]) -> list[Path]:
    """The raws and photographs in `folders`, sorted. Raises PhotofinishError where are none."""
    found = []
    for folder in folders:
        if not folder.is_dir():
            raise PhotofinishError(f"{folder} is no folder.")
        known = RAW_SUFFIXES | PICTURE_SUFFIXES
        here = sorted(path for path in folder.iterdir() if path.suffix.lower() in known)
        if len(here) < 2:
            raise PhotofinishError(f"{folder} holds fewer than two raws or photographs.")
        found += here
    return found


def source_of(
    files: Sequence[Path], *, apart: bool, long_sides: tuple[int, int] | None = None
) -> Source:
    """Photos from `files`, or only from those kept apart; made scenes between them, or alone.

    Training draws made scenes by other random numbers than validation, so none is met twice. Their
    `long_sides` are LONG_SIDES unless others are given.
    """
    kept = [path for i, path in enumerate(files) if (i % APART == APART - 1) == apart]
    if len(files) < APART and files:
        kept = [files[-1]] if apart else list(files[:-1])

    def draw(rng: Generator) -> Photo:
        shortest, longest = long_sides or LONG_SIDES
        long_side = round(shortest + (longest - shortest) * rng.random() ** 0.6)
        if not kept or rng.random() < (0.0 if apart else MADE):
            return made(long_side, rng)
        path = kept[int(rng.integers(len(kept)))]
        if path.suffix.lower() in RAW_SUFFIXES:
            return _cropped_raw(_raw(path), long_side, rng)
        return _unprocessed(_picture(path), long_side, rng)

    return draw


def unprocessed(path: Path, rng: Generator) -> Photo:
    """The whole photograph in a file as a random camera would have recorded it."""
    picture, shot = _picture(path), random_shot(rng)
    return exposed(scene_of(picture, shot), shot, _reduced(picture, STORED_SIDE), rng)


def made(long_side: int, rng: Generator) -> Photo:
    """A made scene as a random camera would have recorded it, `long_side` pixels long."""
    size = _size(long_side, rng.uniform(1.0, 1.8), rng)
    # drawn larger, so that borders are as smooth as a camera's
    scene = made_scene(rng, round(size[0] * 1.5), round(size[1] * 1.5))
    return exposed(scene, random_shot(rng), size, rng)


def _unprocessed(picture: Tensor, long_side: int, rng: Generator) -> Photo:
    picture = _flipped(_crop(picture, rng), rng)
    shot = random_shot(rng)
    return exposed(scene_of(picture, shot), shot, _reduced(picture, long_side), rng)


def _cropped_raw(photo: Photo, long_side: int, rng: Generator) -> Photo:
    """A crop of a raw, otherwise as the camera took it."""
    image = _flipped(_crop(photo.image, rng), rng)
    width, height = _reduced(image, long_side)
    factor = max(photo.metadata.full_size) / max(photo.size)
    full_size = round(image.shape[-1] * factor), round(image.shape[-2] * factor)
    scale = max(width, height) / max(full_size)
    metadata = photo.metadata.replace(full_size=full_size, scale=scale)
    image = area_average(image, (height, width))
    return replace(
        photo, image=image, metadata=metadata, statistics=canonical_statistics(image, metadata)
    )


def _size(long_side: int, aspect: float, rng: Generator) -> tuple[int, int]:
    size = long_side, round(long_side / aspect)
    return size if rng.random() < 0.6 else (size[1], size[0])


def _reduced(picture: Tensor, long_side: int) -> tuple[int, int]:
    """Width and height of `picture` with its long side at most `long_side`."""
    height, width = picture.shape[-2:]
    factor = min(1.0, long_side / max(height, width))
    return round(width * factor), round(height * factor)


def _crop(picture: Tensor, rng: Generator) -> Tensor:
    height, width = picture.shape[-2:]
    rows, columns = (round(side * rng.uniform(0.6, 1.0)) for side in (height, width))
    top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
    return picture[..., top : top + rows, left : left + columns]


def _flipped(picture: Tensor, rng: Generator) -> Tensor:
    axes = [axis for axis in (-1, -2) if rng.random() < 0.5]
    return picture.flip(axes).contiguous() if axes else picture.contiguous()


def _picture(path: Path) -> Tensor:
    """A photograph (1, 3, H, W) in [0, 1], taken for sRGB."""
    pixels = torch.from_numpy(_stored(path)).permute(2, 0, 1)[None]
    return pixels.float() / 255.0


@lru_cache(maxsize=256)
def _stored(path: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise PhotofinishError(f"{path} cannot be read as a picture.")
    factor = STORED_SIDE / max(pixels.shape[:2])
    if factor < 1.0:
        pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


@lru_cache(maxsize=32)
def _raw(path: Path) -> Photo:
    return finish(open_photo(path, half=True)).reduced(STORED_SIDE)
