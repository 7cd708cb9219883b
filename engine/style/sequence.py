"""Sequence: a style over the frames of a film: predicted now and then, smooth in between.

Sliders are predicted on key frames, each from the photos around it too, and run from one to the
next along straight lines of their fractions, so that nothing jumps from frame to frame.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.errors import PhotofinishError
from engine.export import check, export
from engine.finisher import Finisher
from engine.fractions import fractions_of, settings_at
from engine.photo import Photo, open_photo
from engine.progress import Progress, Work, within
from engine.renderer import Renderer
from engine.settings import Settings
from engine.sidecar import RAW_SUFFIXES
from engine.stage import Operator
from engine.style.features import LONG_SIDE
from engine.style.style import Style

KEY = 6
"""Frames from one that is predicted to the next."""

SIDES = 0.25
"""Weight of the key frames before and after one, against its own: a guess by itself may be off."""


@dataclass(frozen=True, eq=False)
class Frames:
    """The edit of each frame of a sequence, and which of them were predicted."""

    settings: tuple[Settings, ...]
    keys: tuple[int, ...]


def frames_in(folder: Path) -> list[Path]:
    """The raws in `folder` as they follow each other: by the numbers in their names.

    Raises PhotofinishError where there are fewer than two.
    """
    if not folder.is_dir():
        raise PhotofinishError(f"{folder} is no folder.")
    files = [path for path in folder.iterdir() if path.suffix.lower() in RAW_SUFFIXES]
    if len(files) < 2:
        raise PhotofinishError(f"{folder} holds {len(files)} raws: a sequence needs two or more.")
    return sorted(files, key=lambda path: _counted(path.name))


def _counted(name: str) -> list[tuple[int, str]]:
    return [
        (int(part), "") if part.isdigit() else (-1, part.lower())
        for part in re.split(r"(\d+)", name)
    ]


def key_frames(count: int) -> list[int]:
    """Which of `count` frames are predicted: every KEY-th, and the last."""
    return sorted({*range(0, count, KEY), count - 1})


def smooth(
    predicted: Mapping[int, Settings], count: int, photo: Photo, finisher: Finisher
) -> tuple[Settings, ...]:
    """The settings of all `count` frames from those `predicted` at some, the first and last too.

    `photo` is any of them: it says what *as shot* is.
    """
    keys = sorted(predicted)
    moved = tuple(
        slider
        for slider in finisher.sliders
        if any(slider.name in settings for settings in predicted.values())
    )
    known = torch.stack([fractions_of(moved, predicted[key], photo.metadata) for key in keys])
    known = _steadied(known)
    answers = []
    for frame in range(count):
        after = next(i for i, key in enumerate(keys) if key >= frame)
        before = max(after - 1, 0)
        span = max(keys[after] - keys[before], 1)
        share = (frame - keys[before]) / span if after else 0.0
        at = torch.lerp(known[before], known[after], share)
        answers.append(settings_at(moved, at, predicted[keys[before]]))
    return tuple(answers)


def _steadied(known: Tensor) -> Tensor:
    """`known` (k, n), each row drawn to the line through its neighbors; the ends stay."""
    middle = known[1:-1] * (1.0 - 2.0 * SIDES) + SIDES * (known[:-2] + known[2:])
    return torch.cat([known[:1], middle, known[-1:]]) if len(known) > 2 else known


def predict(
    files: Sequence[Path], style: Style, finisher: Finisher, operators: Mapping[str, Operator]
) -> Work[Frames]:
    """The edit of every frame in `files`. Raises PhotofinishError."""
    predicted: dict[int, Settings] = {}
    keys = key_frames(len(files))
    for i, key in enumerate(keys):
        yield Progress(i, len(keys), files[key].name)
        photo = yield from within(open_photo(files[key], half=True), i, len(keys))
        photo = photo.reduced(LONG_SIDE)
        predicted[key] = style.predict(photo, finisher, operators)
    settings = smooth(predicted, len(files), photo, finisher)
    return Frames(settings, tuple(keys))


def finish(
    files: Sequence[Path],
    frames: Frames,
    out: Path,
    suffix: str,
    finisher: Finisher,
    operators: Mapping[str, Operator],
    long_side: int | None = None,
) -> Work[list[Path]]:
    """Write every frame, finished, to the folder `out`. Raises PhotofinishError."""
    names = [out / f"{file.stem}{suffix}" for file in files]
    check(names[0], long_side=long_side)
    for i, (file, settings, name) in enumerate(zip(files, frames.settings, names, strict=True)):
        photo = yield from within(open_photo(file), i, len(files), file.name)
        work = export(
            photo, settings, name, finisher=finisher, operators=operators, long_side=long_side
        )
        yield from within(work, i, len(files), file.name)
    return names


def flicker(
    photos: Sequence[Photo],
    settings: Sequence[Settings],
    finisher: Finisher,
    operators: Mapping[str, Operator],
) -> float:
    """Mean absolute change of the encoded picture from one of `photos` to the next."""
    changes, last = [], None
    for photo, chosen in zip(photos, settings, strict=True):
        picture = Renderer(photo, finisher, operators).picture(chosen)
        if last is not None:
            changes.append(float((picture - last).abs().mean()))
        last = picture
    return sum(changes) / max(len(changes), 1)
