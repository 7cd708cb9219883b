"""Edit: settings as a history of darktable's, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from engine.errors import PhotofinishError
from engine.finishers.darktable import MODULES
from engine.finishers.darktable.history import History, Item, opacity_of
from engine.finishers.darktable.input import INPUT, balanced, differs, input_items, own_items
from engine.finishers.darktable.layouts import layout
from engine.finishers.darktable.module import Module
from engine.finishers.darktable.operators import item
from engine.metadata import Metadata
from engine.settings import Settings
from engine.slider import Setting

UNSEEN = frozenset(
    (
        *("rawprepare", "demosaic", "flip", "colorout", "gamma", "finalscale"),
        *("dither", "overexposed", "rawoverexposed", "mask_manager"),
    )
)
"""Modules that a sidecar may well name, and that are part of every picture anyway."""


VIEWS = frozenset(("filmicrgb", "filmic", "basecurve", "agx"))
"""Modules that bring scene light to the display as our view transform does: one of them is enough.
"""


_IN_PLACE = (
    "is kept as it is. The picture here has sigmoid in its place, and so has darktable's once a "
    "slider of that is moved."
)
_BARE = (
    "darktable's view transform is switched off in this edit, and stays so. The picture here has "
    "sigmoid, and so has darktable's once a slider of that is moved."
)
_NAMELESS = (
    "This edit names no view transform. The picture here has sigmoid, and so has darktable's once "
    "this is saved."
)


def history(
    settings: Settings,
    metadata: Metadata,
    *,
    until: str | None = None,
    kept: History | None = None,
    own_input: tuple[Item, ...] | None = None,
) -> History:
    """The history that makes `settings` of a raw with `metadata`.

    `until` names the last stage, or "" for none; without it, all of them. Modules of `kept` that we
    do not know stay. Its view transform takes the place of ours until ours is moved, unless both
    are at work there; where all are switched off, so is what is written. `own_input` are the
    user's own items on the way to the first stage; without it, those of `kept`.
    """
    in_kept = () if kept is None else own_items(kept)
    own = in_kept if own_input is None else own_input
    metadata = balanced(metadata, own)
    items = {i.instance: i for i in input_items(metadata)}
    others: tuple[Item, ...] = ()
    if kept is not None:
        rest = [i for i in kept.items if i not in in_kept]
        items |= {i.instance: i for i in rest if i.instance in _FIRST}
        others = tuple(i for i in rest if i.instance not in _SHOWN)
    items |= {i.instance: i for i in own}
    for module in MODULES if until != "" else ():
        values = module.stage.values(settings)
        if not module.stage.idle(values):
            opacity = (
                float(cast("float", values[module.opacity])) / 100.0 if module.opacity else 1.0
            )
            told = module.parameters(metadata, **values)
            items[module.name, "0"] = item(module.name, told, opacity)
        if module.stage.name == until:
            break
    if kept is not None and (views := _in_place(kept)) is not None:
        if _VIEW.stage.values(settings) == _VIEW.stage.neutral():
            items.pop(_OURS, None)
            others += tuple(i for i in kept.items if i.instance == _OURS)
        else:
            others = tuple(replace(i, enabled=False) if i in views else i for i in others)
    # our own order makes the picture that is shown; strangers are where theirs has them
    strangers = any(i.enabled and i.module not in UNSEEN for i in others)
    order = kept.order if kept is not None and strangers else History().order
    return History((*others, *items.values()), order)


_FIRST = frozenset((module, "0") for module in INPUT)
_SHOWN = _FIRST | {(module.name, "0") for module in MODULES}


_VIEW = next(module for module in MODULES if module.stage.profile_part)
_OURS = (_VIEW.name, "0")


def _views(history: History) -> list[Item]:
    return [i for i in history.items if i.module in VIEWS or i.instance == _OURS]


def _in_place(history: History) -> list[Item] | None:
    """What is at work in the place of our view transform; None where ours is, or is yet to come."""
    views = _views(history)
    at_work = [i for i in views if i.enabled]
    return at_work if views and all(i.module in VIEWS for i in at_work) else None


@dataclass(frozen=True)
class Read:
    """What a history says: settings, and plain sentences about what is not among them.

    `own_input` are the user's own items on the way to the first stage.
    """

    settings: Settings
    notes: tuple[str, ...]
    own_input: tuple[Item, ...] = ()


def settings_of(history: History, metadata: Metadata) -> Read:
    """The settings in `history` of a raw with `metadata`, as far as our stages can show it."""
    own, shot = own_items(history), metadata
    metadata = balanced(metadata, own)
    there = {i.module: i for i in history.items if i.instance == (i.module, "0") and i.enabled}
    settings, notes = Settings(), []
    for module in MODULES:
        found = there.get(module.name)
        values = {} if found is None else _values(module, found, metadata)
        if values is None:
            notes.append(f"darktable's {_title(module)} does what these sliders cannot show.")
            values = _nearest(module, cast("Item", found), metadata, shot)
        for name, value in values.items():
            control = next(c for c in module.stage.controls if c.name == name)
            settings = settings.replace(control, value)
    if history.items and not _views(history):
        notes.append(_NAMELESS)
    if (in_place := _in_place(history)) == []:
        notes.append(_BARE)
    replaced = in_place or []
    notes += [f"darktable's {view} {_IN_PLACE}" for view in sorted({i.module for i in replaced})]
    rest = [i for i in history.items if i not in own and i not in replaced]
    others = {
        i.module for i in rest if i.enabled and i.instance not in _SHOWN and i.module not in UNSEEN
    }
    others |= {i.module for i in rest if i.instance in _FIRST and differs(i, metadata)}
    if others:
        named = ", ".join(sorted(others))
        notes.append(f"Kept, but neither shown nor exported here: darktable's {named}.")
    return Read(settings, tuple(notes), own)


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
    return _checked(module, values)


def _nearest(
    module: Module, found: Item, metadata: Metadata, shot: Metadata
) -> Mapping[str, Setting]:
    """What comes nearest to `found`, which no sliders say."""
    if module.nearest is None:
        return {}
    known = layout(module.name)
    read = found.version == known.version and opacity_of(found) == 1.0
    numbers = known.values(found.parameters) if read else None
    return _checked(module, module.nearest(metadata, shot, numbers)) or {}


def _checked(module: Module, values: Mapping[str, Setting]) -> Mapping[str, Setting] | None:
    """None where one is beyond its slider's range."""
    controls = {control.name: control for control in module.stage.controls}
    try:
        return {name: controls[name].check(value) for name, value in values.items()}
    except PhotofinishError:
        return None


def _title(module: Module) -> str:
    return module.stage.title.lower()
