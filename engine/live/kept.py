"""Kept: what was made of the last few pictures, so that a drag does not make it again."""

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import ReferenceType, ref

from torch import Tensor

KEPT = 4
"""Pictures that are remembered: the preview, its smaller drag size, the thumbnails."""
LARGEST = 1 << 22
"""Pixels that a remembered picture has at most: a drag's have fewer."""

_Made = TypeVar("_Made")


class Kept:
    """Answers about pictures, for as long as these are there."""

    def __init__(self) -> None:
        self._known: deque[tuple[ReferenceType[Tensor], object, Any]] = deque(maxlen=KEPT)

    def of(self, image: Tensor, told: object, make: Callable[[], _Made]) -> _Made:
        """What `make` returns, which hangs on `image` and what is `told` alone."""
        for seen, before, known in tuple(self._known):
            if seen() is image and before == told:
                answer: _Made = known
                return answer
        made = make()
        if image.shape[-2:].numel() <= LARGEST:
            self._known.append((ref(image, self._forget), told, made))
        return made

    def has(self, image: Tensor, told: object) -> bool:
        """Whether this is known."""
        return any(seen() is image and before == told for seen, before, _ in tuple(self._known))

    def _forget(self, gone: ReferenceType[Tensor]) -> None:
        left = (known for known in tuple(self._known) if known[0] is not gone)
        self._known = deque(left, maxlen=KEPT)
