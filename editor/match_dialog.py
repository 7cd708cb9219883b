"""Match reference: choose a picture, watch the sliders go, see how near they came."""

from pathlib import Path

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
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
from engine.match.match import BASIC_SLIDERS, Match, Mode
from engine.match.regress import Moved
from engine.match.target import Target
from engine.photo import area_average, fitted

SHOWN = 360
"""Long side of the pictures in the dialog."""

STRONGEST = 10.0
"""CIEDE2000 that is white in the residual map."""

HEADING = {False: "Photo", True: f"Difference, white from {STRONGEST:g} ΔE on"}

MODES = {
    "The same scene or a look, as it comes": Mode.AUTO,
    "The same scene": Mode.SCENE,
    "The look of another scene": Mode.LOOK,
}


class MatchDialog(QDialog):
    """Drives a Matching; a picture may be dropped on it.

    The picture beside the reference is the photo as it goes, or how far it is from the reference.
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
        self.reference, self.photo, self.heading = QLabel(), QLabel(), QLabel(HEADING[False])
        self.difference = QPushButton("Difference")
        self.difference.setCheckable(True)
        self.difference.setEnabled(False)
        self._pixmaps = {False: QPixmap(), True: QPixmap()}
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
        self.difference.toggled.connect(self._turn)
        matching.chosen.connect(self._take)
        matching.refused.connect(self._end)
        matching.moved.connect(self._show_step)
        matching.trying.connect(self.said.setText)
        matching.found.connect(self._show_match)
        matching.failed.connect(self._end)
        matching.cancelled.connect(self._show_cancelled)
        document.photo_changed.connect(self.close)
        self._enable()

    def take(self, file: Path) -> None:
        """Match the picture in `file`; what is no picture is refused in words."""
        self.said.setText(f"Reading {file.name}…")
        self.run.setEnabled(False)
        self._matching.read(file)

    def show_frame(self, frame: Frame) -> None:
        """Show the photo as the canvas has it."""
        if frame.request.view.finished and not frame.request.view.difference:
            self._keep(_fitted(QPixmap.fromImage(frame.image)), apart=False)

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
        seen = QVBoxLayout()
        seen.addLayout(grid)
        seen.addWidget(self.curve, 1)
        middle = QHBoxLayout()
        middle.addLayout(seen, 1)
        middle.addWidget(self.sliders)
        bottom = QHBoxLayout()
        bottom.addWidget(self.mode)
        bottom.addStretch(1)
        bottom.addWidget(self.difference)
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
        kinds = "Pictures (*.jpg *.jpeg *.png *.tif *.tiff *.webp *.avif);;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a picture to match", "", kinds)
        if chosen:
            self.take(Path(chosen))

    def _take_camera(self) -> None:
        if self._document.opened is not None:
            self.take(self._document.opened.path)

    def _take(self, target: Target) -> None:
        self.target = target
        self.name.setText(target.name)
        self.reference.setPixmap(_pixmap(target.image))
        self._forget_difference()
        self._end(" ".join(target.notes))

    def _run(self) -> None:
        assert self.target is not None
        self._decibels.clear()
        self._line.setData([])
        self._forget_difference()
        self.said.setText("Looking for the reference in the photo…")
        self._matching.start(self.target, self.sliders.sliders, self.mode.currentData())
        self._enable()

    def _show_step(self, step: Moved) -> None:
        self._decibels.append(step.decibels)
        self._line.setData(np.asarray(self._decibels))
        self.said.setText(f"Step {len(self._decibels)}: {step.decibels:.1f} dB")

    def _show_match(self, answer: Match) -> None:
        self._keep(_pixmap(answer.picture), apart=False)
        if answer.target is not None and answer.apart is not None:
            self.reference.setPixmap(_pixmap(answer.target))
            self._keep(_pixmap((answer.apart / STRONGEST).expand(-1, 3, -1, -1)), apart=True)
            self.difference.setEnabled(True)
        self._end(answer.sentence)

    def _show_cancelled(self) -> None:
        self._end("Cancelled.")

    def _end(self, sentence: str) -> None:
        self.said.setText(sentence)
        self._enable()

    def _keep(self, pixmap: QPixmap, *, apart: bool) -> None:
        self._pixmaps[apart] = pixmap
        self._turn(self.difference.isChecked())

    def _turn(self, apart: bool) -> None:
        """Show the difference, or the photo."""
        self.heading.setText(HEADING[apart])
        self.photo.setPixmap(self._pixmaps[apart])

    def _forget_difference(self) -> None:
        self.difference.setChecked(False)
        self.difference.setEnabled(False)

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


def _pixmap(picture: Tensor) -> QPixmap:
    """`picture` (1, 3, H, W), encoded, as large as the dialog shows it."""
    small = area_average(picture, fitted(picture.shape[-2:], SHOWN))
    return _fitted(QPixmap.fromImage(to_qimage(to_bytes(small))))
