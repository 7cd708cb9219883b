"""Rules: edits that follow from the photo."""

from dataclasses import replace

import pytest
import torch

from engine.finishers.basic import BASIC
from engine.photo import canonical_statistics
from engine.settings import Settings
from engine.training.rules import Rule
from engine.white import as_shot_temperature_tint
from tests.photos import photo_of, scene


def lit(gain: float, red: float = 1.0):
    photo = photo_of(0.3 * scene(120, 80))
    colored = torch.tensor([red, 1.0, 1.0]).view(3, 1, 1)
    image = photo.image * gain * colored
    return replace(photo, image=image, statistics=canonical_statistics(image, photo.metadata))


def test_a_rule_of_nothing_does_nothing() -> None:
    assert Rule().settings(lit(1.0), BASIC) == Settings()


def test_a_photo_a_stop_darker_is_exposed_a_stop_more() -> None:
    exposure = BASIC.control("exposure")
    bright, dark = (Rule(lit=1.0).settings(lit(gain), BASIC) for gain in (1.0, 0.5))
    assert dark[exposure] - bright[exposure] == pytest.approx(1.0, abs=0.05)


def test_a_red_photo_is_taken_for_one_in_warmer_light() -> None:
    whole, half = (
        float(Rule(balanced=share).settings(lit(1.0, 1.3), BASIC).values["temperature"])
        for share in (1.0, 0.5)
    )
    shot, _ = as_shot_temperature_tint(lit(1.0).metadata)
    assert whole < half < shot


def test_warmth_makes_warmer() -> None:
    shot, _ = as_shot_temperature_tint(lit(1.0).metadata)
    assert float(Rule(warmth=30.0).settings(lit(1.0), BASIC).values["temperature"]) > shot


def test_what_is_fixed_is_set_as_it_is() -> None:
    settings = Rule(fixed={"vibrance": 12.0}).settings(lit(1.0), BASIC)
    assert dict(settings.values) == {"vibrance": 12.0}
