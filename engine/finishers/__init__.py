"""Finishers: each an ordered tuple of stages."""

from typing import TYPE_CHECKING

from engine.errors import PhotofinishError

if TYPE_CHECKING:
    from engine.finisher import Finisher

NAMES = "basic", "darktable"


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
