"""White: Adobe's temperature scale, mixing of calibrations, as shot."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine import white
from engine.color import D50
from engine.metadata import Calibration, Metadata, Profile

temperatures = st.floats(2000.0, 50000.0)
tints = st.floats(-150.0, 150.0)

A = np.array([[0.95, -0.35, -0.05], [-0.44, 1.28, 0.13], [-0.05, 0.15, 0.55]])
B = np.array([[0.90, -0.30, -0.08], [-0.42, 1.22, 0.20], [-0.06, 0.18, 0.65]])
C = np.array([[0.80, -0.22, -0.10], [-0.40, 1.18, 0.24], [-0.08, 0.22, 0.72]])


def metadata(*calibrations: Calibration, **more: object) -> Metadata:
    profile = Profile("Made", calibrations)
    return Metadata(profile, full_size=(6, 4), as_shot_neutral=np.array([0.5, 1.0, 0.6])).replace(
        **more
    )


@given(temperatures, tints)
def test_chromaticity_and_back(temperature: float, tint: float) -> None:
    back = white.temperature_tint(white.chromaticity(temperature, tint))
    assert float(back[0]) == pytest.approx(temperature, rel=1e-4)
    assert float(back[1]) == pytest.approx(tint, abs=0.02)


def test_scale_as_adobes(shared_data) -> None:
    with np.load(shared_data / "golden" / "curves.npz") as curves:
        rows = torch.from_numpy(curves["temp_tint_x_y"])
    assert (white.chromaticity(rows[:, 0], rows[:, 1]) - rows[:, 2:]).abs().max() < 1e-9


def test_d65_is_6500_kelvin_a_little_green() -> None:
    temperature, tint = white.temperature_tint(torch.tensor([0.3127, 0.3290], dtype=torch.float64))
    assert float(temperature) == pytest.approx(6500.0, abs=15.0)
    assert 5.0 < float(tint) < 15.0


def test_misprint_is_kept() -> None:
    # at 325 mired the isotherm's origin itself: u = 0.24702, v = 0.34655
    u, v = 0.24702, 0.34655
    x, y = white.chromaticity(1e6 / 325.0, 0.0).tolist()
    assert (x, y) == pytest.approx((1.5 * u / (u - 4 * v + 2), v / (u - 4 * v + 2)))


# at the ends of the sliders too, where the white would be no light any more
@given(temperatures, tints)
def test_gray_stays_gray(temperature: float, tint: float) -> None:
    about = metadata(Calibration(17, A), Calibration(21, C))
    resolved = white.resolve(about, temperature, tint)
    gray = resolved.camera_to_prophoto @ resolved.camera_white
    assert (gray / gray[1] - 1.0).abs().max() < 1e-9


def test_as_shot_white_has_the_as_shot_neutral() -> None:
    about = metadata(Calibration(17, A), Calibration(21, C))
    shot = white.as_shot(about)
    assert shot.camera_white.numpy() == pytest.approx(about.as_shot_neutral, abs=1e-6)
    temperature, tint = white.as_shot_temperature_tint(about)
    again = white.resolve(about, temperature, tint)
    assert torch.allclose(again.camera_to_prophoto, shot.camera_to_prophoto, atol=1e-6)


def test_as_shot_white_of_a_sodium_lamp_is_kept_where_no_adaptation_stands_against_it() -> None:
    forward = np.array([[0.70, 0.16, 0.10], [0.26, 0.86, -0.12], [0.03, -0.20, 0.99]])
    neutral = np.array([1.0, 0.76, 0.1])
    about = metadata(Calibration(17, A, forward), as_shot_neutral=neutral)
    resolved = white.as_shot(about)
    assert resolved.camera_white.numpy() == pytest.approx(neutral, abs=1e-6)


def test_one_of_the_two_given_keeps_the_other_as_shot() -> None:
    about = metadata(Calibration(17, A), Calibration(21, C))
    temperature, tint = white.as_shot_temperature_tint(about)
    assert torch.allclose(
        white.resolve(about, 4000.0, None).xy, white.resolve(about, 4000.0, tint).xy, atol=1e-9
    )
    assert torch.allclose(
        white.resolve(about, None, 5.0).xy, white.resolve(about, temperature, 5.0).xy, atol=1e-9
    )


def test_two_calibrations_mix_in_mired() -> None:
    about = metadata(Calibration(17, A), Calibration(21, C))
    middle = 2.0 / (1.0 / 2850.0 + 1.0 / 6500.0)
    assert white.resolve(about, middle, 0.0).weights.tolist() == pytest.approx([0.5, 0.5], abs=1e-6)
    assert white.resolve(about, 2000.0, 0.0).weights.tolist() == [1.0, 0.0]
    assert white.resolve(about, 9000.0, 0.0).weights.tolist() == [0.0, 1.0]


def test_order_of_calibrations_does_not_matter() -> None:
    one = white.resolve(metadata(Calibration(17, A), Calibration(21, C)), 4000.0, 10.0)
    other = white.resolve(metadata(Calibration(21, C), Calibration(17, A)), 4000.0, 10.0)
    assert torch.allclose(one.camera_to_prophoto, other.camera_to_prophoto)


def test_scale_of_a_color_matrix_does_not_matter() -> None:
    one = white.resolve(metadata(Calibration(17, A), Calibration(21, C)), 4000.0, 10.0)
    other = white.resolve(metadata(Calibration(17, 3.0 * A), Calibration(21, C)), 4000.0, 10.0)
    assert torch.allclose(one.camera_to_prophoto, other.camera_to_prophoto, atol=2e-3)


def weights_of_three(xy: tuple[float, float], lights: list[tuple[float, float]]) -> np.ndarray:
    """The specification's weights, one light at a time, in plain numbers."""

    def place(at: tuple[float, float]) -> tuple[float, float]:
        temperature, tint = white.temperature_tint(torch.tensor(at, dtype=torch.float64))
        return min(1500.0 / float(temperature), 1.0), float(tint) / 200.0

    here = place(xy)
    raw = [1 / ((here[0] - p) ** 2 + (here[1] - q) ** 2 + 1e-8) for p, q in map(place, lights)]
    weights = np.array(raw) / sum(raw)
    weights = 3 * weights**2 - 2 * weights**3
    weights = np.clip((weights - 0.02) / 0.98, 0.0, 1.0)
    return weights / weights.sum()


