"""Drags: a hand on the sliders of the real window, and a stopwatch on what it shows.

Time runs from a slider's valueChanged to the finished QImage in the GUI thread, canvas, histogram
and status line told. All panels are on, and are painted as in use.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer

from editor.canvas import MARGIN
from editor.frame import Frame, Request, Thumb
from editor.slider_row import TICKS, SliderRow
from editor.window import Window
from engine.errors import PhotofinishError
from engine.photo import Photo
from engine.settings import Settings
from engine.slider import Slider

PATIENCE = 120_000
"""Milliseconds after which nothing more is expected to happen."""


@dataclass
class Drag:
    """One drag of one slider; times in seconds.

    `waits`: from an input to its frame; `full`: from the last input to its frame at full size;
    `settle`: from the release to the exact picture, which takes the place of the `live` one.
    `skipped`: inputs that newer ones have passed; `thumbnails_hz`: how often the last stage's came.
    """

    waits: list[float] = field(default_factory=list)
    sides: list[int] = field(default_factory=list)
    full: float = 0.0
    settle: float = 0.0
    skipped: int = 0
    thumbnails_hz: float = 0.0
    live: Frame | None = None
    exact: Frame | None = None


class Seen(NamedTuple):
    """What is remembered of a frame and its time; its picture's memory is wanted for others."""

    at: float
    request: Request
    long_side: int
    reduced: bool
    settled: bool


