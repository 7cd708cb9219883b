"""Autosave: writes settings to the photo's sidecar off the GUI thread, newest per photo."""

from collections import OrderedDict
from threading import Condition

from PySide6.QtCore import QObject, QThread, Signal

from editor.document import Store
from editor.newest import sentence
from engine.settings import Settings


class Autosave(QThread):
    """Saves what it is given, in order; `saved` tells what is on disk.

    Unlike a render, a save is never dropped for another photo's, only for a newer one of its own.
    """

    saved = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._changed = Condition()
        self._waiting: OrderedDict[int, tuple[Store, Settings]] = OrderedDict()
        self._saving = self._stopping = False
        self.start()

    def save(self, store: Store, settings: Settings) -> None:
        """Write `settings` to `store` soon."""
        with self._changed:
            self._waiting[id(store)] = store, settings
            self._changed.notify_all()

    def flush(self) -> None:
        """Return once all that was given is on the disk, or was told to have failed."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._waiting or self._saving))

    def run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping)
                if not self._waiting:
                    return
                _, (store, settings) = self._waiting.popitem(last=False)
                self._saving = True
            try:
                store.write(settings)
            except Exception as error:  # noqa: BLE001 - the thread boundary
                self.failed.emit(sentence(error))
            else:
                self.saved.emit(settings)
            with self._changed:
                self._saving = False
                self._changed.notify_all()

    def stop(self) -> None:
        """Write what waits, then end."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self.wait()
