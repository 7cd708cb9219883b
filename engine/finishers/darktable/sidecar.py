"""Sidecar: darktable's own, `<name>.<ext>.xmp`, and its duplicates `<name>_01.<ext>.xmp`.

One that is there is never written over: ours becomes the next duplicate, and keeps what it says of
modules that we do not know.
"""

from collections.abc import Iterator
from pathlib import Path

from engine.errors import PhotofinishError
from engine.files import reason, write_bytes
from engine.finishers.darktable.edit import Read, history, settings_of
from engine.finishers.darktable.history import History, history_of
from engine.metadata import Metadata
from engine.settings import Settings

MOST_DUPLICATES = 99


def read_sidecar(path: Path, metadata: Metadata) -> Read:
    """The edit in a sidecar of darktable's. Raises PhotofinishError."""
    return settings_of(_history(path), metadata)


def write_sidecar(raw: Path, settings: Settings, metadata: Metadata) -> Path:
    """Write the edit of `raw` beside it, where there is nothing yet; return where.

    Raises PhotofinishError.
    """
    first = next(_paths(raw))
    kept = _history(first) if first.exists() else None
    content = history(settings, metadata, kept=kept).to_bytes()
    for path in _paths(raw):
        if not path.exists():
            write_bytes(path, content)
            return path
    raise PhotofinishError(f"{raw.name} has {MOST_DUPLICATES} duplicates in darktable already.")


def _paths(raw: Path) -> Iterator[Path]:
    yield raw.with_name(f"{raw.name}.xmp")
    for number in range(1, MOST_DUPLICATES + 1):
        yield raw.with_name(f"{raw.stem}_{number:02d}{raw.suffix}.xmp")


def _history(path: Path) -> History:
    try:
        return history_of(path.read_bytes())
    except OSError as error:
        raise PhotofinishError(f"{path} cannot be read: {reason(error)}.") from error
