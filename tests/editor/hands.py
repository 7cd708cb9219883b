"""What a user does with a window, as real events, and how a test waits for what follows."""

from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from editor.document import Opened
from editor.slider_row import TICKS, SliderRow
from editor.window import Window
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.photo import Photo
from engine.progress import Progress, Work
from engine.settings import Settings

LEFT = Qt.MouseButton.LeftButton
WAIT = 20_000


class Drawer:
    """Photos by file name, and the settings saved for each: files without a disk."""

    def __init__(self, photos: dict[str, Photo]) -> None:
        self.photos = photos
        self.saved: dict[str, list[Settings]] = {name: [] for name in photos}

    def opening(self, path: Path, finisher: Finisher, half: bool) -> Work[Opened]:
        """Like `editor.opening.opening`."""
        yield Progress(0, 1, "Reading")
        if path.name not in self.photos:
            raise PhotofinishError(f"{path.name} is not a raw photograph.")
        photo = self.photos[path.name]
        if half:
            photo = photo.reduced(max(photo.size) // 2)
        saved = self.saved[path.name]
        settings = saved[-1] if saved else Settings()
        as_shot = {"warmth": 5000.0, "temperature": 5000.0, "tint": 4.0}
        return Opened(path, photo, finisher, settings, _Slot(saved), (), as_shot)


class _Slot:
    def __init__(self, saved: list[Settings]) -> None:
        self._saved = saved

    def write(self, settings: Settings) -> None:
        self._saved.append(settings)


class Hands:
    """Drives one window. `rest` waits until it shows what the document says, at full size."""

    def __init__(self, qtbot: QtBot, window: Window) -> None:
        self.qtbot, self.window = qtbot, window
        self._rested: list[object] = []
        window.darkroom.render_thread.rested.connect(self._rested.append)

    def open(self, *names: str) -> None:
        with self.qtbot.waitSignal(self.window.document.photo_changed, timeout=WAIT):
            self.window.session.open([Path(name) for name in names])
        photo_is_full = lambda: self.window.document.photo.metadata.scale == 1.0  # noqa: E731
        self.qtbot.waitUntil(photo_is_full, timeout=WAIT)  # small as it is, it must follow
        self.rest()

    def rest(self) -> None:
        """Wait until the last request is done with and its frame has arrived."""
        darkroom, canvas = self.window.darkroom, self.window.canvas
        self.qtbot.waitUntil(
            lambda: (
                bool(self._rested)
                and self._rested[-1] is darkroom._asked
                and canvas.frame is not None
                and canvas.frame.request is darkroom._asked
            ),
            timeout=WAIT,
        )

    def point(self, row: SliderRow, fraction: float) -> QPoint:
        track = row.track
        return QPoint(round(track.x_of(fraction * TICKS)), track.height() // 2)

    def drag(self, row: SliderRow, to: float, steps: int = 4) -> None:
        """Take the handle of `row` and bring it to the fraction `to` of its travel."""
        self.press(row)
        start = row.track.value() / TICKS
        for step in range(1, steps + 1):
            self.move(row, start + (to - start) * step / steps)
        self.release(row, to)

    def press(self, row: SliderRow) -> None:
        self.reach(row)
        at = self.point(row, row.track.value() / TICKS)
        self.qtbot.mousePress(row.track, LEFT, pos=at)

    def move(self, row: SliderRow, to: float) -> None:
        self.qtbot.mouseMove(row.track, self.point(row, to))

    def release(self, row: SliderRow, at: float) -> None:
        self.qtbot.mouseRelease(row.track, LEFT, pos=self.point(row, at))

    def reach(self, row: SliderRow) -> None:
        """Scroll and unfold until `row` is in sight."""
        for group in self.window.panel.groups.values():
            if row in group.rows:
                group.unfold(True)
                group.show_row(row)
        QApplication.processEvents()
        self.window.panel.ensureWidgetVisible(row)
        assert row.track.isVisible()

    def type(self, row: SliderRow, text: str) -> None:
        """Type `text` into the number of `row`."""
        self.reach(row)
        self.qtbot.mouseClick(row.number, LEFT)
        self.qtbot.keyClicks(row.number, text)
        self.qtbot.keyClick(row.number, Qt.Key.Key_Return)

    def key(
        self,
        key: Qt.Key,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        on: QWidget | None = None,
    ) -> None:
        self.qtbot.keyClick(on or self.window, key, modifiers)

    def control(self, key: Qt.Key, *, shift: bool = False) -> None:
        """A key with Ctrl held."""
        modifiers = Qt.KeyboardModifier.ControlModifier
        self.key(key, modifiers | Qt.KeyboardModifier.ShiftModifier if shift else modifiers)

    def wheel(self, widget: QWidget, at: QPointF, notches: int) -> None:
        event = QWheelEvent(
            at,
            QPointF(widget.mapToGlobal(at.toPoint())),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)

    def picture(self) -> QImage:
        """What the canvas shows now."""
        frame = self.window.canvas.layer()
        assert frame is not None
        return frame.image
