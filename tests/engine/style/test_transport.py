"""Transport: from how photos look to how a style does."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.style.features import COUNT, FIRST
from engine.style.transport import Spread, Transport


def drawn(seed: int, count: int = 4000) -> torch.Tensor:
    """Features of `count` pictures that hang together in some way."""
    generator = torch.Generator().manual_seed(seed)
    mix = torch.randn(COUNT, COUNT, generator=generator, dtype=torch.float64)
    mix += 12.0 * torch.eye(COUNT, dtype=torch.float64)
    at = 20.0 * torch.randn(COUNT, generator=generator, dtype=torch.float64)
    return at + torch.randn(count, COUNT, generator=generator, dtype=torch.float64) @ mix


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_what_is_carried_lies_as_the_style_does(seed) -> None:
    before, after = drawn(seed), drawn(seed + 5000)
    transport = Transport(Spread.of(before), Spread.of(after))
    carried = Spread.of(torch.stack([transport(one) for one in before]))
    wanted = Spread.of(after)
    assert torch.allclose(carried.mean, wanted.mean, atol=1e-6)
    sizes = wanted.covariance.diagonal().sqrt()
    apart = (carried.covariance - wanted.covariance) / torch.outer(sizes, sizes)
    assert float(apart.abs().max()) < 0.2


def test_a_style_that_looks_like_photos_moves_nothing() -> None:
    spread = Spread.of(drawn(1))
    photo = drawn(2)[0]
    assert torch.allclose(Transport(spread, spread)(photo), photo, atol=1e-6)


def test_of_a_style_that_is_always_equally_light_every_photo_becomes_so() -> None:
    before, after = drawn(1), drawn(3)
    after[:, 0] = -30.0
    transport = Transport(Spread.of(before), Spread.of(after))
    assert [float(transport(one)[0]) for one in before[:20]] == pytest.approx([-30.0] * 20, abs=4.0)
    assert float(transport.weight[0]) == 4.0


def test_half_the_spread_halves_the_way_to_the_mean() -> None:
    before = drawn(1)
    mean = before.mean(0)
    transport = Transport(Spread.of(before), Spread.of(mean + 0.5 * (before - mean)))
    photo = before[0]
    assert transport(photo)[:FIRST] == pytest.approx(
        (mean + 0.5 * (photo - mean))[:FIRST], rel=0.05, abs=0.3
    )


def test_few_pictures_do_not_say_that_a_style_is_narrow() -> None:
    before = drawn(1)
    few, many = (Transport(Spread.of(before), Spread.of(before[:1].repeat(n, 1))) for n in (2, 400))
    dark, light = before[:, 0].argmin(), before[:, 0].argmax()
    ranges = [float(t(before[light])[0] - t(before[dark])[0]) for t in (few, many)]
    assert ranges[0] > 3.0 * ranges[1]
