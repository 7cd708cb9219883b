"""Matching: a match as the document lives through it, one undo step, off the GUI thread."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from editor.document import Document, Opened, Opening
from editor.job import Job, end_all, put_away
from editor.opening import full_size
from editor.warming import Warming
from engine.finishers.darktable.proxies import entered
from engine.finishers.darktable.whole import truth
from engine.live.quick import Quick
from engine.match.candidate import Render
from engine.match.match import Match, Mode, match
from engine.match.regress import LARGE, Moved
from engine.match.target import Target, read_target
from engine.photo import Photo
from engine.progress import Progress, Work
from engine.settings import Settings
from engine.slider import Slider

REASON = "Match reference"


class Matching(QObject):
    """Moves the document's sliders until its photo looks like a picture.

    `chosen` carries a Target that was read, `refused` says why none was.

    `moved` carries each step, `trying` says what is done between them; then comes one of `found` (a
    Match), `failed` (a sentence) and `cancelled`. Where nothing was found the edit is as it was,
    unless the user has gone on with it.
    """

    chosen = Signal(object)
    refused = Signal(str)
    moved = Signal(object)
    trying = Signal(str)
    found = Signal(object)
    failed = Signal(str)
    cancelled = Signal()

    def __init__(
        self,
        document: Document,
        opening: Opening,
        warming: Warming,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._opening, self._warming = document, opening, warming
        self._job: Job | None = None
        self._reading: Job | None = None
        self._before = self._last = document.settings
        document.settings_changed.connect(self._yield_to_user)
        document.leaving.connect(self._abandon)

    @property
    def busy(self) -> bool:
        """Whether a match is running."""
        return self._job is not None

    def read(self, file: Path) -> None:
        """Read the picture at `file`; a raw stands for the one that it carries."""
        self._reading = job = Job(_read(file), self)
        job.finished.connect(self._choose)
        job.failed.connect(self._refuse)
        job.cancelled.connect(self._ended)
        job.start()

    def start(self, target: Target, sliders: Sequence[Slider] | None, mode: Mode) -> None:
        """Move `sliders`, or as many as it takes, until the photo looks like `target`."""
        opened, quick = self._document.opened, self._warming.quick
        if opened is None or quick is None:
            self.failed.emit("The compiled stages are not ready yet; try again in a moment.")
            return
        self._document.hold()
        self._before = self._last = self._document.settings
        self._job = job = Job(self._match(opened, quick, target, sliders, mode), self)
        job.progressed.connect(self._move)
        job.finished.connect(self._finish)
        job.failed.connect(self._fail)
        job.cancelled.connect(self._stop)
        job.start()

    def cancel(self) -> None:
        """Put the edit back as it was."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """End what is running with the edit as it was, and wait for that."""
        self._abandon()
        end_all(self)

    def _match(
        self,
        opened: Opened,
        quick: Quick,
        target: Target,
        sliders: Sequence[Slider] | None,
        mode: Mode,
    ) -> Work[Match]:
        """Match the photo at hand, or its full size where the target shows more than that.

        Where darktable's stages finish it, its own picture is what has to look like the target.
        """
        start, size = self._before, max(target.image.shape[-2:])
        photo, render = opened.photo, None
        if opened.by_darktable:
            photo, render = yield from _darktables(opened, size)
        elif size > max(photo.size):
            photo = yield from full_size(opened, self._opening)
        finisher = opened.finisher
        work = match(
            *(photo, finisher, quick, target),
            start=start,
            sliders=sliders,
            mode=mode,
            truth=render,
        )
        return (yield from work)

    def _move(self, step: object) -> None:
        if self.sender() is not self._job:
            return
        if isinstance(step, Moved):
            self._apply(step.settings)
            self.moved.emit(step)
        elif isinstance(step, Progress):
            self.trying.emit(f"{step.note}…")

    def _choose(self, target: Target) -> None:
        if self._ended() is self._reading:
            self.chosen.emit(target)

    def _refuse(self, sentence: str) -> None:
        if self._ended() is self._reading:
            self.refused.emit(sentence)

    def _finish(self, answer: Match) -> None:
        if self._over():
            self._apply(answer.settings)
            self._settle()
            self.found.emit(answer)

    def _fail(self, sentence: str) -> None:
        if self._over():
            self._restore()
            self.failed.emit(sentence)

    def _stop(self) -> None:
        if self._over():
            self._restore()
            self.cancelled.emit()

    def _over(self) -> bool:
        """Whether the match whose end this is was still wanted."""
        wanted = self._ended() is self._job
        if wanted:
            self._job = None
        return wanted

    def _ended(self) -> Job:
        """The job whose end this is, put away."""
        return put_away(self.sender())

    def _apply(self, settings: Settings) -> None:
        self._last = settings
        self._document.apply(settings, REASON)

    def _restore(self) -> None:
        self._apply(self._before)
        self._settle()

    def _settle(self) -> None:
        self._document.release()
        self._document.settle()

    def _abandon(self) -> None:
        """Another photo comes or the window closes: nothing half done is left or saved."""
        self._reading = None
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self._restore()
            self.cancelled.emit()

    def _yield_to_user(self, settings: Settings) -> None:
        """The user has moved a slider, or gone back: that stays."""
        if self._job is not None and settings != self._last:
            self._job.cancel()
            self._job = None
            self._document.release()
            self.cancelled.emit()


def _darktables(opened: Opened, size: int) -> Work[tuple[Photo, Render]]:
    """What enters its first stage, at most `size` pixels long, and what makes its picture."""
    metadata = opened.photo.metadata
    side = min(size, max(metadata.full_size), LARGE)
    first = yield from entered(opened.path, opened.photo, side, opened.own_input)
    return first, truth(opened.path, metadata, side, opened.own_input)


def _read(file: Path) -> Work[Target]:
    yield Progress(0, 1, "Reading")
    return read_target(file)
