"""The render thread: newest settings win; preview size while they rest, smaller only if late.

`framed` carries what the canvas shows, `thumbed` one tap's thumbnail, `rested` says that a request
is done with. A second thread, Detail, renders the photo at its full size once settings rest.
"""

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage
from torch import Tensor

from editor import theme
from editor.newest import NewestWins
from editor.qimage import Bytes, mask_qimage, to_bytes, to_qimage
from editor.view import difference, displayed
from engine.finisher import Finisher
from engine.photo import Photo
from engine.progress import Progress
from engine.renderer import Renderer, Tap
from engine.settings import Settings
from engine.stage import Space

THUMB_LONG_SIDE = 160
LATE = 0.1
"""Seconds: a frame of a drag that would take longer is rendered smaller."""
STILL = 0.15
"""Seconds without a change after which a held slider counts as resting."""
CLIPPED_SHARE = 2e-4


@dataclass(frozen=True)
class View:
    """What the canvas shows: a stage's tap or (None) the finished picture, and how."""

    stage: str | None = None
    difference: bool = False
    neutral: bool = False
    clipping: bool = False


@dataclass(frozen=True, eq=False)
class Request:
    """One thing to render, with all that it takes. `moving`: a slider is being dragged."""

    photo: Photo
    settings: Settings
    view: View
    long_side: int
    moving: bool = False


@dataclass(frozen=True, eq=False)
class Frame:
    """What the canvas shows. `tap` holds the shown stage's own values, for the readout.

    `histogram` (4, 256): R, G, B and luma counts; `dark` and `bright`: something is clipped.
    `settled`: at the size asked for.
    """

    request: Request
    image: QImage
    overlay: QImage | None
    histogram: NDArray[np.float64]
    dark: bool
    bright: bool
    tap: Tap
    settled: bool
    seconds: float


@dataclass(frozen=True, eq=False)
class Thumb:
    """The thumbnail of one stage's tap."""

    stage: str
    image: QImage


