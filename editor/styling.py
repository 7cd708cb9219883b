"""Styling: the document's photo in every style at hand, given to it as one step; learning of more.

All that takes long runs off the GUI thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from torch import Tensor

from editor.document import Document
from editor.job import Job, end_all, put_away
from editor.warming import Warming
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.finishers.basic import BASIC
from engine.live.quick import Quick
from engine.photo import Photo, open_photo
from engine.progress import Progress, Work
from engine.renderer import Renderer
from engine.settings import Settings
from engine.sidecar import RAW_SUFFIXES, Sidecar
from engine.style import library
from engine.style.learning import Learned, learn_edits, learn_pictures
from engine.style.style import Style, read_style, write_style
from engine.white import as_shot_temperature_tint

SHOWN = 200
"""Long side in pixels of a photo shown in a style."""


@dataclass(frozen=True, kw_only=True)
class Shown(Progress):
    """The photo in one style: its settings and its picture (1, 3, h, w), display RGB."""

    style: Style
    settings: Settings
    picture: Tensor


class Styling(QObject):
    """Knows the styles at hand, and what each makes of the photo.

    `listed` says that there are others, `shown` carries each as Shown. `learning` carries Progress
    while a style is learned, None when that has ended; `learned` its name. `said` and `failed` are
    sentences for the user.
    """

    listed = Signal()
    shown = Signal(object)
    learning = Signal(object)
    learned = Signal(str)
    said = Signal(str)
    failed = Signal(str)

    def __init__(self, document: Document, warming: Warming, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._warming = document, warming
        self.wanted = False  # somebody looks
        self.known: dict[str, Shown] = {}
        self._photo: Photo | None = None
        self._start = self._given = document.settings
        self._showing: Job | None = None
        self._learning: Job | None = None
        document.photo_changed.connect(self._forget)
        warming.ready.connect(self.show_all)

    @property
    def styles(self) -> list[Style]:
        """Those that ship, then the user's own."""
        return [*library.shipped(), *library.own()[0]]

    @property
    def able(self) -> bool:
        """Whether the document's finisher is one that styles are for."""
        return self._document.finisher.name == BASIC.name

    def look(self, wanted: bool) -> None:
        """Show the photo in every style from now on, or no more."""
        self.wanted = wanted
        self.listed.emit()
        self.show_all()

    def show_all(self) -> None:
        """Begin to show the photo in every style that it has not been shown in."""
        opened, quick = self._document.opened, self._warming.quick
        if not (self.wanted and self.able) or opened is None or quick is None:
            return
        if self._showing is not None:
            self._showing.cancel()
        missing = [style for style in self.styles if style.name not in self.known]
        work = _all_shown(opened.photo, self._document.finisher, quick, missing)
        self._showing = self._begun(work)
        self._showing.progressed.connect(self._show)

    def give(self, name: str, strength: float) -> None:
        """Give the photo the style of that name, once it has been shown in it; one step to undo.

        Calls that follow each other start from the same edit, whatever they give.
        """
        shown, photo = self.known.get(name), self._document.photo
        if shown is None or photo is None:
            return
        if self._document.settings != self._given:
            self._start = self._document.settings
        self._given = shown.style.given(
            shown.settings, self._start, strength, photo, self._document.finisher
        )
        self._document.apply(self._given, f"Style {name}")

    def give_all(self, name: str, strength: float, files: Sequence[Path]) -> None:
        """Give the style to those of `files` that have no edit yet, each its own sliders."""
        quick, style = self._warming.quick, self._named(name)
        if quick is None or style is None:
            return
        self._learn(_all_given(files, style, strength, self._document.finisher, quick), self._tell)

    def learn(self, folder: Path, name: str) -> None:
        """Learn a style from the edits in `folder` where it holds raws, else from its pictures."""
        quick = self._warming.quick
        if quick is None:
            self.failed.emit("The compiled stages are not ready yet; try again in a moment.")
            return
        self._learn(_learned(folder, name, self._document.finisher, quick), self._keep)

    def cancel(self) -> None:
        """End learning; what was measured is kept for the next time."""
        if self._learning is not None:
            self._learning.cancel()

    def add(self, file: Path) -> None:
        """Take the style in `file` into the library."""
        try:
            library.keep(read_style(file))
        except PhotofinishError as error:
            self.failed.emit(str(error))
            return
        self.listed.emit()
        self.show_all()

    def export(self, name: str, file: Path) -> None:
        """Write the style of that name to `file`."""
        style = self._named(name)
        assert style is not None
        try:
            write_style(style, file)
        except PhotofinishError as error:
            self.failed.emit(str(error))

    def rename(self, name: str, to: str) -> None:
        """Call the user's own style `name` otherwise."""
        style = self._named(name)
        assert style is not None
        try:
            library.keep(replace(style, name=to))
        except PhotofinishError as error:
            self.failed.emit(str(error))
            return
        self.remove(name)

    def remove(self, name: str) -> None:
        """Delete the user's own style of that name."""
        library.remove(name)
        self.known.pop(name, None)
        self.listed.emit()
        self.show_all()

    def is_own(self, name: str) -> bool:
        """Whether the style of that name is the user's own."""
        return name in {style.name for style in library.own()[0]}

    def close(self) -> None:
        """End what is running, and wait for that."""
        end_all(self)

    def _named(self, name: str) -> Style | None:
        return next((style for style in self.styles if style.name == name), None)

    def _learn(self, work: Work[object], take: Callable[..., object]) -> None:
        self.cancel()
        self._learning = job = self._begun(work)
        job.progressed.connect(self.learning)
        job.finished.connect(take)

    def _begun(self, work: Work[object]) -> Job:
        job = Job(work, self)
        job.failed.connect(self.failed)
        for ending in (job.finished, job.failed, job.cancelled):
            ending.connect(self._ended)
        job.start()
        return job

    def _ended(self) -> None:
        job = put_away(self.sender())
        if job is self._showing:
            self._showing = None
        if job is self._learning:
            self._learning = None
            self.learning.emit(None)

    def _tell(self, sentence: str) -> None:
        self.said.emit(sentence)

    def _forget(self) -> None:
        """Another photo is there."""
        if self._showing is not None:
            self._showing.cancel()
            self._showing = None
        self.known.clear()
        self._start = self._given = self._document.settings
        self.listed.emit()
        self.show_all()

    def _show(self, step: object) -> None:
        if isinstance(step, Shown) and self.sender() is self._showing:
            self.known[step.style.name] = step
            self.shown.emit(step)

    def _keep(self, answer: Learned) -> None:
        try:
            library.keep(answer.style)
        except PhotofinishError as error:
            self.failed.emit(str(error))
            return
        for note in answer.notes:
            self.said.emit(note)
        self.listed.emit()
        self.learned.emit(answer.style.name)
        self.show_all()


