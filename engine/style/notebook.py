"""Notebook: what was measured of files, kept in the cache, so that learning can be taken up again.

Measuring takes all but a moment of learning a style. A file that has changed is measured anew.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

import platformdirs
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as tensors_as_bytes
from torch import Tensor

from engine.errors import PhotofinishError
from engine.files import write_bytes

BETWEEN = 16
"""Files measured between two writes."""

KEPT = 16
"""Notebooks that stay on the disk."""


class Notebook:
    """Tensors by the files they were measured of, for one folder and one way of measuring."""

    def __init__(self, folder: Path, kind: str) -> None:
        name = hashlib.sha256(f"{kind}\n{folder.resolve()}".encode()).hexdigest()[:16]
        self._path = Path(platformdirs.user_cache_dir("photofinish")) / "styles" / name
        self._known: dict[str, Tensor] = {}
        self._new = 0
        with suppress(OSError, SafetensorError):  # a cache that cannot be read is none
            self._known = load_tensors(self._path.read_bytes())

    def get(self, *files: Path) -> Tensor | None:
        """What was measured of `files` as they are now."""
        found = self._known.get(_state(*files))
        return None if found is None or not bool(torch.isfinite(found).all()) else found

    def put(self, measured: Tensor, *files: Path) -> None:
        """Note what was `measured` of `files`."""
        self._known[_state(*files)] = measured.contiguous()
        self._new += 1
        if self._new == BETWEEN:
            self.keep()

    def keep(self) -> None:
        """Write what is new to the disk."""
        if not self._new:
            return
        self._new = 0
        with suppress(OSError, PhotofinishError):  # without a cache all is measured again
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self._path, tensors_as_bytes(self._known))
            books = sorted(self._path.parent.iterdir(), key=lambda path: path.stat().st_mtime)
            for old in books[:-KEPT]:
                old.unlink()


def _state(*files: Path) -> str:
    """Name, size and time of `files`."""
    told = []
    for file in files:
        about = file.stat()
        told.append(f"{file.name}:{about.st_size}:{about.st_mtime_ns}")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
