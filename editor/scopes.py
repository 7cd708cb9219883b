"""Scopes: the histogram of what the canvas shows, with a clipping warning at either end."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QWidget

from editor import theme
from editor.frame import Frame

CURVES = ((theme.RED, 150), (theme.GREEN, 150), (theme.BLUE, 170))
HEADROOM = 1.08
QUARTERS = (64, 128, 192)
REPAINT = 33
"""Milliseconds between two repaints in a drag: faster says no more and takes the picture's time."""


class Corner(QAbstractButton):
    """A small triangle that lights up where something is clipped; a click shows where."""

    def __init__(self, color: QColor, tip: str, *, right: bool) -> None:
        super().__init__()
        self._color, self._right = color, right
        self.lit = False
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedSize(2 * theme.GRID, 2 * theme.GRID)
        self.setToolTip(tip)
        self.setAccessibleName(tip)

    def light(self, on: bool) -> None:
        """Whether there is clipping."""
        if on != self.lit:
            self.lit = on
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        near, far = (self.width() - 3, 4) if self._right else (3, self.width() - 4)
        corner = QPolygonF([QPointF(near, 3), QPointF(far, 3), QPointF(near, self.height() - 4)])
        painter.setPen(theme.TEXT if self.isChecked() else Qt.PenStyle.NoPen)
        painter.setBrush(self._color if self.lit else theme.RAISED)
        painter.drawPolygon(corner)


class Curves(QWidget):
    """Counts as curves: R, G and B filled, adding up to white where they meet; luma as a line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._counts: NDArray[np.float64] | None = None

    def show_counts(self, counts: NDArray[np.float64] | None) -> None:
        """Show counts (4, 256), or nothing."""
        self._counts = counts
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.SUNKEN)
        step = self.width() / 256.0
        for quarter in QUARTERS:
            painter.fillRect(QRectF(round(quarter * step), 0, 1, self.height()), theme.PANEL)
        if self._counts is None:
            return
        heights = _smoothed(self._counts)
        left, right = QPointF(0.0, self.height()), QPointF(self.width(), self.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Screen)
        for (color, alpha), row in zip(CURVES, heights, strict=False):
            fill = QColor(color)
            fill.setAlpha(alpha)
            painter.setBrush(fill)
            painter.drawPolygon(QPolygonF([left, *self._curve(row), right]))
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.TEXT)
        painter.drawPolyline(QPolygonF(self._curve(heights[3])))

    def _curve(self, heights: NDArray[np.float64]) -> list[QPointF]:
        bottom, step = float(self.height()), self.width() / 256.0
        return [
            QPointF((level + 0.5) * step, bottom * (1.0 - height))
            for level, height in enumerate(heights.tolist())
        ]


class Histogram(QWidget):
    """R, G, B and luma. `clipping_toggled` asks to show or hide the clipping on the picture."""

    clipping_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curves = Curves()
        self.counts: NDArray[np.float64] | None = None
        self.dark = Corner(theme.CLIPPED_DARK, "Clipped shadows (J shows them)", right=False)
        self.bright = Corner(theme.CLIPPED_BRIGHT, "Clipped highlights (J shows them)", right=True)
        layout = QGridLayout(self)
        layout.setContentsMargins(2 * theme.GRID, 2 * theme.GRID, 2 * theme.GRID, theme.GRID)
        layout.addWidget(self.curves, 0, 0, 1, 3)
        top = Qt.AlignmentFlag.AlignTop
        layout.addWidget(self.dark, 0, 0, top | Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.bright, 0, 2, top | Qt.AlignmentFlag.AlignRight)
        self.setFixedHeight(18 * theme.GRID)
        for corner in (self.dark, self.bright):
            corner.clicked.connect(self.clipping_toggled)
        self._due = QTimer(self, interval=REPAINT, singleShot=True)
        self._due.timeout.connect(lambda: self.curves.show_counts(self.counts))

    def sizeHint(self) -> QSize:
        return QSize(theme.PANEL_WIDTH, 18 * theme.GRID)

    def show_frame(self, frame: Frame) -> None:
        """Show the histogram of a frame. That of a difference would say nothing: it is skipped."""
        if frame.request.view.difference:
            return
        self.counts = frame.histogram
        self.dark.light(frame.dark)
        self.bright.light(frame.bright)
        if not self._due.isActive():
            self._due.start()

    def show_clipping(self, on: bool) -> None:
        """Mark that the canvas shows what is clipped."""
        for corner in (self.dark, self.bright):
            corner.setChecked(on)

    def clear(self) -> None:
        """Show nothing."""
        self.counts = None
        self.curves.show_counts(None)
        self.dark.light(False)
        self.bright.light(False)


def _smoothed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counts (4, 256) as heights in [0, 1]: lightly smoothed, clipped ends not setting the scale.

    Square roots, so that a small bright part of the picture is seen beside a large dark one.
    """
    padded = np.pad(counts, ((0, 0), (1, 1)), mode="edge")
    soft = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
    heights = np.sqrt(soft)
    top = max(float(heights[:, 2:-2].max()), 1e-9) * HEADROOM
    return np.minimum(heights / top, 1.0)
