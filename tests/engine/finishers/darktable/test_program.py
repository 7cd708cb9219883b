"""The program: found, too old, failing, stopped; each in words."""

import time

import psutil
import pytest

from engine.errors import PhotofinishError
from engine.finishers.darktable import program
from engine.progress import finish


def test_none_installed(without_darktable) -> None:
    assert program.found() is None
    with pytest.raises(PhotofinishError, match="not installed"):
        program.program()


def test_what_it_lacks_is_told_and_nothing_where_it_works(stand_in, monkeypatch) -> None:
    stand_in("exit 0")
    assert program.missing() == ""
    monkeypatch.setenv(program.CHOSEN, "/nowhere/darktable-cli")
    assert program.missing() == "/nowhere/darktable-cli cannot be run."


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


def test_one_that_takes_longer_than_it_is_waited_for_is_stopped(stand_in, tmp_path) -> None:
    stand_in("exec sleep 60")
    with pytest.raises(PhotofinishError, match=r"more than 0\.2 seconds"):
        finish(program.hurried(program.run(["a.dng"], tmp_path), 0.2))
    assert not [p for p in psutil.Process().children() if "sleep" in p.name()]


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
