"""Sights: what areawise stages saw last, for the frames of a drag that only pass by.

From one frame of a drag to the next surroundings change less than colors do, and take longer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from engine.live.analysed import Analysed
from engine.live.bake import Step


@dataclass(frozen=True, eq=False)
class _Sight:
    """What a stage saw, in which frame; `before` is what had made the picture it looked at."""

    seen: Any
    frame: int
    before: Sequence[object]

    def nearly(self, before: Sequence[object]) -> bool:
        """Whether this makes a picture that differs by one step at most, as in a drag."""
        if len(before) != len(self.before):
            return False
        return sum(one != other for one, other in zip(before, self.before, strict=True)) <= 1


class Sights:
    """What each stage of a renderer saw last.

    In a fleeting frame one of the stages that run looks at its picture: the one whose sight is the
    oldest. The others go by what they know, unless nothing like the picture has been seen yet.
    """

    def __init__(self) -> None:
        self._sights: dict[str, _Sight] = {}
        self._frame = 0
        self._looks: str | None = None  # the only one that does, in a fleeting frame

    def begin(self, running: Sequence[Step], *, fleeting: bool) -> None:
        """Begin a frame for which these steps run."""
        self._frame += 1
        frames = {name: sight.frame for name, sight in self._sights.items()}
        # of equals the last: the first may be one whose own slider moves, which need not look
        names = [step.stage.name for step in reversed(running) if step.stage.name in frames]
        self._looks = min(names, key=frames.__getitem__, default="") if fleeting else None

    def of(
        self, operator: Analysed, step: Step, before: Sequence[Step], image: Tensor
    ) -> tuple[Any, bool]:
        """What the stage of `step` sees in `image`, which left the steps `before`.

        And whether it is this picture that it saw.
        """
        name, picture = step.stage.name, (image, step.metadata, step.statistics)
        made_by = [(each.stage.name, each.values) for each in before]
        last = self._sights.get(name)
        if (
            self._looks not in (None, name)
            and last is not None
            and last.nearly(made_by)
            and not operator.knows(*picture)
        ):
            return last.seen, False
        seen = operator.seen(*picture)
        self._sights[name] = _Sight(seen, self._frame, made_by)
        return seen, True

    def last(self) -> Mapping[str, Any]:
        """What each stage saw last."""
        return {name: sight.seen for name, sight in self._sights.items()}
