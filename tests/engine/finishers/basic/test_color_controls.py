"""Contrast, curves, mixer, vibrance, saturation and creative LUT, as a photographer sees them."""

from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from engine.color import PROPHOTO, SRGB, between, luminance, srgb_decode, transform
from engine.curves import apply_tone, profile_tone_table
from engine.finishers.basic import BASIC, color_mixer
from engine.finishers.basic.rgb_toning import lifted, pivoted
from engine.slider import Slider
from engine.stage import Stage
from tests.photos import photo_of, scene

PHOTO = photo_of(scene(48, 32))
STAGES = [
    BASIC.stage(n) for n in ("rgb_toning", "color_mixer", "vibrance", "saturation", "creative_lut")
]
SLIDERS = [(stage, s) for stage in STAGES for s in stage.sliders if s.name != "lut_amount"]
LATTICE = torch.tensor(list(product((0.0, 0.02, 0.3, 0.6, 1.0), repeat=3))).T[None, :, None]
AXIS = torch.linspace(0.0, 1.0, 1001, dtype=torch.float64)


def run(stage: Stage, image: Tensor, **values: Any) -> Tensor:
    return stage.exact(image, PHOTO.metadata, PHOTO.statistics, **(stage.neutral() | values))


def named(red: float, green: float, blue: float) -> Tensor:
    """An sRGB color as one linear ProPhoto pixel."""
    encoded = torch.tensor([red, green, blue])[None, :, None, None]
    return transform(srgb_decode(encoded), between(SRGB, PROPHOTO))


@pytest.mark.parametrize("stage", STAGES, ids=lambda s: s.name)
def test_neutral_changes_nothing(stage: Stage) -> None:
    expected = LATTICE
    if stage.name == "rgb_toning":
        expected = apply_tone(LATTICE, profile_tone_table(PHOTO.metadata.profile, 0.0).float())
    assert torch.equal(run(stage, LATTICE), expected)


@pytest.mark.parametrize(("stage", "slider"), SLIDERS, ids=lambda x: x.name)
class TestEverySlider:
    def test_ends_stay_inside(self, stage: Stage, slider: Slider) -> None:
        for end in (slider.low, slider.high):
            result = run(stage, LATTICE, **{slider.name: end})
            assert result.min() > -2e-6
            assert result.max() < 1 + 2e-6

    def test_gray_stays_gray(self, stage: Stage, slider: Slider) -> None:
        gray = torch.linspace(0.0, 1.0, 65).expand(1, 3, 1, 65)
        for end in (slider.low, slider.high):
            result = run(stage, gray, **{slider.name: end})
            assert (result - result.mean(1, keepdim=True)).abs().max() < 2e-6

    def test_a_tensor_is_as_a_number_and_has_a_gradient(self, stage: Stage, slider: Slider) -> None:
        value = torch.full((1, 1, 1, 1), 37.0, requires_grad=True)
        result = run(stage, LATTICE, **{slider.name: value})
        assert torch.allclose(result, run(stage, LATTICE, **{slider.name: 37.0}), atol=1e-6)
        (gradient,) = torch.autograd.grad(result.square().sum(), value)
        assert torch.isfinite(gradient).all()
        assert gradient.abs() > 0.0


unit = st.floats(-1.0, 1.0)


@given(unit, st.floats(0.25, 0.65))
def test_contrast_rises_and_keeps_its_pivot(amount: float, pivot: float) -> None:
    curve = pivoted(AXIS, amount, pivot)
    assert (curve.diff() > 0.0).all()
    fixed = torch.tensor([0.0, pivot, 1.0], dtype=torch.float64)
    assert torch.allclose(pivoted(fixed, amount, pivot), fixed)


@given(unit, unit, unit, unit)
def test_regions_rise_in_any_combination(a: float, b: float, c: float, d: float) -> None:
    curve = AXIS
    for region, amount in enumerate((a, b, c, d), start=1):
        curve = lifted(curve, region, amount)
    assert (curve.diff() > 0.0).all()
    assert curve[[0, -1]].tolist() == [0.0, 1.0]


