"""Span: how near a picture came to its target, and what of the rest sliders could not have made."""

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.difference import delta_e_2000, lab, lab_difference

UNSEEN = 1.0
"""Mean CIEDE2000 below which two pictures look alike side by side."""

BEYOND = 1.3
"""Times the difference that the best affine color map leaves: more lies outside the span."""


@dataclass(frozen=True)
class Nearness:
    """Mean CIEDE2000 to the target, over what the target shows.

    Of the picture before, of that under the best affine color map, of the answer, and of the answer
    under its own best one.
    """

    before: float
    affine: float
    answer: float
    corrected: float

    @property
    def inside(self) -> bool:
        """Whether the target's look lies within what the sliders can make."""
        return self.answer <= max(UNSEEN, BEYOND * min(self.affine, self.corrected))

    @property
    def sentence(self) -> str:
        """For the photographer."""
        came = f"The mean color difference fell from {self.before:.1f} to {self.answer:.1f} ΔE."
        if self.answer <= UNSEEN:
            return f"The pictures look alike. {came}"
        if self.inside:
            return (
                f"{came} What remains is not a matter of color: it lies in detail, noise or light"
                " on parts of the picture."
            )
        return (
            f"{came} A change of color remains that these sliders cannot make: a plain color map"
            f" would leave {min(self.affine, self.corrected):.1f}."
        )


def nearness(before: Tensor, answer: Tensor, target: Tensor, weight: Tensor) -> Nearness:
    """Compare pictures (1, 3, h, w), encoded sRGB, where `weight` (1, 1, h, w) is above 0."""
    shown = weight[0, 0] > 0.0
    pixels = [picture[0][:, shown] for picture in (before, answer, target)]
    first, last, goal = pixels
    compared = (first, _mapped(first, goal), last, _mapped(last, goal))
    wanted = lab(goal[None, :, None])
    seen = (lab(picture[None, :, None]) for picture in compared)
    return Nearness(*(float(lab_difference(each, wanted).mean()) for each in seen))


def difference(picture: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """CIEDE2000 (1, 1, h, w) pixel by pixel, 0 where `weight` is."""
    return torch.where(weight > 0.0, delta_e_2000(picture, target), 0.0).float()


def _mapped(pixels: Tensor, goal: Tensor) -> Tensor:
    """`pixels` (3, m) under the affine map that brings them nearest to `goal` (3, m)."""
    known = torch.cat([pixels, torch.ones_like(pixels[:1])]).double()
    normal = known @ known.T + 1e-9 * known.shape[1] * torch.eye(4, dtype=torch.float64)
    matrix = torch.linalg.solve(normal, known @ goal.double().T)
    return (matrix.T @ known).clamp(0.0, 1.0).float()
