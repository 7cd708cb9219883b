"""The program: found, too old, failing, stopped; each in words."""

import stat
import sys
import time

import psutil
import pytest

from engine.errors import PhotofinishError
from engine.finishers.darktable import program
from engine.progress import finish

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A darktable that does what the test says; its path."""

    def write(does: str, version: str = "4.2.1"):
        path = tmp_path / "darktable-cli"
        path.write_text(
            f'#!/bin/sh\nif [ "$1" = --version ]; then echo "this is darktable-cli {version}";'
            f" exit 0; fi\n{does}\n"
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        program.version.cache_clear()
        monkeypatch.setenv(program.CHOSEN, str(path))
        return path

    return write


def test_none_installed(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(program.CHOSEN, raising=False)
    assert program.found() is None
    with pytest.raises(PhotofinishError, match="not installed"):
        program.program()


def test_one_too_old(stand_in) -> None:
    stand_in("exit 0", version="4.0.0")
    with pytest.raises(PhotofinishError, match=r"darktable 4\.0 is too old; 4\.2"):
        program.program()


def test_one_that_says_no_version(stand_in) -> None:
    stand_in("exit 0", version="")
    with pytest.raises(PhotofinishError, match="does not say"):
        program.program()


def test_what_it_failed_with_is_told(stand_in, tmp_path) -> None:
    stand_in('echo "no such raw." >&2; echo "WARNING: either your user id is 0"; exit 1')
    with pytest.raises(PhotofinishError, match=r"darktable failed: no such raw\.$"):
        finish(program.run(["a.dng"], tmp_path))


def test_a_photo_that_it_cannot_read(stand_in, tmp_path) -> None:
    stand_in(
        'echo "[export] mipmap allocation for out.jpg failed"; echo "[disk] could not"; exit 1'
    )
    with pytest.raises(PhotofinishError, match=r"^darktable failed: it cannot read this photo\.$"):
        finish(program.run(["a.dng"], tmp_path))


def test_one_that_does_not_end_is_given_up(stand_in, tmp_path, monkeypatch) -> None:
    stand_in("exec sleep 60")
    monkeypatch.setattr(program, "SECONDS", 0.2)
    with pytest.raises(PhotofinishError, match="did not come to an end"):
        finish(program.run(["a.dng"], tmp_path))


def test_closing_the_work_stops_it(stand_in, tmp_path) -> None:
    stand_in("exec sleep 60")
    work = program.run(["a.dng"], tmp_path)
    next(work)
    running = [p for p in psutil.Process().children() if "sleep" in p.name()]
    deadline = time.monotonic() + 5.0
    while not running and time.monotonic() < deadline:  # the shell becomes the sleep
        time.sleep(0.02)
        running = [p for p in psutil.Process().children() if "sleep" in p.name()]
    work.close()
    assert running
    assert not any(process.is_running() for process in running)
