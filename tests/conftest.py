"""Fixtures that all tests share: real files and darktable where they are at hand."""

import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine  # noqa: F401 - before torch: it says how torch's threads wait

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real raws, goldens and photos; a test that needs it skips without it."""
    if not SHARED.is_dir():
        pytest.skip(f"real files are not at hand: no folder {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def darktable() -> Iterator[Path]:
    """The installed darktable; where there is none, the test is skipped.

    It runs on one thread, as it makes the same bits again only so.
    """
    from engine.finishers.darktable.program import found

    path = found()
    if path is None:
        pytest.skip("darktable is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield path


@pytest.fixture
def without_darktable(monkeypatch) -> None:
    """As if none were installed."""
    from engine.finishers.darktable.program import CHOSEN

    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(CHOSEN, raising=False)


@pytest.fixture
def stand_in(tmp_path_factory, monkeypatch):
    """A darktable that does what the test says, as a shell script; its path."""
    from engine.finishers.darktable import program

    if sys.platform == "win32":
        pytest.skip("the stand-in is a shell script")

    def write(does: str, version: str = "4.2.1") -> Path:
        path = tmp_path_factory.mktemp("bin") / "darktable-cli"
        path.write_text(
            f'#!/bin/sh\nif [ "$1" = --version ]; then echo "this is darktable-cli {version}";'
            f" exit 0; fi\n{does}\n"
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        program.version.cache_clear()
        monkeypatch.setenv(program.CHOSEN, str(path))
        return path

    return write
