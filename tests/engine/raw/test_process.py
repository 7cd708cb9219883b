"""The child process: what happens when it hangs, eats memory, dies or is no longer wanted."""

import os
import sys
import time

import psutil
import pytest

from engine.errors import PhotofinishError
from engine.progress import finish
from engine.raw import process

HANGS = """
import time
def main(request): time.sleep(600)
"""
EATS_MEMORY = """
from engine.raw import child
def eat(asked, say):
    eaten = []
    while True:
        eaten.append(bytearray(1 << 26))
def main(request):
    child.serve = eat
    child.main(request)
"""
DIES = """
import os, signal
def main(request): os.kill(os.getpid(), signal.SIGSEGV)
"""
STUMBLES = """
from engine.raw import child
def stumble(asked, say): raise KeyError("deep inside a codec")
def main(request):
    child.serve = stumble
    child.main(request)
"""


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    """Let the child run other code in place of the decoder."""

    def install(code):
        (tmp_path / "hostile.py").write_text(code)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(process, "ENTRY", "hostile")
        path = tmp_path / "photo.dng"
        path.write_bytes(b"II*\0")
        return path

    return install


def children():
    return {child.pid for child in psutil.Process().children()}


def test_a_decoder_that_hangs_is_stopped(hostile, monkeypatch):
    path = hostile(HANGS)
    monkeypatch.setattr(process, "TIME_LIMIT", 0.5)
    before = children()
    with pytest.raises(PhotofinishError, match="too long"):
        finish(process.decode(path, "photo"))
    assert children() <= before


def test_a_decoder_that_eats_memory_is_stopped(hostile, monkeypatch):
    path = hostile(EATS_MEMORY)
    monkeypatch.setattr(process, "MEMORY_LIMIT", 1 << 30)
    with pytest.raises(PhotofinishError, match="more memory"):
        finish(process.decode(path, "photo"))


@pytest.mark.parametrize("code", [DIES, STUMBLES], ids=["dies", "stumbles"])
def test_a_decoder_that_fails_is_one_sentence(hostile, code):
    with pytest.raises(PhotofinishError, match="damaged"):
        finish(process.decode(hostile(code), "photo"))


def test_cancelling_kills_the_child(hostile):
    before = children()
    work = process.decode(hostile(HANGS), "photo")
    next(work)
    assert children() - before
    started = time.monotonic()
    work.close()
    assert time.monotonic() - started < 5
    assert children() <= before


def test_the_child_is_light():
    """Start-up is most of a preview's time: no torch, no Qt, no OpenCV before they are needed."""
    import subprocess
    import sys

    code = "import engine.raw.child, engine.raw.dng, engine.raw.develop, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "PySide6", "cv2", "rawpy", "PIL", "scipy"} & set(loaded)


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders there")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    path = tmp_path / "photo.dng"
    os.mkfifo(path)
    with pytest.raises(PhotofinishError, match=r"^photo\.dng is no ordinary file\.$"):
        finish(process.decode(path, "photo"))
