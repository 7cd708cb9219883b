"""Fractions: where sliders stand on their way, from 0 to 1, as one vector for a search."""

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.metadata import Metadata
from engine.settings import Settings
from engine.slider import Slider
from engine.white import as_shot_temperature_tint


def fractions_of(sliders: Sequence[Slider], settings: Settings, metadata: Metadata) -> Tensor:
    """Where each of `sliders` stands (n,) float64; *as shot* is what it is for this photo."""
    shot = dict(zip(("temperature", "tint"), as_shot_temperature_tint(metadata), strict=True))
    found = []
    for slider in sliders:
        value = settings[slider]
        value = shot[slider.name] if value is None else value
        assert isinstance(value, float | int)
        found.append(float(slider.normalize(float(value))))
    return torch.tensor(found, dtype=torch.float64)


def settings_at(sliders: Sequence[Slider], fractions: Tensor, rest: Settings) -> Settings:
    """`rest` with `sliders` where `fractions` (n,) say, within their ranges."""
    for slider, fraction in zip(sliders, fractions.tolist(), strict=True):
        rest = rest.replace(slider, slider.at(fraction))
    return rest
