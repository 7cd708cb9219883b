"""Sidecar: darktable's own, `<name>.<ext>.xmp`, and its duplicates `<name>_01.<ext>.xmp`.

Ours carries a digest of all that is in it. While that fits, nobody else has touched the file and
the next edit may take its place; any other file is somebody's and is never written over: the edit
becomes the next duplicate, and keeps what the first sidecar says of modules that we do not know.
It also says when it was made, as a file's own time does not survive a copy.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from engine import xmp
from engine.errors import PhotofinishError
from engine.files import reason, sweep, write_bytes
from engine.finishers.darktable.edit import Read, history, settings_of
from engine.finishers.darktable.history import History, history_of
from engine.metadata import Metadata
from engine.settings import Settings
from engine.sidecar import EDITED, NAMESPACE, PREFIX, now

MOST_DUPLICATES = 99

_BLANK = "0" * 64
_DIGEST = re.compile(rb'photofinish:Digest="([0-9a-f]{64})"')


def read_sidecar(path: Path, metadata: Metadata) -> Read:
    """The edit in a sidecar of darktable's. Raises PhotofinishError."""
    return settings_of(history_of(_content(path)), metadata)


def read_beside(raw: Path, metadata: Metadata) -> Read:
    """The edit that `raw` was left with: our newest, else darktable's own, else none."""
    first = next(_paths(raw))
    path = _ours(raw) or (first if first.exists() else None)
    if path is None:
        return Read(Settings(), ())
    try:
        return read_sidecar(path, metadata)
    except PhotofinishError as error:
        return Read(Settings(), (f"{path.name} was left alone. {error}",))


def edited(raw: Path) -> str | None:
    """When our edit of `raw` was made, by `engine.sidecar.now`; None where there is none."""
    path = _ours(raw)
    return None if path is None else _edited(_content(path))


def write_sidecar(raw: Path, settings: Settings, metadata: Metadata) -> Path:
    """Write the edit of `raw` beside it, where ours is or where there is nothing; return where.

    Raises PhotofinishError.
    """
    own, first = _ours(raw), next(_paths(raw))
    free = (path for path in _paths(raw) if not path.exists())
    path = own or next(free, None)
    if path is None:
        raise PhotofinishError(f"{raw.name} has {MOST_DUPLICATES} duplicates in darktable already.")
    content = history(settings, metadata, kept=_history(own or first)).to_bytes()
    sweep(path)
    write_bytes(path, _signed(content))
    return path


def _paths(raw: Path) -> Iterator[Path]:
    yield raw.with_name(f"{raw.name}.xmp")
    for number in range(1, MOST_DUPLICATES + 1):
        yield raw.with_name(f"{raw.stem}_{number:02d}{raw.suffix}.xmp")


def _ours(raw: Path) -> Path | None:
    """The newest that nobody else has touched since we wrote it."""
    found: dict[Path, str] = {}
    for path in _paths(raw):
        if path.is_file():
            content = _content(path)
            if _is_ours(content):
                found[path] = _edited(content)
    return max(found, key=found.__getitem__, default=None)


def _signed(content: bytes) -> bytes:
    packet = xmp.Packet(content)
    packet.set(NAMESPACE, PREFIX, EDITED, now())
    packet.set(NAMESPACE, PREFIX, "Digest", _BLANK)
    blank = packet.to_bytes()
    return blank.replace(_BLANK.encode(), hashlib.sha256(blank).hexdigest().encode())


def _is_ours(content: bytes) -> bool:
    found = _DIGEST.search(content)
    if found is None:
        return False
    blank = content[: found.start(1)] + _BLANK.encode() + content[found.end(1) :]
    return hashlib.sha256(blank).hexdigest().encode() == found[1]


def _edited(content: bytes) -> str:
    return xmp.Packet(content).text(NAMESPACE, EDITED)


def _history(path: Path) -> History | None:
    """What `path` says; None where it is no history of darktable's, or there is no such file."""
    try:
        return history_of(_content(path)) if path.exists() else None
    except PhotofinishError:
        return None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PhotofinishError(f"{path} cannot be read: {reason(error)}.") from error
