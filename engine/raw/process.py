"""Run the decoder in a process of its own: a broken file costs an error message, no more.

The child gets a wall clock and a limit of address space; it is killed when it overstays, and when
its caller stops waiting. Pixels come back through anonymous shared memory.
"""

import contextlib
import json
import mmap
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import PhotofinishError
from engine.progress import Progress, Work
from engine.raw.tiff import DamagedError

TIME_LIMIT = 120.0
"""Seconds that the decoder may take."""

MEMORY_LIMIT = 4 << 30
"""Bytes of address space that the decoder may take."""

ENTRY = "engine.raw.child"
"""The module whose `main` the child runs."""

COMPLAINTS = (b"data corrupted", b"unexpected end of file")  # LibRaw's words on standard error
TICK = 0.05


@dataclass(frozen=True)
class Answer:
    """What the decoder said, and the pixels where it sent some."""

    said: dict[str, Any]
    pixels: NDArray[Any] | None


def decode(path: Path, what: str, *, half: bool = False, long_side: int = 0) -> Work[Answer]:
    """Ask the decoder: `what` is "photo", "describe" or "preview".

    Yields Progress while it works; closing the generator kills it. Raises PhotofinishError.
    """
    check_readable(path)
    with _shared_file() as pixels, tempfile.TemporaryFile() as complaints:
        request = {
            "what": what,
            "path": str(path.resolve()),
            "half": half,
            "long_side": long_side,
            "pixels": pixels,
            "memory": MEMORY_LIMIT,
            "seconds": TIME_LIMIT,
        }
        child = _start(request, pixels, complaints)
        try:
            said = yield from _listen(child)
        finally:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()
        complaints.seek(0)
        noise = complaints.read(1 << 16).lower()
        if any(words in noise for words in COMPLAINTS):
            raise DamagedError
        return Answer(said, _taken(pixels, said.get("shape"), what))


def check_readable(path: Path) -> None:
    """Raise PhotofinishError, in plain words, where `path` is no file that can be read."""
    try:
        if path.is_dir():
            raise PhotofinishError(f"{path.name} is a folder, not a photo.")
        if path.exists() and not path.is_file():  # opening a pipe would wait for its other end
            raise PhotofinishError(f"{path.name} is no ordinary file.")
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise PhotofinishError(f"There is no file {path}.") from error
    except PermissionError as error:
        raise PhotofinishError(f"You may not read {path.name}: permission denied.") from error
    except (OSError, ValueError) as error:
        raise PhotofinishError(f"{path.name} cannot be read.") from error


@contextlib.contextmanager
def _shared_file() -> Iterator[int]:
    """A file without a name that parent and child both map."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("photofinish")
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryFile() as file:
            yield file.fileno()


def _start(request: dict[str, Any], pixels: int, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    # without site, and with this process's own search path: the child starts in half the time
    search = [str(Path(__file__).parents[2]), *sys.path]
    boot = f"import sys; sys.path[:] = {search!r}; from {ENTRY} import main; main(sys.argv[1])"
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", boot, json.dumps(request)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=complaints,
        pass_fds=(pixels,),
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )


def _listen(child: subprocess.Popen[bytes]) -> Work[dict[str, Any]]:
    """Yield the child's progress until it answers. Raises PhotofinishError."""
    lines: queue.Queue[bytes] = queue.Queue()
    stream = child.stdout
    assert stream is not None

    def read() -> None:
        with contextlib.suppress(ValueError):  # closed while reading: nobody listens any more
            for line in stream:
                lines.put(line)
            lines.put(b"")

    threading.Thread(target=read, name="decoder answers", daemon=True).start()
    deadline = time.monotonic() + TIME_LIMIT
    progress = Progress(0, 3, "Opening")
    while True:
        yield progress
        try:
            line = lines.get(timeout=TICK)
        except queue.Empty:
            if time.monotonic() > deadline:
                raise PhotofinishError(
                    "Decoding this file took too long and was stopped."
                ) from None
            continue
        if not line:
            raise PhotofinishError("This file makes the decoder fail; it is probably damaged.")
        message = json.loads(line)
        if "answer" in message:
            answer: dict[str, Any] = message["answer"]
            return answer
        if "error" in message:
            raise PhotofinishError(message["error"])
        progress = Progress(*message["progress"])


def _taken(descriptor: int, shape: list[int] | None, what: str) -> NDArray[Any] | None:
    """The child's pixels: mapped, not copied; writable, and nobody else's."""
    if not shape:
        return None
    dtype = np.dtype(np.uint8 if what == "preview" else np.float32)
    size = int(np.prod(shape)) * dtype.itemsize
    if os.fstat(descriptor).st_size < size or size <= 0:
        raise DamagedError
    return np.frombuffer(mmap.mmap(descriptor, size, access=mmap.ACCESS_COPY), dtype).reshape(shape)
