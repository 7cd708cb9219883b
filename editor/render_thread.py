"""The render thread: newest settings win; live while they move, exact when they rest.

`framed` carries what the canvas shows, `thumbed` one tap's thumbnail, `rested` says that a request
is done with: from then on the thread sleeps until the next.

A frame of a drag that has begun is finished even if newer settings wait: it is in time, and a hand
that moves faster than frames come would otherwise see none. All else ends at its next stage.
"""

import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from editor.frame import Frame, Request, frame_of, live_frame
from editor.newest import NewestWins
from editor.pace import Pace, Rerun, rerun, sides
from editor.preview import At, Preview, only_yields
from editor.qimage import blank
from editor.thumbnails import LONG_SIDE, Thumbnails
from engine.photo import Photo
from engine.settings import Settings

PAUSE = 0.018
"""Seconds without a change after which a drag's smaller picture is followed by a full one: more
than a screen's or a mouse's period, so that a hand which moves does not wait for it."""
GRACE = 0.005
"""Seconds that are left to the window for painting, and to a hand that waited for the frame: what
runs beside that is slow, and late for the next one."""
STILL = 0.15
"""Seconds without a change after which a held slider counts as resting."""

Answer = TypeVar("Answer")


class RenderThread(NewestWins):
    """Renders previews and thumbnails of the newest request."""

    framed = Signal(object)
    thumbed = Signal(object)
    rested = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._photo: Photo | None = None
        self._preview: Preview | None = None
        self._thumbnails: Thumbnails | None = None
        self._pace = Pace()
        self._shown: Frame | None = None
        self._before = Settings()
        self._sights: Mapping[str, Any] = {}  # by the newest frame

    def work(self, request: object) -> Iterator[None]:
        assert isinstance(request, Request)
        asked = self.asked_at
        preview, thumbnails = self._adopt(request)
        if request.moving:
            thumbnails.aim(request.settings, exact=False)
            thumbnails.slice()  # frames may come without a gap
        yield from self._answer(request, preview)
        if request.moving:
            yield from self._move(request, preview, thumbnails, asked)
        yield from self._settle(request, preview)
        yield from self._finish(request, thumbnails)
        yield from self._make_ready(request, preview)
        self.rested.emit(request)

    # The parts of a request

    def _adopt(self, request: Request) -> tuple[Preview, Thumbnails]:
        """What renders the request; what belongs to another photo or size is forgotten."""
        if request.photo is not self._photo:
            self._photo, self._preview, self._thumbnails = request.photo, None, None
            self._pace, self._shown, self._sights = Pace(), None, {}
        if self._preview is None or self._preview.long_side != request.long_side:
            self._preview = Preview(request.photo, request.finisher, request.long_side)
        if self._thumbnails is None:
            small = self._preview.full.photo.reduced(LONG_SIDE)
            self._thumbnails = Thumbnails(small, request.finisher, self.thumbed.emit)
        if request.quick is not None:
            self._thumbnails.quicken(request.quick, lambda: self._sights)
        return self._preview, self._thumbnails

    def _answer(self, request: Request, preview: Preview) -> Iterator[None]:
        """The first picture of the request, unless the exact one is next and as quick."""
        before, self._before = self._before, request.settings
        kind = _kind(request)
        if not request.moving:
            known = preview.full.rendered.get("exact") == request.settings
            if kind == "live" and not known and not self._is_shown(request):
                yield from self._frame(kind, request, preview.full, preview)
            return
        change = self._rerun(kind, request, before)
        side = self._pace.side(change, preview.full.long_side)
        yield from self._frame(kind, request, preview.at(side), preview, patient=True)

    def _move(
        self, request: Request, preview: Preview, thumbnails: Thumbnails, asked: float
    ) -> Iterator[None]:
        """Thumbnails while no newer request comes, and the full picture at the first pause."""
        self._wake.wait(GRACE)
        yield
        kind = _kind(request)
        if kind != "exact" and self._shown is not None and self._shown.reduced:
            yield from self._spend(thumbnails, asked + PAUSE)
            yield from self._frame(kind, request, preview.full, preview)
        yield from self._spend(thumbnails, asked + STILL)

    def _settle(self, request: Request, preview: Preview) -> Iterator[None]:
        """The exact picture, unless it is shown already."""
        shown = self._shown
        if shown is None or shown.request is not request or not shown.settled:
            yield
            yield from self._frame("exact", request, preview.full, preview)

    def _finish(self, request: Request, thumbnails: Thumbnails) -> Iterator[None]:
        """All thumbnails, exact."""
        thumbnails.aim(request.settings, exact=True)
        while not thumbnails.done:
            yield
            thumbnails.slice()

    def _make_ready(self, request: Request, preview: Preview) -> Iterator[None]:
        """What the next drag's first frames build upon, and what comparing shows."""
        quick, full = request.quick, preview.full
        for at in (preview.at(side) for side in sides(full.long_side)):
            yield
            if quick is not None and at.rendered.get("live") != request.settings:
                yield from only_yields(at.live(quick).render(request.settings))
                at.rendered["live"] = request.settings
        if request.settings != Settings():
            yield
            yield from full.render_neutral(quick)

    def _spend(self, thumbnails: Thumbnails, until: float) -> Iterator[None]:
        """Use the time until then for thumbnails, and sleep for the rest."""
        while (left := until - time.perf_counter()) > 0.0:
            if thumbnails.done:
                self._wake.wait(left)
            elif thumbnails.wait > 0.0:
                self._wake.wait(min(left, thumbnails.wait))
            else:
                thumbnails.slice()
            yield

    # Frames

    def _frame(
        self, kind: str, request: Request, at: At, preview: Preview, *, patient: bool = False
    ) -> Iterator[None]:
        """Render and show one frame. `patient`: newer settings of the same drag can wait for it."""
        started = time.perf_counter()
        reduced = at is not preview.full
        if kind == "live":
            assert request.quick is not None
            image, memory = blank(*at.photo.size)
            live, moving = at.live(request.quick), request.moving
            steps = live.render(request.settings, memory, moving=moving, fleeting=reduced)
            yield from self._run(steps, request, patient)
            self._sights = live.sights
            last = request.finisher.stages[-1]
            frame = live_frame(request, image, memory, last, started, reduced=reduced)
        else:
            self._sights, exact = {}, kind == "exact"
            shown = at.taps(request.settings, request.view, request.quick, exact=exact)
            tap, before = yield from self._run(shown, request, patient)
            frame = frame_of(request, at.photo, tap, before, started, exact=exact, reduced=reduced)
        if not request.view.neutral:
            self._note(kind, request, at, time.perf_counter() - started)
        self._shown = frame
        self.framed.emit(frame)

    def _note(self, kind: str, request: Request, at: At, seconds: float) -> None:
        """Learn from an exact frame, and from a drag's that set up nothing for later ones."""
        before = at.rendered.get(kind)
        at.rendered[kind] = request.settings
        if kind == "exact" or (request.moving and before is not None):
            self._pace.note(self._rerun(kind, request, before), at.long_side, seconds)

    def _rerun(self, kind: str, request: Request, before: Settings | None) -> Rerun:
        return rerun(kind, request.view.stage, request.finisher, before, request.settings)

    def _run(
        self, steps: Generator[object, None, Answer], request: Request, patient: bool
    ) -> Generator[None, None, Answer]:
        """Run to the end, yielding where what is under way may be dropped."""
        while True:
            try:
                next(steps)
            except StopIteration as end:
                answer: Answer = end.value
                return answer
            if not (patient and _same_drag(request, self._newest)):
                yield

    def _is_shown(self, request: Request) -> bool:
        """Whether the request's picture is shown at full size, live or exact."""
        if self._shown is None or self._shown.reduced:
            return False
        shown = self._shown.request
        return (shown.settings, shown.view, shown.long_side) == (
            request.settings,
            request.view,
            request.long_side,
        )


def _kind(request: Request) -> str:
    """The quickest renderer there is for what is to be seen."""
    if request.quick is None:
        return "exact"
    return "live" if request.view.finished else "float"


def _same_drag(request: Request, newest: object) -> bool:
    """Whether `newest` asks for nothing but other settings."""
    return (
        isinstance(newest, Request)
        and newest.moving
        and newest.photo is request.photo
        and (newest.view, newest.long_side) == (request.view, request.long_side)
    )
