"""Transport: from how photos look to how those of a style do, by the shortest way.

Features of photos as they come and of a style's pictures are taken for normal distributions;
between two of these the map is known that carries one into the other and moves everything least
[I. Olkin, F. Pukelsheim, The distance between two random vectors with given dispersion matrices,
Linear Algebra and its Applications 48, 1982]. A dark photo becomes one of the style's dark ones; if
all the style's pictures are equally light, so does it become.

What a photographer sets first is carried first, and the rest as far as it does not follow from that
[the triangular map of H. Knothe, Contributions to the theory of convex bodies, Michigan
Mathematical Journal 4, 1957]: a rule for the mean light shows in how light is spread, not the other
way round.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from engine.style.features import FIRST

NOISE = 1.0
"""Standard deviation, in units of features, that no distribution is narrower than."""

HELD = 2.0
"""The same where other features are to follow from one: what hardly moves tells nothing."""

HEAVIEST = 4.0
"""Weight of a feature that is the same in all pictures of a style; of another it is 1."""

UNSEEN = 0.5
"""Pictures that speak for a style to spread as photos do: how much shows in what few of them do."""


@dataclass(frozen=True, eq=False)
class Spread:
    """`mean` (n,) and `covariance` (n, n) of the features of `count` pictures, float64."""

    mean: Tensor
    covariance: Tensor
    count: int

    @classmethod
    def of(cls, samples: Tensor) -> "Spread":
        """Of `samples` (m, n)."""
        mean = samples.mean(0)
        away = samples - mean
        return cls(mean, away.T @ away / max(len(samples) - 1, 1), len(samples))


@dataclass(frozen=True, eq=False)
class Transport:
    """From features of a photo as it comes to those it has in the style; both (n,)."""

    before: Spread
    after: Spread

    @cached_property
    def weight(self) -> Tensor:
        """How much each feature (n,) matters: what a style holds narrowly, it is about."""
        wide, narrow = (
            (spread.covariance.diagonal() + NOISE**2).sqrt() for spread in (self.before, self.after)
        )
        return (wide / narrow).clamp(1.0, HEAVIEST)

    def __call__(self, features: Tensor) -> Tensor:
        """Where `features` (n,) of a photo as it comes lie in the style."""
        first, rest, follows_before, follows_after = self._maps
        away = features - self.before.mean
        carried = away[:FIRST] @ first
        own = (away[FIRST:] - away[:FIRST] @ follows_before) @ rest
        return self.after.mean + torch.cat([carried, carried @ follows_after + own])

    @cached_property
    def _maps(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """How features are carried.

        The first ones (f, f), what is left of the others (r, r), and what of these follows from the
        first (f, r), before and after.
        """
        share = self.after.count / (self.after.count + UNSEEN)
        before = self.before.covariance
        after = share * self.after.covariance + (1.0 - share) * before
        parts = [_parted(covariance) for covariance in (before, after)]
        (wide, follows_before, left_wide), (narrow, follows_after, left_narrow) = parts
        return _map(wide, narrow), _map(left_wide, left_narrow), follows_before, follows_after


def _parted(covariance: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The covariance of the first features, how the rest follows from them, and what is left."""
    first, cross = covariance[:FIRST, :FIRST], covariance[:FIRST, FIRST:]
    held = first + HELD**2 * torch.eye(FIRST, dtype=covariance.dtype)
    follows = torch.linalg.solve(held, cross)
    left = covariance[FIRST:, FIRST:] - follows.mT @ cross - cross.mT @ follows
    return first, follows, left + follows.mT @ first @ follows


def _map(wide: Tensor, narrow: Tensor) -> Tensor:
    """The symmetric map (n, n) from one covariance to another that moves least."""
    noise = NOISE**2 * torch.eye(len(wide), dtype=wide.dtype)
    root = _root(wide + noise)
    back = torch.linalg.inv(root)
    return back @ _root(root @ (narrow + noise) @ root) @ back


def _root(matrix: Tensor) -> Tensor:
    """The symmetric square root of a symmetric, positive definite `matrix` (n, n)."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(0.0).sqrt()) @ vectors.mT
