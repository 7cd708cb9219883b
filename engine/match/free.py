"""Free: the sliders that a match may move, as one vector; all else stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.metadata import Metadata
from engine.settings import Settings
from engine.slider import Slider
from engine.white import as_shot_temperature_tint


@dataclass(frozen=True)
class Free:
    """`sliders` may move, from where `rest` has them; `as_shot` is what those of no value are."""

    sliders: tuple[Slider, ...]
    rest: Settings
    as_shot: dict[str, float]

    @classmethod
    def of(cls, sliders: Sequence[Slider], rest: Settings, metadata: Metadata) -> "Free":
        """The free sliders of a photo with `metadata`."""
        shot = as_shot_temperature_tint(metadata)
        return cls(tuple(sliders), rest, dict(zip(("temperature", "tint"), shot, strict=True)))

    def fractions(self, settings: Settings) -> Tensor:
        """Where each slider stands (n,) float64, from 0 to 1."""
        return torch.tensor([self._fraction(s, settings) for s in self.sliders]).double()

    def settings(self, fractions: Tensor) -> Settings:
        """`rest` with the sliders where `fractions` (n,) say, within their ranges."""
        settings = self.rest
        for slider, fraction in zip(self.sliders, fractions.tolist(), strict=True):
            value = float(slider.denormalize(min(max(fraction, 0.0), 1.0)))
            settings = settings.replace(slider, min(max(value, slider.low), slider.high))
        return settings

    def _fraction(self, slider: Slider, settings: Settings) -> float:
        value = settings[slider]
        value = self.as_shot[slider.name] if value is None else value
        assert isinstance(value, float | int)
        return min(max(float(slider.normalize(float(value))), 0.0), 1.0)
