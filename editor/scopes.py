"""Scopes: the histogram of what the canvas shows, with a clipping warning at either end."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QWidget

from editor import theme
from editor.frame import Frame
from editor.qimage import blank

CURVES = ((theme.RED, 0.6), (theme.GREEN, 0.6), (theme.BLUE, 0.67))
"""Colors of the areas below the curves, and how much of it is added: as light is, to white."""
HEADROOM = 1.08
QUARTERS = (64, 128, 192)
REPAINT = 50
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
        width, height = self.width(), self.height()
        heights = np.zeros((4, 256)) if self._counts is None else _smoothed(self._counts)
        painter.drawImage(0, 0, _filled(heights[:3], width, height))
        if self._counts is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(theme.TEXT)
            xs, ys = (np.arange(256) + 0.5) * (width / 256.0), height * (1.0 - heights[3])
            line = [QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
            painter.drawPolyline(QPolygonF(line))


def _filled(heights: NDArray[np.float64], width: int, height: int) -> QImage:
    """The areas below three curves (3, 256) of heights in [0, 1]. As pixels: polygons are slow."""
    levels = np.arange(width) * 256 // width
    tops = height * (1.0 - heights[:, levels])
    inside = np.arange(height)[None, :, None] >= tops[:, None]
    which = inside[0] + 2 * inside[1].view(np.uint8) + 4 * inside[2].view(np.uint8)
    image, pixels = blank(width, height)
    np.take(_mixtures(), which, out=pixels, mode="clip")
    for column in (quarter * width // 256 for quarter in QUARTERS):
        pixels[which[:, column] == 0, column] = theme.PANEL.rgba()
    return image


@cache
def _mixtures() -> NDArray[np.uint32]:
    """The colors of none, one, two and all areas: bit i for the i-th of CURVES."""
    colors = []
    for areas in range(8):
        rest = np.ones(3) - _light(theme.SUNKEN)
        for bit, (color, share) in enumerate(CURVES):
            if areas >> bit & 1:
                rest *= 1.0 - share * _light(color)
        colors.append(QColor.fromRgbF(*(1.0 - rest).tolist()).rgba())
    return np.array(colors, np.uint32)


def _light(color: QColor) -> NDArray[np.float64]:
    return np.array([color.redF(), color.greenF(), color.blueF()])


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
