"""Gradients: the chain's point where the exact pictures go."""

from dataclasses import replace

import pytest
import torch

from engine.benchmarks.draws import clips
from engine.benchmarks.gradients import ROUNDED, gradients
from engine.finisher import Finisher
from engine.finishers.basic import BASIC
from engine.progress import finish
from tests.photos import photo_of, scene

STAGES = ("color_balance", "exposure", "tone_mapping", "color_tables", "rgb_toning", "saturation")


@pytest.fixture(scope="module")
def found():
    stages = tuple(s for s in BASIC if s.name in (*STAGES, "creative_lut", "color_conversion"))
    photos = [("made", photo_of(scene(48, 32)))]
    return finish(gradients(Finisher("some", stages), photos, settings=2))


def test_every_slider_with_an_effect_is_compared(found) -> None:
    compared = set(found["worst_by_slider"])
    assert {"temperature", "tint", "exposure", "shadows", "contrast", "saturation"} <= compared
    assert found["without_effect"] == ["lut_amount"]


def test_directions_agree(found) -> None:
    assert found["mean_cosine"] > 0.97
    assert found["worst_cosine"] == min(found["worst_by_slider"].values())
    assert found["at_the_point"]["pairs"] == found["pairs"] >= len(found["worst_by_slider"])
    assert 0.9 < found["at_the_point"]["mean_cosine"] < found["mean_cosine"]


def test_where_they_do_not_the_finer_step_is_told(found) -> None:
    low = sum(cosine < 0.9 for cosine in found["worst_by_slider"].values())
    assert len(found["below_0.9"]) >= low
    for cosines in found["below_0.9"].values():
        assert cosines["at_the_step"] < 0.9
        assert cosines["at_a_tenth"] > cosines["at_the_step"]


def test_a_picture_clipped_on_its_way_is_left_out() -> None:
    photos = [("made", photo_of(scene(48, 32)))]
    exposure, darker = (next(s for s in BASIC if s.name == n) for n in ("exposure", "saturation"))
    veiled = replace(darker, exact=lambda image, m, h, *, saturation: 0.1 + 0.5 * image.tanh())
    clipping = next(s for s in BASIC if s.name == "color_tables")
    blown = Finisher("blown", (exposure, clipping, veiled))
    whole = Finisher("whole", (exposure, veiled))
    left_out = [
        finish(gradients(finisher, photos, settings=3))["clipped_and_left_out"]
        for finisher in (blown, whole)
    ]
    assert left_out[0] > left_out[1] == 0


def test_white_that_rounding_darkens_is_clipped() -> None:
    white = torch.full((1, 3, 8, 8), 1.0 - 2.0**-23)
    assert clips(white, ROUNDED)
    assert not clips(white)
