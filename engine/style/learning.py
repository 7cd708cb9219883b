"""Learning a style: from pictures of one look, or from one's own edits of raws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import torch
from torch import Tensor

from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.fractions import fractions_of
from engine.match.match import BASIC_SLIDERS
from engine.match.target import read_target
from engine.photo import open_photo
from engine.progress import Progress, Work
from engine.settings import Settings
from engine.sidecar import RAW_SUFFIXES, Edit, Sidecar
from engine.stage import Operator
from engine.style.descriptor import descriptor
from engine.style.features import features
from engine.style.gaussian_process import fitted
from engine.style.notebook import Notebook
from engine.style.style import Habit, Look, Style, read_style
from engine.style.transport import Spread, Transport

FEWEST_PICTURES, FEWEST_EDITS = 8, 8
"""From which a style can be learned."""

TWO_LOOKS = 0.8
"""Share of the spread along a line that two groups explain where a collection has two looks: of
one normal distribution it is 2 / pi."""

PICTURE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".avif", ".heic", ".heif", ".bmp", ".jp2")
)

LEFT_ALONE = frozenset(("texture", "dehaze"))
"""Basic sliders that a look does not move: pictures of any size say little of them."""

EDITED_AT = 512
"""Long side in pixels of the photos that edits are learned on."""


NEUTRAL = "neutral.safetensors"
"""The file of how photos look that are finished neutrally."""

BAR, WIDEST = 16.0 / 255.0, 0.3
"""How light a black bar may be, and the share of a side that one may take."""

MEASURE = 2
"""Raised with every change to what is measured: notes of before are of no use then."""


@dataclass(frozen=True)
class Learned:
    """A style, and plain sentences about what it was learned from."""

    style: Style
    notes: tuple[str, ...]


def neutral() -> Spread:
    """How photos look that are finished neutrally: what comes with the program."""
    with resources.as_file(resources.files("resources") / "styles" / NEUTRAL) as path:
        way = read_style(path).way
    assert isinstance(way, Look)
    return way.transport.after


def learn_pictures(folder: Path, name: str, finisher: Finisher) -> Work[Learned]:
    """The style of the pictures in `folder`. Raises PhotofinishError with what would help."""
    files = _files(folder, PICTURE_SUFFIXES)
    if not files and _files(folder, RAW_SUFFIXES):
        raise PhotofinishError(
            f"{folder} holds raws but no pictures; a style is learned from their edits if you ask"
            " for that."
        )
    book = Notebook(folder, f"features of pictures {MEASURE}")
    found, refused = [], []
    try:
        for i, file in enumerate(files):
            yield Progress(i, len(files), file.name)
            measured = book.get(file)
            if measured is None:
                try:
                    measured = features(without_bars(read_target(file).image))
                except PhotofinishError as error:
                    refused.append(str(error))
                    continue
                book.put(measured, file)
            found.append(measured)
    finally:
        book.keep()
    _check_count(folder, "pictures", len(found), FEWEST_PICTURES, refused)
    seen = torch.stack(found)
    look = Look(Transport(neutral(), Spread.of(seen)))
    notes = [*_refusals(refused), *_mixed(look.transport.before, seen)]
    sliders = tuple(name for name in BASIC_SLIDERS if name not in LEFT_ALONE)
    return Learned(Style(name, finisher.name, sliders, look, len(found)), tuple(notes))


def learn_edits(
    folder: Path, name: str, finisher: Finisher, operators: Mapping[str, Operator]
) -> Work[Learned]:
    """The style of the raws in `folder` by the edits beside them. Raises PhotofinishError."""
    files = _files(folder, RAW_SUFFIXES)
    book = Notebook(folder, f"descriptors {MEASURE}")
    described, moved, edits, refused = [], [], list[Settings](), []
    try:
        for i, file in enumerate(files):
            yield Progress(i, len(files), file.name)
            try:
                edit = Sidecar.for_raw(file, finisher).read()
                if edit.source is None or edit.settings == Settings():
                    continue
                measured = yield from _described(file, edit, book, finisher, operators)
            except PhotofinishError as error:
                refused.append(str(error))
                continue
            described.append(measured[len(finisher.sliders) :])
            moved.append(measured[: len(finisher.sliders)])
            edits.append(edit.settings)
    finally:
        book.keep()
    _check_count(folder, "edited raws", len(edits), FEWEST_EDITS, refused)
    style = yield from learned(name, finisher, torch.stack(described), torch.stack(moved), edits)
    return Learned(style, tuple(_refusals(refused)))


def learned(
    name: str, finisher: Finisher, described: Tensor, moved: Tensor, edits: Sequence[Settings]
) -> Work[Style]:
    """The habit of `edits` that `moved` sliders (m, n) of photos `described` (m, d)."""
    used = [i for i, s in enumerate(finisher.sliders) if any(s.name in edit for edit in edits)]
    process = yield from fitted(described, moved[:, used])
    names = tuple(finisher.sliders[i].name for i in used)
    return Style(name, finisher.name, names, Habit(process), len(edits), _shared(edits, finisher))


def without_bars(picture: Tensor) -> Tensor:
    """`picture` (1, 3, H, W) without the black bars beside a film's frame."""
    light = picture.amax((0, 1))
    for axis in (0, 1):
        lit = (light.amax(1 - axis) > BAR).nonzero()
        length = light.shape[axis]
        if len(lit) == 0 or float(lit[0]) + (length - 1.0 - float(lit[-1])) > 2 * WIDEST * length:
            continue  # a dark picture, not one in bars
        picture = picture.narrow(axis - 2, int(lit[0]), int(lit[-1]) + 1 - int(lit[0]))
    return picture


