"""Match reference: choose a picture, watch the sliders go, see how near they came."""

from enum import Enum
from pathlib import Path

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from torch import Tensor

from editor import theme
from editor.document import Document
from editor.frame import Frame
from editor.matching import Matching
from editor.qimage import to_bytes, to_qimage
from editor.slider_choice import SliderChoice
from editor.wipe import Wipe
from engine.match.match import BASIC_SLIDERS, Match, Mode
from engine.match.regress import Moved
from engine.match.target import Target
from engine.photo import area_average, fitted

SHOWN, WIPED = 360, 760
"""Long sides of the pictures in the dialog: side by side, and in one place."""

STRONGEST = 10.0
"""CIEDE2000 that is white in the residual map."""


class Look(Enum):
    """How reference and photo are compared."""

    BESIDE = "Side by side"
    WIPE = "Wipe"
    DIFFERENCE = "Difference"


MODES = {
    "The same scene or a look, as it comes": Mode.AUTO,
    "The same scene": Mode.SCENE,
    "The look of another scene": Mode.LOOK,
}


class MatchDialog(QDialog):
    """Drives a Matching; a picture may be dropped on it.

    The picture beside the reference is the photo as it goes, or how far it is from the reference;
    once a match has laid one on the other, both can be looked at in one place.
    """

    def __init__(self, document: Document, matching: Matching, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Match reference")
        self.setAcceptDrops(True)
        self._document, self._matching = document, matching
        self.target: Target | None = None
        self.choose = QPushButton("Choose a picture…")
        self.camera = QPushButton("Camera's own preview")
        self.name = QLabel("Or drop one here.")
        self.mode = QComboBox()
        for title, mode in MODES.items():
            self.mode.addItem(title, mode)
        self.sliders = SliderChoice(document.finisher, BASIC_SLIDERS)
        self.reference, self.photo, self.heading = QLabel(), QLabel(), QLabel()
        self.wipe = Wipe()
        self.wipe.setToolTip("Reference to the left of the line, photo to the right: drag it.")
        self._pages = QStackedWidget()
        self._looks = QButtonGroup(self)
        self.looks = {look: QPushButton(look.value) for look in Look}
        for button in self.looks.values():
            button.setCheckable(True)
            self._looks.addButton(button)
        self._photo, self._apart = QPixmap(), QPixmap()
        self.curve = pyqtgraph.PlotWidget(background=None)
        self.curve.setLabel("left", "dB")
        self.curve.setLabel("bottom", "step")
        self.curve.setMinimumHeight(140)
        self.curve.setMouseEnabled(False, False)
        self.curve.hideButtons()
        self._line = self.curve.plot(pen=pyqtgraph.mkPen(theme.ACCENT, width=2))
        self._decibels: list[float] = []
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.run = QPushButton("Match")
        self.cancel = QPushButton("Cancel")
        self._arrange()
        self.choose.clicked.connect(self._ask)
        self.camera.clicked.connect(self._take_camera)
        self.run.clicked.connect(self._run)
        self.cancel.clicked.connect(matching.cancel)
        self._looks.buttonClicked.connect(self._turn)
        matching.chosen.connect(self._take)
        matching.refused.connect(self._end)
        matching.moved.connect(self._show_step)
        matching.trying.connect(self.said.setText)
        matching.found.connect(self._show_match)
        matching.failed.connect(self._end)
        matching.cancelled.connect(self._show_cancelled)
        document.photo_changed.connect(self.close)
        self._look(Look.BESIDE)
        self._allow_looks(apart=False)
        self._enable()

    def take(self, file: Path) -> None:
        """Match the picture in `file`; what is no picture is refused in words."""
        self.said.setText(f"Reading {file.name}…")
        self.run.setEnabled(False)
        self._matching.read(file)

    def show_frame(self, frame: Frame) -> None:
        """Show the photo as the canvas has it."""
        if frame.request.view.finished and not frame.request.view.difference:
            photo = QPixmap.fromImage(frame.image)
            self._photo = _fitted(photo)
            self.wipe.show_pictures(self.wipe.left, photo)
            self._turn()

    def _arrange(self) -> None:
        top = QHBoxLayout()
        for widget in (self.choose, self.camera, self.name):
            top.addWidget(widget)
        top.addStretch(1)
        self.sliders.setFixedWidth(25 * theme.GRID)
        self.sliders.setToolTip(
            "The sliders that may move. Left as it is, others follow where these do not suffice."
        )
        grid = QGridLayout()
        places = ((QLabel("Reference"), self.reference), (self.heading, self.photo))
        for column, (heading, picture) in enumerate(places):
            heading.setProperty("quiet", True)
            grid.addWidget(heading, 0, column)
            picture.setFixedSize(SHOWN, round(SHOWN * 0.75))
            picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(picture, 1, column)
        beside = QWidget()
        seen = QVBoxLayout(beside)
        seen.setContentsMargins(0, 0, 0, 0)
        seen.addLayout(grid)
        seen.addWidget(self.curve, 1)
        self._pages.addWidget(beside)
        self._pages.addWidget(self.wipe)
        middle = QHBoxLayout()
        middle.addWidget(self._pages, 1)
        middle.addWidget(self.sliders)
        bottom = QHBoxLayout()
        bottom.addWidget(self.mode)
        bottom.addStretch(1)
        for button in self.looks.values():
            bottom.addWidget(button)
        bottom.addSpacing(2 * theme.GRID)
        bottom.addWidget(self.cancel)
        bottom.addWidget(self.run)
        column_ = QVBoxLayout(self)
        column_.setSpacing(theme.GRID)
        column_.addLayout(top)
        column_.addLayout(middle)
        column_.addWidget(self.said)
        column_.addLayout(bottom)

    def _enable(self) -> None:
        busy = self._matching.busy
        self.run.setEnabled(self.target is not None and not busy)
        self.cancel.setEnabled(busy)
        for widget in (self.choose, self.camera, self.mode, self.sliders):
            widget.setEnabled(not busy)

    def _ask(self) -> None:
        suffixes = "*.jpg *.jpeg *.heic *.heif *.png *.tif *.tiff *.webp *.avif"
        kinds = f"Pictures ({suffixes});;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a picture to match", "", kinds)
        if chosen:
            self.take(Path(chosen))

    def _take_camera(self) -> None:
        if self._document.opened is not None:
            self.take(self._document.opened.path)

    def _take(self, target: Target) -> None:
        self.target = target
        self.name.setText(target.name)
        self.reference.setPixmap(_beside(target.image))
        self._allow_looks(apart=False)
        self._end(" ".join(target.notes))

    def _run(self) -> None:
        assert self.target is not None
        self._decibels.clear()
        self._line.setData([])
        self._allow_looks(apart=False)
        self.said.setText("Looking for the reference in the photo…")
        self._matching.start(self.target, self.sliders.sliders, self.mode.currentData())
        self._enable()

    def _show_step(self, step: Moved) -> None:
        self._decibels.append(step.decibels)
        self._line.setData(np.asarray(self._decibels))
        self.said.setText(f"Step {len(self._decibels)}: {step.decibels:.1f} dB")

    def _show_match(self, answer: Match) -> None:
        self._photo = _beside(answer.picture)
        if answer.target is not None and answer.apart is not None:
            self.reference.setPixmap(_beside(answer.target))
            self._apart = _beside((answer.apart / STRONGEST).expand(-1, 3, -1, -1))
            self.wipe.show_pictures(_pixmap(answer.target, WIPED), _pixmap(answer.picture, WIPED))
            self._allow_looks(apart=True)
        self._turn()
        self._end(answer.sentence)

    def _show_cancelled(self) -> None:
        self._end("Cancelled.")

    def _end(self, sentence: str) -> None:
        self.said.setText(sentence)
        self._enable()

    def _look(self, look: Look) -> None:
        self.looks[look].setChecked(True)
        self._turn()

    def _allow_looks(self, *, apart: bool) -> None:
        """Let pictures that lie on each other be compared in one place, or no longer."""
        self.looks[Look.WIPE].setEnabled(apart)
        self.looks[Look.DIFFERENCE].setEnabled(apart)
        if not apart:
            self._look(Look.BESIDE)

    def _turn(self) -> None:
        """Show what the buttons say."""
        apart = self.looks[Look.DIFFERENCE].isChecked()
        self.heading.setText(f"Difference, white from {STRONGEST:g} ΔE on" if apart else "Photo")
        self.photo.setPixmap(self._apart if apart else self._photo)
        self._pages.setCurrentIndex(int(self.looks[Look.WIPE].isChecked()))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if not self._matching.busy:
            self.take(Path(files[0]))
        event.acceptProposedAction()

    def done(self, result: int) -> None:
        """Closed in whatever way, Esc too: what runs goes with it."""
        self._matching.cancel()
        super().done(result)


def _fitted(pixmap: QPixmap) -> QPixmap:
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return pixmap.scaled(SHOWN, round(SHOWN * 0.75), keep, smooth)


def _beside(picture: Tensor) -> QPixmap:
    """`picture` (1, 3, H, W), encoded, as large as one of two is shown."""
    return _fitted(_pixmap(picture, SHOWN))


def _pixmap(picture: Tensor, long_side: int) -> QPixmap:
    """`picture` (1, 3, H, W), encoded, at most `long_side` pixels long."""
    small = area_average(picture, fitted(picture.shape[-2:], long_side))
    return QPixmap.fromImage(to_qimage(to_bytes(small)))
