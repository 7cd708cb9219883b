"""Slider choice: a check for each slider of a finisher, under its stage."""

from collections.abc import Collection

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from engine.finisher import Finisher
from engine.slider import Slider

CHECKED, UNCHECKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked


class SliderChoice(QTreeWidget):
    """Stages and their sliders; a stage's check is that of all its sliders.

    At first those named in `usual` are checked, and only their stages unfolded.
    """

    def __init__(
        self, finisher: Finisher, usual: Collection[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._usual = usual
        self._items: dict[Slider, QTreeWidgetItem] = {}
        self.setHeaderHidden(True)
        self.setRootIsDecorated(True)
        self.setIndentation(14)
        for stage in finisher:
            alone = len(stage.sliders) == 1
            branch = self if alone else self._branch(stage.title)
            for slider in stage.sliders:
                title = stage.title if alone else slider.title
                self._items[slider] = QTreeWidgetItem(branch, [title])
                self.check(slider, on=slider.name in usual)
            if isinstance(branch, QTreeWidgetItem):
                branch.setHidden(not stage.sliders)
                branch.setExpanded(any(slider.name in usual for slider in stage.sliders))

    @property
    def sliders(self) -> tuple[Slider, ...] | None:
        """Those checked; None where these are still the usual ones."""
        checked = tuple(s for s, item in self._items.items() if item.checkState(0) is CHECKED)
        usual = tuple(s for s in self._items if s.name in self._usual)
        return None if checked == usual else checked

    def check(self, slider: Slider, *, on: bool) -> None:
        """Check or uncheck one."""
        self._items[slider].setCheckState(0, CHECKED if on else UNCHECKED)

    def _branch(self, title: str) -> QTreeWidgetItem:
        branch = QTreeWidgetItem(self, [title])
        branch.setFlags(branch.flags() | Qt.ItemFlag.ItemIsAutoTristate)
        return branch