@pytest.mark.parametrize("temperature", [2600.0, 3400.0, 4600.0, 5600.0, 7500.0])
def test_three_calibrations(temperature: float) -> None:
    other = (0.38, 0.39)
    about = metadata(
        Calibration(17, A), Calibration(255, B, illuminant_xy=other), Calibration(21, C)
    )
    resolved = white.resolve(about, temperature, 12.0)
    at = (float(resolved.xy[0]), float(resolved.xy[1]))
    expected = weights_of_three(at, [(0.4476, 0.4074), other, (0.3127, 0.3290)])
    assert resolved.weights.numpy() == pytest.approx(expected, abs=1e-12)
    mixed = sum(w * np.round(m, 4) for w, m in zip(expected, map(unit, (A, B, C)), strict=True))
    x, y = at
    camera = mixed @ np.array([x / y, 1.0, (1 - x - y) / y])
    assert resolved.camera_white.numpy() == pytest.approx(camera / camera.max(), abs=1e-9)


def unit(matrix: np.ndarray) -> np.ndarray:
    x, y = D50
    peak = (matrix @ np.array([x / y, 1.0, (1 - x - y) / y])).max()
    return matrix if 0.99 <= peak <= 1.01 else matrix / peak


def test_white_at_a_light_is_that_light_alone() -> None:
    about = metadata(
        Calibration(17, A), Calibration(255, B, illuminant_xy=(0.38, 0.39)), Calibration(21, C)
    )
    at_light = white.of_chromaticity(about, torch.tensor([0.38, 0.39], dtype=torch.float64))
    assert at_light.weights[1] > 0.999


@given(temperatures, tints)
def test_forward_matrix_sends_white_to_d50(temperature: float, tint: float) -> None:
    forward = np.array([[0.70, 0.16, 0.10], [0.26, 0.86, -0.12], [0.03, -0.20, 0.99]])
    about = metadata(Calibration(17, A, forward), Calibration(21, C, forward))
    resolved = white.resolve(about, temperature, tint)
    gray = resolved.camera_to_prophoto @ resolved.camera_white
    assert torch.allclose(gray, torch.ones(3, dtype=torch.float64), atol=1e-9)


def test_signature_decides_on_the_camera_calibration() -> None:
    individual = (np.diag([1.1, 1.0, 0.9]), np.diag([1.1, 1.0, 0.9]))
    plain = metadata(Calibration(17, A), Calibration(21, C))
    signed = plain.replace(camera_calibrations=individual, camera_calibration_signature="other")
    matching = plain.replace(camera_calibrations=individual)
    without, ignored, used = (
        white.resolve(m, 5000.0, 0.0).camera_to_prophoto for m in (plain, signed, matching)
    )
    assert torch.equal(without, ignored)
    assert not torch.allclose(without, used)


def test_profile_without_matrices_passes_camera_colors_on() -> None:
    resolved = white.as_shot(metadata())
    assert torch.equal(resolved.camera_to_prophoto, torch.eye(3, dtype=torch.float64))


def test_one_white_for_each_picture_of_a_batch() -> None:
    about = metadata(Calibration(17, A), Calibration(21, C))
    temperature = torch.tensor([3200.0, 5000.0, 7500.0]).view(3, 1, 1, 1)
    batch = white.resolve(about, temperature, 10.0 * torch.ones(3, 1, 1, 1))
    for i, kelvin in enumerate((3200.0, 5000.0, 7500.0)):
        alone = white.resolve(about, kelvin, 10.0)
        assert torch.allclose(batch.camera_to_prophoto[i], alone.camera_to_prophoto)


def test_gradients_reach_temperature_and_tint() -> None:
    about = metadata(Calibration(17, A), Calibration(21, C))

    def matrix(temperature: torch.Tensor, tint: torch.Tensor) -> torch.Tensor:
        return white.resolve(about, temperature, tint).camera_to_prophoto

    at = tuple(torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (4321.0, 12.0))
    assert torch.autograd.gradcheck(matrix, at, eps=1e-3, atol=1e-6)
