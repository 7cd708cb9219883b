"""The window: canvas, panels, strip and actions put together. No logic of its own."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from editor import theme
from editor.banner import Banner
from editor.canvas import Canvas
from editor.darkroom import Darkroom
from editor.document import Document, Opening
from editor.export_dialog import ExportDialog, default_wish
from editor.exporting import Exported, Wish
from editor.filmstrip import Filmstrip
from editor.finisher_switch import FinisherSwitch
from editor.frame import Frame, View
from editor.icons import icon
from editor.match_dialog import MatchDialog
from editor.matching import Matching
from editor.readout import readout
from editor.scopes import Histogram
from editor.session import Session
from editor.stage_panel import StagePanel
from editor.status_line import StatusLine
from editor.styles_panel import StylesPanel
from editor.styling import Styling
from editor.tap_strip import TapStrip
from editor.warming import Warming
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.progress import Progress
from engine.settings import Settings

Keys = str | QKeySequence.StandardKey


class Window(QMainWindow):
    """One document and its views.

    It begins with `finisher` and can be switched to `others`.
    """

    def __init__(self, finisher: Finisher, opening: Opening, *others: Finisher) -> None:
        super().__init__()
        self.setWindowTitle("Photofinish")
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self.document = Document(finisher, self)
        finishers = (finisher, *others)
        self.warming = Warming(self.document, self)
        self.session = Session(self.document, opening, finishers, self.warming, self)
        self.darkroom = Darkroom(self.document, self.warming, self)
        self.matching = Matching(self.document, opening, self.warming, self)
        self.styling = Styling(self.document, self.warming, self)
        self.canvas = Canvas("Open a raw photograph (Ctrl+O), or drop one here.")
        self.histogram = Histogram()
        self.switch = FinisherSwitch(self.document, finishers)
        self.panel = StagePanel(self.document)
        self.strip = TapStrip(finisher)
        self.filmstrip = Filmstrip()
        self.styles = StylesPanel(self.document, self.styling, lambda: self.session.files)
        self.styles.hide()
        self.status = StatusLine()
        self.banner = Banner(self.canvas)
        self._last_wish: Wish | None = None
        self._surroundings: tuple[QWidget, ...] = (self.strip, self.status)
        self._arrange()
        self._actions()
        self._connect()
        self._show_view(self.darkroom.view)
        self._show_files()
        self._show_photo()

    # Layout

    def _arrange(self) -> None:
        side = QWidget()
        side.setObjectName("panel")
        side.setFixedWidth(theme.PANEL_WIDTH)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.histogram)
        column.addWidget(self.switch)
        column.addWidget(self.panel, 1)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self.strip)
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.filmstrip)
        row.addWidget(self.styles)
        row.addLayout(middle, 1)
        row.addWidget(side)
        self.setCentralWidget(centre)
        self.setStatusBar(self.status)
        self._surroundings = (*self._surroundings, side)

    def _actions(self) -> None:
        document, session, darkroom, canvas = (
            self.document,
            self.session,
            self.darkroom,
            self.canvas,
        )
        act = self._action
        keys = QKeySequence.StandardKey
        self.toolbar = QToolBar()
        self.toolbar.setMovable(False)
        self.toolbar.setIconSize(QSize(16, 16))
        self.toolbar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addToolBar(self.toolbar)
        act("Open…", keys.Open, self.ask_for_files, "open", on_bar=True)
        self.toolbar.addSeparator()
        self.undo = act("Undo", keys.Undo, document.undo, "undo", on_bar=True)
        self.redo = act("Redo", "Ctrl+Shift+Z", document.redo, "redo", on_bar=True)
        self.redo.setShortcuts([self.redo.shortcut(), QKeySequence("Ctrl+Y")])
        self.toolbar.addSeparator()
        self.compare = act("Before", "Y", self._compare, "compare", on_bar=True, checkable=True)
        self.clipping = act("Clipping", "J", self._clip, "clipping", on_bar=True, checkable=True)
        self.difference = act(
            "Difference", "D", self._difference, "difference", on_bar=True, checkable=True
        )
        self.compare.setToolTip("Before: the photo without your edits (Y; hold \\)")
        self.clipping.setToolTip("Show clipped pixels on the picture (J)")
        self.difference.setToolTip("Difference from the stage before, twice as strong (D)")
        spacer = QWidget()
        spacer.setSizePolicy(self.canvas.sizePolicy())
        self.toolbar.addWidget(spacer)
        self.zoom_button = QToolButton()
        self.zoom_button.setToolTip("Zoom (wheel; Z toggles 100 %)")
        self.zoom_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.zoom_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.zoom_button.setMinimumWidth(9 * theme.GRID)
        self.toolbar.addWidget(self.zoom_button)
        self.toolbar.addSeparator()
        self.match_button = act("Match reference…", "Ctrl+M", self.ask_match, "match", on_bar=True)
        self.styles_button = act(
            "Styles", "Ctrl+T", self._show_styles, "styles", on_bar=True, checkable=True
        )
        self.export_button = act("Export…", "Ctrl+E", self.ask_export, "export", on_bar=True)
        zoom_menu = QMenu(self.zoom_button)
        for name, key, todo in (
            ("Fit", "Ctrl+0", canvas.fit),
            ("100 %", "Ctrl+1", partial(canvas.zoom_to, 1.0)),
            ("200 %", "Ctrl+2", partial(canvas.zoom_to, 2.0)),
        ):
            zoom_menu.addAction(act(name, key, todo))
        self.zoom_button.setMenu(zoom_menu)
        act("Fit or 100 %", "Z", canvas.toggle_actual)
        act("Zoom in", keys.ZoomIn, lambda: canvas.zoom_to(canvas.zoom * 1.25))
        act("Zoom out", keys.ZoomOut, lambda: canvas.zoom_to(canvas.zoom / 1.25))
        act("Copy settings", "Ctrl+Shift+C", self.copy_settings)
        act("Paste settings", "Ctrl+Shift+V", self.paste_settings)
        act("Reset all", "Ctrl+R", self.reset_all)
        act("Previous tap", "[", partial(self.step_tap, -1))
        act("Next tap", "]", partial(self.step_tap, 1))
        act("Reset the shown stage", "R", self.reset_shown)
        act("Switch the shown stage", "S", self.switch_shown)
        act("Export the shown tap…", "Ctrl+Shift+E", self.ask_export_tap)
        act("Finished picture", "Esc", self.leave)
        act("Fill the screen", "F", self.fill_screen)
        act("Other finisher", "Ctrl+Shift+F", self.switch.choose_next)
        act("Previous photo", "Ctrl+Left", partial(session.step, -1))
        act("Next photo", "Ctrl+Right", partial(session.step, 1))
        act("Cancel", "Ctrl+.", self._cancel)
        act("Quit", keys.Quit, self.close)
        self._needs_photo = (self.compare, self.clipping, self.match_button, self.export_button)
        darkroom.view_changed.connect(self._show_view)

    def _action(
        self,
        name: str,
        key: Keys,
        todo: Callable[..., object],
        picture: str = "",
        *,
        on_bar: bool = False,
        checkable: bool = False,
    ) -> QAction:
        action = QAction(name, self)
        action.setShortcut(QKeySequence(key))
        action.setCheckable(checkable)
        if picture:
            action.setIcon(icon(picture))
        shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{name.rstrip('…')} ({shortcut})")
        if checkable:
            action.triggered.connect(todo)
        else:
            action.triggered.connect(lambda: todo())
        self.addAction(action)
        if on_bar:
            self.toolbar.addAction(action)
            button = self.toolbar.widgetForAction(action)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return action

    def _connect(self) -> None:
        document, session, darkroom = self.document, self.session, self.darkroom
        document.finisher_changed.connect(self._show_finisher)
        document.photo_changed.connect(self._show_photo)
        document.undo_stack.canUndoChanged.connect(self.undo.setEnabled)
        document.undo_stack.canRedoChanged.connect(self.redo.setEnabled)
        document.undo_stack.indexChanged.connect(self._name_steps)
        document.settings_changed.connect(self._unsaved)
        self.styling.failed.connect(self.banner.say)
        self.styling.said.connect(self.banner.say)
        session.failed.connect(self.banner.say)
        session.noted.connect(self.banner.say)
        session.progressed.connect(self.status.show_progress)
        session.progressed.connect(self._show_choice)
        session.saved.connect(self._saved)
        session.exported.connect(self._exported)
        session.files_changed.connect(self._show_files)
        darkroom.framed.connect(self._show_frame)
        darkroom.detailed.connect(self._show_detail)
        darkroom.thumbed.connect(self.strip.show_thumb)
        darkroom.progressed.connect(self._show_detail_progress)
        darkroom.failed.connect(self.banner.say)
        darkroom.full_size_wanted.connect(session.refine)
        self.canvas.resized.connect(self._look)
        self.canvas.zoomed.connect(self._show_zoom)
        self.canvas.hovered.connect(self._show_pixel)
        self.histogram.clipping_toggled.connect(self._clip)
        self.switch.chosen.connect(self.finish_with)
        self.panel.refused.connect(self.banner.say)
        self.panel.moving.connect(darkroom.set_moving)
        self.panel.tap_wanted.connect(self._toggle_tap)
        self.strip.chosen.connect(self.show_tap)
        self.strip.export_wanted.connect(self.ask_export_tap)
        self.filmstrip.chosen.connect(lambda file: session.open([file]))
        self.status.cancel_wanted.connect(self._cancel)

    # What the user can do

    def ask_for_files(self) -> None:
        """Open files chosen in a dialog."""
        names, _ = QFileDialog.getOpenFileNames(self, "Open raw photographs")
        self.session.open([Path(name) for name in names])

    def finish_with(self, finisher: Finisher) -> None:
        """Go on with another finisher; a number that is being typed is taken first."""
        self.setFocus()
        self.session.finish_with(finisher)

    def copy_settings(self) -> None:
        """Put all settings on the clipboard."""
        QGuiApplication.clipboard().setText(self.document.copied())

    def paste_settings(self) -> None:
        """Take all settings from the clipboard."""
        try:
            self.document.paste(QGuiApplication.clipboard().text())
        except PhotofinishError as error:
            self.banner.say(str(error))

    def reset_all(self) -> None:
        """Everything back to neutral, as one step."""
        self.document.settle()
        self.document.apply(Settings(), "Reset all")
        self.document.settle()

    def show_tap(self, stage: str | None) -> None:
        """Show a stage's output, or (None) the finished picture."""
        self.darkroom.set_view(
            stage=stage, difference=self.darkroom.view.difference and bool(stage)
        )

    def step_tap(self, by: int) -> None:
        """Show the next or previous stage's tap; past the last is the finished picture."""
        names = [stage.name for stage in self.document.finisher]
        shown = self.darkroom.view.stage
        here = len(names) if shown is None else names.index(shown)
        there = max(0, min(here + by, len(names)))
        self.show_tap(names[there] if there < len(names) else None)

    def reset_shown(self) -> None:
        """Reset the stage whose tap is shown."""
        if name := self.darkroom.view.stage:
            stage = self.document.finisher.stage(name)
            self.document.reset(stage.controls, f"Reset {stage.title.lower()}")

    def switch_shown(self) -> None:
        """Switch the stage whose tap is shown off or on."""
        if (name := self.darkroom.view.stage) and self.document.finisher.stage(name).controls:
            self.document.switch(name, on=name in self.document.settings.off)

    def leave(self) -> None:
        """Back to the finished picture; from there, back from the full screen."""
        view = self.darkroom.view
        if view.stage or view.neutral:
            self.darkroom.set_view(stage=None, difference=False, neutral=False)
        elif self.isFullScreen():
            self.fill_screen()

    def fill_screen(self) -> None:
        """The picture alone on the whole screen, and back."""
        fill = not self.isFullScreen()
        for widget in (*self._surroundings, self.toolbar):
            widget.setVisible(not fill)
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.styles.setVisible(self.styles_button.isChecked() and not fill)
        self._show_files()

    def ask_match(self) -> None:
        """Match a reference, by a dialog that leaves the window at work."""
        if self.document.opened is None or self.findChild(MatchDialog) is not None:
            return
        dialog = MatchDialog(self.document, self.matching, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.darkroom.framed.connect(dialog.show_frame)
        if self.canvas.frame is not None:
            dialog.show_frame(self.canvas.frame)
        dialog.show()

    def ask_export(self) -> None:
        """Export the finished picture, by a dialog that leaves the window at work."""
        opened = self.document.opened
        if opened is None:
            return
        wish = default_wish(opened.path, self._last_wish)
        size = max(opened.photo.metadata.full_size)
        dialog = ExportDialog(wish, size, self, by_darktable=opened.by_darktable)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._export(dialog.wish))
        dialog.open()

    def ask_export_tap(self, stage: str | None = None) -> None:
        """Export the tap of `stage`, or of the one shown, as float TIFF."""
        opened, name = self.document.opened, stage or self.darkroom.view.stage
        if opened is None or name is None:
            return
        offered = opened.path.with_name(f"{opened.path.stem}_{name}.tif")
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Export this tap as float TIFF", str(offered), "TIFF (*.tif *.tiff)"
        )
        if chosen:
            self.session.export_tap(name, Path(chosen))

    # Views of what has changed

    def _show_finisher(self) -> None:
        self.strip.show_finisher(self.document.finisher)

    def _show_choice(self, _title: str, progress: Progress | None) -> None:
        if progress is None:  # what was chosen has been opened, or not
            self.switch.show_finisher()

    def _show_photo(self) -> None:
        photo = self.document.photo
        has = photo is not None
        self.canvas.show_photo(photo.metadata.full_size if photo else None)
        self.strip.clear()
        self.histogram.clear()
        self.panel.setEnabled(has)
        self.status.show_shot(photo.metadata if photo else None)
        self.status.state.clear()
        for action in self._needs_photo:
            action.setEnabled(has)
        self._name_steps()
        file = self.session.file
        self.setWindowTitle(f"{file.name} – Photofinish" if file else "Photofinish")
        self._look()

    def _show_frame(self, frame: Frame) -> None:
        self.canvas.show_frame(frame)
        self.histogram.show_frame(frame)
        self.status.show_state(frame, self.canvas.long_side())

    def _show_detail(self, frame: Frame) -> None:
        self.canvas.show_detail(frame)
        self.status.show_state(frame, self.canvas.long_side())

    def _show_detail_progress(self, progress: Progress | None) -> None:
        self.status.show_progress("Full size", progress)

    def _show_view(self, view: View) -> None:
        self.strip.show_tap(view.stage)
        self.panel.show_tap(view.stage)
        self.histogram.show_clipping(view.clipping)
        self.clipping.setChecked(view.clipping)
        self.compare.setChecked(view.neutral)
        self.difference.setChecked(view.difference)
        self.difference.setEnabled(view.stage is not None)

    def _show_zoom(self, zoom: float) -> None:
        text = f"{zoom:.0%}".replace("%", " %")
        self.zoom_button.setText(f"Fit {text}" if self.canvas.is_fitted else text)

    def _show_pixel(self, pixel: tuple[int, int] | None) -> None:
        self.status.readout.setText(readout(self.canvas.layer(), pixel))

    def _show_files(self) -> None:
        self.filmstrip.show_files(self.session.files, self.session.file)
        self.filmstrip.setVisible(len(self.session.files) > 1 and not self.isFullScreen())

    def _name_steps(self) -> None:
        stack = self.document.undo_stack
        self.undo.setEnabled(stack.canUndo())
        self.redo.setEnabled(stack.canRedo())
        self.undo.setToolTip(f"Undo {stack.undoText()} (Ctrl+Z)".replace("  ", " "))
        self.redo.setToolTip(f"Redo {stack.redoText()} (Ctrl+Shift+Z)".replace("  ", " "))

    def _unsaved(self) -> None:
        if self.status.saved.text():  # an empty label too would have the window laid out anew
            self.status.saved.clear()

    def _saved(self, settings: Settings) -> None:
        if settings == self.document.settings:
            self.status.saved.setText("Saved")

    def _export(self, wish: Wish) -> None:
        self._last_wish = wish
        self.session.export(wish)

    def _exported(self, exported: Exported) -> None:
        self.banner.say(f"Exported to {exported.path} {exported.by}".rstrip() + ".")

    def _look(self) -> None:
        self.darkroom.look(self.canvas.fitted_long_side(), self.canvas.long_side())

    def _toggle_tap(self, stage: str) -> None:
        self.show_tap(None if self.darkroom.view.stage == stage else stage)

    def _compare(self, on: bool) -> None:
        self.darkroom.set_view(neutral=on)

    def _clip(self, on: bool) -> None:
        self.darkroom.set_view(clipping=on)

    def _difference(self, on: bool) -> None:
        self.darkroom.set_view(difference=on and self.darkroom.view.stage is not None)

    def _show_styles(self, on: bool) -> None:
        self.styles.setVisible(on)
        self.styling.look(on)

    def _cancel(self) -> None:
        self.darkroom.cancel_detail()
        self.session.cancel()
        self.matching.cancel()
        self.styling.cancel()

    # Events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._hold(event, down=True)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._hold(event, down=False)

    def _hold(self, event: QKeyEvent, *, down: bool) -> None:
        """Keys that act as long as they are held."""
        if event.isAutoRepeat():
            return
        if event.key() == Qt.Key.Key_Backslash:
            self._compare(down and self.document.photo is not None)
        elif event.key() == Qt.Key.Key_Space:
            self.canvas.set_space_pans(down)
        else:
            event.ignore()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.canvas.set_space_pans(False)
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        self.session.open([Path(url.toLocalFile()) for url in urls if url.isLocalFile()])
        event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hide()
        self.matching.close()
        self.styling.close()
        self.session.close()
        self.darkroom.close()
        self.warming.close()
        event.accept()
