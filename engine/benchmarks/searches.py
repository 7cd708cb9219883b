"""Searches: how the literature looks for sliders, given the same time as ours.

Adam through the chain is the paper's own [Tseng et al. 2022, eq. 8]; CMA-ES [N. Hansen, The CMA
Evolution Strategy, 2016] and Bayesian optimization [J. Mockus, 1989] need no gradient and look at
exact pictures. All begin at home and are judged by the exact picture.
"""

import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from engine.finisher import Finisher
from engine.live.quick import Quick
from engine.match.candidate import Candidate
from engine.match.free import Free
from engine.photo import Photo, area_average
from engine.proxies.chain import Chain
from engine.settings import Settings

LONG_SIDE = 192
"""Pixels of the pictures that they look at."""

LEARNING_RATE, SPREAD, SEED = 0.02, 0.2, 1

Loss = Callable[[Tensor], float]
"""From fractions (n,) to the mean squared difference."""

Over = Callable[[], bool]
"""Whether a search has had its time."""

Search = Callable[[Photo, Finisher, Quick, Tensor, Free, Over], Settings]
"""From a photo, a target of its frame and the free sliders to settings."""


def adam(
    photo: Photo, finisher: Finisher, _: Quick, target: Tensor, free: Free, over: Over
) -> Settings:
    """Descend by the chain's gradient."""
    small, goal = _small(photo, target)
    chain = Chain(finisher)
    everywhere = chain.fractions(free.rest, photo.metadata)
    places = [chain.sliders.index(slider) for slider in free.sliders]
    at = everywhere[places].clone().requires_grad_()
    optimizer = torch.optim.Adam([at], lr=LEARNING_RATE)
    while not over():
        picture = chain(small, everywhere.index_put((torch.tensor(places),), at), free.rest)
        loss = torch.nn.functional.mse_loss(picture, goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            at.clamp_(0.0, 1.0)
    return free.settings(at.detach().double())


def cma_es(
    photo: Photo, finisher: Finisher, quick: Quick, target: Tensor, free: Free, over: Over
) -> Settings:
    """Evolve a cloud of settings."""
    loss = _loss(photo, finisher, quick, target, free)
    return free.settings(evolved(loss, free.fractions(free.rest), over))


def bayesian(
    photo: Photo, finisher: Finisher, quick: Quick, target: Tensor, free: Free, over: Over
) -> Settings:
    """Model the loss by a Gaussian process, look where it promises most."""
    loss = _loss(photo, finisher, quick, target, free)
    return free.settings(modeled(loss, free.fractions(free.rest), over))


def evolved(loss: Loss, home: Tensor, over: Over) -> Tensor:
    """The best fractions (n,) of a cloud that begins at `home`, when it is `over`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it will not plot
        import cma

    told = {"bounds": [0.0, 1.0], "seed": SEED, "verbose": -9}
    evolution = cma.CMAEvolutionStrategy(home.tolist(), SPREAD, told)
    best, least = home, loss(home)
    while not over() and not evolution.stop():
        asked = evolution.ask()
        losses = [loss(torch.as_tensor(at).double()) for at in asked]
        evolution.tell(asked, losses)
        if min(losses) < least:
            least = min(losses)
            best = torch.as_tensor(asked[losses.index(least)]).double()
    return best


def modeled(loss: Loss, home: Tensor, over: Over) -> Tensor:
    """The best fractions (n,) of those that a Gaussian process proposes, when it is `over`."""
    from bayes_opt import BayesianOptimization

    names = [str(i) for i in range(len(home))]
    process = BayesianOptimization(
        None, dict.fromkeys(names, (0.0, 1.0)), random_state=SEED, verbose=0
    )
    asked = dict(zip(names, home.tolist(), strict=True))
    best, least = asked, float("inf")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that its process has not converged
        while not over():
            found = loss(torch.tensor([asked[name] for name in names]).double())
            if found < least:
                best, least = asked, found
            process.register(params=asked, target=-found)
            asked = {name: float(value) for name, value in process.suggest().items()}
    return torch.tensor([best[name] for name in names]).double()


def after(seconds: float) -> Over:
    """Over so many seconds from now."""
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() >= end


SEARCHES: dict[str, Search] = {"adam": adam, "cma_es": cma_es, "bayesian": bayesian}


def _small(photo: Photo, target: Tensor) -> tuple[Photo, Tensor]:
    small = photo.reduced(LONG_SIDE)
    width, height = small.size
    return small, area_average(target, (height, width))


def _loss(photo: Photo, finisher: Finisher, quick: Quick, target: Tensor, free: Free) -> Loss:
    """The mean squared difference of exact pictures, by fractions (n,)."""
    small, goal = _small(photo, target)
    candidate = Candidate(small, finisher, quick.exact)
    return lambda at: float((candidate.picture(free, at) - goal).square().mean())
