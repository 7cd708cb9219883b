"""Detail: the photo at its full size, exact, once settings rest and the zoom asks for it."""

import time
from collections.abc import Iterator

from PySide6.QtCore import Signal

from editor.frame import Request, frame_of
from editor.newest import NewestWins
from editor.preview import exact_renderer, last_of
from engine.progress import Progress
from engine.renderer import Tap
from engine.settings import Settings


class Detail(NewestWins):
    """Renders the whole photo in the background; None cancels."""

    framed = Signal(object)
    progressed = Signal(object)

    def work(self, request: object) -> Iterator[object]:
        if not isinstance(request, Request):
            return
        started = time.perf_counter()
        settings = Settings() if request.view.neutral else request.settings
        stage = None if request.view.neutral else request.view.stage
        taps = exact_renderer(request.photo, request.finisher, request.quick).finish(settings)
        tap, before = yield from last_of(self._counted(taps, len(request.finisher)), stage)
        frame = frame_of(request, request.photo, tap, before, started, exact=True, reduced=False)
        self.framed.emit(frame)

    def _counted(self, taps: Iterator[Tap], count: int) -> Iterator[Tap]:
        for done, tap in enumerate(taps, 1):
            self.progressed.emit(Progress(done, count, tap.stage.title))
            yield tap
