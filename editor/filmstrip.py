"""The files at hand, where there are several: click one to open it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from editor import theme


class Filmstrip(QListWidget):
    """A list of files. `chosen` carries the one that was clicked."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(22 * theme.GRID)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemClicked.connect(self._choose)

    def show_files(self, files: Sequence[Path], current: Path | None) -> None:
        """List `files`, with the one on screen marked."""
        with QSignalBlocker(self):
            self.clear()
            for file in files:
                item = QListWidgetItem(file.name)
                item.setToolTip(str(file))
                item.setData(Qt.ItemDataRole.UserRole, str(file))
                self.addItem(item)
                if file == current:
                    self.setCurrentItem(item)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(Path(item.data(Qt.ItemDataRole.UserRole)))
