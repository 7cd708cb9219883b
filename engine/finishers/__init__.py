"""Finishers: each an ordered tuple of stages."""

from engine.errors import PhotofinishError

NAMES = "basic", "darktable"


def check_name(name: str) -> None:
    """Raise PhotofinishError where no finisher has this name."""
    if name not in NAMES:
        raise PhotofinishError(f"There is no finisher {name!r}; there are {' and '.join(NAMES)}.")
