"""What opening a photo means to the editor: the decode, and the edit it was left with."""

from dataclasses import dataclass
from pathlib import Path

from editor.document import Opened, Opening
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.finishers.darktable import program
from engine.finishers.darktable.proxies import entered, entered_by_us
from engine.finishers.darktable.sidecar import read_beside, write_sidecar
from engine.metadata import Metadata
from engine.photo import Photo, open_photo
from engine.progress import Work
from engine.settings import Settings
from engine.sidecar import Sidecar
from engine.white import as_shot_temperature_tint

LONGEST = 120.0
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
    """Keeps settings in a sidecar of darktable's beside the raw."""

    raw: Path
    metadata: Metadata

    def write(self, settings: Settings) -> Path:
        """Save `settings` and return where."""
        return write_sidecar(self.raw, settings, self.metadata)


def opening(path: Path, finisher: Finisher, half: bool) -> Work[Opened]:
    """Open the raw at `path`, at half its size if that will do, as it was left with `finisher`."""
    photo = yield from open_photo(path, half=half)
    temperature, tint = as_shot_temperature_tint(photo.metadata)
    as_shot = {"temperature": temperature, "tint": tint}
    if finisher.name == "darktable":
        photo, absent, failures = yield from _entered(path, photo)
        read = read_beside(path, photo.metadata)
        store = DarktableStore(path, photo.metadata)
        notes = (*failures, *read.notes)
        return Opened(path, photo, finisher, read.settings, store, notes, as_shot, absent)
    sidecar = Sidecar.for_raw(path, finisher)
    edit = sidecar.read()
    kept = SidecarStore(sidecar, (temperature, tint))
    return Opened(path, photo, finisher, edit.settings, kept, edit.notes, as_shot)


def _entered(path: Path, photo: Photo) -> Work[tuple[Photo, str, tuple[str, ...]]]:
    """What enters darktable's first stage; why it is not darktable's own; what to tell of that."""
    if program.found() is None:
        return entered_by_us(photo), "is not installed", ()
    try:
        first = yield from program.hurried(entered(path, photo, max(photo.size)), LONGEST)
    except PhotofinishError as error:
        note = f"{error} What is shown is a preview of darktable, from our own decode."
        return entered_by_us(photo), "cannot finish this photo", (note,)
    return first, "", ()


def full_size(opened: Opened, opening: Opening) -> Work[Photo]:
    """The photo at its full size: the one at hand, or decoded anew."""
    if opened.photo.metadata.scale == 1.0:
        return opened.photo
    larger = yield from opening(opened.path, opened.finisher, False)
    return larger.photo
