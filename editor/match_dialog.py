"""Match reference: choose a picture, watch the sliders go, see how near they came."""

from pathlib import Path

import numpy as np
import pyqtgraph
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QImage, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from torch import Tensor

from editor import theme
from editor.document import Document
from editor.matching import Matching
from engine.errors import PhotofinishError
from engine.match.match import BASIC_SLIDERS, Match, Mode
from engine.match.regress import Moved
from engine.match.target import read_target
from engine.photo import area_average

SHOWN = 300
"""Long side of the pictures in the dialog."""

STRONGEST = 10.0
"""CIEDE2000 that is white in the residual map."""

MODES = {
    "The same scene or a look, as it comes": Mode.AUTO,
    "The same scene": Mode.SCENE,
    "The look of another scene": Mode.LOOK,
}


class MatchDialog(QDialog):
    """Drives a Matching; a picture may be dropped on it."""

    def __init__(self, document: Document, matching: Matching, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Match reference")
        self.setAcceptDrops(True)
        self._document, self._matching = document, matching
        self.target: Path | None = None
        self.choose = QPushButton("Choose a picture…")
        self.camera = QPushButton("Camera's own preview")
        self.name = QLabel("Or drop one here.")
        self.mode = QComboBox()
        for title, mode in MODES.items():
            self.mode.addItem(title, mode)
        self.sliders = QListWidget()
        self.pictures = [QLabel(), QLabel(), QLabel()]
        self.curve = pyqtgraph.PlotWidget(background=None)
        self.curve.setLabel("left", "dB")
        self.curve.setLabel("bottom", "step")
        self.curve.setFixedHeight(140)
        self.curve.setMouseEnabled(False, False)
        self.curve.hideButtons()
        self._line = self.curve.plot(pen=pyqtgraph.mkPen(theme.ACCENT, width=2))
        self._decibels: list[float] = []
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.run = QPushButton("Match")
        self.cancel = QPushButton("Cancel")
        self._arrange()
        self._list_sliders()
        self.choose.clicked.connect(self._ask)
        self.camera.clicked.connect(self._take_camera)
        self.run.clicked.connect(self._run)
        self.cancel.clicked.connect(matching.cancel)
        matching.moved.connect(self._show_step)
        matching.trying.connect(self.said.setText)
        matching.found.connect(self._show_match)
        matching.failed.connect(self._end)
        matching.cancelled.connect(self._show_cancelled)
        document.photo_changed.connect(self.close)
        self._enable()

    def take(self, target: Path) -> None:
        """Match the picture at `target`; what is no picture is refused in words."""
        try:
            picture = read_target(target)
        except PhotofinishError as error:
            self.said.setText(str(error))
            return
        self.target = target
        self.name.setText(picture.name)
        self.said.setText(" ".join(picture.notes))
        self._show(0, picture.image)
        self._enable()

    def _arrange(self) -> None:
        top = QHBoxLayout()
        for widget in (self.choose, self.camera, self.name):
            top.addWidget(widget)
        top.addStretch(1)
        self.sliders.setFixedWidth(180)
        self.sliders.setToolTip("The sliders that may move")
        grid = QGridLayout()
        for column, title in enumerate(("Reference", "Photo", "Difference")):
            heading = QLabel(title)
            heading.setProperty("quiet", True)
            grid.addWidget(heading, 0, column)
            picture = self.pictures[column]
            picture.setFixedSize(SHOWN, round(SHOWN * 0.75))
            picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(picture, 1, column)
        seen = QVBoxLayout()
        seen.addLayout(grid)
        seen.addWidget(self.curve)
        middle = QHBoxLayout()
        middle.addLayout(seen, 1)
        middle.addWidget(self.sliders)
        bottom = QHBoxLayout()
        bottom.addWidget(self.mode)
        bottom.addStretch(1)
        bottom.addWidget(self.cancel)
        bottom.addWidget(self.run)
        column_ = QVBoxLayout(self)
        column_.setSpacing(theme.GRID)
        column_.addLayout(top)
        column_.addLayout(middle)
        column_.addWidget(self.said)
        column_.addLayout(bottom)

    def _list_sliders(self) -> None:
        for slider in self._document.finisher.sliders:
            item = QListWidgetItem(slider.title)
            item.setData(Qt.ItemDataRole.UserRole, slider)
            chosen = slider.name in BASIC_SLIDERS
            item.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
            self.sliders.addItem(item)

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

    def _run(self) -> None:
        assert self.target is not None
        items = [self.sliders.item(i) for i in range(self.sliders.count())]
        chosen = [
            item.data(Qt.ItemDataRole.UserRole)
            for item in items
            if item.checkState() is Qt.CheckState.Checked
        ]
        self._decibels.clear()
        self.said.setText("Looking for the reference in the photo…")
        self._matching.start(self.target, chosen, self.mode.currentData())
        self._enable()

    def _show_step(self, step: Moved) -> None:
        self._decibels.append(step.decibels)
        self._line.setData(np.asarray(self._decibels))
        self.said.setText(f"Step {len(self._decibels)}: {step.decibels:.1f} dB")

    def _show_match(self, answer: Match) -> None:
        self._show(1, answer.picture)
        if answer.target is not None and answer.apart is not None:
            self._show(0, answer.target)
            self._show(2, (answer.apart / STRONGEST).clamp(0.0, 1.0).expand(1, 3, -1, -1))
        self._end(answer.sentence)

    def _show_cancelled(self) -> None:
        self._end("Cancelled.")

    def _end(self, sentence: str) -> None:
        self.said.setText(sentence)
        self._enable()

    def _show(self, place: int, picture: Tensor) -> None:
        label = self.pictures[place]
        height, width = picture.shape[-2:]
        factor = min(1.0, label.width() / width, label.height() / height)
        size = max(1, round(height * factor)), max(1, round(width * factor))
        small = area_average(picture.float(), size)[0].permute(1, 2, 0)
        codes = (small.clamp(0.0, 1.0) * 255.0).round().to(torch.uint8).contiguous().numpy()
        image = QImage(codes.data, size[1], size[0], 3 * size[1], QImage.Format.Format_RGB888)
        label.setPixmap(QPixmap.fromImage(image))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if not self._matching.busy:
            self.take(Path(files[0]))
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._matching.cancel()
        event.accept()
