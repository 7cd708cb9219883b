"""Writing files so that a crash leaves the old one or the new one, never half of either."""

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from engine.errors import PhotofinishError

STALE_SECONDS = 60.0
"""A temporary file this old was left by a program that died."""


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Lend a temporary file beside `target`, which takes its place when the block ends well.

    When the block is left by an exception, a closed generator included, the temporary file is
    removed and `target` stays as it was. Raises PhotofinishError where nothing can be written.
    """
    real = Path(os.path.realpath(target))  # a link stays a link
    temporary = real.with_name(f".{real.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.touch(exist_ok=False)
        yield temporary
        _sync(temporary)
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(real, temporary)
        temporary.replace(real)
        _sync_folder(real.parent)
    except OSError as error:
        raise PhotofinishError(f"{target} cannot be written: {reason(error)}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(target: Path, content: bytes) -> None:
    """Replace `target` by `content`, atomically. Raises PhotofinishError."""
    with replacing(target) as temporary:
        temporary.write_bytes(content)


def make_folder(folder: Path) -> None:
    """Make `folder` where it is not there yet. Raises PhotofinishError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PhotofinishError(f"The folder {folder} cannot be made: {reason(error)}.") from error


def sweep(target: Path) -> None:
    """Remove what a killed program left of its attempts to write `target`."""
    real = Path(os.path.realpath(target))
    with contextlib.suppress(OSError), os.scandir(real.parent) as entries:
        for entry in entries:
            mine = entry.name.startswith(f".{real.name}.") and entry.name.endswith(".tmp")
            if mine and time.time() - entry.stat().st_mtime > STALE_SECONDS:
                Path(entry.path).unlink()


def reason(error: OSError) -> str:
    """What went wrong, in the system's words, fit for the middle of a sentence."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:].rstrip(".")


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # has no handle to a folder to sync
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
