"""Unprocessing: a photograph that is taken back and finished again looks like itself."""

import pytest
import torch
from numpy.random import default_rng

from engine.finishers.basic import BASIC
from engine.photo import area_average
from engine.renderer import Renderer
from engine.settings import Settings
from engine.training.scenes import made_scene
from engine.training.unprocess import COLOR_MATRICES, Shot, exposed, random_shot, scene_of
from engine.white import as_shot_temperature_tint
from tests.photos import photo_of, scene


@pytest.fixture(scope="module")
def picture():
    """A photograph, display RGB."""
    return Renderer(photo_of(scene(240, 160)), BASIC).picture(Settings())


def finished(photo):
    return Renderer(photo, BASIC).picture(Settings())


@pytest.mark.parametrize("camera", range(len(COLOR_MATRICES)))
@pytest.mark.parametrize("kelvin", [3000.0, 5500.0, 8000.0])
def test_taken_back_and_finished_again_it_looks_the_same(picture, camera, kelvin):
    shot = Shot(COLOR_MATRICES[camera], temperature=kelvin, baseline=0.4)
    photo = exposed(scene_of(picture, shot), shot, (240, 160), default_rng(0))
    # what one camera can record of another's most saturated colors differs a little
    assert (finished(photo) - picture).abs().mean() < 0.008
    assert (finished(photo) - picture).abs().quantile(0.95) < 0.03


def test_reduced_in_linear_light(picture):
    shot = Shot(COLOR_MATRICES[0])
    photo = exposed(scene_of(picture, shot), shot, (120, 80), default_rng(0))
    assert photo.size == (120, 80)
    assert (finished(photo) - area_average(picture, (80, 120))).abs().mean() < 0.02


def test_the_white_is_the_shots(picture):
    shot = Shot(COLOR_MATRICES[1], temperature=3200.0, tint=12.0)
    photo = exposed(scene_of(picture, shot), shot, (240, 160), default_rng(0))
    kelvin, tint = as_shot_temperature_tint(photo.metadata)
    assert kelvin == pytest.approx(3200.0, rel=0.01)
    assert tint == pytest.approx(12.0, abs=1.0)


def test_exposure_is_in_stops(picture):
    shots = [Shot(COLOR_MATRICES[0], exposure=ev) for ev in (-1.0, -2.0)]
    bright, dark = (exposed(scene_of(picture, s), s, (240, 160), default_rng(0)) for s in shots)
    torch.testing.assert_close(bright.image, dark.image * 2.0)
    assert torch.allclose(bright.statistics.quantiles, dark.statistics.quantiles + 1.0, atol=5e-3)


def test_noise_is_what_the_profile_says(picture):
    flat = torch.full_like(picture, 0.2)
    shot = Shot(COLOR_MATRICES[0], iso=1600.0, full_side=240)
    clean = Shot(COLOR_MATRICES[0], full_side=240)
    noisy = exposed(flat, shot, (240, 160), default_rng(0))
    difference = noisy.image - exposed(flat, clean, (240, 160), default_rng(0)).image
    a, b = noisy.metadata.noise_profile[0]
    expected = (a * noisy.image.mean((0, 2, 3)) + b) * torch.tensor([2.0, 1.0, 2.0])
    assert torch.allclose(difference.var((0, 2, 3)), expected.float(), rtol=0.1)


@pytest.mark.parametrize("seed", range(6))
def test_random_shots_of_made_scenes_are_photos(seed):
    rng = default_rng(seed)
    photo = exposed(made_scene(rng, 180, 120), random_shot(rng), (120, 80), rng)
    assert photo.size == (120, 80)
    assert torch.isfinite(photo.image).all()
    assert photo.metadata.scale == pytest.approx(120 / max(photo.metadata.full_size))
    reach = photo.statistics.quantile(0.99) - photo.statistics.quantile(0.01)
    assert reach > 1.0
    assert finished(photo).std() > 0.03


def test_made_scenes_follow_from_their_numbers():
    first, again = (made_scene(default_rng(4), 90, 60) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, made_scene(default_rng(5), 90, 60))
