"""The installed darktable: where its command line is, which version, and how to run it.

It renders in processes of their own, without a library, a display or the user's settings, but for
the folder of color tables.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from engine.errors import PhotofinishError
from engine.finishers.darktable import luts
from engine.progress import Progress, Work

NAME = "darktable-cli"

OLDEST = 4, 2
"""The first version whose modules are those of the finisher."""

SECONDS = 600.0
"""After which a render that does not end is given up."""

TICK = 0.05
"""Seconds between two looks at whether it has ended."""

CHOSEN = "PHOTOFINISH_DARKTABLE"
"""Environment variable with the path of a `darktable-cli` to use instead of the one on PATH."""

UNREAD = "mipmap allocation for"
"""In what darktable says where it got no picture out of a file."""

T = TypeVar("T")

_SAID = re.compile(r"darktable-cli (\d+)\.(\d+)")
_IDLE = ("WARNING: either your user id",)
"""What darktable says whether or not it fails."""


def found() -> Path | None:
    """The path of darktable's command line, if it is installed."""
    path = os.environ.get(CHOSEN) or shutil.which(NAME)
    return Path(path) if path else None


def program() -> Path:
    """The path of darktable's command line. Raises PhotofinishError where it is of no use."""
    path = found()
    if path is None:
        raise PhotofinishError(f"darktable is not installed: {NAME} was not found.")
    if version(path) < OLDEST:
        told, oldest = (".".join(map(str, each)) for each in (version(path), OLDEST))
        raise PhotofinishError(f"darktable {told} is too old; {oldest} or newer is needed.")
    return path


def missing() -> str:
    """Why darktable cannot be asked, as a sentence; nothing where it can."""
    try:
        program()
    except PhotofinishError as error:
        return str(error)
    return ""


@cache
def version(path: Path) -> tuple[int, int]:
    """The version of the darktable whose command line is at `path`. Raises PhotofinishError."""
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=60, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PhotofinishError(f"{path} cannot be run.") from error
    told = _SAID.search(said)
    if told is None:
        raise PhotofinishError(f"{path} does not say which darktable it is.")
    return int(told[1]), int(told[2])


def run(
    arguments: Sequence[str | Path], folder: Path, wishes: Mapping[str, int] | None = None
) -> Work[str]:
    """Run darktable's command line to its end and return what it said.

    `folder` takes what it leaves behind; `wishes` go before its preferences. Close the work to stop
    it. Raises PhotofinishError with what darktable said where it fails or does not end.
    """
    own = ["--configdir", str(folder / "settings"), "--cachedir", str(folder / "cache")]
    chosen = {luts.FOLDER: luts.folder(), **(wishes or {})}
    told = [part for name, value in chosen.items() for part in ("--conf", f"{name}={value}")]
    command = [program(), *arguments, "--core", *own, *told, "--disable-opencl"]
    log = folder / "said"
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        began = time.monotonic()
        try:
            while process.poll() is None:
                if time.monotonic() - began > SECONDS:
                    raise PhotofinishError("darktable did not come to an end.")
                yield Progress(0, 1, "darktable")
                time.sleep(TICK)
        finally:
            process.kill()
            process.wait()
    text = log.read_text(errors="replace")
    if process.returncode != 0:
        raise PhotofinishError(f"darktable failed: {_last(text)}")
    return text


def hurried(work: Work[T], seconds: float) -> Work[T]:
    """`work` of darktable's, given up after so long. Raises PhotofinishError then."""
    end = time.monotonic() + seconds
    try:
        while True:
            yield next(work)
            if time.monotonic() > end:
                raise PhotofinishError(f"darktable has taken more than {seconds:g} seconds.")
    except StopIteration as done:
        answer: T = done.value
        return answer
    finally:
        work.close()


def _last(text: str) -> str:
    if UNREAD in text:
        return "it cannot read this photo."
    lines = [line.strip() for line in text.splitlines() if not line.startswith(_IDLE)]
    lines = [line for line in lines if line]
    return f"{lines[-1].rstrip('.')}." if lines else "it did not say why."
