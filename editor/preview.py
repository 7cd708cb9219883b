"""Preview: one photo at one size for the screen, and smaller for drags, with its renderers."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field

from editor.frame import View
from engine.finisher import Finisher
from engine.finishers import stand_ins
from engine.live.quick import Live, Quick
from engine.photo import Photo
from engine.renderer import Renderer, Tap
from engine.settings import Settings


@dataclass
class At:
    """The renderers of one size, each with the settings that it has rendered last.

    They share no cache: what is exact never builds on what is not.
    """

    photo: Photo
    finisher: Finisher
    rendered: dict[str, Settings] = field(default_factory=dict)
    _neutral: Tap | None = None
    _exact: Renderer | None = None
    _compiled: bool = False
    _float: Renderer | None = None
    _live: Live | None = None

    @property
    def long_side(self) -> int:
        """Pixels."""
        return max(self.photo.size)

    def exact(self, quick: Quick | None) -> Renderer:
        """By the stages themselves, compiled as soon as they are."""
        if self._exact is None or (quick is not None and not self._compiled):
            self._compiled = quick is not None
            self._exact = exact_renderer(self.photo, self.finisher, quick)
        return self._exact

    def taps(
        self, settings: Settings, view: View, quick: Quick | None, *, exact: bool
    ) -> Generator[None, None, tuple[Tap, Tap | None]]:
        """What `view` shows and the tap before it: exact, or by the live operators."""
        if view.neutral:
            return (yield from self.render_neutral(quick)), None
        if exact or quick is None:
            renderer = self.exact(quick)
        elif self._float is None:
            renderer = self._float = Renderer(self.photo, self.finisher, quick.operators)
        else:
            renderer = self._float
        shown = yield from last_of(renderer.render(settings), view.stage)
        if exact and view.finished and settings == Settings():
            self._neutral = shown[0]
        return shown

    def render_neutral(self, quick: Quick | None) -> Generator[None, None, Tap]:
        """The exact picture without edits; kept, so that comparing answers at once."""
        if self._neutral is None:
            neutral = exact_renderer(self.photo, self.finisher, quick).finish(Settings())
            self._neutral, _ = yield from last_of(neutral, None)
        return self._neutral

    def live(self, quick: Quick) -> Live:
        """The finished picture for the screen."""
        if self._live is None:
            self._live = quick.renderer(self.photo)
        return self._live


def exact_renderer(photo: Photo, finisher: Finisher, quick: Quick | None) -> Renderer:
    """The stages themselves, compiled if they are, or what stands in for another program's."""
    return Renderer(photo, finisher, stand_ins(finisher) if quick is None else quick.exact)


class Preview:
    """A photo reduced to `long_side` and, from that, to less."""

    def __init__(self, photo: Photo, finisher: Finisher, long_side: int) -> None:
        self._finisher = finisher
        self.long_side = long_side
        self.full = At(photo.reduced(long_side), finisher)
        self._smaller: dict[int, At] = {}

    def at(self, side: int) -> At:
        """The renderers for a long side of `side` pixels at most."""
        if side >= self.full.long_side:
            return self.full
        if side not in self._smaller:
            self._smaller[side] = At(self.full.photo.reduced(side), self._finisher)
        return self._smaller[side]


def last_of(
    taps: Iterator[Tap], stage: str | None
) -> Generator[None, None, tuple[Tap, Tap | None]]:
    """The tap of `stage` (None: the last) and the one before it; yields between two stages."""
    before, tap = None, next(taps)
    while tap.stage.name != stage:
        yield
        following = next(taps, None)
        if following is None:
            break
        before, tap = tap, following
    return tap, before


def only_yields(steps: Iterable[object]) -> Iterator[None]:
    """A yield for each of `steps`."""
    for _ in steps:
        yield
