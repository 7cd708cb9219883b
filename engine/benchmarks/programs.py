"""Programs: how long another program takes, and how much memory."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.errors import PhotofinishError

TICK = 0.05
"""Seconds between two looks at the memory: fewer would miss peaks, more would cost time."""

OURS_ALONE = "OMP_WAIT_POLICY"
"""What the engine asks of torch's threads, and no other program should follow."""


@dataclass(frozen=True)
class Measured:
    """Wall seconds, most bytes of memory held at once by it and its children, and what it said."""

    seconds: float
    peak_bytes: int
    said: str


def run_measured(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run `command` to its end, with `environment` over ours.

    Raises PhotofinishError where it cannot be started or fails.
    """
    name = Path(command[0]).name
    inherited = {key: value for key, value in os.environ.items() if key != OURS_ALONE}
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env={**inherited, **(environment or {})},
            )
        except OSError as error:
            raise PhotofinishError(f"{name} cannot be started.") from error
        watch = _Watch(process.pid)
        try:
            status = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            seconds = time.perf_counter() - start
            peak = watch.end()
        said.seek(0)
        text = said.read().decode(errors="replace")
    if status != 0:
        raise PhotofinishError(_failure(name, text))
    return Measured(seconds, peak, text)


class _Watch(threading.Thread):
    """Looks at the memory of a process and its children until told to end.

    The system's own account will not do: on Linux the peak of a child begins at its parent's.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(name="memory", daemon=True)
        self._pid, self._peak, self._ended = pid, 0, threading.Event()
        self.start()

    def run(self) -> None:
        """Look, wait a tick, look again."""
        while True:
            self._peak = max(self._peak, _resident(self._pid))
            if self._ended.wait(TICK):
                return

    def end(self) -> int:
        """Stop looking; the most bytes seen."""
        self._ended.set()
        self.join()
        return self._peak


def _resident(pid: int) -> int:
    """Bytes that process and its children hold in memory now; 0 when it is gone."""
    try:
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.Error:  # it ended since
            continue
    return total


def _failure(name: str, text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("WARNING")]
    return f"{name} failed: {lines[-1].rstrip('.')}." if lines else f"{name} failed."
