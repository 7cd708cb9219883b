"""The styles: this photo in each of them, one click to have it so, and how much of it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QProgressBar,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from editor import theme
from editor.document import Document
from editor.qimage import to_bytes, to_qimage
from editor.styling import Shown, Styling
from engine.progress import Progress
from engine.style.style import SUFFIX

WIDTH, TILE = 27 * theme.GRID, QSize(176, 132)
MOST = 150
"""Percent of a style that can be given."""

FILTER = f"Styles (*{SUFFIX})"


class StylesPanel(QWidget):
    """Drives a Styling. `files` tells which photos are at hand."""

    def __init__(
        self, document: Document, styling: Styling, files: Callable[[], Sequence[Path]]
    ) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setFixedWidth(WIDTH)
        self._document, self._styling, self._files = document, styling, files
        self.tiles = QListWidget()
        self.tiles.setViewMode(QListWidget.ViewMode.IconMode)
        self.tiles.setIconSize(TILE)
        self.tiles.setMovement(QListWidget.Movement.Static)
        self.tiles.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.tiles.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.tiles.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tiles.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.strength = QSlider(Qt.Orientation.Horizontal)
        self.strength.setRange(0, MOST)
        self.strength.setValue(100)
        self.strength.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.percent = QLabel("100 %")
        self.new = QPushButton("New style from folder…")
        self.more = QToolButton()
        self.more.setText("More")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.menu = QMenu(self.more)
        self.more.setMenu(self.menu)
        self.bar, self.note = QProgressBar(), QLabel()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(4)
        self.note.setProperty("quiet", True)
        self.note.setWordWrap(True)
        self.stop = QPushButton("Cancel")
        self._arrange()
        self._connect()
        self._tell(None)

    @property
    def name(self) -> str | None:
        """The style that is chosen."""
        item = self.tiles.currentItem()
        return None if item is None else str(item.data(Qt.ItemDataRole.UserRole))

    def ask_new(self) -> None:
        """Learn a style from a folder chosen in a dialog."""
        folder = QFileDialog.getExistingDirectory(
            self, "Pictures of one look, or your own edited raws"
        )
        if not folder:
            return
        name, sure = QInputDialog.getText(
            self, "New style", "What is the style called?", text=Path(folder).name
        )
        if sure and name:
            self._styling.learn(Path(folder), name)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.GRID, 0, theme.GRID)
        head = QHBoxLayout()
        head.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        head.addWidget(QLabel("Styles"), 1)
        head.addWidget(self.more)
        column.addLayout(head)
        column.addWidget(self.tiles, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        row = QHBoxLayout()
        row.addWidget(QLabel("Strength"))
        row.addWidget(self.strength, 1)
        row.addWidget(self.percent)
        foot.addLayout(row)
        foot.addWidget(self.note)
        foot.addWidget(self.bar)
        foot.addWidget(self.stop)
        foot.addWidget(self.new)
        column.addLayout(foot)

    def _connect(self) -> None:
        styling = self._styling
        styling.listed.connect(self._list)
        styling.shown.connect(self._show)
        styling.learning.connect(self._tell)
        styling.learned.connect(self._choose)
        self._document.finisher_changed.connect(self._list)
        self.tiles.itemClicked.connect(self._give)
        self.tiles.customContextMenuRequested.connect(self._ask_menu)
        self.strength.sliderPressed.connect(self._document.hold)
        self.strength.sliderReleased.connect(self._release)
        self.strength.valueChanged.connect(self._strengthen)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.new.clicked.connect(self.ask_new)
        self.stop.clicked.connect(styling.cancel)

    # What the user does

    def _give(self) -> None:
        """Give the photo the chosen style, whole."""
        with QSignalBlocker(self.strength):
            self.strength.setValue(100)
        self.percent.setText("100 %")
        self._document.settle()
        self._strengthen()
        self._document.settle()

    def _strengthen(self) -> None:
        percent = self.strength.value()
        self.percent.setText(f"{percent} %")
        if self.name is not None:
            self._styling.give(self.name, percent / 100.0)

    def _release(self) -> None:
        self._document.release()
        self._document.settle()

    def _ask_menu(self, at: QPoint) -> None:
        if self.tiles.itemAt(at) is not None:
            self._fill_menu()
            self.menu.popup(self.tiles.viewport().mapToGlobal(at))

    def _fill_menu(self) -> None:
        name = self.name
        mine = name is not None and self._styling.is_own(name)
        others = [file for file in self._files() if file != self._shown_file()]
        self.menu.clear()
        self.menu.addAction("Import a style…", self._import)
        for title, todo, able in (
            ("Export this style…", self._export, name is not None),
            ("Rename this style…", self._rename, mine),
            ("Delete this style", self._remove, mine),
            ("Give it to the other photos at hand", self._give_all, bool(name and others)),
        ):
            self.menu.addAction(title, todo).setEnabled(able)

    def _import(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, "Import a style", "", FILTER)
        if file:
            self._styling.add(Path(file))

    def _export(self) -> None:
        assert self.name is not None
        file, _ = QFileDialog.getSaveFileName(
            self, "Export this style", f"{self.name}{SUFFIX}", FILTER
        )
        if file:
            self._styling.export(self.name, Path(file))

    def _rename(self) -> None:
        assert self.name is not None
        name, sure = QInputDialog.getText(self, "Rename", "What is it called?", text=self.name)
        if sure and name and name != self.name:
            self._styling.rename(self.name, name)

    def _remove(self) -> None:
        assert self.name is not None
        self._styling.remove(self.name)

    def _give_all(self) -> None:
        assert self.name is not None
        others = [file for file in self._files() if file != self._shown_file()]
        self._styling.give_all(self.name, self.strength.value() / 100.0, others)

    def _shown_file(self) -> Path | None:
        return self._document.opened.path if self._document.opened else None

    # What there is to see

    def _list(self) -> None:
        """The styles at hand; their files are not read before somebody looks."""
        if not self._styling.wanted:
            return
        able, chosen = self._styling.able, self.name
        self.tiles.setEnabled(able)
        self.strength.setEnabled(able)
        self.new.setEnabled(able)
        self.note.setText("" if able else "Styles are for Photofinish's own stages.")
        self.note.setVisible(not able)
        with QSignalBlocker(self.tiles):
            self.tiles.clear()
            for style in self._styling.styles if able else ():
                item = QListWidgetItem(style.name)
                item.setData(Qt.ItemDataRole.UserRole, style.name)
                item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
                item.setSizeHint(QSize(WIDTH - 2 * theme.GRID, TILE.height() + 3 * theme.GRID))
                item.setToolTip(f"Learned from {style.count} {style.learned_from}")
                self.tiles.addItem(item)
        if chosen is not None:
            self._choose(chosen)
        for shown in self._styling.known.values():
            self._show(shown)

    def _show(self, shown: Shown) -> None:
        for item in self._items(shown.style.name):
            picture = QPixmap.fromImage(to_qimage(to_bytes(shown.picture)))
            kept, smooth = (
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            small = picture.scaled(TILE, kept, smooth)
            icon = QIcon(small)
            icon.addPixmap(small, QIcon.Mode.Selected)  # or Qt would tint it
            item.setIcon(icon)

    def _choose(self, name: str) -> None:
        for item in self._items(name):
            self.tiles.setCurrentItem(item)
            self.tiles.scrollToItem(item)

    def _items(self, name: str) -> list[QListWidgetItem]:
        items = (self.tiles.item(row) for row in range(self.tiles.count()))
        return [item for item in items if item.data(Qt.ItemDataRole.UserRole) == name]

    def _tell(self, progress: Progress | None) -> None:
        busy = progress is not None
        for widget in (self.bar, self.stop):
            widget.setVisible(busy)
        self.new.setVisible(not busy)
        self.note.setVisible(busy or not self._styling.able)
        if progress is not None:
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)
            self.note.setText(progress.note)