def test_point_curve_of_one_channel_moves_that_channel() -> None:
    stage = BASIC.stage("rgb_toning")
    plain, curved = run(stage, LATTICE), run(stage, LATTICE, tone_curve_blue=((0, 40), (255, 255)))
    assert torch.equal(plain[:, :2], curved[:, :2])
    assert (curved[:, 2] >= plain[:, 2] - 1e-6).all()


def test_tone_curve_lifts_gray_to_its_point() -> None:
    stage = BASIC.stage("rgb_toning")
    curved = run(stage, torch.zeros(1, 3, 1, 1), tone_curve=((0.0, 51.0), (255.0, 255.0)))
    assert curved.flatten().tolist() == pytest.approx(
        [float(srgb_decode(torch.tensor(51 / 255)))] * 3, rel=1e-4
    )


def test_minus_hundred_saturation_is_black_and_white() -> None:
    gray = run(BASIC.stage("saturation"), LATTICE, saturation=-100.0)
    assert torch.allclose(gray, luminance(LATTICE).expand_as(gray), atol=1e-6)


@given(st.floats(-100.0, 100.0))
def test_saturation_keeps_luminance(saturation: float) -> None:
    result = run(BASIC.stage("saturation"), LATTICE, saturation=saturation)
    assert torch.allclose(luminance(result), luminance(LATTICE), atol=2e-6)


def chroma(pixel: Tensor) -> float:
    return float((pixel - luminance(pixel)).norm())


def test_vibrance_spares_skin_and_strong_colors() -> None:
    stage = BASIC.stage("vibrance")

    def growth(pixel: Tensor) -> float:
        return chroma(run(stage, pixel, vibrance=50.0)) / chroma(pixel) - 1.0

    faint_blue, strong_blue = growth(named(0.50, 0.55, 0.65)), growth(named(0.05, 0.10, 0.90))
    skin, as_faint = growth(named(0.80, 0.60, 0.50)), growth(named(0.50, 0.60, 0.80))
    assert faint_blue > 0.3
    assert strong_blue < 0.5 * faint_blue
    assert 0.0 < skin < 0.7 * as_faint


BANDS = {
    "red": (0.8, 0.1, 0.1),
    "orange": (0.85, 0.45, 0.1),
    "yellow": (0.85, 0.8, 0.1),
    "green": (0.15, 0.7, 0.15),
    "aqua": (0.1, 0.75, 0.75),
    "blue": (0.15, 0.25, 0.85),
    "purple": (0.5, 0.15, 0.85),
    "magenta": (0.85, 0.15, 0.75),
}


@pytest.mark.parametrize("band", BANDS)
def test_mixer_finds_the_named_color(band: str) -> None:
    stage = BASIC.stage("color_mixer")
    left = {
        b: chroma(run(stage, named(*BANDS[band]), **{f"saturation_{b}": -100.0})) for b in BANDS
    }
    assert min(left, key=lambda b: left[b]) == band
    assert left[band] < 0.5 * chroma(named(*BANDS[band]))


def next_to_blue() -> Tensor:
    """Colors (1, 3, 32, 64) about the profile's blue, which no light has."""
    red, green = (torch.linspace(0.0, 0.15, n, dtype=torch.float64) for n in (64, 32))
    return torch.stack(
        [red.expand(32, 64), green[:, None].expand(32, 64), torch.full((32, 64), 0.9).double()]
    )[None]


