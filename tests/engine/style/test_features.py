"""Features: light, color and detail as sliders move them."""

from dataclasses import replace

import pytest
import torch

from engine.finishers.basic import BASIC
from engine.photo import area_average
from engine.settings import Settings
from engine.style.features import COLOR, COUNT, FIRST, LIGHT, features, features_unfinished
from tests.photos import photo_of, scene

LIGHTS = slice(FIRST, FIRST + 6)


@pytest.fixture(scope="module")
def photo():
    return photo_of(0.02 + 0.2 * scene(240, 160))


def test_twice_the_light_is_a_stop(photo) -> None:
    lighter = replace(photo, image=photo.image * 2.0)
    moved = features_unfinished(lighter) - features_unfinished(photo)
    assert moved[0] == pytest.approx(LIGHT, abs=0.5)
    assert moved[LIGHTS] == pytest.approx([LIGHT] * 6, abs=1.5)
    assert moved[1:4] == pytest.approx([0.0] * 3, abs=1.0)


def test_redder_light_leans_the_mean_to_red(photo) -> None:
    redder = replace(photo, image=photo.image * torch.tensor([2.0**0.5, 1.0, 1.0]).view(3, 1, 1))
    moved = features_unfinished(redder) - features_unfinished(photo)
    assert 0.2 * COLOR < float(moved[2]) < COLOR
    assert abs(float(moved[3])) < 0.5 * float(moved[2])


def test_a_neutral_picture_tells_the_same_as_its_raw(photo, finished) -> None:
    told = features(finished(photo, Settings()))
    raw = features_unfinished(photo)
    assert told[:FIRST] == pytest.approx(raw[:FIRST], abs=2.5)


def test_contrast_spreads_tones(photo, finished) -> None:
    more = Settings().replace(BASIC.control("contrast"), 60.0)
    before, after = (features(finished(photo, s)) for s in (Settings(), more))
    assert float(after[1]) > float(before[1]) + 1.0


def test_saturation_shows_in_how_vivid_colors_are(photo, finished) -> None:
    none = Settings().replace(BASIC.control("saturation"), -100.0)
    told = features(finished(photo, none))
    assert told[2:4] == pytest.approx([0.0, 0.0], abs=1.0)
    assert told[FIRST + 12 : FIRST + 14] == pytest.approx([0.0, 0.0], abs=1.0)


def test_a_picture_tells_the_same_at_half_the_size(finished) -> None:
    picture = finished(photo_of(scene(384, 256)), Settings())
    half = area_average(picture, (128, 192))
    assert features(half) == pytest.approx(features(picture), abs=2.0)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 2), (900, 30)])
@pytest.mark.parametrize("light", [0.0, 1.0])
def test_pictures_of_one_color_and_any_size_have_features(size, light) -> None:
    told = features(torch.full((1, 3, *size), light))
    assert told.shape == (COUNT,)
    assert bool(torch.isfinite(told).all())
