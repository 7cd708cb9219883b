"""Random settings over the full ranges of sliders, so that a stage sees all that it may meet.

More often than by chance: all at neutral, one slider alone, and the ends of the ranges.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from engine.finisher import Finisher
from engine.settings import Settings
from engine.slider import Scale, Setting, Slider
from engine.stage import Stage

NEUTRAL, ALONE = 0.08, 0.25
"""Shares of settings with no slider moved, and with just one."""

RESTING, AT_AN_END = 0.15, 0.15
"""Shares of the sliders of all other settings."""

IDLE_STAGE, IDLE_PHOTO = 0.3, 0.1
"""Shares of stages upstream at neutral, and of photos with all of them so."""

USUAL_KELVIN, USUAL = (2500.0, 12000.0), 0.85
"""Most temperatures lie here."""


def random_fractions(sliders: Sequence[Slider], count: int, rng: Generator) -> NDArray[np.float64]:
    """Sliders' travels (count, n) in [0, 1]; NaN is neutral."""
    shape = count, len(sliders)
    travels = np.stack([_anywhere(slider, count, rng) for slider in sliders], 1)
    travels = np.where(rng.random(shape) < AT_AN_END, rng.integers(0, 2, shape), travels)
    kind = rng.random((count, 1))
    only = rng.integers(0, len(sliders), (count, 1)) == np.arange(len(sliders))
    rests = np.where(kind < NEUTRAL + ALONE, ~only, rng.random(shape) < RESTING)
    return np.where((kind < NEUTRAL) | rests, np.nan, travels)


def random_values(stage: Stage, count: int, rng: Generator) -> dict[str, Tensor | Setting]:
    """Values of all controls: sliders (count, 1, 1, 1), what is no slider at its default.

    A slider without a neutral value of its own (as shot) is moved wherever it would rest.
    """
    values: dict[str, Tensor | Setting] = dict(stage.neutral())
    if stage.sliders:
        travels = random_fractions(stage.sliders, count, rng)
        for slider, travel in zip(stage.sliders, travels.T, strict=True):
            rest = _anywhere(slider, count, rng)
            if slider.default is not None:
                rest = np.full(count, float(slider.normalize(slider.default)))
            fractions = torch.from_numpy(np.where(np.isnan(travel), rest, travel)).view(-1, 1, 1, 1)
            values[slider.name] = torch.as_tensor(slider.denormalize(fractions)).float()
    return values


def random_settings(finisher: Finisher, rng: Generator, before: Stage | None = None) -> Settings:
    """Settings of all stages, or of those `before` one; some idle, curves and files untouched."""
    settings = Settings()
    if rng.random() < IDLE_PHOTO:
        return settings
    for stage in finisher:
        if stage == before:
            break
        if not stage.sliders or rng.random() < IDLE_STAGE:
            continue
        for slider, travel in zip(
            stage.sliders, random_fractions(stage.sliders, 1, rng)[0], strict=True
        ):
            if not math.isnan(travel):
                settings = settings.replace(slider, slider.at(float(travel)))
    return settings


def moved_settings(finisher: Finisher, rng: Generator) -> Settings:
    """Settings with every slider somewhere on its range, as finishers are judged."""
    settings = Settings()
    for slider in finisher.sliders:
        settings = settings.replace(slider, slider.at(float(rng.random())))
    return settings


def _anywhere(slider: Slider, count: int, rng: Generator) -> NDArray[np.float64]:
    """Travels (count,), uniform on the slider's own scale; temperatures mostly usual ones."""
    travels = rng.random(count)
    if slider.scale is Scale.MIRED:
        low, high = (float(slider.normalize(kelvin)) for kelvin in USUAL_KELVIN)
        travels = np.where(rng.random(count) < USUAL, low + (high - low) * travels, travels)
    return travels
