"""Choice of a .cube file: its name, a button to choose another, one to clear it."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QToolButton, QWidget

from editor.document import Document
from editor.icons import icon
from engine.errors import PhotofinishError
from engine.settings import Settings
from engine.slider import CubeFile


class CubeRow(QWidget):
    """The document's .cube file. `refused` tells why a file was not taken."""

    refused = Signal(str)

    def __init__(
        self, control: CubeFile, document: Document, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._control, self._document = control, document
        self.name = QLabel()
        self.name.setProperty("quiet", True)
        self.choose = QToolButton()
        self.choose.setText("Choose…")
        self.choose.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.clear = QToolButton()
        self.clear.setIcon(icon("cross"))
        self.clear.setToolTip("Use no table")
        self.clear.setProperty("quiet", True)
        self.clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.name, 1)
        layout.addWidget(self.clear)
        layout.addWidget(self.choose)
        self.choose.clicked.connect(self._ask)
        self.clear.clicked.connect(lambda: self.take(""))
        self.show_settings(document.settings)

    def show_settings(self, settings: Settings) -> None:
        """Show the name of the file."""
        path = str(settings[self._control] or "")
        if self.name.text() and path == self.name.toolTip():
            return
        name = Path(path).name if path else f"No {self._control.title} file"
        self.name.setText(
            self.name.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, 176)
        )
        self.name.setToolTip(path)
        self.clear.setVisible(bool(path))

    def take(self, path: str) -> None:
        """Use the file at `path`, "" for none."""
        self._document.settle()
        try:
            self._document.set(self._control, path)
        except PhotofinishError as error:
            self.refused.emit(str(error))
        self._document.settle()

    def _ask(self) -> None:
        title, kinds = f"Choose {self._control.title}", "Color tables (*.cube)"
        path, _ = QFileDialog.getOpenFileName(self, title, "", kinds)
        if path:
            self.take(path)
