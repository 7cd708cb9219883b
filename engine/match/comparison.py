"""Comparison: a candidate beside the target, pixel by pixel, as a least-squares problem."""

import torch
from torch import Tensor

from engine.match.candidate import Candidate, Elsewhere
from engine.match.free import Free
from engine.match.laid import Laid

CLIPPED = 0.2
"""Weight of a pixel that is black or white in a channel of the target: what it was is lost."""

_CODE = 1.0 / 255.0


class Comparison:
    """Differences of encoded RGB between a candidate and the target of `laid`.

    Pixels of no weight are left out. The residual is that of `truth`; the Jacobian may be that of a
    `proxy` at the same point, which need not be as near [space mapping: J. W. Bandler et al., IEEE
    Trans. MTT 42(12), 1994].
    """

    def __init__(
        self, laid: Laid, free: Free, truth: Candidate | Elsewhere, proxy: Candidate
    ) -> None:
        self._free, self._truth, self._proxy = free, truth, proxy
        target = laid.target
        importance = _importance(target) * laid.weight
        self._kept = None if float(importance.min()) > 0.0 else importance[0, 0] > 0.0
        self._root = self._pixels(importance[0].expand_as(target[0])).sqrt()
        self._target = self._pixels(target[0])

    def residuals(self, at: Tensor) -> Tensor:
        """Weighted differences (m,) with the free sliders at `at` (n,)."""
        picture = self._pixels(self._truth.picture(self._free, at)[0])
        return ((picture - self._target) * self._root).flatten()

    def jacobian(self, at: Tensor) -> Tensor:
        """Their derivatives (n, m) by each slider's fraction."""
        slopes = self._pixels(self._proxy.slopes(self._free, at))
        return (slopes * self._root).flatten(1)

    def _pixels(self, pictures: Tensor) -> Tensor:
        """Those (..., 3, m) of pictures (..., 3, h, w) that count."""
        return pictures.flatten(-2) if self._kept is None else pictures[..., self._kept]


def _importance(target: Tensor) -> Tensor:
    least, most = target.amin(1, keepdim=True), target.amax(1, keepdim=True)
    lost = (least < 0.5 * _CODE) | (most > 1.0 - 0.5 * _CODE)
    return torch.where(lost, CLIPPED, 1.0)
