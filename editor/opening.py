"""What opening a photo means to the editor: the decode, and the edit it was left with."""

from dataclasses import dataclass
from pathlib import Path

from editor.document import Opened, Opening
from engine.finisher import Finisher
from engine.photo import Photo, open_photo
from engine.progress import Work
from engine.settings import Settings
from engine.sidecar import Sidecar
from engine.white import as_shot_temperature_tint


@dataclass(frozen=True)
class SidecarStore:
    """Keeps settings in a photo's sidecar; `as_shot` lets other programs read a custom white."""

    sidecar: Sidecar
    as_shot: tuple[float, float]

    def write(self, settings: Settings) -> Path:
        """Save `settings` and return where."""
        return self.sidecar.write(settings, self.as_shot)


def opening(path: Path, finisher: Finisher, half: bool) -> Work[Opened]:
    """Open the raw at `path`, at half its size if that will do, as it was left."""
    photo = yield from open_photo(path, half=half)
    sidecar = Sidecar.for_raw(path, finisher)
    edit = sidecar.read()
    temperature, tint = as_shot_temperature_tint(photo.metadata)
    return Opened(
        path,
        photo,
        edit.settings,
        SidecarStore(sidecar, (temperature, tint)),
        edit.notes,
        {"temperature": temperature, "tint": tint},
    )


def full_size(opened: Opened, opening: Opening, finisher: Finisher) -> Work[Photo]:
    """The photo at its full size: the one at hand, or decoded anew."""
    if opened.photo.metadata.scale == 1.0:
        return opened.photo
    larger = yield from opening(opened.path, finisher, False)
    return larger.photo
