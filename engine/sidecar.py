"""Sidecar: the edit of one raw, in XMP beside it, and who may write where.

The edit is held twice: exact values in our own namespace, rounded ones as crs: properties
(`engine.camera_raw`) that other programs know. Nothing that others wrote is lost: unknown content
is kept, a foreign sidecar is copied before the first write, and where a sidecar is not ours alone
the edit goes to `<name>.<ext>.photofinish.xmp`.
"""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from engine import __version__, camera_raw, files, xmp
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.raw.description import embedded_xmp
from engine.settings import Settings
from engine.slider import Setting

NAMESPACE = "http://photofinish.app/ns/1.0/"
PREFIX = "photofinish"
EDITED = "Edited"
"""The property that says when: of the edits for several finishers, the newest is the photo's."""

PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
RAW_SUFFIXES = frozenset(
    (
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq"),
        *(".k25", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw"),
        *(".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
    )
)

_OVERTAKEN = (
    "Another program has changed the settings in {} since they were saved here;"
    " its changes stay there and are not shown."
)


@dataclass(frozen=True)
class Edit:
    """What was found for a photo: `source` is the file it came from, None where there was none.

    `exact` tells our own values from those read out of Camera Raw's; `notes` are plain sentences
    about what was ignored or changed.
    """

    settings: Settings
    finisher: str
    notes: tuple[str, ...] = ()
    source: Path | None = None
    exact: bool = False


class Sidecar:
    """The sidecar of one raw: `read` on opening, `write` whenever the edit changes."""

    def __init__(self, raw: Path, finisher: Finisher) -> None:
        self.raw = raw
        self.finisher = finisher
        self._beside, self._shared = _neighbours(raw)
        self._own = _own(raw)
        self._held: _Held | None = None
        for path in (self._beside, self._own):
            files.sweep(path)

    @classmethod
    def for_raw(cls, path: str | Path, finisher: Finisher) -> "Sidecar":
        """The sidecar of the raw at `path`, whether or not it exists yet."""
        return cls(Path(path), finisher)

    @property
    def path(self) -> Path:
        """Where the next write goes, unless somebody else writes there first."""
        return self._open().path

    def read(self) -> Edit:
        """The edit: from our namespace, else crs: in the sidecar, else crs: inside the DNG.

        What cannot be read is told in `notes` and left alone.
        """
        notes: list[str] = []
        ours_alone = self._shared or self._own.exists()
        edit = _exact(_sound(self._own, notes), self.finisher, self._own)
        if edit is None:
            packet = _sound(self._beside, notes)
            if packet is None:
                ours_alone = ours_alone or self._beside.exists()
            elif not _belongs(packet, self.raw.suffix):
                ours_alone = True
            else:
                edit = _exact(packet, self.finisher, self._beside)
                if edit and _overtaken(packet, self.finisher):
                    ours_alone = True
                    notes.append(_OVERTAKEN.format(self._beside.name))
                edit = edit or _imported(packet, self.finisher, self._beside)
        self._held = _Held.at(self._own if ours_alone else self._beside)
        edit = edit or self._embedded() or Edit(Settings(), self.finisher.name)
        return replace(edit, notes=(*notes, *edit.notes))

    def write(self, settings: Settings, as_shot: tuple[float, float] | None = None) -> Path:
        """Save `settings` and return where. When this returns, they are on the disk.

        `as_shot` (kelvin, tint) lets a custom temperature beside an as-shot tint be written in full
        for other programs. Raises PhotofinishError where nothing can be written.
        """
        held = self._open()
        if held.changed():
            taken = held.path == self._beside and held.path.exists()
            held = _Held.at(self._own if taken else held.path)
        held.store(settings, self.finisher, as_shot, self.raw.suffix)
        self._held = held
        return held.path

    def _open(self) -> "_Held":
        if self._held is None:
            self.read()
        assert self._held is not None
        return self._held

    def _embedded(self) -> Edit | None:
        try:
            content = embedded_xmp(self.raw)
            return _imported(xmp.Packet(content), self.finisher, self.raw) if content else None
        except PhotofinishError:
            return None


@dataclass
class _Held:
    """A file that we write to: what was in it when we last read or wrote it."""

    path: Path
    packet: xmp.Packet
    content: bytes | None
    stamp: tuple[int, ...] | None

    @classmethod
    def at(cls, path: Path) -> "_Held":
        stamp = _stamp(path)
        try:
            content = content_of(path)
        except PhotofinishError:
            content = None
        try:
            return cls(path, xmp.Packet(content) if content else xmp.Packet(), content, stamp)
        except PhotofinishError:  # damaged: replaced, after it was copied
            return cls(path, xmp.Packet(), content, stamp)

    def changed(self) -> bool:
        """Whether somebody else has written the file since."""
        if _stamp(self.path) == self.stamp:
            return False
        try:
            return content_of(self.path) != self.content
        except PhotofinishError:
            return True

    def store(
        self,
        settings: Settings,
        finisher: Finisher,
        as_shot: tuple[float, float] | None,
        suffix: str,
    ) -> None:
        if self.content is not None and not self.packet.text(NAMESPACE, "Finisher"):
            _back_up(self.path, self.content)
        _fill(self.packet, settings, finisher, as_shot, suffix)
        if self.packet.to_bytes() != self.content:
            self.packet.set(NAMESPACE, PREFIX, EDITED, now())
            content = self.packet.to_bytes()
            files.write_bytes(self.path, content)
            self.content = content
        self.stamp = _stamp(self.path)


def now() -> str:
    """The time, so that later ones come later in the alphabet."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def edited(raw: Path, finisher: Finisher) -> str | None:
    """When our edit of `raw` was made, as `now` told it; None where there is none."""
    for path in (_own(raw), _neighbours(raw)[0]):
        packet = _sound(path, [])
        if packet is not None and packet.text(NAMESPACE, "Finisher") == finisher.name:
            return packet.text(NAMESPACE, EDITED) if _belongs(packet, raw.suffix) else None
    return None


def read_edit(path: Path, finisher: Finisher) -> Edit:
    """The edit in one XMP file. Raises PhotofinishError where it holds none."""
    packet = open_packet(path)
    edit = _exact(packet, finisher, path) or _imported(packet, finisher, path)
    if edit is None:
        raise PhotofinishError(f"{path} holds no settings.")
    return edit


def open_packet(path: Path) -> xmp.Packet:
    """The packet in one XMP file. Raises PhotofinishError where it holds none."""
    content = content_of(path)
    if content is None:
        raise PhotofinishError(f"{path} does not exist.")
    try:
        return xmp.Packet(content)
    except PhotofinishError as error:
        raise PhotofinishError(f"{path} cannot be used: it is no sound XMP file.") from error


def write_edit(
    path: Path,
    settings: Settings,
    finisher: Finisher,
    as_shot: tuple[float, float] | None = None,
) -> None:
    """Write an edit to one XMP file, keeping what else is in it. Raises PhotofinishError."""
    notes: list[str] = []
    if _sound(path, notes) is None and path.exists():
        raise PhotofinishError(f"{notes[0]}")
    _Held.at(path).store(settings, finisher, as_shot, "")


def _fill(
    packet: xmp.Packet,
    settings: Settings,
    finisher: Finisher,
    as_shot: tuple[float, float] | None,
    suffix: str,
) -> None:
    camera_raw.write(packet, settings, finisher, as_shot)
    says = {
        "Version": __version__,
        "Finisher": finisher.name,
        "Off": ", ".join(stage.name for stage in finisher if stage.name in settings.off),
        "CameraRawDigest": camera_raw.digest(packet, finisher),
    }
    if suffix:
        says["Extension"] = suffix.lstrip(".")
    there = set(packet.names(NAMESPACE))
    for control in finisher.controls:
        if control.name in settings.values:
            says[control.name] = json.dumps(settings.values[control.name])
        elif control.name in there:
            packet.remove(NAMESPACE, control.name)
    for name, text in says.items():
        packet.set(NAMESPACE, PREFIX, name, text)


def _exact(packet: xmp.Packet | None, finisher: Finisher, source: Path) -> Edit | None:
    """The edit in our namespace; None where there is none for this finisher."""
    if packet is None or packet.text(NAMESPACE, "Finisher") != finisher.name:
        return None
    settings, notes = Settings(), []
    known = {control.name: control for control in finisher.controls}
    for name in packet.names(NAMESPACE):
        if name[:1].isupper():
            continue
        try:
            settings = settings.replace(known[name], _value(packet.text(NAMESPACE, name)))
        except (KeyError, ValueError, TypeError, PhotofinishError):
            notes.append(f"{name} in {source.name} is not known to this version and was ignored.")
    off = packet.text(NAMESPACE, "Off").split(", ")
    for stage in finisher:
        if stage.name in off:
            settings = settings.switch(stage.name, on=False)
    return Edit(settings, finisher.name, tuple(notes), source, exact=True)


def _value(text: str) -> Setting:
    value: float | str | list[tuple[float, float]] | None = json.loads(text)
    return tuple((x, y) for x, y in value) if isinstance(value, list) else value


def _imported(packet: xmp.Packet, finisher: Finisher, source: Path) -> Edit | None:
    """The edit in Camera Raw's properties; None where there is none."""
    if not camera_raw.present(packet, finisher):
        return None
    found = camera_raw.read(packet, finisher)
    settings = with_values(Settings(), found.values, finisher)
    return Edit(settings, finisher.name, found.notes, source)


def with_values(settings: Settings, values: Mapping[str, Setting], finisher: Finisher) -> Settings:
    """`settings` with the controls named in `values` set. Raises PhotofinishError, KeyError."""
    for name, value in values.items():
        settings = settings.replace(finisher.control(name), value)
    return settings


def _overtaken(packet: xmp.Packet, finisher: Finisher) -> bool:
    """Whether the crs: properties are no longer those that we wrote beside our own values."""
    written = packet.text(NAMESPACE, "CameraRawDigest")
    return bool(written) and written != camera_raw.digest(packet, finisher)


def _belongs(packet: xmp.Packet, suffix: str) -> bool:
    """Whether a sidecar shared by stem speaks of the raw with this suffix."""
    of = packet.text(NAMESPACE, "Extension") or packet.text(PHOTOSHOP, "SidecarForExtension")
    return not of or of.lower() == suffix.lstrip(".").lower()


def _own(raw: Path) -> Path:
    """Where the edit goes that nobody else's sidecar is to hold."""
    return raw.with_name(f"{raw.name}.photofinish.xmp")


def _neighbours(raw: Path) -> tuple[Path, bool]:
    """The path of `<stem>.xmp` as it is spelled, and whether it is not this raw's alone."""
    beside = raw.with_suffix(".xmp")
    shared = raw.suffix.lower() == ".xmp"
    try:
        with os.scandir(raw.parent) as entries:
            for entry in entries:
                other = raw.with_name(entry.name)
                if other.stem != raw.stem or other.name == raw.name:
                    continue
                if other.suffix.lower() == ".xmp" and not beside.exists():
                    beside = other
                shared = shared or other.suffix.lower() in RAW_SUFFIXES
    except OSError:
        pass  # the folder cannot be listed: opening the raw will say why
    return beside, shared


def content_of(path: Path) -> bytes | None:
    """The bytes of `path`, None where there is no such file. Raises PhotofinishError."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > xmp.MOST_BYTES:
            raise PhotofinishError(f"{path} is no XMP file.")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise PhotofinishError(f"{path} cannot be read: {files.reason(error)}.") from error


def _sound(path: Path, notes: list[str]) -> xmp.Packet | None:
    """The packet at `path`; None where there is none, and why in `notes` if it is damaged."""
    try:
        content = content_of(path)
        return None if content is None else xmp.Packet(content)
    except PhotofinishError as error:
        notes.append(f"{path.name} was left alone. {error}")
        return None


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _back_up(path: Path, content: bytes) -> None:
    """Keep somebody else's sidecar as `<name>.bak`, `<name>.bak.2`, ..., once."""
    number = 1
    backup = path.with_name(f"{path.name}.bak")
    while backup.exists():
        if backup.read_bytes() == content:
            return
        number += 1
        backup = path.with_name(f"{path.name}.bak.{number}")
    files.write_bytes(backup, content)
