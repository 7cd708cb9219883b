"""Tap-outs: what enters and leaves a stage, the same for the same numbers."""

import pytest
import torch
from numpy.random import default_rng
from torch.testing import assert_close

from engine.finishers.basic import BASIC
from engine.training.tap_outs import COLORS, Pool, exact_supply
from tests.photos import photo_of, scene

DEHAZE, EXPOSURE = BASIC.stage("dehaze"), BASIC.stage("exposure")


def source(rng):
    return photo_of(scene(72, 48, seed=int(rng.integers(100))))


def supply(stage, seed=0, settings=2, **more):
    return exact_supply(BASIC, stage, source, seed=seed, settings=settings, **more)


def same(one, other):
    return torch.equal(one.input, other.input) and torch.equal(one.output, other.output)


@pytest.mark.parametrize("name", ["detail", "dehaze", "tone_mapping", "texture", "sharpening"])
def test_the_output_is_what_the_stage_makes_of_the_input(name):
    stage = BASIC.stage(name)
    tap_out = supply(stage)(3)(default_rng(0))
    assert len(tap_out.output) == 2
    for i, picture in enumerate(tap_out.output):
        values = {n: float(v[i]) for n, v in tap_out.values.items()}
        truth = stage.exact(tap_out.input, tap_out.metadata, tap_out.statistics, **values)
        assert_close(picture[None], truth, rtol=1e-4, atol=1e-5)


def test_the_stage_sees_its_own_effect_on_the_statistics():
    tap_out = supply(EXPOSURE)(0)(default_rng(1))
    photo = supply(EXPOSURE)(0)(default_rng(2))
    assert_close(
        tap_out.statistics.shift - tap_out.values["exposure"],
        photo.statistics.shift - photo.values["exposure"],
    )


def test_a_renderer_of_others_can_be_learned():
    doubled = supply(EXPOSURE, operators={"exposure": lambda image, *_, **__: image * 2.0})
    tap_out = doubled(0)(default_rng(0))
    assert_close(tap_out.output, (tap_out.input * 2.0).expand(2, -1, -1, -1))


@pytest.mark.parametrize("name", ["saturation", "color_mixer", "rgb_toning"])
def test_pointwise_stages_learn_on_colors_of_all_kinds(name):
    tap_out = supply(BASIC.stage(name))(0)(default_rng(0))
    assert tap_out.input.shape == (1, 3, *COLORS)
    assert tap_out.output.shape == (2, 3, *COLORS)
    colors = tap_out.input.flatten(2)[0]
    assert colors.min() >= 0.0
    assert colors.max() <= 1.0
    spread = colors.amax(0) / colors.amin(0).clamp_min(1e-4)
    assert (spread < 1.5).float().mean() > 0.1
    assert (spread > 8.0).float().mean() > 0.2


def test_every_number_has_a_photo_of_its_own():
    items = supply(DEHAZE)
    assert same(items(1)(default_rng(0)), items(1)(default_rng(0)))
    assert not torch.equal(items(1)(default_rng(0)).input, items(2)(default_rng(0)).input)
    other = supply(DEHAZE, seed=1)
    assert not torch.equal(items(1)(default_rng(0)).input, other(1)(default_rng(0)).input)


class TestPool:
    @staticmethod
    def pool(seed=0):
        return Pool(supply(EXPOSURE), size=6, seed=seed, fresh=0.5)

    def test_a_step_picks_the_same_whatever_went_before(self):
        through, jumped = self.pool(), self.pool()
        for step in range(9):
            picked = through.pick(step, 2)
        assert all(map(same, picked, jumped.pick(8, 2)))

    def test_another_seed_picks_others(self):
        assert not all(map(same, self.pool().pick(0, 2), self.pool(seed=1).pick(0, 2)))

    def test_it_rolls_on(self):
        asked = []

        def numbered(index):
            asked.append(index)
            return lambda _: index

        pool = Pool(numbered, size=4, seed=0, fresh=1.0)
        first, late = set(pool.pick(0, 50)), set(pool.pick(100, 50))
        assert first == {0, 1, 2, 3}
        assert late == {100, 101, 102, 103}
        assert len(asked) == 8, "each is made once while it is held"
