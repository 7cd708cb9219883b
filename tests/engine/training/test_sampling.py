"""Sampling: settings cover the ranges, with neutral, ends and single sliders among them."""

import numpy as np
import pytest
import torch
from numpy.random import default_rng

from engine.finishers.basic import BASIC
from engine.training.sampling import random_fractions, random_settings, random_values

TONE = BASIC.stage("tone_mapping")
TEMPERATURE = BASIC.control("temperature")


def test_neutral_single_sliders_ends_and_all_between():
    travels = random_fractions(TONE.sliders, 4000, default_rng(0))
    moved = (~np.isnan(travels)).sum(1)
    assert 0.05 < (moved == 0).mean() < 0.15
    assert (moved == 1).mean() > 0.2
    assert (moved == 4).mean() > 0.25
    known = travels[~np.isnan(travels)]
    assert 0.05 < (known == 0.0).mean() < 0.15
    assert 0.05 < (known == 1.0).mean() < 0.15
    between = known[(known > 0.0) & (known < 1.0)]
    shares, _ = np.histogram(between, 10, (0.0, 1.0))
    assert shares.min() > 0.8 * shares.mean()


def test_values_are_one_for_each_picture_and_in_range():
    values = random_values(TONE, 64, default_rng(0))
    for slider in TONE.sliders:
        value = values[slider.name]
        assert value.shape == (64, 1, 1, 1)
        assert value.min() >= slider.low
        assert value.max() <= slider.high
        assert (value == slider.default).any()


def test_what_is_no_slider_stays():
    values = random_values(BASIC.stage("rgb_toning"), 4, default_rng(0))
    assert values["tone_curve"] == BASIC.control("tone_curve").default


def test_most_temperatures_are_usual_ones_and_none_is_out_of_range():
    stage = BASIC.stage("color_balance")
    kelvin = random_values(stage, 4000, default_rng(0))["temperature"].flatten()
    assert kelvin.min() >= TEMPERATURE.low
    assert kelvin.max() <= TEMPERATURE.high
    usual = (kelvin >= 2500.0) & (kelvin <= 12000.0)
    assert 0.75 < usual.float().mean() < 0.97


def test_settings_upstream_end_before_the_stage():
    names = {control.name for control in BASIC.controls}
    seen = set()
    for seed in range(60):
        seen |= set(random_settings(BASIC, default_rng(seed), TONE))
    assert seen <= names
    before = BASIC.stages[: BASIC.stages.index(TONE)]
    assert seen == {slider.name for stage in before for slider in stage.sliders}


def test_some_photos_come_as_shot():
    neutral = [not random_settings(BASIC, default_rng(seed)).values for seed in range(200)]
    assert 5 < sum(neutral) < 45


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_settings(seed):
    first, again = (random_settings(BASIC, default_rng(seed)) for _ in range(2))
    assert first == again
    one, two = (random_values(TONE, 8, default_rng(seed)) for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
