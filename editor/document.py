"""Document: the photo, its settings and their history. The only mutable state of the editor.

Every change (drag, number, switch, reset, paste, undo) goes through `apply`, which pushes an
undoable command; every view follows `settings_changed`. A drag is many applies and one command:
they merge until `settle` ends the gesture. `settle` is also the moment the edit is saved.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.finishers import TITLES
from engine.finishers.darktable.history import Item
from engine.photo import Photo
from engine.progress import Work
from engine.settings import Settings
from engine.slider import Control, Setting, Slider

CLIPBOARD_KEY = "photofinish settings"


class Store(Protocol):
    """Where a photo's settings are kept: its sidecar."""

    def write(self, settings: Settings) -> object:
        """Save `settings`; returns once they are on disk."""
        ...


@dataclass(frozen=True, eq=False)
class Opened:
    """A photo as the opening job hands it over, for one finisher.

    `as_shot` resolves controls that are None. `absent` ends a sentence about the program
    whose stages the finisher has: why it cannot be asked for its own picture. It is empty where it
    can, or where there is no such program. `own_input` are items of the user's own sidecar of
    darktable's, which make what enters its first stage.
    """

    path: Path
    photo: Photo
    finisher: Finisher
    settings: Settings = field(default_factory=Settings)
    store: Store | None = None
    notes: tuple[str, ...] = ()
    as_shot: Mapping[str, float] = field(default_factory=dict)
    absent: str = ""
    own_input: tuple[Item, ...] = ()

    @property
    def by_darktable(self) -> bool:
        """Whether darktable itself can be asked for the picture."""
        return self.finisher.name == "darktable" and not self.absent


Opening = Callable[[Path, Finisher, bool], Work[Opened]]
"""Opens a raw: path, finisher, whether half the size will do."""


class _Edit(QUndoCommand):
    """One step of the history: from one Settings to another."""

    def __init__(
        self, document: "Document", before: Settings, after: Settings, reason: str, gesture: int
    ) -> None:
        super().__init__(reason)
        self._document = document
        self.before, self.after, self.gesture = before, after, gesture

    def id(self) -> int:
        return 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Edit) or other.gesture != self.gesture:
            return False
        if other.text() != self.text():
            return False
        self.after = other.after
        self.setObsolete(self.after == self.before)
        return True

    def redo(self) -> None:
        self._document._show(self.after)

    def undo(self) -> None:
        self._document._show(self.before)


