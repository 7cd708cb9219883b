"""Matches: the tables hold what was measured, and rivals are worse in the same time."""

import pytest
import torch

from engine.benchmarks.matches import displaced, matches
from engine.benchmarks.searches import SEARCHES
from engine.finishers.basic import BASIC
from engine.live.quick import quick
from engine.match.free import Free
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from tests.photos import photo_of, scene

ROUNDS = {"adam": 60, "cma_es": 15, "bayesian": 25}


@pytest.fixture(scope="module")
def ready():
    return finish(quick(BASIC))


def test_a_table_of_each_kind(ready) -> None:
    photos = [(f"made {seed}", photo_of(scene(240, 160, seed=seed))) for seed in (1, 2)]
    said = finish(matches(BASIC, ready, photos, 1, 0))
    assert said["targets"] == 2
    assert said["four"]["median_db"] > 45.0
    assert said["four"]["worst_db"] <= said["four"]["median_db"]
    assert said["four"]["rivals_median_db"] == {}
    assert said["look"]["worst_fall"] <= said["look"]["median_fall"] <= 1.0
    assert said["unregistered"]["worst_pixels_off"] < 0.5
    assert said["unregistered"]["not_found"] == 0


@pytest.mark.parametrize("name", SEARCHES)
def test_a_rival_comes_nearer_than_it_began(name, ready) -> None:
    photo = photo_of(scene(96, 64))
    exposure = BASIC.control("exposure")
    target = Renderer(photo, BASIC).picture(Settings().replace(exposure, 1.5))
    free = Free((exposure, BASIC.control("contrast")), Settings(), photo.metadata)
    rounds = iter([False] * ROUNDS[name])
    found = SEARCHES[name](photo, BASIC, ready, target, free, lambda: next(rounds, True))
    assert abs(found[exposure] - 1.5) < 1.2


def test_a_displaced_target_is_smaller_and_in_range() -> None:
    picture = torch.rand(1, 3, 200, 300, generator=torch.Generator().manual_seed(0))
    moved, _ = displaced(picture, 0)
    assert moved.shape == (1, 3, 126, 189)
    assert 0.0 <= float(moved.min()) < float(moved.max()) <= 1.0
