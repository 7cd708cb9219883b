"""Finishers: each an ordered tuple of stages."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import PhotofinishError

if TYPE_CHECKING:
    from engine.finisher import Finisher
    from engine.live.quick import Quick
    from engine.progress import Work
    from engine.stage import Operator

TITLES = {"basic": "Photofinish", "darktable": "darktable"}
"""What the user knows each as, by its name."""

NAMES = tuple(TITLES)


def check_name(name: str) -> None:
    """Raise PhotofinishError where no finisher has this name."""
    if name not in NAMES:
        raise PhotofinishError(f"There is no finisher {name!r}; there are {' and '.join(NAMES)}.")


def finisher_named(name: str) -> "Finisher":
    """The finisher of that name. Raises PhotofinishError."""
    check_name(name)
    if name == "darktable":
        from engine.finishers.darktable import DARKTABLE

        return DARKTABLE
    from engine.finishers.basic import BASIC

    return BASIC


def edited_with(raw: Path) -> "Finisher | None":
    """The finisher whose edit of `raw` is the newest; None where there is no edit of ours.

    Each finisher has a sidecar of its own, and each of them says when it was made: so no file has
    to be changed for an edit that is in another one.
    """
    from engine import sidecar
    from engine.finishers.darktable import sidecar as darktables

    basic = finisher_named("basic")
    times = {"basic": sidecar.edited(raw, basic), "darktable": darktables.edited(raw)}
    known = {name: time for name, time in times.items() if time is not None}
    return finisher_named(max(known, key=known.__getitem__)) if known else None


def quick_for(finisher: "Finisher") -> "Work[Quick]":
    """What is fast enough for a drag with `finisher`."""
    if finisher.name == "darktable":
        from engine.finishers.darktable import proxies

        return (yield from proxies.quick())
    from engine.live.quick import quick

    return (yield from quick(finisher))


def stand_ins(finisher: "Finisher") -> "Mapping[str, Operator]":
    """By the name of their stage: what runs in place of stages that are a program elsewhere."""
    if finisher.name == "darktable":
        from engine.finishers.darktable.proxies import PROXIES

        return PROXIES
    return {}