@pytest.mark.parametrize("kind", ["hue", "saturation", "luminance"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_mixer_tells_imaginary_blues_apart_no_more_than_it_must(kind: str, sign: float) -> None:
    """Neighboring bands moved against each other: the picture has no edges that light has not."""
    image = next_to_blue()
    amounts = {f"{kind}_{band}": sign * 100.0 * (-1.0) ** i for i, band in enumerate(BANDS)}
    mixed = run(BASIC.stage("color_mixer"), image, **amounts)
    for axis in (-1, -2):
        change = image.diff(dim=axis).abs().amax(1, keepdim=True)
        assert (mixed.diff(dim=axis).abs() / change).max() < 30.0


def test_mixer_s_roots_are_those_of_oklab_for_all_colors_of_displays() -> None:
    axis = torch.linspace(0.0, 1.0, 9, dtype=torch.float64)
    cube = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij")).flatten(1)[None, :, :, None]
    cones = transform(transform(cube[:, :, 1:], between(SRGB, PROPHOTO)), color_mixer.TO_LMS)
    assert torch.allclose(color_mixer.roots(cones)[0], cones ** (1.0 / 3.0), rtol=1e-9)


@pytest.mark.parametrize("image", [LATTICE.double(), next_to_blue()], ids=["all", "blues"])
def test_mixer_s_roots_rise_and_lead_back(image: Tensor) -> None:
    cones = transform(image, color_mixer.TO_LMS)
    roots, toe = color_mixer.roots(cones)
    assert torch.allclose(color_mixer.cones_of(roots, toe), cones, atol=1e-12)
    order = cones.sort(1).indices
    assert (roots.gather(1, order).diff(dim=1) >= -1e-12).all()


@pytest.mark.parametrize("kind", ["hue", "saturation"])
def test_mixer_treats_all_that_is_next_to_gray_alike(kind: str) -> None:
    """Faint casts of opposite hue, as a touch of temperature makes them, keep their difference."""
    stage = BASIC.stage("color_mixer")
    amounts = {f"{kind}_{band}": 100.0 * (-1.0) ** i for i, band in enumerate(BANDS)}
    cast = torch.tensor([1e-4, 0.0, -1e-4]).view(1, 3, 1, 1)
    warm, cold = (run(stage, 0.3 + sign * cast, **amounts) - 0.3 for sign in (1.0, -1.0))
    assert torch.allclose(warm, -cold, atol=2e-6)


def test_a_turned_hue_is_darker_where_white_leaves_it_no_room() -> None:
    stage, yellow = BASIC.stage("color_mixer"), named(1.0, 0.97, 0.6)
    turned = run(stage, yellow, hue_yellow=-100.0)
    assert turned.max() <= 1.0
    assert luminance(turned) < luminance(yellow)
    assert chroma(turned) > 0.7 * chroma(yellow)


def test_all_saturations_down_is_gray() -> None:
    stage = BASIC.stage("color_mixer")
    down = {f"saturation_{band}": -100.0 for band in BANDS}
    result = run(stage, LATTICE, **down)
    assert (result - luminance(result)).abs().max() < 1e-5


@pytest.fixture
def inverting(tmp_path):
    rows = [f"{1 - r} {1 - g} {1 - b}" for b, g, r in product((0, 1), repeat=3)]
    path = tmp_path / "inverted.cube"
    path.write_text("LUT_3D_SIZE 2\n" + "\n".join(rows))
    return str(path)


def test_lut_works_on_encoded_values(inverting: str) -> None:
    stage = BASIC.stage("creative_lut")
    result = run(stage, named(0.2, 0.5, 0.7), lut=inverting)
    assert torch.allclose(result, named(0.8, 0.5, 0.3), atol=1e-4)


def test_lut_amount_blends(inverting: str) -> None:
    stage = BASIC.stage("creative_lut")
    pixel = named(0.2, 0.5, 0.7)
    assert torch.allclose(run(stage, pixel, lut=inverting, lut_amount=0.0), pixel, atol=1e-7)
    half = run(stage, pixel, lut=inverting, lut_amount=50.0)
    assert torch.allclose(half, (pixel + run(stage, pixel, lut=inverting)) / 2, atol=1e-6)
