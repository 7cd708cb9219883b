"""Statistics H: what the tone of the whole photo looks like, for anchors that follow the picture.

Taken once, from one canonical picture: the full default crop, as-shot white, linear, box-averaged
to 512 px. Preview and export share it. Values are log2 of scene luminance, 0 = the white level.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.slider import Value

CANONICAL_LONG_SIDE = 512
DARKEST, BRIGHTEST, BINS = -14.0, 2.0, 64
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
    clipped: float
    shift: Value = 0.0

    def quantile(self, level: float) -> Value:
        """log2 luminance below which the share `level` (one of LEVELS) of the picture lies."""
        return self.quantiles[LEVELS.index(level)] + self.shift

    def carried(self, ev: Value) -> "Statistics":
        """H behind a gain of `ev` stops."""
        return replace(self, shift=self.shift + ev)


def measure(luminance: Tensor, camera: Tensor) -> Statistics:
    """H from the canonical picture: `luminance` (1, 1, h, w) and `camera` RGB (1, 3, h, w)."""
    log = torch.log2(luminance.flatten().clamp_min(2.0**DARKEST))
    position = ((log - DARKEST) / (BRIGHTEST - DARKEST) * BINS - 0.5).clamp(0.0, BINS - 1.0)
    below = position.floor().clamp_max(BINS - 2.0)
    above = position - below
    shares = torch.zeros(BINS, dtype=position.dtype, device=position.device)
    shares = shares.index_add(0, below.long(), 1.0 - above)
    shares = shares.index_add(0, below.long() + 1, above)
    levels = torch.tensor(LEVELS, dtype=log.dtype, device=log.device)
    return Statistics(
        histogram=shares / len(log),
        quantiles=torch.quantile(log, levels),
        mean_camera=camera.mean((0, 2, 3)),
        clipped=float((camera >= 0.999).any(1).float().mean()),
    )
