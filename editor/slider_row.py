"""One slider: name left, editable number right, a track below with a tick at neutral."""

from PySide6.QtCore import QEvent, QRectF, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractSlider,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QWidget,
)

from editor import theme
from editor.document import Document
from engine.errors import PhotofinishError
from engine.settings import Settings
from engine.slider import Slider

TICKS = 4000
HANDLE = 10
FINE = 0.1
"""With Shift held, a drag moves the slider at this share of the pointer's way."""
PAUSE = 300
"""Milliseconds after the last wheel step until the change counts as finished."""


class Track(QAbstractSlider):
    """The track of a slider, from 0 to TICKS. `stepped` asks for single steps up or down."""

    stepped = Signal(int)
    settled = Signal()
    reset = Signal()

    def __init__(self, neutral: float | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0, TICKS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(2 * theme.GRID)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.neutral = neutral
        self._exact = 0.0
        self._last = 0.0
        self._wheel = 0
        self._pause = QTimer(self, interval=PAUSE, singleShot=True)
        self._pause.timeout.connect(self.settled)

    def x_of(self, value: float) -> float:
        """The widget x of a tick."""
        return HANDLE / 2 + value / TICKS * (self.width() - HANDLE)

    def _value_at(self, x: float) -> float:
        return (x - HANDLE / 2) / max(1, self.width() - HANDLE) * TICKS

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        on_handle = abs(x - self.x_of(self.value())) <= HANDLE
        self._exact = float(self.value()) if on_handle else self._value_at(x)
        self._last = x
        self.setSliderDown(True)
        self.setValue(round(self._exact))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self.isSliderDown():
            return
        x = event.position().x()
        fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        way = self._value_at(x) - self._value_at(self._last)
        self._exact += way * (FINE if fine else 1.0)
        self._last = x
        self.setValue(round(min(max(self._exact, 0.0), TICKS)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self.setSliderDown(False)
            self.settled.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        up = (Qt.Key.Key_Right, Qt.Key.Key_Up)
        down = (Qt.Key.Key_Left, Qt.Key.Key_Down)
        steps = {Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        key = Qt.Key(event.key())
        step = 1 if key in up else -1 if key in down else steps.get(key, 0)
        if not step:
            event.ignore()
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            step *= 10
        self.stepped.emit(step)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()
        if not event.isAutoRepeat():
            self.settled.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step only while focused: a wheel that scrolls the panel must not change values."""
        if not self.hasFocus():
            event.ignore()
            return
        self._wheel += event.angleDelta().y()
        steps, self._wheel = int(self._wheel / 120), self._wheel - int(self._wheel / 120) * 120
        if steps:
            self.stepped.emit(steps)
            self._pause.start()
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.settled.emit()
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def enterEvent(self, event: QEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2.0
        left, right = self.x_of(0), self.x_of(TICKS)
        painter.setBrush(theme.SUNKEN)
        painter.drawRoundedRect(QRectF(left, middle - 1.5, right - left, 3), 1.5, 1.5)
        here = self.x_of(self.value())
        if self.neutral is not None and self.isEnabled():
            neutral = self.x_of(self.neutral)
            painter.setBrush(theme.TRACK)
            painter.drawRect(QRectF(round(neutral) - 0.5, middle - 5, 1, 10))
            painter.setBrush(theme.ACCENT)
            painter.drawRect(QRectF(min(neutral, here), middle - 1.5, abs(here - neutral), 3))
        lit = self.isSliderDown() or self.underMouse() or self.hasFocus()
        handle = theme.TEXT if lit else theme.QUIET
        painter.setBrush(handle if self.isEnabled() else theme.TRACK)
        if self.hasFocus():
            painter.setPen(theme.ACCENT)
        painter.drawEllipse(QRectF(here - 5, middle - 5, HANDLE, HANDLE))


class Number(QLineEdit):
    """An editable number: Return or leaving takes it, Esc takes it back, up and down step."""

    typed = Signal(str)
    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("number", True)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setFixedSize(8 * theme.GRID, 18)
        self.shown = ""
        self._entered = False
        self.editingFinished.connect(self._take)

    def show_text(self, text: str, *, moved: bool) -> None:
        """Show a value, unless the user is typing one."""
        self.shown = text
        if not (self.hasFocus() and self.isModified()):
            self.setText(text)
        if self.property("moved") != moved:
            self.setProperty("moved", moved)
            self.style().unpolish(self)
            self.style().polish(self)

    def _take(self) -> None:
        text, modified = self.text(), self.isModified()
        self.setModified(False)
        self.setText(self.shown)
        if modified and text != self.shown:
            self.typed.emit(text)
        self.deselect()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._entered = event.reason() == Qt.FocusReason.MouseFocusReason

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._entered and not self.hasSelectedText():
            self.selectAll()
        self._entered = False

    def event(self, event: QEvent) -> bool:
        """Esc is ours while typing; Ctrl+Z is the window's unless something has been typed."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
            if event.matches(QKeySequence.StandardKey.Undo) and not self.isModified():
                event.ignore()
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.setModified(False)
            self.setText(self.shown)
            self.clearFocus()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.setModified(False)
            self.stepped.emit(1 if key == Qt.Key.Key_Up else -1)
        else:
            super().keyPressEvent(event)
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.clearFocus()


class SliderRow(QWidget):
    """A slider of the document. `refused` tells why a typed number was not taken.

    `alone`: its stage is named like it and says the name already.
    """

    refused = Signal(str)
    moving = Signal(bool)

    def __init__(
        self, slider: Slider, document: Document, label: str = "", *, alone: bool = False
    ) -> None:
        super().__init__()
        self.slider, self._document = slider, document
        self._shown: object = None
        self._steps_before = -1  # in the history, when the track was pressed
        self.setObjectName(slider.name)
        self.name = QLabel(label or slider.title)
        self.number = Number()
        neutral = slider.default
        self.track = Track(None if neutral is None else self._tick(neutral))
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(0)
        if alone:
            layout.setHorizontalSpacing(theme.GRID)
            layout.addWidget(self.track, 0, 0)
            self.name.hide()
        else:
            layout.addWidget(self.name, 0, 0)
            layout.addWidget(self.track, 1, 0, 1, 2)
        layout.addWidget(self.number, 0, 1)
        layout.setColumnStretch(0, 1)
        unit = f" {slider.unit}" if slider.unit else ""
        self.setToolTip(
            f"{slider.title}: {slider.low:g} to {slider.high:g}{unit}. Double-click resets."
        )
        self.track.setAccessibleName(slider.title)
        self.number.setAccessibleName(f"{slider.title} number")
        self.track.valueChanged.connect(self._edit)
        self.track.stepped.connect(self._step)
        self.track.settled.connect(document.settle)
        self.track.sliderPressed.connect(self._press)
        self.track.sliderReleased.connect(self._release)
        self.track.reset.connect(self.reset)
        self.number.typed.connect(self._type)
        self.number.stepped.connect(self._step_once)
        self.show_settings(document.settings)

    def show_settings(self, settings: Settings) -> None:
        """Show what the slider is at."""
        as_shot = self._document.as_shot(self.slider)
        moved = self.slider.name in settings
        said = settings[self.slider], as_shot, moved
        if self._shown == (*said, self.track.value()):
            return  # another slider has moved
        value = self._document.resolved(self.slider)
        tick = self._tick(value)
        self._shown = (*said, tick)
        if self.slider.default is None:
            self.track.neutral = None if as_shot is None else self._tick(as_shot)
        with QSignalBlocker(self.track):
            self.track.setValue(tick)
        self.track.update()
        self.number.show_text(self._text(value), moved=moved)
        font = self.name.font()
        if font.bold() != moved:
            font.setBold(moved)
            self.name.setFont(font)

    def reset(self) -> None:
        """Back to neutral, as one step. The first click of a double click leaves no trace."""
        if self._document.undo_stack.index() > self._steps_before >= 0:
            self._document.undo()
        self._steps_before = -1
        self._document.reset((self.slider,), f"Reset {self.slider.title}")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._steps_before = -1
        self.reset()

    def _tick(self, value: float) -> int:
        return round(TICKS * float(self.slider.normalize(value)))

    def _edit(self, tick: int) -> None:
        value = float(self.slider.denormalize(tick / TICKS))
        self._set(round(value, self.slider.decimals))

    def _set(self, value: float) -> None:
        slider = self.slider
        self._document.set(slider, min(max(value, slider.low), slider.high))

    def _step(self, steps: int) -> None:
        value = self._document.resolved(self.slider) + steps * self.slider.step
        self._set(round(value, self.slider.decimals))

    def _step_once(self, steps: int) -> None:
        self._step(steps)
        self._document.settle()

    def _type(self, text: str) -> None:
        self._document.settle()
        try:
            value = float(text.replace(",", ".").replace("\N{MINUS SIGN}", "-").split()[0])
            self._document.set(self.slider, value)
        except (ValueError, IndexError):
            self.refused.emit(f"{self.slider.title} needs a number, not “{text}”.")
        except PhotofinishError as error:
            self.refused.emit(str(error))
        self._document.settle()

    def _press(self) -> None:
        self._document.settle()
        self._steps_before = self._document.undo_stack.index()
        self.moving.emit(True)

    def _release(self) -> None:
        self.moving.emit(False)

    def _text(self, value: float) -> str:
        signed = self.slider.low < 0.0
        text = f"{value:{'+' if signed else ''}.{self.slider.decimals}f}"
        zero = f"{0.0:.{self.slider.decimals}f}"
        text = zero if text.lstrip("+-") == zero else text
        return text.replace("-", "\N{MINUS SIGN}")
