"""Sidecar: darktable's own, `<name>.<ext>.xmp`, and its duplicates `<name>_01.<ext>.xmp`.

Ours carries a digest of all that is in it. While that fits, nobody else has touched the file and
the next edit may take its place; any other file is somebody's and is never written over: the edit
becomes the next duplicate, and keeps what the first sidecar says of modules that we do not know.
It also says when it was made, as a file's own time does not survive a copy.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import xmp
from engine.errors import PhotofinishError
from engine.files import sweep, write_bytes
from engine.finishers.darktable.edit import Read, history, settings_of
from engine.finishers.darktable.history import History, Item, history_of
from engine.metadata import Metadata
from engine.settings import Settings
from engine.sidecar import EDITED, NAMESPACE, PREFIX, content_of, now

MOST_DUPLICATES = 99

_BLANK = "0" * 64
_DIGEST = re.compile(rb'photofinish:Digest="([0-9a-f]{64})"')


def read_sidecar(path: Path, metadata: Metadata) -> Read:
    """The edit in a sidecar of darktable's. Raises PhotofinishError."""
    content = content_of(path)
    if content is None:
        raise PhotofinishError(f"{path} does not exist.")
    return settings_of(history_of(content), metadata)


def read_beside(raw: Path, metadata: Metadata) -> Read:
    """The edit that `raw` was left with: our newest, else darktable's own, else none."""
    own, first = _ours(raw), _first(raw)
    if own is None and not first.exists():
        return Read(Settings(), ())
    path = own.path if own else first
    try:
        return read_sidecar(path, metadata)
    except PhotofinishError as error:
        return Read(Settings(), (f"{path.name} was left alone. {error}",))


def edited(raw: Path) -> str | None:
    """When our edit of `raw` was made, by `engine.sidecar.now`; None where there is none."""
    own = _ours(raw)
    return own.edited if own else None


def write_sidecar(
    raw: Path,
    settings: Settings,
    metadata: Metadata,
    own_input: tuple[Item, ...] | None = None,
) -> Path:
    """Write the edit of `raw` beside it, where ours is or where there is nothing; return where.

    `own_input` are the user's own items that it was opened with; without it, those beside it now.
    Raises PhotofinishError.
    """
    own, first = _ours(raw), _first(raw)
    free = (path for path in _paths(raw) if not path.exists())
    path = own.path if own else next(free, None)
    if path is None:
        raise PhotofinishError(f"{raw.name} has {MOST_DUPLICATES} duplicates in darktable already.")
    kept = _history(own.path if own else first)
    content = history(settings, metadata, kept=kept, own_input=own_input).to_bytes()
    sweep(path)
    write_bytes(path, _signed(content))
    return path


@dataclass(frozen=True)
class _Own:
    """A sidecar of ours that nobody else has touched, and when it was made."""

    path: Path
    edited: str


def _ours(raw: Path) -> _Own | None:
    """The newest of them; None where there is none."""
    found = [own for path in _paths(raw) if path.is_file() and (own := _own(path))]
    return max(found, key=lambda own: own.edited, default=None)


def _own(path: Path) -> _Own | None:
    try:
        content = content_of(path)
        if content is None or not _is_ours(content):
            return None
        return _Own(path, xmp.Packet(content).text(NAMESPACE, EDITED))
    except PhotofinishError:  # cannot be read: somebody's
        return None


def _paths(raw: Path) -> Iterator[Path]:
    """Where edits of `raw` may lie: not where the sidecar of another photo in the folder does."""
    yield _first(raw)
    for number in range(1, MOST_DUPLICATES + 1):
        duplicate = raw.with_name(f"{raw.stem}_{number:02d}{raw.suffix}")
        if not duplicate.exists():
            yield _first(duplicate)


def _first(raw: Path) -> Path:
    return raw.with_name(f"{raw.name}.xmp")


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


def _history(path: Path) -> History | None:
    """What `path` says; None where it is no history of darktable's, or there is no such file."""
    try:
        content = content_of(path)
        return None if content is None else history_of(content)
    except PhotofinishError:
        return None
