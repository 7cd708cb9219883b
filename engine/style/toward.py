"""Toward: the sliders that bring a photo's features where a style wants them.

Gauss and Newton's steps through the pipeline on a small picture, from where light and color are
about what they are to be; sober: what a slider does not better by much it is not moved for. The
Jacobian is made once, and learns from each step [C. G. Broyden, A Class of Methods for Solving
Nonlinear Simultaneous Equations, 1965].
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.finisher import Finisher
from engine.match.candidate import Candidate
from engine.match.free import Free
from engine.match.least_squares import bounded
from engine.photo import Photo
from engine.settings import Settings
from engine.slider import Slider
from engine.stage import Operator
from engine.style.features import LIGHT, LONG_SIDE, VIVID, features, features_unfinished
from engine.style.transport import Transport

UNIT = 100.0
"""Units of features that count as much as 1 in the loss."""

SOBER = 0.03
"""The loss of a slider that is moved over its whole range."""

REACH, REACHES = 0.3, {"exposure": 0.4, "saturation": 0.5, "temperature": 0.2, "tint": 0.2}
"""The share of its range that a slider is moved at most: a look without any color is one, a look
of all there is of clarity is a mistake."""

STEPS = 3
"""Pictures made after those of the Jacobian."""

DAMPING, CALMER = 1e-3, 4.0
"""Damping at first, and its growth with each step that led no nearer."""


@torch.no_grad()
def toward(
    transport: Transport,
    photo: Photo,
    finisher: Finisher,
    operators: Mapping[str, Operator],
    sliders: tuple[Slider, ...],
) -> Settings:
    """Settings of `sliders` that bring `photo` near where its features are carried."""
    photo = photo.reduced(LONG_SIDE)
    free = Free(sliders, Settings(), photo.metadata)
    candidate = Candidate(photo, finisher, operators)
    home = free.fractions(free.rest)
    reach = torch.tensor([REACHES.get(s.name, REACH) for s in sliders], dtype=torch.float64)
    seen = features_unfinished(photo)
    goal, weight = transport(seen), transport.weight / UNIT

    def missing(picture: Tensor) -> Tensor:
        return (features(picture) - goal) * weight

    def loss(residuals: Tensor, at: Tensor) -> float:
        return float(residuals.square().sum() + SOBER * (at - home).square().sum())

    at = free.fractions(_begun(free, seen, goal))
    at = torch.minimum(torch.maximum(at, home - reach), home + reach)
    residuals = missing(candidate.picture(free, at))
    jacobian = torch.empty(len(at), len(residuals), dtype=torch.float64)
    for i, by, picture in candidate.moved(free, at):
        jacobian[i] = (missing(picture) - residuals) / by
    damping = DAMPING
    for _ in range(STEPS):
        normal = jacobian @ jacobian.mT + SOBER * torch.eye(len(at), dtype=torch.float64)
        step = bounded(normal, jacobian @ residuals + SOBER * (at - home), at, damping)
        step = torch.minimum(torch.maximum(at + step, home - reach), home + reach) - at
        if not step.any():
            break
        tried = missing(candidate.picture(free, at + step))
        jacobian += torch.outer(step / step.square().sum(), tried - residuals - step @ jacobian)
        if loss(tried, at + step) < loss(residuals, at):
            at, residuals, damping = at + step, tried, damping / CALMER
        else:
            damping = max(damping, 1e-2) * CALMER
    return free.settings(at)


def _begun(free: Free, seen: Tensor, goal: Tensor) -> Settings:
    """Where to begin: the mean light as it is to be, and colors no more vivid than they are to be.

    In a picture that is all dark no slider shows what it would do, and little color none.
    """
    stops = float(goal[0] - seen[0]) / LIGHT
    vivid = float(goal[VIVID] / seen[VIVID].clamp_min(LIGHT / 100.0))
    wanted = {"exposure": stops, "saturation": 100.0 * (min(max(vivid, 0.0), 1.0) - 1.0)}
    settings = free.rest
    for slider in free.sliders:
        if slider.name in wanted:
            value = min(max(wanted[slider.name], slider.low), slider.high)
            settings = settings.replace(slider, value)
    return settings
