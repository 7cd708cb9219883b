"""Session: opens, saves and exports, each off the GUI thread. It knows no widgets."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from editor.autosave import Autosave
from editor.document import Document, Opened, Opening
from editor.exporting import Exporter, Wish
from editor.job import Job
from engine.live.quick import Quick
from engine.progress import Progress, Work
from engine.settings import Settings
from engine.stage import Operator

Answer = TypeVar("Answer")


class Session(QObject):
    """The files at hand, and the long work on them; one such work at a time.

    `progressed` carries a title and Progress, None where nothing runs. `failed` is a sentence for
    the user; the former photo stays then. `saved` carries the settings that are on disk now.
    """

    progressed = Signal(str, object)
    failed = Signal(str)
    noted = Signal(str)
    saved = Signal(object)
    files_changed = Signal()
    exported = Signal(object)

    def __init__(self, document: Document, opening: Opening, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._opening = document, opening
        self.files: list[Path] = []
        self._wanted: Path | None = None
        self._title = ""
        self._job: Job | None = None  # the one whose end is awaited
        self._jobs: list[Job] = []  # all that have not ended
        self._refine_next = False
        self._closed = False
        self._operators: Mapping[str, Operator] | None = None
        self._autosave = Autosave(self)
        self._autosave.saved.connect(self.saved)
        self._autosave.failed.connect(self.failed)
        document.settled.connect(self._save)

    def quicken(self, quick: Quick) -> None:
        """Export by compiled stages from now on."""
        self._operators = quick.exact

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
        self._wanted = files[0]
        work = self._opening(files[0], self._document.finisher, True)
        self._start(f"Opening {files[0].name}", work, self._show)

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
            self._start("Decoding full size", work, self._refine)

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
        settings, finisher = document.settings, document.finisher
        return Exporter(opened, settings, finisher, self._opening, self._operators)

    def cancel(self) -> None:
        """End what is running at its next step."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """Save what is unsaved, end what is running."""
        self._closed = True
        self._document.settle()
        self._job = None
        for job in self._jobs:
            job.cancel()
        for job in self._jobs:
            job.wait()
        self._autosave.stop()

    def _start(self, title: str, work: Work[Answer], take: Callable[[Answer], object]) -> None:
        if self._closed:
            return
        self.cancel()
        self._title = title
        self._job = job = Job(work, self)
        self._jobs.append(job)
        job.progressed.connect(self._tell)
        for ending in (job.finished, job.cancelled, job.failed):
            ending.connect(self._end)
        job.finished.connect(take)
        job.failed.connect(self._fail)
        job.start()
        self.progressed.emit(title, Progress(0, 0))

    def _tell(self, progress: Progress) -> None:
        if self.sender() is self._job:
            self.progressed.emit(self._title, progress)

    def _end(self) -> None:
        job = self.sender()
        assert isinstance(job, Job)
        self._jobs.remove(job)
        job.wait()
        job.deleteLater()
        if job is self._job:
            self._job = None
            self.progressed.emit("", None)
            if self._refine_next:
                self.refine()

    def _fail(self, sentence: str) -> None:
        self._wanted = self.file
        self.failed.emit(sentence)
        self.files_changed.emit()

    def _show(self, opened: Opened) -> None:
        if opened.path == self._wanted:
            self._document.open(opened)
            self.files_changed.emit()
            for note in opened.notes:
                self.noted.emit(note)

    def _refine(self, opened: Opened) -> None:
        self._document.refine(opened)

    def _tell_exported(self, path: Path) -> None:
        self.exported.emit(path)

    def _save(self, settings: Settings) -> None:
        opened = self._document.opened
        if opened is not None and opened.store is not None:
            self._autosave.save(opened.store, settings)
