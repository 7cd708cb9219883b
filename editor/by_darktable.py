"""By darktable: its own picture of what is on the screen, once that rests."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal
from torch import Tensor

from editor.frame import Request, frame_of
from editor.newest import NewestWins
from engine.finishers.darktable.program import hurried
from engine.finishers.darktable.proxies import entered
from engine.finishers.darktable.whole import tapped
from engine.photo import Photo, fitted
from engine.progress import Work
from engine.renderer import Tap
from engine.settings import Settings

LONGEST = 60.0
"""Seconds after which darktable is not waited for."""

KEPT, LARGEST = 4, 1600
"""Pictures that are remembered, and pixels along their long side at most: comparing and coming back
show them at once."""


@dataclass(frozen=True, eq=False)
class _Shown:
    """What was `asked` for, with the tap before it, or `entered`, what enters the first stage."""

    asked: object
    tap: Tap
    before: Tap | None = None
    entered: Photo | None = None


class ByDarktable(NewestWins):
    """Has darktable render in a process of its own; None, or a newer request, ends that."""

    framed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: list[_Shown] = []

    def work(self, request: object) -> Iterator[object]:
        if not isinstance(request, Request):
            return
        started = time.perf_counter()
        asked = _asked(request)
        shown = next((kept for kept in self._kept if kept.asked == asked), None)
        if shown is None:
            shown = yield from hurried(_rendered(request), LONGEST)
        if request.long_side <= LARGEST:
            others = [kept for kept in self._kept if kept is not shown]
            self._kept = [shown, *others][:KEPT]
        frame = frame_of(
            *(request, shown.entered or request.photo, shown.tap, shown.before, started),
            exact=True,
            reduced=False,
            by_darktable=True,
        )
        self.framed.emit(frame)


def _asked(request: Request) -> tuple[object, ...]:
    """What two requests have in common that one picture answers."""
    view = replace(request.view, clipping=False)
    opened = request.opened
    return opened.path, opened.own_input, request.settings, view, request.long_side


def _rendered(request: Request) -> Work[_Shown]:
    """Ask darktable for what the view shows."""
    path, photo, view = request.opened.path, request.photo, request.view
    side, own_input = request.long_side, request.opened.own_input
    settings = Settings() if view.neutral else request.settings
    stage = None if view.neutral else view.stage
    tap = yield from tapped(path, photo, settings, stage, side, own_input)
    tap = replace(tap, image=_within(tap.image, request))
    if view.neutral or not view.difference:
        return _Shown(_asked(request), tap)
    names = [each.name for each in request.finisher]
    place = names.index(tap.stage.name)
    if place == 0:
        first = yield from entered(path, photo, side, own_input)
        first = replace(first, image=_within(first.image, request))
        return _Shown(_asked(request), tap, entered=first)
    before = yield from tapped(path, photo, settings, names[place - 1], side, own_input)
    before = replace(before, image=_within(before.image, request))
    return _Shown(_asked(request), tap, before)


def _within(image: Tensor, request: Request) -> Tensor:
    """`image` without the row or column that darktable has more where it rounds up."""
    height, width = fitted(request.photo.metadata.full_size[::-1], request.long_side)
    return image[..., :height, :width]
