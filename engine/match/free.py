"""Free: the sliders that a match may move, as one vector; all else stays as it is."""

from dataclasses import dataclass

from torch import Tensor

from engine.fractions import fractions_of, settings_at
from engine.metadata import Metadata
from engine.settings import Settings
from engine.slider import Slider


@dataclass(frozen=True)
class Free:
    """`sliders` of a photo with `metadata` may move, from where `rest` has them."""

    sliders: tuple[Slider, ...]
    rest: Settings
    metadata: Metadata

    def fractions(self, settings: Settings) -> Tensor:
        """Where each slider stands (n,) float64, from 0 to 1."""
        return fractions_of(self.sliders, settings, self.metadata).clamp(0.0, 1.0)

    def settings(self, fractions: Tensor) -> Settings:
        """`rest` with the sliders where `fractions` (n,) say, within their ranges."""
        return settings_at(self.sliders, fractions, self.rest)
