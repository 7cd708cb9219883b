"""Fidelity: a stand-in is judged by what it does to the finished picture."""

import math

import pytest
import torch
from torch import Tensor

from engine.benchmarks.draws import all_moved, fractions, placed
from engine.benchmarks.fidelity import fidelity, finished_by, stand_ins
from engine.benchmarks.quality import CEILING, decibels, summary
from engine.finishers.basic import BASIC
from engine.photo import Photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from tests.photos import photo_of, scene


@pytest.fixture(scope="module")
def photos() -> list[tuple[str, Photo]]:
    return [("made", photo_of(scene(96, 64)))]


def exactly(photo: Photo, settings: Settings) -> Tensor:
    return Renderer(photo, BASIC).picture(settings)


def test_live_is_near_exact_and_nearer_than_leaving_out(photos) -> None:
    whole, stages, by_photo = finish(fidelity(BASIC, photos, settings=3, singly=2))
    assert whole["worst_db"] > 30.0
    assert by_photo == {"made": whole}
    for name in ("dehaze", "tone_mapping"):
        assert stages[name]["mean_db"] > stages[name]["without_db"] + 10.0, name


def test_the_exact_stage_itself_is_beyond_reproach(photos) -> None:
    operators = {"saturation": BASIC.stage("saturation").exact}
    scores = finish(stand_ins(BASIC, photos, 2, operators))
    assert scores["saturation"]["worst_db"] == CEILING
    assert scores["saturation"]["without_db"] < 50.0


def test_another_way_to_finish_is_judged_by_its_pictures(photos) -> None:
    assert finish(finished_by(BASIC, photos, 2, exactly))["mean_db"] == CEILING
    neutral = finish(finished_by(BASIC, photos, 2, lambda photo, _: exactly(photo, Settings())))
    assert neutral["mean_db"] < 30.0


def test_draws_move_every_slider_and_repeat() -> None:
    moved = all_moved(BASIC, 3)
    assert moved.values == all_moved(BASIC, 3).values
    assert moved.values != all_moved(BASIC, 4).values
    assert {slider.name for slider in BASIC.sliders} <= set(moved.values)
    for slider in BASIC.sliders:
        assert slider.low <= moved.values[slider.name] <= slider.high


def test_draws_keep_their_distance_from_both_ends() -> None:
    at = fractions(BASIC, 0, margin=0.1)
    assert all(0.1 <= fraction <= 0.9 for fraction in at.values())
    assert placed(BASIC, dict.fromkeys(at, 1.0)).values["exposure"] == 5.0


def test_decibels_of_a_known_error() -> None:
    picture = torch.full((1, 3, 8, 8), 0.5)
    assert decibels(picture + 0.1, picture) == pytest.approx(20.0, abs=1e-3)
    assert decibels(picture, picture) == math.inf
    assert summary([20.0, math.inf]) == {"mean_db": 60.0, "worst_db": 20.0}
