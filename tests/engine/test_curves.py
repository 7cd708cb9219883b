"""Curves of the DNG render."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.curves import (
    DEFAULT_TONE_CURVE,
    apply_tone,
    darkening,
    exposure_ramp,
    look_up,
    natural_spline,
)
from engine.metadata import Metadata, Profile


def metadata(exposure: float, shadows: float = 5.0) -> Metadata:
    profile = Profile("Made", (), shadows=shadows)
    return Metadata(profile, full_size=(6, 4), baseline_exposure=exposure)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=8))
def test_spline_passes_its_knots(points: list[tuple[float, float]]) -> None:
    xs = np.linspace(0, 1, len(points))
    knots = np.stack([xs, [y for _, y in points]], -1)
    assert natural_spline(knots, xs) == pytest.approx(knots[:, 1], abs=1e-9)


def test_spline_through_a_line_is_the_line_and_flat_outside() -> None:
    knots = [(0.2, 0.3), (0.4, 0.5), (0.7, 0.8)]
    assert natural_spline(knots, [0.0, 0.3, 0.6, 1.0]) == pytest.approx([0.3, 0.4, 0.7, 0.8])


def test_spline_as_the_goldens(shared_data) -> None:
    with np.load(shared_data / "golden" / "syn_full.npz") as case:
        knots, golden = case["profile_tone_curve_xy"], case["profile_tone_curve_eval257"]
    assert natural_spline(knots, np.arange(257) / 256) == pytest.approx(golden, abs=1e-9)


def test_curves_as_the_goldens(shared_data) -> None:
    uniform = np.linspace(0, 1, 33)
    with np.load(shared_data / "golden" / "curves.npz") as curves:
        default = natural_spline(DEFAULT_TONE_CURVE, curves["x_uniform33"])
        assert np.abs(default - curves["acr3_uniform33"]).max() < 3e-4
        for ev in (-0.5, -1, -1.5, -2):
            golden = curves[f"exposure_tone_{ev:g}_uniform33"]
            assert darkening(uniform, ev) == pytest.approx(golden, abs=1e-6)
        for exposure, shadows, name in (
            (0.0, 0.0, "white1_black0"),
            (0.0, 5.0, "white1_black0.005"),
            (1.0, 5.0, "white0.5_black0.005"),
            (1.0, 10.0, "white0.5_black0.01"),
            (1.5, 5.0, "white0.353553_black0.005"),
        ):
            ramp = exposure_ramp(torch.from_numpy(uniform), metadata(exposure, shadows))
            assert ramp.numpy() == pytest.approx(curves[f"ramp_{name}_uniform33"], abs=1e-6)


@given(st.floats(-4, 4), st.floats(0, 100))
def test_ramp_rises_and_stays_inside(exposure: float, shadows: float) -> None:
    x = torch.linspace(0, 1.5, 400, dtype=torch.float64)
    y = exposure_ramp(x, metadata(exposure, shadows))
    assert (y.diff() >= -1e-12).all()
    assert float(y.min()) == 0.0
    assert float(y.max()) == 1.0


def test_look_up_has_the_tables_slope() -> None:
    table = torch.linspace(0, 1, 17, dtype=torch.float64) ** 2
    x = torch.tensor([0.1, 0.53, 0.97], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t, v: look_up(t, v), (table.requires_grad_(), x))


def test_tone_keeps_the_hexagon_hue() -> None:
    table = torch.linspace(0, 1, 257, dtype=torch.float64) ** 0.5
    image = torch.rand(1, 3, 5, 5, dtype=torch.float64)
    toned = apply_tone(image, table)
    low, middle, high = image.sort(1).values.unbind(1)
    low_after, middle_after, high_after = toned.sort(1).values.unbind(1)
    before = (middle - low) / (high - low)
    assert torch.allclose((middle_after - low_after) / (high_after - low_after), before)
    assert torch.equal(toned.argsort(1), image.argsort(1))
