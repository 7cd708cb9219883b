"""Gaussian process: numbers predicted from a descriptor, learned from few examples.

Each number is a constant, a line and a smooth rest in the descriptor; how far each of its entries
has to change to matter is what makes the examples most likely [C. E. Rasmussen, C. K. I. Williams,
Gaussian Processes for Machine Learning, 2006, sections 2.2, 2.7, 5.1 and 5.4]. Far from all
examples it answers with the line.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.progress import Progress, Work

JITTER, LEAST = 1e-4, 1e-6
"""The least noise, so that a matrix has a root; the least deviation that is divided by."""

STEPS, RATE = 120, 0.08
"""Of Adam on the hyperparameters' logarithms."""

VARIANCES = 0.3, 0.3, 0.1
"""Of line, rest and noise to begin with, as shares of the numbers' own."""

FEW = 0.1
"""How unlikely it is for an entry to matter, by one over its length."""

MOST = 400
"""Examples by which the hyperparameters are found; all are learned from."""


@dataclass(frozen=True, eq=False)
class GaussianProcess:
    """From descriptors (d,) to numbers (k,), float64.

    `examples` (m, d) are standardized by `center`, `scale` (d,); `weights` (m, k) are of the
    kernel's values, `mean` (k,) is added. `hyper` (2 d + 3,) are logarithms: of the entries'
    lengths in the line and in the rest, then of the variances of line, rest and noise.
    """

    center: Tensor
    scale: Tensor
    examples: Tensor
    weights: Tensor
    mean: Tensor
    hyper: Tensor

    def __post_init__(self) -> None:
        (count, width), numbers = self.examples.shape, len(self.mean)
        wanted = {
            "center": (width,),
            "scale": (width,),
            "weights": (count, numbers),
            "hyper": (2 * width + 3,),
        }
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has the wrong shape.")

    def __call__(self, descriptor: Tensor) -> Tensor:
        """Numbers (k,) for a descriptor (d,)."""
        place = (descriptor - self.center) / self.scale
        return (_kernel(place[None], self.examples, self.hyper) @ self.weights)[0] + self.mean


def fitted(descriptors: Tensor, numbers: Tensor) -> Work[GaussianProcess]:
    """The process of `descriptors` (m, d) and `numbers` (m, k), float64."""
    center, scale = descriptors.mean(0), descriptors.std(0, correction=0).clamp_min(LEAST)
    places, mean = (descriptors - center) / scale, numbers.mean(0)
    some = torch.randperm(len(places), generator=torch.Generator().manual_seed(0))[:MOST]
    wanted = numbers[some] - numbers[some].mean(0)
    wanted = wanted / wanted.square().mean().sqrt().clamp_min(LEAST)
    width = places.shape[1]
    hyper = torch.full((2 * width + 3,), 0.5 * math.log(width), dtype=torch.float64)
    hyper[-3:] = torch.log(torch.tensor(VARIANCES))
    hyper.requires_grad_(True)
    optimizer = torch.optim.Adam([hyper], RATE)
    for step in range(STEPS):
        yield Progress(step, STEPS, "Learning")
        optimizer.zero_grad()
        _unlikeliness(places[some], wanted, hyper).backward()
        optimizer.step()
    with torch.no_grad():
        root = torch.linalg.cholesky(_covariance(places, hyper))
        weights = torch.cholesky_solve(numbers - mean, root)
    return GaussianProcess(center, scale, places, weights, mean, hyper.detach())


def _kernel(one: Tensor, other: Tensor, hyper: Tensor) -> Tensor:
    width = one.shape[1]
    line, rest = torch.exp(-hyper[:width]), torch.exp(-hyper[width : 2 * width])
    by_line = (one * line) @ (other * line).mT
    away = torch.cdist(one * rest, other * rest, compute_mode="donot_use_mm_for_euclid_dist")
    return torch.exp(hyper[-3]) * by_line + torch.exp(hyper[-2] - 0.5 * away.square())


def _covariance(places: Tensor, hyper: Tensor) -> Tensor:
    noise = torch.exp(hyper[-1]) + JITTER
    return _kernel(places, places, hyper) + noise * torch.eye(len(places), dtype=places.dtype)


def _unlikeliness(places: Tensor, wanted: Tensor, hyper: Tensor) -> Tensor:
    """Minus the logarithm of the marginal likelihood, and of a prior that few entries matter."""
    root = torch.linalg.cholesky(_covariance(places, hyper))
    solved = torch.cholesky_solve(wanted, root)
    fit = 0.5 * (wanted * solved).sum() / wanted.shape[1] + root.diagonal().log().sum()
    return fit + FEW * torch.exp(-hyper[:-3]).sum()
