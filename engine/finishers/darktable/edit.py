"""Edit: settings as a history of darktable's, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from engine.errors import PhotofinishError
from engine.finishers.darktable import MODULES
from engine.finishers.darktable.history import History, Item, opacity_of
from engine.finishers.darktable.layouts import layout
from engine.finishers.darktable.module import Module, Parameters, agree
from engine.finishers.darktable.operators import LINEAR_REC2020, item
from engine.metadata import Metadata
from engine.settings import Settings
from engine.slider import Setting

ENHANCED_MATRIX = 12
"""darktable's own matrix of the camera."""

INPAINT_OPPOSED = 5
"""How darktable 4.2 and newer fill clipped highlights unless told otherwise."""

INPUT = ("temperature", "highlights", "colorin")
"""What leads from the sensor to the first stage, beside what darktable adds to every raw."""

UNSEEN = frozenset(
    (
        *("rawprepare", "demosaic", "flip", "colorout", "gamma", "finalscale"),
        *("dither", "overexposed", "rawoverexposed", "mask_manager"),
    )
)
"""Modules that a sidecar may well name, and that are part of every picture anyway."""


def input_items(metadata: Metadata) -> tuple[Item, ...]:
    """White as shot and clipped highlights filled, on the sensor's data; the camera's profile.

    All three are written, as darktable fills highlights otherwise where none is said to.
    """
    return tuple(item(name, parameters) for name, parameters in _input(metadata).items())


def _input(metadata: Metadata) -> dict[str, Parameters]:
    red, green, blue = 1.0, 1.0, 1.0
    if metadata.as_shot_neutral is not None:
        red, green, blue = (float(1.0 / value) for value in metadata.as_shot_neutral)
    return {
        "temperature": {"red": red / green, "green": 1.0, "blue": blue / green, "g2": 1.0},
        "highlights": {"mode": INPAINT_OPPOSED},
        "colorin": {"type": ENHANCED_MATRIX, "type_work": LINEAR_REC2020},
    }


def history(
    settings: Settings,
    metadata: Metadata,
    *,
    until: str | None = None,
    kept: History | None = None,
) -> History:
    """The history that makes `settings` of a raw with `metadata`.

    `until` names the last stage, or "" for none; without it, all of them. Modules of `kept` that we
    do not know stay, and so does its way from the sensor to color.
    """
    items = {i.module: i for i in input_items(metadata)}
    others: tuple[Item, ...] = ()
    if kept is not None:
        items |= {i.module: i for i in kept.items if i.instance in _FIRST}
        others = kept.without((*INPUT, *(module.name for module in MODULES))).items
    for module in MODULES if until != "" else ():
        values = module.stage.values(settings)
        if not module.stage.idle(values):
            opacity = (
                float(cast("float", values[module.opacity])) / 100.0 if module.opacity else 1.0
            )
            told = module.parameters(metadata, **values)
            items[module.name] = item(module.name, told, opacity)
        if module.stage.name == until:
            break
    order = History().order if kept is None else kept.order
    return History((*others, *items.values()), order)


_FIRST = frozenset((module, "0") for module in INPUT)


@dataclass(frozen=True)
class Read:
    """What a history says: settings, and plain sentences about what is not among them."""

    settings: Settings
    notes: tuple[str, ...]


def settings_of(history: History, metadata: Metadata) -> Read:
    """The settings in `history` of a raw with `metadata`, as far as our stages can show it."""
    there = {i.module: i for i in history.items if i.instance == (i.module, "0") and i.enabled}
    settings, notes = Settings(), []
    for module in MODULES:
        found = there.get(module.name)
        values = {} if found is None else _values(module, found, metadata)
        if values is None:
            notes.append(f"darktable's {_title(module)} does what these sliders cannot show.")
            continue
        for name, value in values.items():
            control = next(c for c in module.stage.controls if c.name == name)
            settings = settings.replace(control, value)
        if found is None and module.stage.profile_part:
            settings = settings.switch(module.stage.name, on=False)
    shown = {(name, "0") for name in (*INPUT, *(module.name for module in MODULES))}
    others = {
        i.module
        for i in history.items
        if i.enabled and i.instance not in shown and i.module not in UNSEEN
    }
    others |= {i.module for i in history.items if i.instance in _FIRST and _differs(i, metadata)}
    if others:
        named = ", ".join(sorted(others))
        notes.append(f"Kept, but neither shown nor exported here: darktable's {named}.")
    return Read(settings, tuple(notes))


def _differs(found: Item, metadata: Metadata) -> bool:
    """Whether `found`, on the way from the sensor to color, is not what every picture here has."""
    known = layout(found.module)
    if not found.enabled or found.version != known.version:
        return True
    return not agree(known.values(found.parameters), _input(metadata)[found.module])


def _values(module: Module, found: Item, metadata: Metadata) -> Mapping[str, Setting] | None:
    """None where no sliders say what `found` does."""
    known = layout(module.name)
    opacity = opacity_of(found)
    if found.version != known.version or opacity is None:
        return None
    values = module.settings(metadata, known.values(found.parameters))
    if values is None or (opacity != 1.0 and not module.opacity):
        return None
    if module.opacity:
        values[module.opacity] = round(100.0 * opacity, 4)
    controls = {control.name: control for control in module.stage.controls}
    try:
        return {name: controls[name].check(value) for name, value in values.items()}
    except PhotofinishError:  # beyond the slider's range
        return None


def _title(module: Module) -> str:
    return module.stage.title.lower()
