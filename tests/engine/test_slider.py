"""Controls accept what a photographer may set, and nothing else."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PhotofinishError
from engine.slider import CubeFile, Curve, Scale, Slider

EXPOSURE = Slider("exposure", -5.0, 5.0, unit="EV", step=0.05, decimals=2)
TEMPERATURE = Slider("temperature", 2000.0, 50000.0, None, unit="K", scale=Scale.MIRED)
RADIUS = Slider("radius", 0.5, 3.0, 1.0, scale=Scale.LOG)


@pytest.mark.parametrize("slider", [EXPOSURE, TEMPERATURE, RADIUS], ids=lambda s: s.name)
class TestScale:
    def test_ends_are_zero_and_one(self, slider: Slider) -> None:
        assert slider.normalize(slider.low) == pytest.approx(0.0)
        assert slider.normalize(slider.high) == pytest.approx(1.0)

    @given(fraction=st.floats(0.0, 1.0))
    def test_there_and_back(self, slider: Slider, fraction: float) -> None:
        value = slider.denormalize(fraction)
        assert slider.normalize(value) == pytest.approx(fraction, abs=1e-9)

    def test_tensors_travel_like_numbers_and_keep_their_gradient(self, slider: Slider) -> None:
        fraction = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
        value = slider.denormalize(fraction)
        assert value.item() == pytest.approx(float(slider.denormalize(0.3)))
        (gradient,) = torch.autograd.grad(value, fraction)
        assert gradient > 0


def test_temperature_travels_in_mired() -> None:
    middle = TEMPERATURE.denormalize(0.5)
    assert 1e6 / middle == pytest.approx((1e6 / 2000 + 1e6 / 50000) / 2)


def test_as_shot_is_a_value_only_where_it_is_the_default() -> None:
    assert TEMPERATURE.check(None) is None
    with pytest.raises(PhotofinishError, match="needs a number"):
        EXPOSURE.check(None)


@pytest.mark.parametrize("value", [5.01, -5.01])
def test_out_of_range_names_the_range(value: float) -> None:
    with pytest.raises(PhotofinishError, match="between -5 and 5"):
        EXPOSURE.check(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, "1", True, ((0.0, 0.0), (255.0, 255.0))])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(PhotofinishError):
        EXPOSURE.check(value)  # type: ignore[arg-type]


class TestCurve:
    def test_points_are_kept_as_numbers(self) -> None:
        assert Curve("tone_curve").check(((0, 10), (255, 240))) == ((0.0, 10.0), (255.0, 240.0))

    @pytest.mark.parametrize(
        "points",
        [((0, 0),), ((0, 0), (0, 9)), ((0, 0), (256, 255)), ((9, 0), (3, 3)), "0,0", None, 3.0],
    )
    def test_what_makes_no_curve_is_refused(self, points: object) -> None:
        with pytest.raises(PhotofinishError):
            Curve("tone_curve").check(points)  # type: ignore[arg-type]


def test_a_cube_file_is_a_path() -> None:
    assert CubeFile("lut").check("film.cube") == "film.cube"
    with pytest.raises(PhotofinishError, match="path"):
        CubeFile("lut").check(3.0)
