"""Warming: what makes drags live, compiled beside the window's work, for each finisher once."""

from PySide6.QtCore import QObject, Signal

from editor.document import Document
from editor.job import Job, end_all
from engine.finisher import Finisher
from engine.finishers import quick_for
from engine.live.quick import Quick
from engine.progress import Work


class Warming(QObject):
    """Knows the Quick of the document's finisher as soon as there is one; `ready` carries it."""

    ready = Signal(object)
    failed = Signal(str)

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._known: dict[str, Quick] = {}
        self._begun: set[str] = set()
        document.finisher_changed.connect(self._warm)
        self._warm()

    @property
    def quick(self) -> Quick | None:
        """What makes the document's finisher live; None until it is ready."""
        return self._known.get(self._document.finisher.name)

    def close(self) -> None:
        """End what is under way."""
        end_all(self)

    def _warm(self) -> None:
        finisher = self._document.finisher
        if self.quick is not None:
            self.ready.emit(self.quick)
        elif finisher.name not in self._begun:
            self._begun.add(finisher.name)
            job = Job(_named(finisher), self)
            job.finished.connect(self._keep)
            job.failed.connect(self.failed)
            job.start()

    def _keep(self, answer: tuple[str, Quick]) -> None:
        name, quick = answer
        self._known[name] = quick
        if name == self._document.finisher.name:
            self.ready.emit(quick)


def _named(finisher: Finisher) -> Work[tuple[str, Quick]]:
    return finisher.name, (yield from quick_for(finisher))
