"""Tone curves: one small editor for all curves of a stage, with a choice of channel.

Click adds a point, dragging moves it, double-click or Delete removes it.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from editor import theme
from editor.document import Document
from engine.curves import natural_spline
from engine.settings import Settings
from engine.slider import IDENTITY, Curve, Points

REACH = 9.0
"""Pixels within which a click takes hold of a point."""
GAP = 2.0
"""Least distance in x between two points."""
COLORS = {"red": theme.RED, "green": theme.GREEN, "blue": theme.BLUE}


class CurvePlot(QWidget):
    """The plot of one curve. `edited` carries new points, `settled` ends a drag."""

    edited = Signal(object)
    settled = Signal()
    moving = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(20 * theme.GRID)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setToolTip("Click adds a point, drag moves it, double-click removes it.")
        self.points: Points = IDENTITY
        self.color = theme.TEXT
        self._held: int | None = None
        self._last = -1

    def position(self, point: tuple[float, float]) -> QPointF:
        """The widget position of a curve's point."""
        area = self._area()
        return QPointF(
            area.left() + point[0] / 255.0 * area.width(),
            area.bottom() - point[1] / 255.0 * area.height(),
        )

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(6, 6, -6, -6)

    def _point(self, position: QPointF) -> tuple[float, float]:
        area = self._area()
        x = (position.x() - area.left()) / area.width() * 255.0
        y = (area.bottom() - position.y()) / area.height() * 255.0
        return round(min(max(x, 0.0), 255.0)), round(min(max(y, 0.0), 255.0))

    def _nearest(self, position: QPointF) -> int | None:
        ways = [(self.position(p) - position).manhattanLength() for p in self.points]
        nearest = min(range(len(ways)), key=ways.__getitem__)
        return nearest if ways[nearest] <= REACH else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self.settled.emit()
        self.moving.emit(True)
        self._held = self._nearest(event.position())
        if self._held is None:
            new = self._point(event.position())
            if all(abs(new[0] - x) >= GAP for x, _ in self.points):
                points = sorted((*self.points, new))
                self._held = points.index(new)
                self.edited.emit(tuple(points))
        self._last = -1 if self._held is None else self._held
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is None:
            return
        points, i = list(self.points), self._held
        x, y = self._point(event.position())
        low = points[i - 1][0] + GAP if i > 0 else 0.0
        high = points[i + 1][0] - GAP if i + 1 < len(points) else 255.0
        points[i] = (min(max(x, low), high), y)
        self.edited.emit(tuple(points))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None
        self.moving.emit(False)
        self.settled.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._remove(self._nearest(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._remove(self._last)
        else:
            event.ignore()

    def _remove(self, index: int | None) -> None:
        """End points stay: a curve needs them."""
        if index is not None and 0 < index < len(self.points) - 1:
            self.edited.emit((*self.points[:index], *self.points[index + 1 :]))
            self.settled.emit()
        self._held, self._last = None, -1

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.SUNKEN)
        area = self._area()
        painter.setPen(QPen(theme.PANEL, 1))
        for quarter in (0.25, 0.5, 0.75):
            x, y = area.left() + quarter * area.width(), area.top() + quarter * area.height()
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(QPen(theme.RAISED, 1, Qt.PenStyle.DashLine))
        painter.drawLine(area.bottomLeft(), area.topRight())
        xs = np.linspace(0.0, 255.0, 129)
        ys = np.clip(natural_spline(self.points, xs), 0.0, 255.0)
        color = self.color if self.isEnabled() else theme.TRACK
        painter.setPen(QPen(color, 1.5))
        line = [self.position((float(x), float(y))) for x, y in zip(xs, ys, strict=True)]
        painter.drawPolyline(QPolygonF(line))
        for i, point in enumerate(self.points):
            painter.setBrush(color if i == self._last else theme.SUNKEN)
            painter.drawEllipse(self.position(point), 3.5, 3.5)


class CurveEditor(QWidget):
    """All curves of a stage; the first is that of all channels."""

    moving = Signal(bool)

    def __init__(self, curves: Sequence[Curve], document: Document) -> None:
        super().__init__()
        self._curves, self._document = tuple(curves), document
        self._chosen = 0
        self._shown: tuple[object, ...] = ()
        self.plot = CurvePlot()
        self.buttons = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(2)
        for index, curve in enumerate(curves):
            button = QToolButton()
            button.setText(_channel(curve) or "RGB")
            button.setCheckable(True)
            button.setChecked(index == 0)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolTip(curve.title)
            self.buttons.addButton(button, index)
            row.addWidget(button)
        row.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.plot)
        self.buttons.idClicked.connect(self.choose)
        self.plot.edited.connect(self._edit)
        self.plot.settled.connect(document.settle)
        self.plot.moving.connect(self.moving)
        self.show_settings(document.settings)

    def show_settings(self, settings: Settings) -> None:
        """Show the chosen curve."""
        showing = (self._chosen, *(settings[curve] for curve in self._curves))
        if showing == self._shown:
            return
        self._shown = showing
        for index, curve in enumerate(self._curves):
            font = self.buttons.button(index).font()
            font.setBold(curve.name in settings)
            self.buttons.button(index).setFont(font)
        curve = self._curves[self._chosen]
        points = settings[curve]
        assert isinstance(points, tuple)
        self.plot.points = points
        self.plot.color = _color(curve)
        self.plot.update()

    def choose(self, index: int) -> None:
        """Edit another channel's curve."""
        self._chosen = index
        self.show_settings(self._document.settings)

    def _edit(self, points: Points) -> None:
        if all(a[0] < b[0] for a, b in pairwise(points)):
            self._document.set(self._curves[self._chosen], points)


def _channel(curve: Curve) -> str:
    last = curve.name.rsplit("_", 1)[-1]
    return last.capitalize() if last in COLORS else ""


def _color(curve: Curve) -> QColor:
    return COLORS.get(_channel(curve).lower(), theme.TEXT)