class RenderThread(NewestWins):
    """Renders previews and thumbnails of the newest request."""

    framed = Signal(object)
    thumbed = Signal(object)
    rested = Signal(object)

    def __init__(self, finisher: Finisher, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._finisher = finisher
        self._photo: Photo | None = None
        self._renderers: dict[int, Renderer] = {}
        self._neutral: dict[int, Tap] = {}
        self._thumbs: dict[str, Tensor] = {}
        self._cost: dict[str, float] = {}  # stage: seconds per pixel when it last ran
        self._before = Settings()
        self._shrink = 1

    def work(self, request: object) -> Iterator[None]:
        assert isinstance(request, Request)
        started = time.perf_counter()
        self._adopt(request)
        side = self._drag_side(request)
        yield from self._frame(request, side, started)
        yield from self._thumbnails(request)
        if side < request.long_side:
            if self._wake.wait(STILL):
                return
            yield from self._frame(request, request.long_side, time.perf_counter())
        if request.settings != Settings() and request.long_side not in self._neutral:
            yield from self._render_neutral(request.long_side)  # so that compare answers at once
        self.rested.emit(request)

    def _adopt(self, request: Request) -> None:
        """Forget what belongs to another photo or size."""
        if request.photo is not self._photo:
            self._photo = request.photo
            self._renderers, self._neutral, self._thumbs = {}, {}, {}
        if not request.moving:
            self._shrink = 1
            keep = (request.long_side, THUMB_LONG_SIDE)
            self._renderers = {side: r for side, r in self._renderers.items() if side in keep}

    def _renderer(self, side: int) -> Renderer:
        if side not in self._renderers:
            assert self._photo is not None
            self._renderers[side] = Renderer(self._photo.reduced(side), self._finisher)
        return self._renderers[side]

    def _drag_side(self, request: Request) -> int:
        """The size that keeps a drag's frames in time. Within one drag it only falls."""
        first, last = self._before, request.settings
        self._before = last
        if not request.moving:
            return request.long_side
        stages = list(self._finisher)
        changed = [i for i, s in enumerate(stages) if s.values(first) != s.values(last)]
        width, height = self._renderer(request.long_side).photo.size
        rerun = stages[changed[0] :] if changed else []
        seconds = sum(self._cost.get(s.name, 0.0) for s in rerun) * width * height
        while seconds / self._shrink**2 > LATE and self._shrink < 4:
            self._shrink += 1
        return request.long_side // self._shrink

    def _taps(self, renderer: Renderer, settings: Settings) -> Iterator[Tap]:
        """The taps, each run timed."""
        width, height = renderer.photo.size
        started, source = time.perf_counter(), renderer.photo.image
        for tap in renderer.render(settings):
            seconds = time.perf_counter() - started
            if tap.image is not source and seconds > 1e-3:
                self._cost[tap.stage.name] = seconds / (width * height)
            yield tap
            started, source = time.perf_counter(), tap.image

    def _frame(self, request: Request, side: int, started: float) -> Iterator[None]:
        renderer = self._renderer(side)
        if request.view.neutral:
            yield from self._render_neutral(side)
            tap, before = self._neutral[side], None
        else:
            taps = self._taps(renderer, request.settings)
            tap, before = yield from _last(taps, request.view.stage)
        if request.settings == Settings() and tap.stage is self._finisher.stages[-1]:
            self._neutral[side] = tap
        settled = side == request.long_side
        self.framed.emit(frame_of(request, renderer.photo, tap, before, settled, started))

    def _render_neutral(self, side: int) -> Iterator[None]:
        if side not in self._neutral:
            taps = self._renderer(side).finish(Settings())
            self._neutral[side], _ = yield from _last(taps, None)

    def _thumbnails(self, request: Request) -> Iterator[None]:
        renderer = self._renderer(THUMB_LONG_SIDE)
        for tap in renderer.render(request.settings):
            if self._thumbs.get(tap.stage.name) is not tap.image:
                self._thumbs[tap.stage.name] = tap.image
                shown = displayed(tap.image, tap.stage.space)
                self.thumbed.emit(Thumb(tap.stage.name, to_qimage(to_bytes(shown))))
            yield


class Detail(NewestWins):
    """Renders the whole photo at full size in the background; None cancels."""

    framed = Signal(object)
    progressed = Signal(object)

    def __init__(self, finisher: Finisher, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._finisher = finisher

    def work(self, request: object) -> Iterator[None]:
        if not isinstance(request, Request):
            return
        started = time.perf_counter()
        settings = Settings() if request.view.neutral else request.settings
        stage = None if request.view.neutral else request.view.stage
        taps = Renderer(request.photo, self._finisher).finish(settings)
        tap, before = yield from _last(self._counted(taps), stage)
        self.framed.emit(frame_of(request, request.photo, tap, before, True, started))

    def _counted(self, taps: Iterator[Tap]) -> Iterator[Tap]:
        for done, tap in enumerate(taps, 1):
            self.progressed.emit(Progress(done, len(self._finisher), tap.stage.title))
            yield tap


def _last(taps: Iterator[Tap], stage: str | None) -> Generator[None, None, tuple[Tap, Tap | None]]:
    """The tap of `stage` (None: the last) and the one before it; yields between two stages."""
    before, tap = None, next(taps)
    while tap.stage.name != stage:
        yield
        following = next(taps, None)
        if following is None:
            break
        before, tap = tap, following
    return tap, before


def frame_of(
    request: Request, photo: Photo, tap: Tap, before: Tap | None, settled: bool, started: float
) -> Frame:
    """The frame that shows `tap` the way the request's view wants it."""
    shown = displayed(tap.image, tap.stage.space)
    if request.view.difference and not request.view.neutral:
        source = displayed(photo.image, Space.CAMERA)
        if before is not None:
            source = displayed(before.image, before.stage.space)
        shown = difference(shown, source)
    planes = to_bytes(shown)
    histogram = histogram_of(planes)
    enough = CLIPPED_SHARE * planes[0].size
    return Frame(
        request,
        to_qimage(planes),
        clipping_of(planes) if request.view.clipping else None,
        histogram,
        bool(histogram[:3, 0].max() > enough),
        bool(histogram[:3, 255].max() > enough),
        tap,
        settled,
        time.perf_counter() - started,
    )


def histogram_of(planes: Bytes) -> NDArray[np.float64]:
    """Counts (4, 256) of R, G, B and luma (ITU-R BT.709-6 weights) of `planes` (3, H, W)."""
    out = np.empty((4, 256))
    luma = cv2.transform(np.stack(list(planes), -1), np.array([[0.2126, 0.7152, 0.0722]]))
    for row, plane in zip(out, (*planes, luma), strict=True):
        row[:] = cv2.calcHist([plane], [0], None, [256], [0, 256]).reshape(256)
    return out


def clipping_of(planes: Bytes) -> QImage:
    """Where a channel is clipped: bright in one color, dark in another."""
    bright, dark = planes.max(0) == 255, planes.min(0) == 0
    return mask_qimage([(dark, theme.CLIPPED_DARK), (bright, theme.CLIPPED_BRIGHT)])
