"""Analysed: an areawise stage in two steps, so that a drag does not see again what it knows."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from torch import Tensor

from engine.live.kept import Kept
from engine.metadata import Metadata
from engine.slider import Setting
from engine.stage import Operator
from engine.statistics import Statistics


class See(Protocol):
    """What a stage sees in a picture, whatever its sliders are."""

    def __call__(self, image: Tensor, metadata: Metadata, statistics: Statistics) -> Any:
        """Return it: maps, mostly."""
        ...


class Use(Protocol):
    """Called like a stage, with what it has seen."""

    def __call__(
        self,
        image: Tensor,
        seen: Any,
        /,
        metadata: Metadata,
        statistics: Statistics,
        *_: Any,
        **values: Any,
    ) -> Tensor:
        """Return the image leaving the stage."""
        ...


class Analysed:
    """The operator of a stage that first sees the whole picture, and then makes each pixel.

    While its own sliders move, the picture before it stays, and with it what was seen there.
    `at_any_size`: what was seen in a picture holds for smaller and larger ones of it too.
    """

    def __init__(
        self, see: See, use: Use, neutral: Mapping[str, Setting], *, at_any_size: bool = False
    ) -> None:
        self._see, self.use, self._neutral = see, use, neutral
        self.at_any_size = at_any_size
        self._kept = Kept()

    def __call__(
        self, image: Tensor, metadata: Metadata, statistics: Statistics, **values: Setting
    ) -> Tensor:
        """Return `image` (1, 3, H, W) as it leaves the stage."""
        if values == self._neutral:
            return image
        seen = self.seen(image, metadata, statistics)
        return self.use(image, seen, metadata, statistics, **values)

    def seen(self, image: Tensor, metadata: Metadata, statistics: Statistics) -> Any:
        """What there is to see in `image`, known or found."""
        told = _told(metadata, statistics)
        return self._kept.of(image, told, lambda: self._see(image, metadata, statistics))

    def knows(self, image: Tensor, metadata: Metadata, statistics: Statistics) -> bool:
        """Whether it is known already."""
        return self._kept.has(image, _told(metadata, statistics))


def by_what_is_seen(
    operators: Mapping[str, Operator], seen: Callable[[], Mapping[str, Any]]
) -> dict[str, Operator]:
    """`operators` for a picture whose photo is looked at in another size too.

    Where that has `seen` something that holds at any size, they do not look themselves.
    """

    def borrowing(name: str, own: Analysed) -> Operator:
        def operator(
            image: Tensor, metadata: Metadata, statistics: Statistics, **values: Setting
        ) -> Tensor:
            lent = seen().get(name)
            if lent is None:
                return own(image, metadata, statistics, **values)
            return own.use(image, lent, metadata, statistics, **values)

        return operator

    return {
        name: borrowing(name, operator)
        if isinstance(operator, Analysed) and operator.at_any_size
        else operator
        for name, operator in operators.items()
    }


def _told(metadata: Metadata, statistics: Statistics) -> object:
    return metadata.full_size, metadata.scale, float(statistics.shift)
