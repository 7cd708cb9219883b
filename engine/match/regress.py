"""Regress: the sliders with which a photo looks like a target of the same scene.

Slider regression [Tseng et al. 2022, eq. 8] as least squares, from coarse to fine. On small
pictures the live operators give residual and Jacobian, on the last the exact ones. Where the answer
leaves more than the target's rounding would, other starts are tried too.
"""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from operator import attrgetter

import torch
from torch import Tensor

from engine.finisher import Finisher
from engine.live.quick import Quick
from engine.match.candidate import Candidate, Elsewhere, Render
from engine.match.comparison import Comparison
from engine.match.free import Free
from engine.match.laid import Laid
from engine.match.least_squares import Point, search
from engine.photo import Photo
from engine.progress import Progress, Work, within
from engine.settings import Settings

SIDES = 128, 512
"""Long sides in pixels of the small pictures."""

STEPS = 15, 10, 4
"""At most, on the small pictures and on the last."""

LARGE = 1600
"""Long side from which on the last Jacobian is made of a reduced photo, by the live operators."""

HELD = 45_000_000
"""Numbers that a Jacobian may have; for more, pictures are averaged before they are compared."""

ROUNDED = 0.5 / 255.0
"""Difference, root mean square, that may come from 8 bits."""

STARTS, SPREAD, SEED = 5, 0.2, 2022
"""Other starts, and how far from home they lie: standard deviation as a share of the ranges."""

NEARER = 0.99
"""Share of the first answer's difference that another's must be below, on the smallest picture."""

MOST = (1 + STARTS) * STEPS[0] + 2 * sum(STEPS[1:])
"""Steps at most."""


@dataclass(frozen=True, kw_only=True)
class Moved(Progress):
    """A step of a match: where the sliders are now, and how near the picture is in dB.

    That is PSNR for a target of the same scene, on pictures of different sizes as it goes on.
    """

    settings: Settings
    decibels: float


@dataclass(frozen=True)
class Regression:
    """Where the sliders came to, in so many steps and renders of the exact finisher.

    `rms` is what is left of the difference between encoded pictures, root mean square.
    """

    settings: Settings
    rms: float
    iterations: int
    exact_renders: int


def regress(
    laid: Laid,
    finisher: Finisher,
    quick: Quick,
    free: Free,
    start: Settings | None = None,
    seen: int | None = None,
    truth: Render | None = None,
) -> Work[Regression]:
    """Move the free sliders from where `free.rest` has them until a photo looks like its target.

    `start` is an answer to begin with: no other is tried then. Pictures are compared at a long side
    of at most `seen` pixels; the last ones are those of `truth`, if given. Yields Moved.
    """
    pictures = _Pictures(laid, finisher, quick, free, seen or max(laid.photo.size), truth)
    home = free.fractions(free.rest)
    begin = home if start is None else free.fractions(start)
    first = yield from pictures.smallest(begin)
    best = yield from pictures.larger(first.at)
    if start is None and best.rms > ROUNDED:
        found = []
        for away in _starts(home):
            found += [(yield from _unseen(pictures.smallest(away)))]
        other = min(found, key=attrgetter("rms"))
        if other.rms < NEARER * first.rms:
            other = yield from _unseen(pictures.larger(other.at))
            best = min(best, other, key=attrgetter("rms"))
    return Regression(free.settings(best.at), best.rms, pictures.steps, pictures.truth.renders)


class _Pictures:
    """The comparisons of one regression, from small to last, and the steps taken on them."""

    def __init__(
        self,
        laid: Laid,
        finisher: Finisher,
        quick: Quick,
        free: Free,
        seen: int,
        truth: Render | None,
    ) -> None:
        self.steps = 0
        self._free, self._home = free, free.fractions(free.rest)
        self._comparisons = []
        for side in SIDES:
            small = laid.reduced(min(side, seen))
            candidate = Candidate(small.photo, finisher, quick.operators)
            self._comparisons.append(Comparison(small, free, candidate, candidate))
        compared = laid.reduced(min(seen, _long_side(laid.photo, len(free.sliders))))
        size = compared.photo.size
        exact = Candidate(laid.photo, finisher, quick.exact, size)
        self.truth = exact if truth is None else Elsewhere(truth, size)
        proxy = exact
        if max(laid.photo.size) > LARGE:
            proxy = Candidate(laid.photo.reduced(LARGE), finisher, quick.operators, size)
        self._comparisons.append(Comparison(compared, free, self.truth, proxy))

    def smallest(self, start: Tensor) -> Generator[Moved, None, Point]:
        """Descend from `start` (n,) on the smallest picture."""
        return self._descent(0, start)

    def larger(self, start: Tensor) -> Generator[Moved, None, Point]:
        """Descend from `start` (n,) on one larger picture after the other, the last included."""
        at = start
        for which in range(1, len(STEPS)):
            point = yield from self._descent(which, at)
            at = point.at
        return point

    def _descent(self, which: int, start: Tensor) -> Generator[Moved, None, Point]:
        for point in search(self._comparisons[which], start, STEPS[which], self._home):
            psnr = -20.0 * math.log10(max(point.rms, 1e-6))
            yield Moved(self.steps, MOST, settings=self._free.settings(point.at), decibels=psnr)
            self.steps += 1
        return point


def _long_side(photo: Photo, sliders: int) -> int:
    """That of the largest picture, at most the photo's, whose Jacobian can be held."""
    width, height = photo.size
    pixels = HELD / (3 * max(sliders, 1))
    return math.floor(max(photo.size) * min(1.0, math.sqrt(pixels / (width * height))))


def _starts(home: Tensor) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(SEED)
    for _ in range(STARTS):
        away = torch.randn(home.shape, generator=generator, dtype=home.dtype)
        yield (home + SPREAD * away).clamp(0.0, 1.0)


def _unseen(work: Generator[Moved, None, Point]) -> Work[Point]:
    """`work` without telling where its sliders are: that is not yet an answer."""
    return within(work, 0, 1, "Trying other ways")
