"""The tap strip: a live thumbnail of each stage's output, in order."""

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from editor import theme
from editor.frame import Thumb
from engine.finisher import Finisher
from engine.stage import Stage

NAME_HEIGHT = 30
LEAST, MOST = 84, 136


class TapButton(QAbstractButton):
    """The thumbnail of one stage's tap, its name, and whether it is exact.

    A stage that another program runs is always shown by what stands in for it.
    """

    def __init__(self, stage: Stage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stage = stage
        self.image: QImage | None = None
        self.exact = stage.differentiable
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setText(stage.title)
        self.setMinimumWidth(LEAST)
        self.setMaximumWidth(MOST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._tell()

    def sizeHint(self) -> QSize:
        return QSize(96, 96)

    def show_image(self, image: QImage | None, *, exact: bool = True) -> None:
        """Show a new thumbnail, or none."""
        self.image = image
        self.update(0, 0, self.width(), self._name_top() - 1)
        exact = exact and self.stage.differentiable
        if exact != self.exact:
            self.exact = exact
            self._tell()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        room = QRectF(4, 4, self.width() - 8, self.height() - NAME_HEIGHT - 6)
        frame = room
        if self.image is None:
            painter.fillRect(room, theme.SUNKEN)
        else:
            size = self.image.size().scaled(
                room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio
            )
            frame = QRectF(0, 0, size.width(), size.height())
            frame.moveCenter(room.center())
            frame.moveTopLeft(frame.topLeft().toPoint())
            painter.drawImage(frame, self.image)
        if self.isChecked() or self.underMouse():
            painter.setPen(QPen(theme.ACCENT if self.isChecked() else theme.TRACK, 2))
            painter.drawRoundedRect(frame.adjusted(-2, -2, 2, 2), 2, 2)
        if event.rect().bottom() >= self._name_top():
            self._paint_name(painter)

    def _name_top(self) -> int:
        return self.height() - NAME_HEIGHT

    def _tell(self) -> None:
        made = "Exact." if self.exact else "Live: exact when at rest."
        if not self.stage.differentiable:
            made = "A preview of darktable's."
        self.setToolTip(f"{self.stage.title}: {self.stage.space.value}. {made}")

    def _paint_name(self, painter: QPainter) -> None:
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        painter.setPen(theme.TEXT if self.isChecked() else theme.QUIET)
        below = QRectF(2, self._name_top(), self.width() - 4, NAME_HEIGHT)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        wrapped = int(flags) | int(Qt.TextFlag.TextWordWrap)
        name = painter.boundingRect(below, wrapped, self.stage.title)
        painter.drawText(below, wrapped, self.stage.title)
        mark = QRectF(0, 0, 4, 4)
        fits = painter.fontMetrics().horizontalAdvance(self.stage.title) <= below.width()
        first = self.stage.title if fits else self.stage.title.split()[0]
        left = name.center().x() - painter.fontMetrics().horizontalAdvance(first) / 2
        mark.moveCenter(QPointF(round(left) - 5, round(below.top()) + 6))
        painter.setPen(QPen(theme.FAINT, 1))
        painter.setBrush(theme.FAINT if self.exact else Qt.BrushStyle.NoBrush)
        if mark.left() >= 0:
            painter.drawEllipse(mark)


class TapStrip(QScrollArea):
    """One button per stage. `chosen` names a stage, or None for the finished picture."""

    chosen = Signal(object)
    export_wanted = Signal(str)

    def __init__(self, finisher: Finisher, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedHeight(14 * theme.GRID)
        self.buttons: dict[str, TapButton] = {}
        self.show_finisher(finisher)

    def show_finisher(self, finisher: Finisher) -> None:
        """Show the stages of `finisher`, without thumbnails."""
        row = QWidget()
        row.setObjectName("strip")
        layout = QHBoxLayout(row)
        layout.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, theme.GRID // 2)
        layout.setSpacing(0)
        self.buttons.clear()
        for stage in finisher:
            button = self.buttons[stage.name] = TapButton(stage)
            button.clicked.connect(
                lambda on, name=stage.name: self.chosen.emit(name if on else None)
            )
            button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            button.customContextMenuRequested.connect(
                lambda at, name=stage.name: self._menu(name, at)
            )
            layout.addWidget(button)
        layout.addStretch()
        self.setWidget(row)

    def show_thumb(self, thumb: Thumb) -> None:
        """Show a stage's new thumbnail, unless it is of a finisher that is no longer shown."""
        if thumb.stage in self.buttons:
            self.buttons[thumb.stage].show_image(thumb.image, exact=thumb.exact)

    def show_tap(self, stage: str | None) -> None:
        """Mark the stage whose tap is on the canvas; none is the finished picture."""
        for name, button in self.buttons.items():
            button.setChecked(name == stage)
        if stage is not None:
            self.ensureWidgetVisible(self.buttons[stage], theme.GRID, 0)

    def clear(self) -> None:
        """Drop the thumbnails of the former photo."""
        for button in self.buttons.values():
            button.show_image(None)

    def _menu(self, name: str, at: QPoint) -> None:
        button = self.buttons[name]
        if button.image is None:
            return
        menu = QMenu(self)
        menu.addAction("Show this tap", lambda: self.chosen.emit(name))
        menu.addAction("Export this tap as float TIFF…", lambda: self.export_wanted.emit(name))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(button.mapToGlobal(at))
