"""The render thread: newest settings win, live while they move, exact and quiet when still."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from editor.document import Opened
from editor.frame import Frame, Request, Thumb, View
from editor.render_thread import RenderThread
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.live.quick import Quick
from engine.photo import Photo
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


class Painter:
    """A live renderer that takes as long as it is told, and paints brighter grey for higher a."""

    def __init__(self, seconds_per_pixel: float = 0.0) -> None:
        self.seconds = seconds_per_pixel
        self.gate = threading.Event()
        self.gate.set()
        self.begun: list[tuple[Settings, int]] = []
        self.fleeting: list[int] = []  # widths

    def quick(self, finisher: Finisher) -> Quick:
        return Quick(lambda photo: _OfPhoto(self, photo, finisher), {})


class _OfPhoto:
    def __init__(self, painter: Painter, photo: Photo, finisher: Finisher) -> None:
        self.painter, self.photo, self.finisher = painter, photo, finisher
        self.sights = {}

    def render(self, settings, out=None, *, moving=False, fleeting=False):
        width, height = self.photo.size
        self.painter.begun.append((settings, width))
        if fleeting:
            self.painter.fleeting.append(width)
        for stage in self.finisher:
            yield stage
            self.painter.gate.wait(10)
            time.sleep(self.painter.seconds * width * height / len(self.finisher))
        grey = int(settings[A])
        out = np.empty((height, width), np.uint32) if out is None else out
        out[:] = 0xFF000000 | grey << 16 | grey << 8 | grey
        return out


class Frames(QObject):
    def __init__(self, thread: RenderThread) -> None:
        super().__init__()
        self.all: list[Frame] = []
        self.thumbs: list[Thumb] = []
        thread.framed.connect(self._take, Qt.ConnectionType.DirectConnection)
        thread.thumbed.connect(self._take_thumb, Qt.ConnectionType.DirectConnection)

    def _take(self, frame: Frame) -> None:
        self.all.append(frame)

    def _take_thumb(self, thumb: Thumb) -> None:
        self.thumbs.append(thumb)


class Asks:
    """Requests for one photo, as the editor makes them."""

    def __init__(self, photo: Photo, finisher: Finisher, quick: Quick | None) -> None:
        self.opened = Opened(Path("a.dng"), photo, finisher)
        self.quick = quick

    def still(self, a: float, view: View | None = None) -> Request:
        return Request(self.opened, settings(a), view or View(), 240, quick=self.quick)

    def drag(self, a: float, view: View | None = None) -> Request:
        return replace(self.still(a, view), moving=True)


@pytest.fixture
def threads(qapp, photos):
    started = []

    def start(
        finisher: Finisher, painter: Painter | None = None
    ) -> tuple[RenderThread, Frames, Asks]:
        thread = RenderThread()
        started.append(thread)
        quick = None if painter is None else painter.quick(finisher)
        return thread, Frames(thread), Asks(photos["a.dng"], finisher, quick)

    yield start
    for thread in started:
        thread.stop()


def settings(a: float) -> Settings:
    return Settings().replace(A, a)


def wait_for_rest(qtbot: QtBot, thread: RenderThread, request: Request) -> None:
    with qtbot.waitSignal(thread.rested, timeout=WAIT, check_params_cb=lambda r: r is request):
        thread.request(request)


def test_rapid_requests_render_the_first_and_the_newest_only(qtbot, threads):
    slow = Slow()
    thread, frames, asks = threads(slow.finisher)
    slow.gate.clear()
    for a in range(1, 20):
        thread.request(asks.still(a))
    slow.gate.set()
    wait_for_rest(qtbot, thread, asks.still(20))
    shown = [frame.request.settings.values["a"] for frame in frames.all]
    assert shown[-1] == 20.0
    assert len(shown) <= 4


def test_a_drag_shrinks_only_when_a_frame_would_be_late(qtbot, threads):
    for seconds, widths in ((0.0, {240}), (0.4, {120, 80, 60})):
        slow = Slow(seconds / (240 * 160))
        thread, frames, asks = threads(slow.finisher)
        wait_for_rest(qtbot, thread, asks.still(1))
        frames.all.clear()
        moving = asks.drag(2)
        wait_for_rest(qtbot, thread, moving)
        assert frames.all[0].image.width() in widths
        assert frames.all[-1].settled
        assert frames.all[-1].image.width() == 240


def test_a_failing_stage_is_told_and_the_next_request_works(qtbot, threads):
    slow = Slow()
    thread, frames, asks = threads(slow.finisher)
    with qtbot.waitSignal(thread.failed, timeout=WAIT) as failure:
        thread.request(asks.still(UNLUCKY))
    assert failure.args == ["It is the thirteenth."]
    wait_for_rest(qtbot, thread, asks.still(2))
    assert frames.all[-1].request.settings == settings(2)


def test_after_stop_nothing_starts_again(threads):
    thread, _, asks = threads(Slow().finisher)
    thread.request(asks.still(1))
    thread.stop()
    thread.request(asks.still(2))
    assert thread.isFinished()


def test_a_drag_is_live_and_its_rest_exact(qtbot, threads):
    painter = Painter()
    thread, frames, asks = threads(Slow().finisher, painter)
    wait_for_rest(qtbot, thread, asks.still(1))
    frames.all.clear()
    wait_for_rest(qtbot, thread, asks.drag(50))
    live, exact = frames.all
    assert (live.exact, live.reduced, live.tap) == (False, False, None)
    assert live.image.pixelColor(3, 3).getRgb()[:3] == (50, 50, 50)
    assert live.histogram[:, 50].tolist() == [live.image.width() * live.image.height()] * 4
    assert exact.settled
    assert exact.tap is not None


def test_a_release_keeps_the_live_picture_until_the_exact_one_is_there(qtbot, threads):
    painter = Painter()
    thread, frames, asks = threads(Slow().finisher, painter)
    wait_for_rest(qtbot, thread, asks.still(1))
    thread.request(asks.drag(2))
    qtbot.waitUntil(
        lambda: any(f.request.settings == settings(2) for f in frames.all), timeout=WAIT
    )
    frames.all.clear()
    wait_for_rest(qtbot, thread, asks.still(2))
    assert [frame.exact for frame in frames.all] == [True]


def test_late_live_frames_are_smaller_and_a_full_one_follows_before_the_exact(qtbot, threads):
    painter = Painter(seconds_per_pixel=0.04 / (240 * 160))
    thread, frames, asks = threads(Slow().finisher, painter)
    wait_for_rest(qtbot, thread, asks.still(1))
    wait_for_rest(qtbot, thread, asks.drag(2))  # that is how it learns
    frames.all.clear()
    wait_for_rest(qtbot, thread, asks.drag(3))
    assert [(f.image.width(), f.reduced, f.exact) for f in frames.all] == [
        (168, True, False),
        (240, False, False),
        (240, False, True),
    ]
    assert set(painter.fleeting) == {168}


def test_a_frame_of_a_drag_is_finished_though_newer_settings_wait(qtbot, threads):
    painter = Painter()
    thread, frames, asks = threads(Slow().finisher, painter)
    wait_for_rest(qtbot, thread, asks.still(1))
    frames.all.clear()
    painter.gate.clear()
    for a in range(2, 20):
        thread.request(asks.drag(a))
        time.sleep(0.005)
    painter.gate.set()
    wait_for_rest(qtbot, thread, asks.still(20))
    shown = [frame.request.settings.values["a"] for frame in frames.all]
    assert 2.0 in shown
    assert shown[-1] == 20.0
    assert len(shown) <= 4


def test_a_release_ends_a_frame_of_the_drag_at_its_next_stage(qtbot, threads):
    painter = Painter()
    finisher = two_stages()
    thread, frames, asks = threads(finisher, painter)
    wait_for_rest(qtbot, thread, asks.still(1))
    frames.all.clear()
    painter.gate.clear()
    thread.request(asks.drag(2))
    qtbot.waitUntil(lambda: painter.begun[-1][0] == settings(2), timeout=WAIT)
    request = asks.still(3)
    with qtbot.waitSignal(thread.rested, timeout=WAIT, check_params_cb=lambda r: r is request):
        thread.request(request)
        painter.gate.set()
    assert settings(2) not in [frame.request.settings for frame in frames.all]


def two_stages() -> Finisher:
    def unchanged(image, metadata, statistics):
        return image

    first = Stage("first", (), unchanged, Kind.PROGRAM, Space.SCENE)
    return Finisher("two", (first, *Slow().finisher.stages))


def test_a_tap_is_moved_by_the_live_operators_and_settles_exact(qtbot, threads):
    slow, ran = Slow(), []

    def live(image, metadata, statistics, *, a):
        ran.append(a)
        return image

    thread, frames, asks = threads(slow.finisher)
    asks.quick = Quick(Painter().quick(slow.finisher).renderer, {"slow": live})
    tap = View(stage="slow")
    wait_for_rest(qtbot, thread, asks.still(1, tap))
    frames.all.clear()
    ran.clear()
    wait_for_rest(qtbot, thread, asks.drag(2, tap))
    assert [frame.exact for frame in frames.all] == [False, True]
    assert frames.all[0].tap is not None
    assert ran[0] == 2.0


def test_thumbnails_keep_up_with_frames_that_come_without_a_gap(qtbot, threads, monkeypatch):
    monkeypatch.setattr("editor.thumbnails.PERIOD", 1e-6)
    thread, frames, asks = threads(Slow().finisher, Painter())
    wait_for_rest(qtbot, thread, asks.still(1))
    frames.thumbs.clear()
    first, count = 1 + int(UNLUCKY), 40

    def ask_on(frame: Frame) -> None:  # in the render thread: the next request waits already
        a = frame.request.settings.values["a"]
        if a < first + count:
            thread.request(asks.drag(a + 1))

    thread.framed.connect(ask_on, Qt.ConnectionType.DirectConnection)
    thread.request(asks.drag(first))
    last = first + count
    qtbot.waitUntil(lambda: frames.all[-1].request.settings == settings(last), timeout=WAIT)
    assert len(frames.thumbs) > count / 4
    wait_for_rest(qtbot, thread, asks.still(last))
    assert frames.thumbs[-1].exact


def test_nothing_runs_when_idle(qtbot, threads):
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        pytest.skip("only Linux tells how often a thread has woken")

    def wakings() -> dict[str, str]:
        said = {}
        for task in tasks.iterdir():
            lines = (task / "status").read_text().splitlines()
            said[task.name] = next(line for line in lines if line.startswith("voluntary"))
        return {name: line for name, line in said.items() if name != str(threading.get_native_id())}

    thread, _, asks = threads(Slow().finisher, Painter())
    wait_for_rest(qtbot, thread, asks.still(1))
    wait_for_rest(qtbot, thread, asks.drag(2))
    time.sleep(0.2)
    before = wakings()
    time.sleep(0.5)
    assert wakings() == before
