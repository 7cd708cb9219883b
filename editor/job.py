"""Job: drives a generator of the engine off the GUI thread."""

from threading import Event, Thread

from PySide6.QtCore import QObject, Qt, Signal

from editor.newest import sentence
from engine.progress import Work


class Job(QObject):
    """Runs `work` and ends in exactly one of `finished`, `cancelled`, `failed`.

    Give it a parent that outlives the work. `cancel` takes effect between two yields.
    """

    progressed = Signal(object)
    finished = Signal(object)
    cancelled = Signal()
    failed = Signal(str)

    def __init__(self, work: Work[object], parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._cancel = Event()
        self._thread = Thread(target=self._run, name="job")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def cancel(self) -> None:
        """Stop at the next yield."""
        self._cancel.set()

    def wait(self) -> None:
        """Block until the work has ended."""
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._cancel.is_set():
                self.progressed.emit(next(self._work))
            self._work.close()
            self.cancelled.emit()
        except StopIteration as done:
            self.finished.emit(done.value)
        except Exception as error:  # noqa: BLE001 - the thread boundary
            self.failed.emit(sentence(error))


def put_away(ended: QObject | None) -> Job:
    """The job whose end a slot is told of, its sender; it is gone with the next events."""
    assert isinstance(ended, Job)
    ended.wait()
    ended.deleteLater()
    return ended


def end_all(owner: QObject) -> None:
    """Cancel all jobs of `owner`, and wait for them."""
    jobs = owner.findChildren(Job, options=Qt.FindChildOption.FindDirectChildrenOnly)
    for job in jobs:
        job.cancel()
    for job in jobs:
        job.wait()