class Hand(QObject):
    """Drives one window."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.window = window
        self._loop = QEventLoop()
        self._failure = ""
        self._rested: object = None
        self._frames: list[Seen] = []
        self._newest: Frame | None = None
        self._live: Frame | None = None  # the newest of them at full size
        self._thumbs: list[tuple[float, str]] = []
        thread = window.darkroom.render_thread
        thread.framed.connect(self._take)
        thread.thumbed.connect(self._take_thumb)
        thread.rested.connect(self._rest)
        window.darkroom.ready.connect(self._loop.quit)
        window.document.photo_changed.connect(self._loop.quit)
        window.darkroom.failed.connect(self._fail)
        window.session.failed.connect(self._fail)

    @property
    def photo(self) -> Photo:
        """The open photo."""
        photo = self.window.document.photo
        assert photo is not None
        return photo

    def open(self, raw: Path, long_side: int) -> None:
        """Open `raw` in a window of such a size that it is shown with this long side, and rest."""
        window, canvas = self.window, self.window.canvas
        window.session.open([raw])
        self._wait(lambda: self._rested is not None and window.darkroom.is_live)
        ratio, full = canvas.devicePixelRatioF(), self.photo.metadata.full_size
        width, height = (side * long_side / max(full) / ratio + 2 * MARGIN for side in full)
        window.resize(
            window.width() + round(width) - canvas.width(),
            window.height() + round(height) - canvas.height(),
        )
        asked = window.darkroom
        self._wait(lambda: asked.asked is not None and asked.asked.long_side == long_side)
        self.rest()

    def open_timed(self, raw: Path) -> tuple[float, float]:
        """Seconds until `raw` is decoded, and until its first picture is there."""
        document = self.window.document
        before, start = document.photo, time.perf_counter()
        self.window.session.open([raw])
        self._wait(lambda: document.photo is not before)
        decoded = time.perf_counter()
        self._wait(lambda: any(seen.request.photo is document.photo for seen in self._frames))
        painted = self._frames[-1].at
        self.rest()
        self._frames.clear()
        return decoded - start, painted - start

    def set(self, settings: Settings) -> None:
        """Give the photo these settings at one go, and rest."""
        self.window.document.apply(settings, "Bench")
        self.window.document.settle()
        self.rest()

    def rest(self) -> None:
        """Wait until all that was asked for is done."""
        darkroom = self.window.darkroom
        darkroom.ask()
        self._wait(lambda: self._rested is darkroom.asked)

    def drag(self, slider: Slider, inputs: int, hertz: float = 0.0) -> Drag:
        """Take `slider`, bring it through so many positions, hold it, and let go.

        Each input follows upon the frame of the one before, or (`hertz`) comes at its time.
        """
        document = self.window.document
        row = self._reach(slider)
        given: list[tuple[float, Settings]] = []
        self._frames.clear()
        self._thumbs.clear()
        row.track.setSliderDown(True)
        for tick in way(slider, inputs):
            start = time.perf_counter()
            before = document.settings
            row.track.setValue(tick)
            if document.settings is before:
                continue  # where the drag began
            given.append((start, document.settings))
            if hertz:
                self._pass(1.0 / hertz)
            else:
                self._wait(lambda: self._shows(document.settings))
        seconds = time.perf_counter() - given[0][0]
        drag = Drag(thumbnails_hz=self._thumbs_of_last() / seconds)
        last = document.settings
        self._wait(lambda: any(s.request.settings is last and not s.reduced for s in self._frames))
        self._measure(drag, given)
        release = time.perf_counter()
        row.track.setSliderDown(False)
        row.track.settled.emit()
        self._wait(lambda: self._frames[-1].settled)
        drag.settle = self._frames[-1].at - release
        drag.exact = self._newest
        self.rest()
        return drag

    def _measure(self, drag: Drag, given: list[tuple[float, Settings]]) -> None:
        for start, settings in given:
            mine = [seen for seen in self._frames if seen.request.settings is settings]
            if not mine:
                drag.skipped += 1
                continue
            drag.waits.append(mine[0].at - start)
            drag.sides.append(mine[0].long_side)
        drag.full = next(seen.at for seen in mine if not seen.reduced) - start
        if self._live is not None and self._live.request.settings is settings:
            drag.live = self._live

    def _shows(self, settings: Settings) -> bool:
        return bool(self._frames) and self._frames[-1].request.settings is settings

    def _thumbs_of_last(self) -> int:
        last = self.window.document.finisher.stages[-1].name
        return sum(name == last for _, name in self._thumbs)

    def _reach(self, slider: Slider) -> SliderRow:
        """The row of `slider`, scrolled into sight."""
        row = self.window.panel.row(slider.name)
        for group in self.window.panel.groups.values():
            if row in group.rows:
                group.unfold(True)
                group.show_row(row)
        self._pass(0.05)
        self.window.panel.ensureWidgetVisible(row)
        return row

    def _wait(self, until: Callable[[], bool]) -> None:
        timer = QTimer(singleShot=True, interval=PATIENCE)
        timer.timeout.connect(self._loop.quit)
        timer.start()
        while not until():
            self._loop.exec()
            if self._failure or not timer.isActive():
                raise PhotofinishError(self._failure or "The window has stopped answering.")

    def _pass(self, seconds: float) -> None:
        timer = QTimer(singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(self._loop.quit)
        timer.start(round(1e3 * seconds))
        while timer.isActive():
            self._loop.exec()

    # Slots, in the GUI thread

    def _take(self, frame: Frame) -> None:
        now, side = time.perf_counter(), frame.long_side
        self._frames.append(Seen(now, frame.request, side, frame.reduced, frame.settled))
        self._newest = frame
        if not (frame.exact or frame.reduced):
            self._live = frame
        self._loop.quit()

    def _take_thumb(self, thumb: Thumb) -> None:
        self._thumbs.append((time.perf_counter(), thumb.stage))

    def _rest(self, request: object) -> None:
        self._rested = request
        self._loop.quit()

    def _fail(self, sentence: str) -> None:
        self._failure = sentence
        self._loop.quit()


def way(slider: Slider, inputs: int) -> Iterator[int]:
    """Ticks there and back between a quarter and three quarters of the slider's travel.

    Each gives another value than the one before, so that each is an input.
    """
    ticks: list[int] = []
    values: list[float] = []
    for tick in range(TICKS // 4, TICKS * 3 // 4):
        value = round(float(slider.denormalize(tick / TICKS)), slider.decimals)
        if not values or value != values[-1]:
            ticks.append(tick)
            values.append(value)
    count = len(ticks)
    stride = max(1, round(count / inputs))
    for i in range(1, inputs + 1):
        at = i * stride % (2 * count - 2)
        yield ticks[at if at < count else 2 * count - 2 - at]
