"""Presets: named partial settings, as Camera Raw and Lightroom keep them in .xmp files."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine import camera_raw
from engine.finisher import Finisher
from engine.settings import Settings
from engine.sidecar import open_packet, with_values
from engine.slider import Setting


@dataclass(frozen=True)
class Preset:
    """Values of some controls; the others stay as they are. `notes` say what was ignored."""

    name: str
    values: Mapping[str, Setting]
    notes: tuple[str, ...] = ()

    def applied(self, settings: Settings, finisher: Finisher) -> Settings:
        """`settings` with this preset's values."""
        return with_values(settings, self.values, finisher)


def read_preset(path: Path, finisher: Finisher) -> Preset:
    """The preset in an .xmp file. Raises PhotofinishError where it is none."""
    packet = open_packet(path)
    found = camera_raw.read(packet, finisher, partial=True)
    name = packet.text(camera_raw.NAMESPACE, "Name") or path.stem
    return Preset(name, found.values, found.notes)
