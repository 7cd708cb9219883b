"""The stages as collapsible groups, built from what each stage declares."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from editor import theme
from editor.cube_row import CubeRow
from editor.curve_editor import CurveEditor
from editor.document import Document, Opened
from editor.icons import icon
from editor.slider_row import SliderRow
from engine.settings import Settings
from engine.slider import CubeFile, Curve, Setting, Slider
from engine.stage import Stage

FAMILY = 6
"""So many sliders with one first word (hue_red, hue_green, ...) make a tab of their own."""


class StageGroup(QWidget):
    """One stage: its header, and its controls beneath."""

    tap_wanted = Signal(str)
    refused = Signal(str)
    moving = Signal(bool)

    def __init__(self, stage: Stage, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stage, self._document = stage, document
        self._opened: Opened | None = None
        self._values: list[Setting] = []
        self._shown: tuple[bool, bool] | None = None
        self.setObjectName(stage.name)
        self.opened = _button("opened", "Show or hide the controls", checkable=True)
        self.title = QLabel(stage.title)
        self.title.setToolTip(f"What leaves {stage.title}: {stage.space.value}.")
        self.eye = _button("eye", "Show what leaves this stage", checkable=True)
        self.reset = _button("reset", "Reset this stage")
        self.power = _button("power", "Switch this stage off or on", checkable=True)
        self.power.setIcon(icon("power", accent=False))
        header = QHBoxLayout()
        header.setContentsMargins(0, 0, 0, 0)
        header.setSpacing(theme.GRID // 2)
        header.addWidget(self.opened)
        header.addWidget(self.title, 1)
        for button in (self.reset, self.eye, self.power):
            header.addWidget(button)
        self.body = QWidget()
        self.rows: list[SliderRow] = []
        self.curves: CurveEditor | None = None
        self.cube: CubeRow | None = None
        self._pages: QStackedWidget | None = None
        self._choice: QButtonGroup | None = None
        rows = QVBoxLayout(self.body)
        rows.setContentsMargins(0, 0, 0, theme.GRID)
        rows.setSpacing(theme.GRID // 2)
        for widget in self._controls(stage):
            rows.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * theme.GRID, theme.GRID // 2, theme.GRID, theme.GRID // 2)
        layout.setSpacing(theme.GRID // 2)
        layout.addLayout(header)
        layout.addWidget(self.body)
        bare = not stage.controls
        for button in (self.reset, self.power):
            button.setVisible(not bare)
        self.title.setProperty("quiet", bare)
        self.opened.setEnabled(not bare)
        self.opened.clicked.connect(self.unfold)
        self.title.installEventFilter(self)
        self.eye.clicked.connect(lambda: self.tap_wanted.emit(stage.name))
        self.reset.clicked.connect(
            lambda: document.reset(stage.controls, f"Reset {stage.title.lower()}")
        )
        self.power.clicked.connect(lambda on: document.switch(stage.name, on=on))
        self.unfold(not bare)
        self.show_settings(document.settings)

    def show_settings(self, settings: Settings) -> None:
        """Show the stage's part of `settings`, unless it is as before for the same photo."""
        opened, values = self._document.opened, [settings[c] for c in self.stage.controls]
        if opened is not self._opened or values != self._values:
            self._opened, self._values = opened, values
            for widget in self._following:
                widget.show_settings(settings)
        on = self.stage.name not in settings.off
        moved = any(control.name in settings for control in self.stage.controls)
        if self._shown == (on, moved):
            return
        self._shown = (on, moved)
        self.power.setChecked(on)
        self.body.setEnabled(on)
        self.reset.setEnabled(moved)
        font = self.title.font()
        font.setBold(moved and on)
        font.setStrikeOut(not on)
        self.title.setFont(font)

    def unfold(self, on: bool) -> None:
        """Show the controls, or only the header."""
        self.opened.setChecked(on)
        self.opened.setIcon(icon("opened" if on else "closed", accent=False))
        self.body.setVisible(on and bool(self.stage.controls))

    def show_tap(self, stage: str | None) -> None:
        """Mark the stage whose tap is on the canvas."""
        self.eye.setChecked(stage == self.stage.name)

    @property
    def _following(self) -> list[SliderRow | CurveEditor | CubeRow]:
        """What shows the settings."""
        others = (self.curves, self.cube)
        return [*self.rows, *(widget for widget in others if widget is not None)]

    @property
    def tabs(self) -> list[str]:
        """The titles of the tabs, if there are any."""
        return [button.text() for button in self._choice.buttons()] if self._choice else []

    def show_row(self, row: SliderRow) -> None:
        """Turn to the tab that holds `row`."""
        page = row.parentWidget()
        if self._pages is None or self._choice is None or page is None:
            return
        if self._pages.indexOf(page) >= 0:
            self._pages.setCurrentWidget(page)
            self._choice.button(self._pages.currentIndex()).setChecked(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            watched is self.title
            and isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonRelease
        ):
            self.unfold(not self.opened.isChecked())
        return super().eventFilter(watched, event)

    def _controls(self, stage: Stage) -> list[QWidget]:
        families = _families(stage.sliders)
        widgets: list[QWidget] = []
        if families:
            widgets.append(self._tabs(families))
        in_families = {slider for sliders in families.values() for slider in sliders}
        curves = [c for c in stage.controls if isinstance(c, Curve)]
        for control in stage.controls:
            if isinstance(control, Slider) and control not in in_families:
                widgets.append(self._row(control))
            elif isinstance(control, CubeFile):
                self.cube = CubeRow(control, self._document)
                self.cube.refused.connect(self.refused)
                widgets.append(self.cube)
        if curves:
            self.curves = CurveEditor(curves, self._document)
            self.curves.moving.connect(self.moving)
            widgets.append(self.curves)
        return widgets

    def _row(self, slider: Slider, label: str = "") -> SliderRow:
        alone = len(self.stage.controls) == 1 and slider.title == self.stage.title
        row = SliderRow(slider, self._document, label, alone=alone)
        row.refused.connect(self.refused)
        row.moving.connect(self.moving)
        self.rows.append(row)
        return row

    def _tabs(self, families: dict[str, list[Slider]]) -> QWidget:
        out, pages, choice = QWidget(), QStackedWidget(), QButtonGroup(self)
        self._pages, self._choice = pages, choice
        heads = QHBoxLayout()
        heads.setSpacing(2)
        for index, (family, sliders) in enumerate(families.items()):
            page = QWidget()
            column = QVBoxLayout(page)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(theme.GRID // 2)
            for slider in sliders:
                column.addWidget(self._row(slider, slider.title.split(" ", 1)[1].capitalize()))
            pages.addWidget(page)
            head = QToolButton()
            head.setText(family.capitalize())
            head.setCheckable(True)
            head.setChecked(index == 0)
            head.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            choice.addButton(head, index)
            heads.addWidget(head)
        heads.addStretch()
        choice.idClicked.connect(pages.setCurrentIndex)
        layout = QVBoxLayout(out)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(heads)
        layout.addWidget(pages)
        return out


class StagePanel(QScrollArea):
    """All stages of the document's finisher, in the order light travels."""

    tap_wanted = Signal(str)
    refused = Signal(str)
    moving = Signal(bool)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._document = document
        self.groups: dict[str, StageGroup] = {}
        document.leaving.connect(lambda: self.moving.emit(False))  # a drag is over
        document.finisher_changed.connect(self._show_finisher)
        document.settings_changed.connect(self._show_settings)
        self._show_finisher()

    def _show_finisher(self) -> None:
        """Build the groups of the document's finisher."""
        document = self._document
        self.groups.clear()
        column = QWidget()
        column.setObjectName("panel")
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, theme.GRID // 2, 0, theme.GRID)
        layout.setSpacing(0)
        for stage in document.finisher:
            group = self.groups[stage.name] = StageGroup(stage, document)
            group.tap_wanted.connect(self.tap_wanted)
            group.refused.connect(self.refused)
            group.moving.connect(self.moving)
            if len(self.groups) > 1:
                line = QFrame()
                line.setFixedHeight(1)
                line.setStyleSheet(f"background: {theme.LINE.name()};")
                layout.addWidget(line)
            layout.addWidget(group)
        layout.addStretch()
        self.setWidget(column)

    def _show_settings(self, settings: Settings) -> None:
        # the only one that is told of every change: to tell each slider takes a drag milliseconds
        for group in self.groups.values():
            group.show_settings(settings)

    def show_tap(self, stage: str | None) -> None:
        """Mark the stage whose tap is on the canvas."""
        for group in self.groups.values():
            group.show_tap(stage)

    def row(self, name: str) -> SliderRow:
        """The row of the slider of that name. Raises KeyError."""
        for group in self.groups.values():
            for row in group.rows:
                if row.slider.name == name:
                    return row
        raise KeyError(name)


def _families(sliders: Sequence[Slider]) -> dict[str, list[Slider]]:
    """Sliders that share their first word, where there are many of them."""
    families: dict[str, list[Slider]] = {}
    for slider in sliders:
        families.setdefault(slider.name.split("_")[0], []).append(slider)
    return {name: members for name, members in families.items() if len(members) >= FAMILY}


def _button(name: str, tip: str, *, checkable: bool = False) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setCheckable(checkable)
    button.setProperty("quiet", True)
    button.setFixedSize(3 * theme.GRID - 4, 3 * theme.GRID - 4)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button
