"""Statistics say where the tones of a photo lie, and move with the gains upstream."""

import pytest
import torch

from engine.statistics import BINS, BRIGHTEST, DARKEST, LEVELS, measure


def gray_ramp(low_ev: float, high_ev: float, pixels: int = 4096) -> torch.Tensor:
    return torch.exp2(torch.linspace(low_ev, high_ev, pixels)).reshape(1, 1, 64, -1)


def test_quantiles_of_a_ramp_in_ev_are_its_fractions() -> None:
    luminance = gray_ramp(-8.0, 0.0)
    statistics = measure(luminance, luminance.expand(-1, 3, -1, -1))
    for level in LEVELS:
        assert statistics.quantile(level) == pytest.approx(-8.0 + 8.0 * level, abs=0.01)


def test_histogram_is_a_share_of_the_picture_wherever_the_tones_lie() -> None:
    for low, high in ((-6.0, -1.0), (-30.0, -20.0), (3.0, 5.0)):
        luminance = gray_ramp(low, high)
        statistics = measure(luminance, luminance.expand(-1, 3, -1, -1))
        assert statistics.histogram.sum() == pytest.approx(1.0, abs=1e-5)
    width = (BRIGHTEST - DARKEST) / BINS
    luminance = gray_ramp(-6.0, -1.0)
    shares = measure(luminance, luminance.expand(-1, 3, -1, -1)).histogram
    inside = int((-4.0 - DARKEST) / width)
    assert shares[inside] == pytest.approx(width / 5.0, rel=0.05)


def test_the_histogram_is_differentiable_with_respect_to_the_picture() -> None:
    luminance = gray_ramp(-6.0, -1.0).requires_grad_()
    shares = measure(luminance, luminance.expand(-1, 3, -1, -1)).histogram
    (gradient,) = torch.autograd.grad((shares * torch.arange(BINS)).sum(), luminance)
    assert (gradient > 0).all(), "a brighter pixel moves its share up"


def test_a_gain_upstream_shifts_every_anchor() -> None:
    luminance = gray_ramp(-8.0, 0.0)
    statistics = measure(luminance, luminance.expand(-1, 3, -1, -1))
    for level in LEVELS:
        carried = statistics.carried(1.5).quantile(level)
        assert float(carried) == pytest.approx(float(statistics.quantile(level)) + 1.5)


def test_clipped_counts_pixels_with_a_saturated_channel() -> None:
    camera = torch.full((1, 3, 10, 10), 0.5)
    camera[0, 1, :2] = 1.0
    assert measure(camera.mean(1, keepdim=True), camera).clipped == pytest.approx(0.2)