def _all_shown(
    photo: Photo, finisher: Finisher, quick: Quick, styles: Sequence[Style]
) -> Work[None]:
    small = photo.reduced(SHOWN)
    renderer = Renderer(small, finisher, quick.exact)
    for i, style in enumerate(styles):
        yield Progress(i, len(styles), style.name)
        settings = style.predict(small, finisher, quick.exact)
        picture = renderer.picture(settings)
        yield Shown(i, len(styles), style=style, settings=settings, picture=picture)


def _all_given(
    files: Sequence[Path], style: Style, strength: float, finisher: Finisher, quick: Quick
) -> Work[str]:
    """Write the style's edits; a sentence on how many photos have got one."""
    given = kept = 0
    for i, file in enumerate(files):
        yield Progress(i, len(files), file.name)
        sidecar = Sidecar.for_raw(file, finisher)
        if sidecar.read().settings != Settings():
            kept += 1
            continue
        photo = yield from open_photo(file, half=True)
        settings = style.predict(photo.reduced(SHOWN), finisher, quick.exact)
        settings = style.given(settings, Settings(), strength, photo, finisher)
        sidecar.write(settings, as_shot_temperature_tint(photo.metadata))
        given += 1
    left = f" {kept} that had an edit were left as they are." if kept else ""
    return f"{given} photos have got the style {style.name}.{left}"


def _learned(folder: Path, name: str, finisher: Finisher, quick: Quick) -> Work[Learned]:
    files = list(folder.iterdir()) if folder.is_dir() else []
    pictures = any(file.suffix.lower() not in RAW_SUFFIXES | {".xmp"} for file in files)
    if any(file.suffix.lower() in RAW_SUFFIXES for file in files) and not pictures:
        return (yield from learn_edits(folder, name, finisher, quick.exact))
    return (yield from learn_pictures(folder, name, finisher))
