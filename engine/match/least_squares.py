"""Least squares in the unit box: Levenberg-Marquardt, robust, bounded, drawn to where it began.

K. Madsen, H. B. Nielsen and O. Tingleff, Methods for Non-Linear Least Squares Problems, 2004,
section 3.2, for the damping; P. J. Huber, Robust Statistics, 1981, for the weights; C. G. Broyden,
A Class of Methods for Solving Nonlinear Simultaneous Equations, 1965, for a Jacobian that learns
from each step instead of being made anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

TUNING = 2.0
"""Residual, in standard deviations of their bulk, from which on it pulls no harder."""

LEAST = 1e-3
"""Least standard deviation told apart from none: a quarter of a step of 8 bits."""

RIDGE = 1e-3
"""What moving one number over its whole range must at least take off the loss, as a share of it."""

CONVERGED = 1e-3
"""Share by which the loss must fall, and by which a number must move, to go on."""

FIRST, CALMER, MOST = 1e-3, 4.0, 1e4
"""Damping at first, its growth with each step refused, and where to give up."""

FAITHFUL = 0.6
"""Share of the foreseen fall of the loss from which on the Jacobian need not be made anew."""

MEDIAN_TO_DEVIATION = 1.4826
_AT_END = 1e-6


class Problem(Protocol):
    """Residuals (m,) of a point (n,) in [0, 1], each to be near 0, and their Jacobian (n, m)."""

    def residuals(self, at: Tensor) -> Tensor:
        """The residuals (m,) float32 at `at` (n,) float64."""
        ...

    def jacobian(self, at: Tensor) -> Tensor:
        """Their derivatives (n, m) by each number of `at`, as good as can be had."""
        ...


@dataclass(frozen=True, eq=False)
class Point:
    """A step taken: to `at` (n,), which leaves `residuals` (m,)."""

    at: Tensor
    residuals: Tensor

    @property
    def rms(self) -> float:
        """The root mean square of the residuals."""
        return float(self.residuals.square().mean().sqrt())


@torch.no_grad()
def search(
    problem: Problem, start: Tensor, most: int, home: Tensor, ridge: float = RIDGE
) -> Iterator[Point]:
    """Yield the points of a descent from `start` (n,), that one first, in at most `most` steps.

    `home` (n,) is where numbers that do not matter are drawn to, as strongly as `ridge` says.
    """
    at, residuals = start, problem.residuals(start)
    yield Point(at, residuals)
    damping, fresh = FIRST, False
    jacobian: Tensor | None = None
    for _ in range(most):
        if jacobian is None:
            jacobian, fresh = problem.jacobian(at), True
        loss = _Loss.of(residuals, home, ridge)
        before = loss(residuals, at)
        normal, slope = loss.model(residuals, jacobian, at)
        while True:
            step = bounded(normal, slope, at, damping)
            tried = problem.residuals(at + step) if _moves(step) else residuals
            fall = before - loss(tried, at + step)
            if fall > 0.0 or damping > MOST or not _moves(step):
                break
            if not fresh:
                jacobian, fresh = problem.jacobian(at), True
                normal, slope = loss.model(residuals, jacobian, at)
            else:
                damping *= CALMER
        if fall <= 0.0:
            return
        foreseen = float(-(slope @ step) - 0.5 * step @ normal @ step)
        share = fall / foreseen if foreseen > 0.0 else 1.0
        damping = max(damping * max(1.0 / 3.0, 1.0 - (2.0 * share - 1.0) ** 3), FIRST * 1e-4)
        done = fall < CONVERGED * before or not _moves(step)
        missed = tried - residuals - step.float() @ jacobian
        at, residuals = at + step, tried
        yield Point(at, residuals)
        if done and fresh:
            return
        if done or abs(share - 1.0) > 1.0 - FAITHFUL:
            jacobian = None
        else:
            jacobian += torch.outer((step / step.square().sum()).float(), missed)
            fresh = False


@dataclass(frozen=True)
class _Loss:
    """Huber's loss of residuals whose bulk lies within `width`, and the ridge."""

    width: float
    ridge: float
    home: Tensor

    @classmethod
    def of(cls, residuals: Tensor, home: Tensor, ridge: float) -> "_Loss":
        deviation = MEDIAN_TO_DEVIATION * float(residuals.abs().median())
        deviation = max(deviation, LEAST)
        return cls(TUNING * deviation, ridge * deviation**2 * len(residuals), home)

    def __call__(self, residuals: Tensor, at: Tensor) -> float:
        size = residuals.abs()
        small = size.clamp_max(self.width)
        data = float((small * (size - 0.5 * small)).sum(dtype=torch.float64))
        return data + 0.5 * self.ridge * float((at - self.home).square().sum())

    def model(self, residuals: Tensor, jacobian: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
        """Normal matrix (n, n) and gradient (n,) of the loss."""
        weighted = jacobian * (self.width / residuals.abs().clamp_min(self.width))
        normal = (weighted @ jacobian.T).double()
        normal += self.ridge * torch.eye(len(at), dtype=torch.float64)
        slope = (weighted @ residuals).double() + self.ridge * (at - self.home)
        return normal, slope


def _moves(step: Tensor) -> bool:
    return float(step.abs().max()) > 0.01 * CONVERGED


def bounded(normal: Tensor, slope: Tensor, at: Tensor, damping: float) -> Tensor:
    """The damped step (n,) that stays in the box; numbers held by a bound are left out of it."""
    damped = normal + damping * torch.diag(normal.diagonal())
    free = ~(((at <= _AT_END) & (slope > 0.0)) | ((at >= 1.0 - _AT_END) & (slope < 0.0)))
    step = torch.zeros_like(at)
    while free.any():
        some = free.nonzero()[:, 0]
        # the others have come to a bound on this very step: what is left answers to that
        pull = slope[some] + damped[some][:, ~free] @ step[~free]
        step[some] = -torch.linalg.solve(damped[some][:, some], pull)
        inside = (at + step).clamp(0.0, 1.0) - at
        beyond = free & (inside != step)
        step = inside
        if not beyond.any():
            break
        free &= ~beyond
    return step