def _described(
    file: Path, edit: Edit, book: Notebook, finisher: Finisher, operators: Mapping[str, Operator]
) -> Work[Tensor]:
    """How far every slider was moved, then the photo's descriptor."""
    assert edit.source is not None
    measured = book.get(file, edit.source)
    if measured is None:
        photo = yield from open_photo(file, half=True)
        photo = photo.reduced(EDITED_AT)
        here = fractions_of(finisher.sliders, Settings(), photo.metadata)
        there = fractions_of(finisher.sliders, edit.settings, photo.metadata)
        measured = torch.cat([there - here, descriptor(photo, finisher, operators)])
        book.put(measured, file, edit.source)
    return measured


def _shared(edits: Sequence[Settings], finisher: Finisher) -> Settings:
    """The curves and files, and the stages off, that all of `edits` have alike."""
    sliders = {slider.name for slider in finisher.sliders}
    first = edits[0]
    values = {
        name: value
        for name, value in first.values.items()
        if name not in sliders and all(edit.values.get(name) == value for edit in edits)
    }
    return Settings(values, frozenset.intersection(*(edit.off for edit in edits)))


def _files(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    if not folder.is_dir():
        raise PhotofinishError(f"{folder} is no folder.")
    files = (path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    return sorted(path for path in files if path.is_file() and not path.name.startswith("."))


def _check_count(folder: Path, what: str, count: int, least: int, refused: Sequence[str]) -> None:
    if count >= least:
        return
    why = f" {len(refused)} more cannot be used, the first because: {refused[0]}" if refused else ""
    raise PhotofinishError(
        f"A style needs at least {least} {what}, better fifty; {folder} holds {count}.{why}"
    )


def _refusals(refused: Sequence[str]) -> list[str]:
    """One sentence about all that were left out."""
    if not refused:
        return []
    return [f"{len(refused)} files were left out, the first because: {refused[0]}"]


def _mixed(before: Spread, seen: Tensor) -> list[str]:
    """A sentence where the pictures fall into two groups, as two looks do."""
    scale = before.covariance.diagonal().sqrt()
    places = (seen - seen.mean(0)) / scale
    _, _, ways = torch.linalg.svd(places, full_matrices=False)
    shares = [_parted(places @ way) for way in ways[:3]]
    if max(shares) < TWO_LOOKS:
        return []
    return [
        "These pictures fall into two groups, as if there were two looks among them: a style takes"
        " the middle of both. Sort them into two folders for two styles."
    ]


def _parted(values: Tensor) -> float:
    """The share of the variance of `values` (m,) that the best two groups explain."""
    ordered = values.sort().values - values.mean()
    count = len(ordered)
    sums = ordered.cumsum(0)[:-1]
    below = torch.arange(1, count, dtype=torch.float64)
    between = sums.square() / below + sums.square() / (count - below)
    inner = between[count // 5 : count - count // 5]  # a few odd ones are no look
    return float(inner.max() / ordered.square().sum().clamp_min(1e-12))
