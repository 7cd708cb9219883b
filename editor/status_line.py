"""The status line: the shot, the pixel under the pointer, live or exact, what is running."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from editor import theme
from editor.frame import Frame
from editor.icons import icon
from engine.metadata import Exif, Metadata
from engine.progress import Progress


class StatusLine(QStatusBar):
    """Four labels and a progress bar. `cancel_wanted` asks to end what is running."""

    cancel_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setFixedHeight(4 * theme.GRID)
        self.shot, self.readout, self.saved, self.state = QLabel(), QLabel(), QLabel(), QLabel()
        self.work = QLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(12 * theme.GRID, 4)
        self.cancel = QToolButton()
        self.cancel.setIcon(icon("cross"))
        self.cancel.setToolTip("Cancel (Ctrl+.)")
        self.cancel.setProperty("quiet", True)
        self.cancel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.cancel.clicked.connect(self.cancel_wanted)
        self.running = QWidget()
        row = QHBoxLayout(self.running)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.work)
        row.addWidget(self.bar)
        row.addWidget(self.cancel)
        self.addWidget(self.shot)
        self.addWidget(self.readout, 1)
        for widget in (self.running, self.saved, self.state):
            self.addPermanentWidget(widget)
        self.readout.setMinimumWidth(1)  # a long readout never widens the window
        self.show_progress("", None)

    def show_shot(self, metadata: Metadata | None) -> None:
        """Say what the photo was taken with."""
        self.shot.setText(shot_text(metadata) if metadata else "")
        self.readout.clear()
        self.saved.clear()

    def show_state(self, frame: Frame, on_screen: int) -> None:
        """Say how the picture on the screen was made."""
        self.state.setText(state_text(frame, on_screen))

    def show_progress(self, title: str, progress: Progress | None) -> None:
        """Show what is running, or (None) that nothing is."""
        self.running.setVisible(progress is not None)
        if progress is None:
            return
        self.work.setText(f"{title}: {progress.note}" if progress.note else title)
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)


def state_text(frame: Frame, on_screen: int) -> str:
    """Live or exact, where it was computed, and its size in pixels if the screen shows more.

    `on_screen`: the picture's long side there, in device pixels.
    """
    photo = frame.request.photo
    parts = [_made(frame), photo.image.device.type.upper()]
    full = max(photo.metadata.full_size)
    if frame.long_side >= full:
        parts.append("full size")
    elif frame.long_side < on_screen:
        parts.append(f"{frame.long_side} px")
    return "  ·  ".join(parts)


def _made(frame: Frame) -> str:
    opened = frame.request.opened
    if frame.by_darktable:
        return "darktable"
    if opened.finisher.name == "darktable":
        return ", which ".join(filter(None, ("Preview of darktable", opened.absent)))
    return "Exact" if frame.exact else "Live"


def shot_text(metadata: Metadata) -> str:
    """Camera, lens, ISO, shutter, aperture, focal length and size in one line."""
    exif = metadata.exif
    width, height = metadata.full_size
    parts = [_camera(exif), exif.lens]
    if exif.iso:
        parts.append(f"ISO {exif.iso:g}")
    if exif.shutter:
        seconds = float(exif.shutter)
        parts.append(f"{seconds:g} s" if seconds >= 0.3 else f"1/{round(1 / seconds)} s")
    if exif.aperture:
        parts.append(f"f/{exif.aperture:g}")
    if exif.focal_length:
        parts.append(f"{exif.focal_length:g} mm")
    parts.append(f"{width} × {height}")
    return "   ".join(part for part in parts if part)


def _camera(exif: Exif) -> str:
    make, model = exif.make.strip(), exif.model.strip()
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()
