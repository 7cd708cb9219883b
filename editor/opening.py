"""What opening a photo means to the editor: the decode, and the edit it was left with."""

from dataclasses import dataclass
from pathlib import Path

from editor.document import Opened, Opening
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.finishers.darktable import program
from engine.finishers.darktable.history import Item
from engine.finishers.darktable.input import only_darktables
from engine.finishers.darktable.proxies import entered, entered_by_us
from engine.finishers.darktable.sidecar import read_beside, write_sidecar
from engine.metadata import Metadata
from engine.photo import Photo, open_photo
from engine.progress import Work
from engine.settings import Settings
from engine.sidecar import Sidecar
from engine.white import as_shot_temperature_tint

LONGEST = 60.0
"""Seconds that darktable may take for what enters the first stage."""


@dataclass(frozen=True)
class SidecarStore:
    """Keeps settings in a photo's sidecar; `as_shot` lets other programs read a custom white."""

    sidecar: Sidecar
    as_shot: tuple[float, float]

    def write(self, settings: Settings) -> Path:
        """Save `settings` and return where."""
        return self.sidecar.write(settings, self.as_shot)


@dataclass(frozen=True)
class DarktableStore:
    """Keeps settings in a sidecar of darktable's beside the raw.

    `own_input` are the user's own items on the way to the first stage.
    """

    raw: Path
    metadata: Metadata
    own_input: tuple[Item, ...] = ()

    def write(self, settings: Settings) -> Path:
        """Save `settings` and return where."""
        return write_sidecar(self.raw, settings, self.metadata, self.own_input)


def opening(path: Path, finisher: Finisher, half: bool) -> Work[Opened]:
    """Open the raw at `path`, at half its size if that will do, as it was left with `finisher`."""
    if finisher.name == "darktable":
        return (yield from _for_darktable(path, finisher, half))
    photo = yield from open_photo(path, half=half)
    as_shot = _as_shot(photo)
    sidecar = Sidecar.for_raw(path, finisher)
    edit = sidecar.read()
    store = SidecarStore(sidecar, (as_shot["temperature"], as_shot["tint"]))
    return Opened(path, photo, finisher, edit.settings, store, edit.notes, as_shot)


def _for_darktable(path: Path, finisher: Finisher, half: bool) -> Work[Opened]:
    """What enters the first stage is darktable's own if it can be; of our decode M and H are."""
    why_not, notes = program.missing(), list[str]()
    absent = "" if not why_not else "cannot be used" if program.found() else "is not installed"
    photo = yield from open_photo(path, half=half or not why_not)
    read = read_beside(path, photo.metadata)
    own_input = read.own_input
    first: Photo | None = None
    if not why_not:
        side = max(photo.size if half else photo.metadata.full_size)
        try:
            first = yield from program.hurried(entered(path, photo, side, own_input), LONGEST)
        except PhotofinishError as error:
            absent, why_not = "cannot finish this photo", str(error)
            photo = photo if half else (yield from open_photo(path))
    if why_not and program.found():
        notes.append(f"{why_not} What is shown is a preview of darktable, from our own decode.")
    notes.extend(read.notes)
    if first is None:
        notes.extend(only_darktables(own_input, photo.metadata))
        first = entered_by_us(photo, own_input)
    return Opened(
        path,
        first,
        finisher,
        read.settings,
        DarktableStore(path, photo.metadata, own_input),
        tuple(notes),
        _as_shot(first),
        absent,
        own_input,
    )


def _as_shot(photo: Photo) -> dict[str, float]:
    temperature, tint = as_shot_temperature_tint(photo.metadata)
    return {"temperature": temperature, "tint": tint}


def full_size(opened: Opened, opening: Opening) -> Work[Photo]:
    """The photo at its full size: the one at hand, or decoded anew."""
    if opened.photo.metadata.scale == 1.0:
        return opened.photo
    larger = yield from opening(opened.path, opened.finisher, False)
    return larger.photo
