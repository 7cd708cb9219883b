"""Pace: how large a drag's frames can be and still come in time, told by how long others took."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

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
SHARES = (1.0, 0.7, 0.5)
"""The sizes of a drag's frames, as shares of the preview's long side."""
LAST = 3
"""Of so many frames the best counts."""
DOUBT = 1.5
"""How many times as long the first frame of a size may take: it may have been bad luck."""
PATIENCE = 12
"""Frames after which a size that was late is tried again, twice as many each time it is late."""
DOUBLINGS = 5
HOPELESS = 1.5
"""How many times its budget a frame takes that is not tried again before the longest wait."""


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


@dataclass
class _Record:
    """What is known of the frames of one size: seconds of the last, and how often it was late.

    It is left alone for `barred` frames more, and then `stale`: tried whatever is known of it.
    `steady` frames have been shown since it was last late.
    """

    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=LAST))
    falls: int = 0
    barred: int = 0
    stale: bool = False
    steady: int = 0


class Pace:
    """Remembers how long frames took and says how large the next can be.

    One late frame among frames in time is bad luck and changes nothing: the best of the last few
    counts. A machine that is busy with something else for a moment is fast again after: a size that
    has become late is tried again, ever more rarely while it fails, so that nothing flickers.
    """

    def __init__(self) -> None:
        self._records: dict[tuple[Rerun, int], _Record] = defaultdict(_Record)

    def note(self, rerun: Rerun, side: int, seconds: float) -> None:
        """A frame of this long side has taken so long."""
        record = self._records[rerun, side]
        if record.stale:
            record.seconds.clear()
        record.stale = False
        record.seconds.append(seconds)
        record.steady += 1
        if record.steady > PATIENCE:
            record.falls = 0

    def side(self, rerun: Rerun, long_side: int) -> int:
        """The long side for the next frame of a drag that asks for `long_side` pixels."""
        larger: list[int] = []
        *steps, least = sides(long_side)
        for side in steps:
            if not self._is_late(rerun, side, larger):
                return side
            larger.insert(0, side)
        return least

    def _is_late(self, rerun: Rerun, side: int, larger: list[int]) -> bool:
        """Whether a frame of this size takes too long.

        As measured, or, by its pixels, as one of the nearest `larger` size that is known.
        """
        record = self._records[rerun, side]
        if record.barred:
            record.barred -= 1
            record.stale = not record.barred
            return True
        if record.stale:
            return False
        if record.seconds:
            took = min(record.seconds) / rerun.budget
            doubt = DOUBT if len(record.seconds) == 1 else 1.0
            late = took > doubt
            if late:
                hopeless = took > HOPELESS * doubt
                record.falls = DOUBLINGS if hopeless else min(record.falls + 1, DOUBLINGS)
                record.barred, record.steady = PATIENCE << record.falls, 0
            return late
        for known in larger:
            if seconds := self._records[rerun, known].seconds:
                return min(seconds) * (side / known) ** 2 > rerun.budget
        return False


def sides(long_side: int) -> list[int]:
    """The long sides that frames of a drag may have, largest first."""
    least = LEAST if long_side >= LEAST else long_side // 2
    return sorted({max(least, round(long_side * share)) for share in SHARES}, reverse=True)
