"""Photos to measure on: raws and photographs of a folder, or scenes that are made for it."""

from collections.abc import Sequence
from pathlib import Path

from numpy.random import default_rng

from engine.photo import Photo, open_photo
from engine.progress import Progress, Work
from engine.sidecar import RAW_SUFFIXES
from engine.training.sources import made, photos_in, source_of, unprocessed

MADE, SEED = 6, 777_000
"""Scenes that are made where no folder is given, and their seed, which no training uses."""


def made_photos(count: int, long_side: int, series: int) -> list[Photo]:
    """So many made scenes by random cameras; others for each `series`."""
    return [made(long_side, default_rng([SEED, series, i])) for i in range(count)]


def photos(folders: Sequence[Path], long_side: int) -> Work[list[tuple[str, Photo]]]:
    """Names and photos, at most `long_side` pixels long. Raises PhotofinishError."""
    if not folders:
        source = source_of((), apart=False)
        return [(f"made {i}", source(default_rng([SEED, i]))) for i in range(MADE)]
    found = []
    files = photos_in(folders)
    for i, path in enumerate(files):
        yield Progress(i, len(files), path.name)
        if path.suffix.lower() in RAW_SUFFIXES:
            photo = yield from open_photo(path, half=True)
        else:
            photo = unprocessed(path, default_rng([SEED, i]))
        found.append((path.name, photo.reduced(long_side)))
    return found
