"""Benchmarks of what a user waits for: the first picture of a raw, and a frame of a drag.

Measured through the editor's own render thread, from the request to the QImage that the canvas
would show, on a fixed edit that keeps every stage busy. Run it with nothing else on the machine.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from PySide6.QtCore import QCoreApplication, QEventLoop

from editor.__main__ import THREADS
from editor.opening import opening
from editor.render_thread import Frame, RenderThread, Request, View
from engine.errors import PhotofinishError
from engine.finishers.basic import BASIC
from engine.progress import finish
from engine.settings import Settings
from engine.slider import Slider
from engine.stage import Kind

LONG_SIDE = 1600
EDIT = {
    "temperature": 5500.0,
    "tint": 5.0,
    "exposure": 0.4,
    "dehaze": 10.0,
    "highlights": -40.0,
    "shadows": 30.0,
    "clarity": 15.0,
    "texture": 10.0,
    "contrast": 15.0,
    "hue_blue": -10.0,
    "vibrance": 20.0,
    "saturation": 5.0,
    "sharpen_amount": 40.0,
    "luminance_noise": 15.0,
    "color_noise": 25.0,
}
"""A thorough edit: no stage with sliders is idle but the LUT, which would take a file."""


def bench_open(raw: Path, repeats: int) -> dict[str, object]:
    """Milliseconds from a path to our own first picture of it; first_paint includes the decode."""
    with _Stage() as stage:
        opened, painted = [], []
        for _ in range(repeats):
            start = time.perf_counter()
            photo = finish(opening(raw, BASIC, True)).photo
            opened.append(time.perf_counter() - start)
            stage.frame(Request(photo, Settings(), View(), LONG_SIDE))
            painted.append(time.perf_counter() - start)
    return {
        "photo": raw.name,
        **_machine(),
        "first_paint": _summary(painted),
        "decode": _summary(opened),
    }


def bench_drag(raw: Path, frames: int) -> dict[str, object]:
    """Milliseconds from a slider to the picture, by kind of stage, and from release to rest.

    Drags one slider of every stage over `frames` positions, each asked for when the one before is
    there. `reduced_share` is the share of frames that were rendered smaller to be in time.
    """
    photo = finish(opening(raw, BASIC, False)).photo
    edit = Settings()
    for name, value in EDIT.items():
        edit = edit.replace(BASIC.control(name), value)
    drags: dict[bool, list[Frame]] = {True: [], False: []}
    waits: dict[bool, list[float]] = {True: [], False: []}
    sliders: dict[str, object] = {}
    settles: list[float] = []
    with _Stage() as stage:
        stage.frame(Request(photo, edit, View(), LONG_SIDE))
        for areawise, slider in _dragged():
            seconds = []
            for settings in _positions(edit, slider, frames):
                wait, frame = stage.frame(Request(photo, settings, View(), LONG_SIDE, moving=True))
                seconds.append(wait)
                drags[areawise].append(frame)
            waits[areawise] += seconds
            sliders[slider.name] = _summary(seconds)
            settles.append(stage.frame(Request(photo, settings, View(), LONG_SIDE))[0])
    answer: dict[str, object] = {"photo": raw.name, **_machine(), "frames": frames}
    for name, areawise in (("pointwise", False), ("areawise", True)):
        reduced = [not frame.settled for frame in drags[areawise]]
        answer[name] = {
            **_summary(waits[areawise]),
            "long_side": LONG_SIDE,
            "reduced_share": round(sum(reduced) / len(reduced), 3),
        }
    return {**answer, "settle": _summary(settles), "sliders": sliders}


def sample() -> tempfile.TemporaryDirectory[str]:
    """A folder, gone when closed, that holds the project's own photo, sample.dng."""
    folder = tempfile.TemporaryDirectory()
    out = str(Path(folder.name) / "sample.dng")
    subprocess.run([sys.executable, "-m", "resources.sample", out], check=True)
    return folder


class _Stage:
    """A render thread with its event loop, for as long as the block lasts."""

    def __enter__(self) -> "_Stage":
        torch.set_num_threads(THREADS)
        self._application = QCoreApplication.instance() or QCoreApplication([])
        self._loop = QEventLoop()
        self._thread = RenderThread(BASIC)
        self._thread.framed.connect(self._take)
        self._thread.failed.connect(self._fail)
        self._wanted: Request | None = None
        self._frame: Frame | None = None
        self._failure = ""
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.stop()

    def frame(self, request: Request) -> tuple[float, Frame]:
        """Seconds until the first frame of `request`, and the frame."""
        self._wanted, self._frame = request, None
        start = time.perf_counter()
        self._thread.request(request)
        self._loop.exec()
        if self._frame is None:
            raise PhotofinishError(self._failure)
        return time.perf_counter() - start, self._frame

    def _take(self, frame: Frame) -> None:
        if frame.request is self._wanted and self._frame is None:
            self._frame = frame
            self._loop.quit()

    def _fail(self, sentence: str) -> None:
        self._failure = sentence
        self._loop.quit()


def _dragged() -> Iterator[tuple[bool, Slider]]:
    """One slider of each stage, and whether the stage is areawise."""
    for stage in BASIC:
        slider = next((s for s in stage.sliders if s.name in EDIT), None)
        if slider is not None:
            yield stage.kind is Kind.AREAWISE, slider


def _positions(edit: Settings, slider: Slider, frames: int) -> Iterator[Settings]:
    """A drag from a quarter to three quarters of the slider's way."""
    for i in range(frames):
        value = slider.denormalize(0.25 + 0.5 * (i + 0.5) / frames)
        assert isinstance(value, float)
        yield edit.replace(slider, value)


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {
        "median_ms": round(1e3 * statistics.median(ordered), 1),
        "p95_ms": round(1e3 * p95, 1),
    }


def _machine() -> dict[str, object]:
    return {"cores": os.cpu_count(), "threads": THREADS}
