"""The render thread: newest settings win, drags shrink only when late, full when still."""

import threading
import time

import pytest
import torch
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from editor.render_thread import Frame, RenderThread, Request, View, histogram_of
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.settings import Settings
from engine.slider import Slider
from engine.stage import Kind, Space, Stage
from tests.editor.hands import WAIT

A = Slider("a", 0.0, 100.0)
UNLUCKY = 13.0


class Slow:
    """A finisher of one stage that takes as long as it is told."""

    def __init__(self, seconds_per_pixel: float = 0.0) -> None:
        self.seconds = seconds_per_pixel
        self.gate = threading.Event()
        self.gate.set()
        stage = Stage("slow", (A,), self.run, Kind.AREAWISE, Space.DISPLAY)
        self.finisher = Finisher("slow", (stage,))

    def run(self, image, metadata, statistics, *, a):
        self.gate.wait(10)
        if a == UNLUCKY:
            raise PhotofinishError("It is the thirteenth.")
        time.sleep(self.seconds * image.shape[-1] * image.shape[-2])
        return image * (1.0 - a / 200.0)


class Frames(QObject):
    def __init__(self, thread: RenderThread) -> None:
        super().__init__()
        self.all: list[Frame] = []
        thread.framed.connect(self._take, Qt.ConnectionType.DirectConnection)

    def _take(self, frame: Frame) -> None:
        self.all.append(frame)


@pytest.fixture
def threads(qapp):
    started = []

    def start(finisher: Finisher) -> tuple[RenderThread, Frames]:
        thread = RenderThread(finisher)
        started.append(thread)
        return thread, Frames(thread)

    yield start
    for thread in started:
        thread.stop()


def settings(a: float) -> Settings:
    return Settings().replace(A, a)


def wait_for_rest(qtbot: QtBot, thread: RenderThread, request: Request) -> None:
    with qtbot.waitSignal(thread.rested, timeout=WAIT, check_params_cb=lambda r: r is request):
        thread.request(request)


def test_rapid_requests_render_the_first_and_the_newest_only(qtbot, threads, photos):
    slow = Slow()
    thread, frames = threads(slow.finisher)
    slow.gate.clear()
    for a in range(1, 20):
        thread.request(Request(photos["a.dng"], settings(a), View(), 240))
    slow.gate.set()
    wait_for_rest(qtbot, thread, Request(photos["a.dng"], settings(20), View(), 240))
    shown = [frame.request.settings.values["a"] for frame in frames.all]
    assert shown[-1] == 20.0
    assert len(shown) <= 4


def test_a_drag_shrinks_only_when_a_frame_would_be_late(qtbot, threads, photos):
    for seconds, widths in ((0.0, {240}), (0.4, {120, 80, 60})):
        slow = Slow(seconds / (240 * 160))
        thread, frames = threads(slow.finisher)
        wait_for_rest(qtbot, thread, Request(photos["a.dng"], settings(1), View(), 240))
        frames.all.clear()
        moving = Request(photos["a.dng"], settings(2), View(), 240, moving=True)
        wait_for_rest(qtbot, thread, moving)
        assert frames.all[0].image.width() in widths
        assert frames.all[-1].settled
        assert frames.all[-1].image.width() == 240


def test_a_failing_stage_is_told_and_the_next_request_works(qtbot, threads, photos):
    slow = Slow()
    thread, frames = threads(slow.finisher)
    with qtbot.waitSignal(thread.failed, timeout=WAIT) as failure:
        thread.request(Request(photos["a.dng"], settings(UNLUCKY), View(), 240))
    assert failure.args == ["It is the thirteenth."]
    wait_for_rest(qtbot, thread, Request(photos["a.dng"], settings(2), View(), 240))
    assert frames.all[-1].request.settings == settings(2)


def test_after_stop_nothing_starts_again(qapp, photos):
    thread = RenderThread(Slow().finisher)
    thread.request(Request(photos["a.dng"], settings(1), View(), 240))
    thread.stop()
    thread.request(Request(photos["a.dng"], settings(2), View(), 240))
    assert thread.isFinished()


def test_histogram_counts_every_pixel_once_per_channel():
    planes = torch.randint(0, 256, (3, 40, 60), dtype=torch.uint8).numpy()
    counts = histogram_of(planes)
    assert counts.sum(1).tolist() == [2400.0] * 4
    assert counts[0, 17] == (planes[0] == 17).sum()
