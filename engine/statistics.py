"""Statistics H: what the tone of the whole photo looks like, for anchors that follow the picture.

Taken once, from one canonical picture: the full default crop, as-shot white, linear, box-averaged
to 512 px. Preview and export share it. Values are log2 of scene luminance, 0 = the white level.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.filters import smooth_step
from engine.slider import Value

CANONICAL_LONG_SIDE = 512
DARKEST, BRIGHTEST, BINS = -14.0, 2.0, 64
FINE_BINS = 1024
EMPTY = 1e-7
"""The least share of a fine bin: the way across a gap of tones stays finite."""

SATURATED = (0.998, 1.0)
LEVELS = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)


@dataclass(frozen=True, eq=False)
class Statistics:
    """H of one photo, as it reaches a stage.

    `histogram` (BINS,) shares of the picture, soft, over [DARKEST, BRIGHTEST] EV; `quantiles`
    (len(LEVELS),) log2 luminance at those shares; `mean_camera` (3,) mean camera RGB; `clipped` the
    share of raw-saturated pixels; `shift` EV by which the gains upstream moved all of it.
    """

    histogram: Tensor
    quantiles: Tensor
    mean_camera: Tensor
    clipped: Tensor
    shift: Value = 0.0

    def quantile(self, level: float) -> Value:
        """log2 luminance below which the share `level` (one of LEVELS) of the picture lies."""
        return self.quantiles[LEVELS.index(level)] + self.shift

    @property
    def tones(self) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and deviation of log2 luminance, and log2 of mean luminance, by the histogram."""
        shares = self.histogram.double()
        step = (BRIGHTEST - DARKEST) / BINS
        stops = DARKEST + step * (torch.arange(BINS, dtype=torch.float64) + 0.5)
        mean = (shares * stops).sum()
        deviation = (shares * (stops - mean).square()).sum().sqrt()
        return mean, deviation, torch.log2((shares * stops.exp2()).sum())

    def carried(self, ev: Value) -> "Statistics":
        """H behind a gain of `ev` stops."""
        return replace(self, shift=self.shift + ev)


def measure(luminance: Tensor, camera: Tensor) -> Statistics:
    """H from the canonical picture: `luminance` (1, 1, h, w) and `camera` RGB (1, 3, h, w).

    All of it is soft: differentiable with respect to every pixel.
    """
    log = torch.log2(luminance.flatten().clamp_min(2.0**DARKEST))
    return Statistics(
        histogram=shares(log, BINS),
        quantiles=_quantiles(log),
        mean_camera=camera.mean((0, 2, 3)),
        clipped=smooth_step(camera.amax(1), *SATURATED).mean(),
    )


def shares(log: Tensor, bins: int) -> Tensor:
    """The soft histogram (bins,) of values in EV (n,): each counts for the two bins around it."""
    position = ((log - DARKEST) / (BRIGHTEST - DARKEST) * bins - 0.5).clamp(0.0, bins - 1.0)
    below = position.detach().floor().clamp_max(bins - 2.0)
    above = position - below
    counts = torch.zeros(bins, dtype=position.dtype, device=position.device)
    counts = counts.index_add(0, below.long(), 1.0 - above)
    counts = counts.index_add(0, below.long() + 1, above)
    return counts / len(log)


def _quantiles(log: Tensor) -> Tensor:
    """EV below which the shares LEVELS of the values lie, from a soft histogram of fine bins.

    An order statistic would hang on one pixel; this one moves with all that are near it.
    """
    parts = shares(log, FINE_BINS) + EMPTY
    upper = torch.cumsum(parts, 0)
    levels = torch.tensor(LEVELS, dtype=log.dtype, device=log.device) * upper[-1]
    bin_of = torch.searchsorted(upper.detach(), levels.detach()).clamp_max(FINE_BINS - 1)
    within = 1.0 - (upper[bin_of] - levels) / parts[bin_of]
    return DARKEST + (bin_of + within) * ((BRIGHTEST - DARKEST) / FINE_BINS)
