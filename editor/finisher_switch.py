"""Finisher switch: whose stages finish the photo, as one button for each."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from editor import theme
from editor.document import Document
from engine.finisher import Finisher
from engine.finishers import TITLES


class FinisherSwitch(QWidget):
    """Shows the document's finisher. `chosen` carries another one that was clicked."""

    chosen = Signal(object)

    def __init__(
        self, document: Document, finishers: Sequence[Finisher], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._finishers = document, finishers
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.GRID, theme.GRID // 2, 2 * theme.GRID, theme.GRID // 2)
        row.setSpacing(2)
        for place, finisher in enumerate(finishers):
            title = TITLES.get(finisher.name, finisher.name)
            button = self.buttons[finisher.name] = QToolButton()
            button.setText(title)
            button.setToolTip(f"Finish by the stages of {title} (Ctrl+Shift+F switches)")
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._group.addButton(button, place)
            row.addWidget(button)
        row.addStretch()
        if len(finishers) < 2:
            self.hide()
        self._group.idClicked.connect(self._choose)
        document.finisher_changed.connect(self.show_finisher)
        self.show_finisher()

    def show_finisher(self) -> None:
        """Mark the one in use."""
        self.buttons[self._document.finisher.name].setChecked(True)

    def choose_next(self) -> None:
        """As if the next button had been clicked."""
        place = (self._group.checkedId() + 1) % len(self._finishers)
        self._group.button(place).setChecked(True)
        self._choose(place)

    def _choose(self, place: int) -> None:
        self.chosen.emit(self._finishers[place])
