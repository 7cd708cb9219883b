"""Kept: what was made of the last few pictures, so that a drag does not make it again."""

from collections import deque
from collections.abc import Callable
from weakref import ReferenceType, ref

from torch import Tensor

KEPT = 4
"""Pictures that are remembered: the preview, its smaller drag size, the thumbnails."""


class Kept:
    """Answers about pictures, for as long as these are there."""

    def __init__(self) -> None:
        self._known: deque[tuple[ReferenceType[Tensor], object, Tensor]] = deque(maxlen=KEPT)

    def of(self, image: Tensor, told: object, make: Callable[[], Tensor]) -> Tensor:
        """What `make` returns, which hangs on `image` and what is `told` alone."""
        for seen, before, known in tuple(self._known):
            if seen() is image and before == told:
                return known
        made = make()
        self._known.append((ref(image, self._forget), told, made))
        return made

    def _forget(self, gone: ReferenceType[Tensor]) -> None:
        left = (known for known in tuple(self._known) if known[0] is not gone)
        self._known = deque(left, maxlen=KEPT)
