"""Session: opens, saves and exports, each off the GUI thread. It knows no widgets."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from editor.autosave import Autosave
from editor.document import Document, Opened, Opening
from editor.exporting import Exported, Exporter, Wish
from editor.job import Job, end_all, put_away
from editor.warming import Warming
from engine.finisher import Finisher
from engine.finishers import edited_with
from engine.progress import Progress, Work
from engine.settings import Settings

Answer = TypeVar("Answer")


class Session(QObject):
    """The files at hand, and the long work on them; one such work at a time.

    A photo opens with the one of `finishers` that it was edited with last, else with the one in
    use. `progressed` carries a title and Progress, None where nothing runs. `failed` is a sentence
    for the user; the former photo stays then. `saved` carries the settings that are on disk now.
    """

    progressed = Signal(str, object)
    failed = Signal(str)
    noted = Signal(str)
    saved = Signal(object)
    files_changed = Signal()
    exported = Signal(object)

    def __init__(
        self,
        document: Document,
        opening: Opening,
        finishers: Sequence[Finisher],
        warming: Warming,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._opening, self._warming = document, opening, warming
        self._finishers = finishers
        self.files: list[Path] = []
        self._wanted: Path | None = None
        self._title = ""
        self._job: Job | None = None  # the one whose end is awaited
        self._take: Callable[[Any], object] | None = None  # its answer
        self._refine_next = False
        self._closed = False
        self._autosave = Autosave(self)
        self._autosave.saved.connect(self.saved)
        self._autosave.failed.connect(self.failed)
        document.settled.connect(self._save)

    @property
    def file(self) -> Path | None:
        """The file on screen."""
        return self._document.opened.path if self._document.opened else None

    @property
    def busy(self) -> bool:
        """Whether something is being opened or exported."""
        return self._job is not None

    def open(self, files: Sequence[Path]) -> None:
        """Open the first of `files`; the others wait beside it."""
        if not files:
            return
        if not all(file in self.files for file in files):
            self.files = list(files)
            self.files_changed.emit()
        self._open(files[0], None)

    def finish_with(self, finisher: Finisher) -> None:
        """Go on with another finisher: the photo at hand, or on its way, opens with its edit."""
        self._document.settle()
        file = self._wanted or self.file
        if file is None:
            self._document.use(finisher)
        elif file != self.file or finisher is not self._document.finisher:
            self._open(file, finisher)
        elif self._wanted is not None:  # the other one was on its way
            self.cancel()

    def step(self, by: int) -> None:
        """Open the next (1) or previous (-1) of the files at hand."""
        here = self._wanted or self.file
        if here in self.files:
            index = self.files.index(here) + by
            if 0 <= index < len(self.files):
                self.open([self.files[index]])

    def refine(self) -> None:
        """Decode the photo on screen at its full size."""
        self._refine_next = self._job is not None
        if self.file is not None and self._job is None:
            work = self._opening(self.file, self._document.finisher, False)
            self._start("Decoding full size", work, self._document.refine)

    def export(self, wish: Wish) -> None:
        """Export the finished picture."""
        if exporter := self._exporter():
            self._start("Exporting", exporter.picture(wish), self._tell_exported)

    def export_tap(self, stage: str, out: Path) -> None:
        """Export a stage's output as a float32 TIFF."""
        if exporter := self._exporter():
            self._start("Exporting tap", exporter.tap(stage, out), self._tell_exported)

    def _exporter(self) -> Exporter | None:
        document, opened = self._document, self._document.opened
        if opened is None:
            return None
        document.settle()
        return Exporter(opened, document.settings, self._opening, self._warming.quick)

    def cancel(self) -> None:
        """End what is running at its next step."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """Save what is unsaved, end what is running."""
        self._closed = True
        self._document.settle()
        self._job = None
        end_all(self)
        self._autosave.stop()

    def _open(self, file: Path, wanted: Finisher | None) -> None:
        work = self._as_left(file, wanted, self._document.finisher)
        self._start(f"Opening {file.name}", work, self._show)
        self._wanted = file

    def _as_left(self, file: Path, wanted: Finisher | None, in_use: Finisher) -> Work[Opened]:
        """Open with the finisher that is wanted, or was used last; not before all is saved."""
        self._autosave.flush()
        finisher = wanted or self._last_used(file) or in_use
        return (yield from self._opening(file, finisher, True))

    def _last_used(self, file: Path) -> Finisher | None:
        finisher = edited_with(file) if len(self._finishers) > 1 else None
        return finisher if finisher in self._finishers else None

    def _start(self, title: str, work: Work[Answer], take: Callable[[Answer], object]) -> None:
        if self._closed:
            return
        self.cancel()
        self._title, self._take, self._wanted = title, take, None
        self._job = job = Job(work, self)
        job.progressed.connect(self._tell)
        job.finished.connect(self._finish)
        job.failed.connect(self._fail)
        job.cancelled.connect(self._end)
        job.start()
        self.progressed.emit(title, Progress(0, 0))

    def _tell(self, progress: Progress) -> None:
        if self.sender() is self._job:
            self.progressed.emit(self._title, progress)

    def _end(self) -> None:
        job = put_away(self.sender())
        if job is self._job:
            self._job, self._wanted = None, None
            self.progressed.emit("", None)
            if self._refine_next:
                self.refine()

    def _finish(self, answer: object) -> None:
        take = self._take if self.sender() is self._job else None
        self._end()
        if take is not None:
            take(answer)

    def _fail(self, sentence: str) -> None:
        wanted = self.sender() is self._job
        self._end()
        if wanted:
            self.failed.emit(sentence)
            self.files_changed.emit()

    def _show(self, opened: Opened) -> None:
        self._document.open(opened)
        self.files_changed.emit()
        if opened.notes:
            self.noted.emit(" ".join(opened.notes))

    def _tell_exported(self, exported: Exported) -> None:
        self.exported.emit(exported)

    def _save(self, settings: Settings) -> None:
        opened = self._document.opened
        if opened is not None and opened.store is not None:
            self._autosave.save(opened.store, settings)
