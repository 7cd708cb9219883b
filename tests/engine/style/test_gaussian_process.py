"""Gaussian process: learns numbers from few examples, whatever else is in the descriptor."""

import pytest
import torch

from engine.progress import finish
from engine.style.gaussian_process import GaussianProcess, fitted


def rule(places: torch.Tensor) -> torch.Tensor:
    return torch.stack([0.3 * places[:, 0] + 0.1, torch.sin(places[:, 1])], 1)


def drawn(count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 12, generator=generator, dtype=torch.float64)


def test_a_rule_is_learned_among_entries_that_do_not_matter() -> None:
    known, asked = drawn(120, 0), drawn(40, 1)
    process = finish(fitted(known, rule(known)))
    answers = torch.stack([process(place) for place in asked])
    assert float((answers - rule(asked)).abs().mean()) < 0.05


def test_numbers_that_are_always_the_same_stay_so() -> None:
    known = drawn(20, 0)
    process = finish(fitted(known, torch.full((20, 2), 0.25, dtype=torch.float64)))
    assert process(drawn(1, 9)[0]).tolist() == pytest.approx([0.25, 0.25])


def test_an_entry_that_never_changes_is_no_trouble() -> None:
    known = drawn(30, 0)
    known[:, 5] = 3.0
    process = finish(fitted(known, rule(known)))
    assert bool(torch.isfinite(process(drawn(1, 2)[0])).all())


def test_parts_that_do_not_fit_are_refused() -> None:
    process = finish(fitted(drawn(10, 0), rule(drawn(10, 0))))
    parts = {name: getattr(process, name) for name in ("center", "scale", "examples", "weights")}
    with pytest.raises(ValueError, match="wrong shape"):
        GaussianProcess(**{**parts, "mean": process.mean, "hyper": process.hyper[:-1]})