class Document(QObject):
    """Photo, finisher, settings and undo of one window."""

    leaving = Signal()  # another photo comes: what is unfinished on this one ends now
    finisher_changed = Signal()  # before the photo that is finished by it
    photo_changed = Signal()
    photo_refined = Signal()
    settings_changed = Signal(object)
    settled = Signal(object)  # the settings at rest: worth saving

    def __init__(self, finisher: Finisher, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.finisher = finisher
        self.undo_stack = QUndoStack(self)
        self.opened: Opened | None = None
        self.settings = Settings()
        self._gesture = 0
        self._held = False
        self._at_rest = self.settings

    @property
    def photo(self) -> Photo | None:
        """The photo at the best size decoded so far."""
        return self.opened.photo if self.opened else None

    def open(self, opened: Opened) -> None:
        """Show another photo as it was left; its history starts here."""
        self.leaving.emit()
        self.settle()
        self.undo_stack.clear()
        self.opened = opened
        self.settings = self._at_rest = opened.settings
        self._finish_with(opened.finisher)
        self.photo_changed.emit()
        self.settings_changed.emit(self.settings)

    def use(self, finisher: Finisher) -> None:
        """Finish the photos to come by `finisher`; one that is open has to be opened anew."""
        if self.opened is None:
            self._finish_with(finisher)

    def refine(self, opened: Opened) -> None:
        """Take a larger decode of the photo on screen; settings and history stay."""
        here = self.opened
        if here is None or (opened.path, opened.finisher) != (here.path, here.finisher):
            return
        self.opened = replace(here, photo=opened.photo)
        self.photo_refined.emit()

    def apply(self, settings: Settings, reason: str) -> None:
        """Make `settings` the document's; equal ones are no change.

        Calls with one reason become one undo step until `settle` is called.
        """
        if settings != self.settings:
            self.undo_stack.push(_Edit(self, self.settings, settings, reason, self._gesture))

    def settle(self) -> None:
        """End a gesture: the next change is a new undo step, and what is new gets saved.

        Nothing happens while a gesture is held.
        """
        if self._held:
            return
        self._gesture += 1
        if self.settings != self._at_rest:
            self._at_rest = self.settings
            self.settled.emit(self.settings)

    def hold(self) -> None:
        """Begin a gesture that only `release` lets end: a click elsewhere does not split it."""
        self.settle()
        self._held = True

    @property
    def held(self) -> bool:
        """Whether a gesture is held: what is shown is on its way to something else."""
        return self._held

    def release(self) -> None:
        """Let the next `settle` end the gesture."""
        self._held = False

    def set(self, control: Control, value: Setting, reason: str = "") -> None:
        """Set one control. Raises PhotofinishError where the value does not fit it."""
        self.apply(self.settings.replace(control, value), reason or control.title)

    def reset(self, controls: tuple[Control, ...], reason: str) -> None:
        """Put controls back to neutral, as one step."""
        self.settle()
        self.apply(self.settings.reset(controls), reason)
        self.settle()

    def switch(self, stage: str, *, on: bool) -> None:
        """Switch a stage on or off, as one step."""
        self.settle()
        title = self.finisher.stage(stage).title
        self.apply(self.settings.switch(stage, on=on), f"{title} {'on' if on else 'off'}")
        self.settle()

    def undo(self) -> None:
        """Take the last step back."""
        self.settle()
        self.undo_stack.undo()
        self.settle()

    def redo(self) -> None:
        """Take the next step again."""
        self.settle()
        self.undo_stack.redo()
        self.settle()

    def copied(self) -> str:
        """All settings as text for the clipboard."""
        held = {
            "finisher": self.finisher.name,
            "values": dict(self.settings.values),
            "off": sorted(self.settings.off),
        }
        return json.dumps({CLIPBOARD_KEY: held})

    def paste(self, text: str) -> None:
        """Take over settings from `copied` text, as one step; what does not fit is refused.

        Raises PhotofinishError and changes nothing then.
        """
        pasted = parse_settings(text, self.finisher)
        self.settle()
        self.apply(pasted, "Paste settings")
        self.settle()

    def resolved(self, slider: Slider) -> float:
        """The slider's value as a number, also where it is *as shot*."""
        value = self.settings[slider]
        if isinstance(value, int | float):
            return float(value)
        as_shot = self.as_shot(slider)
        return float(slider.denormalize(0.5)) if as_shot is None else as_shot

    def as_shot(self, slider: Slider) -> float | None:
        """What *as shot* is for this photo, within the slider's range; None without a photo."""
        value = self.opened.as_shot.get(slider.name) if self.opened else None
        return None if value is None else min(max(value, slider.low), slider.high)

    def _finish_with(self, finisher: Finisher) -> None:
        if finisher is not self.finisher:
            self.finisher = finisher
            self.finisher_changed.emit()

    def _show(self, settings: Settings) -> None:
        self.settings = settings
        self.settings_changed.emit(settings)


def parse_settings(text: str, finisher: Finisher) -> Settings:
    """Settings from the clipboard's text. Raises PhotofinishError."""
    try:
        held = json.loads(text)[CLIPBOARD_KEY]
        values, off, by = dict(held["values"]), set(held["off"]), str(held["finisher"])
    except (ValueError, KeyError, TypeError):
        raise PhotofinishError("The clipboard holds no settings.") from None
    known = {control.name: control for control in finisher.controls}
    if unknown := sorted(values.keys() - known.keys()):
        raise PhotofinishError(f"This finisher has no control named {unknown[0]}.")
    if by != finisher.name:  # the same names mean other things there
        raise PhotofinishError(f"These are settings for {TITLES.get(by, by)}.")
    settings = Settings()
    for name, value in values.items():
        settings = settings.replace(known[name], value)
    for stage in finisher:
        settings = settings.switch(stage.name, on=stage.name not in off)
    return settings
