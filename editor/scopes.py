"""Scopes: the histogram of what the canvas shows, with a clipping warning at either end."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QWidget

from editor import theme
from editor.render_thread import Frame

CURVES = ((theme.RED, 150), (theme.GREEN, 150), (theme.BLUE, 170), (theme.TEXT, 0))
HEADROOM = 1.08


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


class Histogram(QWidget):
    """R, G, B and luma. `clipping_toggled` asks to show or hide the clipping on the picture."""

    clipping_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = pg.PlotWidget(background=theme.SUNKEN)
        self.plot.setMenuEnabled(False)
        self.plot.setMouseEnabled(False, False)
        self.plot.hideButtons()
        self.plot.hideAxis("left")
        self.plot.hideAxis("bottom")
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.plot.setXRange(0, 255, padding=0.01)
        self.plot.setYRange(0, 1, padding=0)
        for quarter in (64, 128, 192):
            self.plot.addItem(pg.InfiniteLine(quarter, pen=pg.mkPen(theme.PANEL)))
        self.curves = [self._curve(color, alpha) for color, alpha in CURVES]
        self.counts: NDArray[np.float64] | None = None
        self.dark = Corner(theme.CLIPPED_DARK, "Clipped shadows (J shows them)", right=False)
        self.bright = Corner(theme.CLIPPED_BRIGHT, "Clipped highlights (J shows them)", right=True)
        layout = QGridLayout(self)
        layout.setContentsMargins(2 * theme.GRID, 2 * theme.GRID, 2 * theme.GRID, theme.GRID)
        layout.addWidget(self.plot, 0, 0, 1, 3)
        top = Qt.AlignmentFlag.AlignTop
        layout.addWidget(self.dark, 0, 0, top | Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.bright, 0, 2, top | Qt.AlignmentFlag.AlignRight)
        self.setFixedHeight(18 * theme.GRID)
        for corner in (self.dark, self.bright):
            corner.clicked.connect(self.clipping_toggled)

    def sizeHint(self) -> QSize:
        return QSize(theme.PANEL_WIDTH, 18 * theme.GRID)

    def show_frame(self, frame: Frame) -> None:
        """Show the histogram of a frame. That of a difference would say nothing: it is skipped."""
        if frame.request.view.difference:
            return
        self.counts = frame.histogram
        red, green, blue, luma = _smoothed(frame.histogram)
        for curve, counts in zip(self.curves, (red, green, blue, luma), strict=True):
            curve.setData(np.arange(256.0), counts)
        self.dark.light(frame.dark)
        self.bright.light(frame.bright)

    def show_clipping(self, on: bool) -> None:
        """Mark that the canvas shows what is clipped."""
        for corner in (self.dark, self.bright):
            corner.setChecked(on)

    def clear(self) -> None:
        """Show nothing."""
        self.counts = None
        for curve in self.curves:
            curve.setData(np.arange(256.0), np.zeros(256))
        self.dark.light(False)
        self.bright.light(False)

    def _curve(self, color: QColor, alpha: int) -> pg.PlotCurveItem:
        fill = QColor(color)
        fill.setAlpha(alpha)
        level = 0.0 if alpha else None
        curve = pg.PlotCurveItem(pen=pg.mkPen(color, width=1), brush=fill, fillLevel=level)
        curve.setCompositionMode(QPainter.CompositionMode.CompositionMode_Screen)
        curve.setData(np.arange(256.0), np.zeros(256))
        self.plot.addItem(curve)
        return curve


def _smoothed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counts (4, 256) as heights in [0, 1]: lightly smoothed, clipped ends not setting the scale.

    Square roots, so that a small bright part of the picture is seen beside a large dark one.
    """
    padded = np.pad(counts, ((0, 0), (1, 1)), mode="edge")
    soft = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
    heights = np.sqrt(soft)
    top = max(float(heights[:, 2:-2].max()), 1e-9) * HEADROOM
    return np.minimum(heights / top, 1.0)
