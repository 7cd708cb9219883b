"""Saturated channels of the raw."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.highlights import recovered as recovered_mosaic
from engine.highlights import without_false_color

WHITE = torch.tensor([0.52, 1.0, 0.57])[:, None, None]


def recovered(scene: torch.Tensor) -> torch.Tensor:
    """What is made of white-balanced `scene` (1, 3, h, w) after the sensor has clipped it."""
    camera = (scene * WHITE).clamp(0.0, 1.0)
    return without_false_color(camera, camera / WHITE)


def ramp(red: float, green: float, blue: float, to: float = 4.0) -> torch.Tensor:
    color = torch.tensor([red, green, blue])[None, :, None, None]
    return torch.linspace(0.0, to, 401) * color


colors = st.tuples(*[st.floats(0.0, 3.0)] * 3)


@given(colors)
def test_clipped_at_the_white_it_comes_out_the_same(color):
    scene = torch.tensor(color)[None, :, None, None]
    clipped = ((scene * WHITE).clamp(0.0, 1.0) / WHITE).clamp_max(1.0)
    assert torch.equal(recovered(scene).clamp_max(1.0), clipped)


def test_all_saturated_is_neutral():
    assert recovered(torch.full((1, 3, 1, 1), 9.0)).flatten().tolist() == pytest.approx(
        [1 / 0.52] * 3, abs=1e-5
    )


def test_gray_is_known_up_to_the_last_channel():
    gray = ramp(1.0, 1.0, 1.0, to=1.9)
    assert torch.allclose(recovered(gray), gray, atol=3e-3)


def test_bright_sky_fades_to_white_without_magenta():
    sky = recovered(ramp(0.6, 0.85, 1.3))[0, :, 0]
    red, green, blue = sky
    assert (green >= torch.minimum(red, blue) - 1e-6).all()
    assert (green.diff() >= -1e-4).all()
    assert sky[:, -1].tolist() == pytest.approx([1 / 0.52] * 3, abs=1e-4)


def test_recorded_highlights_stay():
    scene = torch.tensor([1.2, 0.95, 1.1])[None, :, None, None]
    assert torch.allclose(recovered(scene), scene)


def test_reduced_rim_of_a_clipped_sky_is_neutral():
    sky = torch.full((1, 3, 8, 8), 9.0)
    sky[..., ::2] = 0.05
    camera = recovered_mosaic((sky * WHITE).clamp(0.0, 1.0), WHITE.flatten())
    mean = (camera / WHITE).mean((0, 2, 3))
    assert mean.tolist() == pytest.approx([float(mean[0])] * 3, rel=1e-4)


def test_mosaic_that_fills_up_early_is_neutral_too():
    camera = torch.tensor([0.99, 0.985, 0.97])[None, :, None, None]
    red, green, blue = (recovered_mosaic(camera, WHITE.flatten()) / WHITE).flatten().tolist()
    assert green > 0.9 * (red + blue) / 2


def test_strips_are_as_the_whole(monkeypatch):
    camera = torch.rand(1, 3, 20, 7, generator=torch.Generator().manual_seed(0))
    whole = recovered_mosaic(camera, WHITE.flatten())
    monkeypatch.setattr("engine.strips.STRIP_PIXELS", 21)
    assert torch.equal(recovered_mosaic(camera, WHITE.flatten()), whole)


def test_gradients_are_finite():
    camera = (torch.rand(1, 3, 9, 9) * 1.3).clamp(0.0, 1.0).requires_grad_()
    without_false_color(camera, camera / WHITE).sum().backward()
    assert torch.isfinite(camera.grad).all()
