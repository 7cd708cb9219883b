"""Wipe: two pictures of one frame in one place, and a line between them that the mouse moves."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from editor import theme

STEP = 0.02
"""Share of the picture's width that an arrow key moves the line by."""


class Wipe(QWidget):
    """Shows `left` up to the line and `right` beyond it; `at`, 0 to 1, is where the line is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.left, self.right = QPixmap(), QPixmap()
        self.at = 0.5
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_pictures(self, left: QPixmap, right: QPixmap) -> None:
        """Show these, which are of one shape."""
        self.left, self.right = left, right
        self.update()

    def move_line(self, at: float) -> None:
        """Put the line at this share of the picture's width."""
        self.at = min(max(at, 0.0), 1.0)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        shown = self._shown()
        painter.drawPixmap(shown, self.right, QRectF(self.right.rect()))
        line = shown.left() + shown.width() * self.at
        painter.setClipRect(QRectF(shown.left(), shown.top(), line - shown.left(), shown.height()))
        painter.drawPixmap(shown, self.left, QRectF(self.left.rect()))
        painter.setClipping(False)
        painter.fillRect(QRectF(line - 0.5, shown.top(), 1.0, shown.height()), theme.TEXT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._follow(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -STEP, Qt.Key.Key_Right: STEP}.get(Qt.Key(event.key()))
        if by is None:
            super().keyPressEvent(event)
        else:
            self.move_line(self.at + by)

    def _follow(self, event: QMouseEvent) -> None:
        shown = self._shown()
        if event.buttons() & Qt.MouseButton.LeftButton and not shown.isEmpty():
            self.move_line((event.position().x() - shown.left()) / shown.width())

    def _shown(self) -> QRectF:
        """Where the pictures are: as large as fits, in the middle."""
        room = self.size()
        size = self.right.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (room.width() - size.width()) / 2.0, (room.height() - size.height()) / 2.0
        return QRectF(left, top, size.width(), size.height())

    def sizeHint(self) -> QSize:
        """Room for a picture that tells something."""
        return QSize(480, 320)
