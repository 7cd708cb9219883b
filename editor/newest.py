"""NewestWins: a thread that always works on the latest request and drops what it supersedes."""

import logging
import time
from collections.abc import Iterable
from threading import Event

from PySide6.QtCore import QObject, QThread, Signal

from engine.errors import PhotofinishError

log = logging.getLogger(__name__)


def sentence(error: Exception) -> str:
    """What to tell the user about `error`; the unexpected goes to the log in full."""
    if isinstance(error, PhotofinishError):
        return str(error)
    log.error("unexpected failure", exc_info=error)
    return f"Something went wrong inside Photofinish: {error or type(error).__name__}."


class NewestWins(QThread):
    """Runs `work(request)`, step by step; a newer request ends it between two steps.

    No debounce timer, no queue. A request is frozen: it has captured all that `work` needs.
    """

    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wake = Event()
        self._newest: object = None
        self.asked_at = 0.0  # of the newest request, by time.perf_counter
        self._stopped = False

    def request(self, request: object) -> None:
        """Ask for `request`; what is under way ends at its next step. After `stop`: nothing."""
        if self._stopped:
            return  # signals that were under way when the window closed still arrive
        self._newest, self.asked_at = request, time.perf_counter()
        self._wake.set()
        if not self.isRunning():
            self.start()

    def work(self, request: object) -> Iterable[object]:
        """The steps of one request, on this thread. Cancelled by not being continued."""
        raise NotImplementedError

    def run(self) -> None:
        while self._wake.wait() and not self.isInterruptionRequested():
            self._wake.clear()
            try:
                for _ in self.work(self._newest):
                    if self._wake.is_set():
                        break
            except Exception as error:  # noqa: BLE001 - the thread boundary
                self.failed.emit(sentence(error))

    def stop(self) -> None:
        """End the thread after the step it is in, and wait for that."""
        self._stopped = True
        self.requestInterruption()
        self._wake.set()
        self.wait()
