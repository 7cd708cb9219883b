"""Pace: how large a drag's frames can be and still come in time, told by how long others took."""

from collections import defaultdict, deque
from dataclasses import dataclass

from engine.finisher import Finisher
from engine.settings import Settings
from engine.stage import Kind

POINTWISE_BUDGET = 0.85 / 60.0
AREAWISE_BUDGET = 1.25 / 60.0
"""Seconds for a live frame, by what must run again for it: one or two refreshes of a screen, less
what thumbnails and painting take of them."""
EXACT_BUDGET = 0.1
"""Seconds for an exact frame of a drag, where there is no live renderer (yet)."""
LEAST = 800
"""Pixels: no frame has a shorter long side, unless the preview is smaller itself."""
SHARES = (1.0, 0.8, 0.65, 0.5)
"""The sizes of a drag's frames, as shares of the preview's long side."""
LAST = 3
"""Of so many frames the best counts."""
DOUBT = 1.5
"""How many times its budget the first frame of a size may take: it may have been bad luck."""


@dataclass(frozen=True)
class Rerun:
    """What a change makes run again, all else being known: the stages from `first` on.

    `kind`: which renderer; `stage`: whose tap is shown; `active`: the areawise stages that have
    something to do.
    """

    kind: str
    stage: str | None
    first: int
    active: frozenset[int]

    @property
    def budget(self) -> float:
        """Seconds that a frame may take."""
        if self.kind == "exact":
            return EXACT_BUDGET
        areawise = any(stage >= self.first for stage in self.active)
        return AREAWISE_BUDGET if areawise else POINTWISE_BUDGET


def rerun(
    kind: str, stage: str | None, finisher: Finisher, before: Settings | None, after: Settings
) -> Rerun:
    """What runs for `after` where `before` (None: nothing) has been rendered."""
    first = 0 if before is None else first_change(finisher, before, after)
    active = (
        place
        for place, stage in enumerate(finisher)
        if stage.kind is Kind.AREAWISE and not stage.idle(stage.values(after))
    )
    return Rerun(kind, stage, first, frozenset(active))


def first_change(finisher: Finisher, before: Settings, after: Settings) -> int:
    """The place of the first stage whose values differ; the number of stages if none does."""
    if before == after:
        return len(finisher)
    changes = (
        place for place, stage in enumerate(finisher) if stage.values(before) != stage.values(after)
    )
    return next(changes, len(finisher))


class Pace:
    """Remembers how long frames took and says how large the next can be.

    Within one drag the size only falls, so that it does not flicker. One late frame among frames
    in time is bad luck and changes nothing: the best of the last few counts.
    """

    def __init__(self) -> None:
        self._seconds: dict[tuple[Rerun, int], deque[float]] = defaultdict(
            lambda: deque(maxlen=LAST)
        )
        self._step = 0

    def rest(self) -> None:
        """The drag is over: the next starts at full size."""
        self._step = 0

    def note(self, rerun: Rerun, side: int, seconds: float) -> None:
        """A frame of this long side has taken so long."""
        self._seconds[rerun, side].append(seconds)

    def side(self, rerun: Rerun, long_side: int) -> int:
        """The long side for the next frame of a drag that asks for `long_side` pixels."""
        steps = sides(long_side)
        step = min(self._step, len(steps) - 1)
        while step + 1 < len(steps) and self._is_late(rerun, steps, step):
            step += 1
        self._step = step
        return steps[step]

    def _is_late(self, rerun: Rerun, steps: list[int], step: int) -> bool:
        """Whether a frame of `steps[step]` takes too long.

        As measured, or, by its pixels, as one of the nearest larger size that is known.
        """
        for known in steps[step::-1]:
            if taken := self._seconds.get((rerun, known)):
                expected = min(taken) * (steps[step] / known) ** 2
                unsure = known == steps[step] and len(taken) == 1
                return expected > rerun.budget * (DOUBT if unsure else 1.0)
        return False


def sides(long_side: int) -> list[int]:
    """The long sides that frames of a drag may have, largest first."""
    least = LEAST if long_side >= LEAST else long_side // 2
    return sorted({max(least, round(long_side * share)) for share in SHARES}, reverse=True)
