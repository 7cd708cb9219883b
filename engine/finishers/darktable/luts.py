"""darktable's folder of color tables: it knows a table by its path from there, and no other way.

The folder is the one chosen in the user's own darktable, in whatever way we run it: a sidecar then
means the same file to both. Without a choice it is the home folder, as in darktable itself.
"""

import os
import sys
from pathlib import Path

from engine.errors import PhotofinishError

FOLDER = "plugins/darkroom/lut3d/def_path"
"""darktable's preference with the folder."""

LONGEST = 511
"""Bytes of a path that darktable has room for."""


def folder() -> Path:
    """The folder that paths of tables begin at."""
    try:
        lines = _preferences().read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # darktable has never been opened here
        lines = []
    chosen = [line.partition("=")[2].strip() for line in lines if line.startswith(f"{FOLDER}=")]
    path = chosen[-1] if chosen else ""
    return Path(path.replace("$(home)", str(Path.home()))) if path else Path.home()


def told(path: str) -> str:
    """The table at `path` as darktable is told of it: from its folder, wherever it lies.

    Raises PhotofinishError where there is no such way.
    """
    start, table = folder(), Path(path).absolute()
    if ".." in table.parts or not table.is_relative_to(start):
        # ".." leads up from where the folder really is
        start, table = start.resolve(), table.resolve()
    try:
        way = Path(os.path.relpath(table, start)).as_posix()
    except ValueError as error:  # another drive of Windows
        raise PhotofinishError(
            f"darktable cannot use {table.name}: it lies on another drive than {start}, where"
            " darktable's color tables are."
        ) from error
    if len(os.fsencode(way)) > LONGEST:
        raise PhotofinishError(f"darktable cannot use {table.name}: its path is too long.")
    return way


def found(way: str) -> str:
    """The path of the table that darktable is told of as `way`."""
    start = folder()
    if ".." in Path(way).parts:
        start = start.resolve()
    return os.path.normpath(start / way)


def _preferences() -> Path:
    """Where the user's own darktable keeps them."""
    local = os.environ.get("LOCALAPPDATA")
    if sys.platform == "win32" and local:
        return Path(local) / "darktable" / "darktablerc"
    kept = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(kept) / "darktable" / "darktablerc"
