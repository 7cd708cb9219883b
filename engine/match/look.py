"""Look: how a picture's light and colors are spread, wherever they lie in it.

For targets of another scene, which have no pixel in common with the photo. The histograms of L* and
of the colors along some directions of a*, b* are compared by their quantiles: how far light and
color have to go to be spread alike, which tells a way also where histograms do not meet [sliced
Wasserstein distance: N. Bonneel et al., Sliced and Radon Wasserstein Barycenters of Measures,
JMIV 51, 2015]. A soft histogram's quantiles move smoothly with every slider.
"""

import math

import numpy as np
import torch
from torch import Tensor

from engine.difference import lab
from engine.match.candidate import Candidate
from engine.match.free import Free

LONG_SIDE = 160
"""Pixels of the pictures compared."""

LEVELS, DIRECTIONS = 32, 8
"""Parts of a histogram of equal share, whose means are compared; directions in a*, b*."""

UNIT = 100.0
"""L*, a* or b* that count as a residual of 1."""


def look(picture: Tensor) -> Tensor:
    """Mean L*, and mean color along each direction, of each share of `picture` (1, 3, h, w).

    (LEVELS * (1 + DIRECTIONS),), so weighted that the root of the sum of squared differences is
    root mean square of light and of color, in units of UNIT.
    """
    lightness, a, b = lab(picture)[0].flatten(1).float()
    angles = [math.pi * i / DIRECTIONS for i in range(DIRECTIONS)]
    along = [a * math.cos(angle) + b * math.sin(angle) for angle in angles]
    planes = np.sort(torch.stack([lightness, *along]).numpy(), 1)
    edges = np.linspace(0, planes.shape[1], LEVELS + 1).astype(int)
    means = np.add.reduceat(planes, edges[:-1], 1) / np.diff(edges)
    means[1:] *= math.sqrt(2.0 / DIRECTIONS)  # both axes of color, however many directions
    return torch.from_numpy(means.flatten() / (UNIT * math.sqrt(LEVELS))).float()


def distance(apart: Tensor) -> float:
    """How far two looks are whose difference is `apart`, root mean square in L*, a*, b*."""
    return UNIT * float(apart.square().sum().sqrt())


class LookComparison:
    """A candidate's look beside that of `target` (1, 3, h, w), as a least-squares problem."""

    def __init__(self, target: Tensor, free: Free, candidate: Candidate) -> None:
        self._free, self._candidate = free, candidate
        self._goal = look(target)

    def residuals(self, at: Tensor) -> Tensor:
        """Differences of the looks (m,) with the free sliders at `at` (n,)."""
        return look(self._candidate.picture(self._free, at)) - self._goal

    def jacobian(self, at: Tensor) -> Tensor:
        """Their derivatives (n, m) by each slider's fraction."""
        here = look(self._candidate.picture(self._free, at))
        jacobian = torch.empty(len(at), len(here))
        for i, by, picture in self._candidate.moved(self._free, at):
            jacobian[i] = (look(picture) - here) / by
        return jacobian
