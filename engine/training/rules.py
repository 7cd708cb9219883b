"""Rules: edits that depend on the photo, to make collections of one look by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from engine.curves import total_exposure
from engine.finisher import Finisher
from engine.photo import Photo
from engine.settings import Settings
from engine.white import as_shot_temperature_tint

SPREAD = 2.0
"""Standard deviation of light in EV that needs no other contrast."""

LIMITS = {"exposure": 3.0, "contrast": 60.0, "tint": 60.0}
"""No rule goes further than this from neutral."""

COOLEST, WARMEST = 12_000.0, 2_500.0
"""K."""


@dataclass(frozen=True)
class Rule:
    """What is done to a photo, by its statistics.

    `light` is the mean light in EV below white that it is exposed to, `lit` of the way; `balanced`
    of the way it is brought to a grey mean, then by `warmth` mired from there; contrast is
    `contrast` and so much more for each EV that its tones spread less than SPREAD. `fixed` is set
    as it is.
    """

    light: float = -2.3
    lit: float = 0.0
    balanced: float = 0.0
    warmth: float = 0.0
    contrast: float = 0.0
    evened: float = 0.0
    fixed: Mapping[str, float] = field(default_factory=dict)

    def settings(self, photo: Photo, finisher: Finisher) -> Settings:
        """The settings of the basic sliders for `photo`."""
        _, deviation, light = (float(tone) for tone in photo.statistics.tones)
        shot = torch.as_tensor(photo.metadata.as_shot_neutral, dtype=torch.float64)
        grey = photo.statistics.mean_camera.double().clamp_min(1e-5)
        neutral = grey**self.balanced * shot ** (1.0 - self.balanced)
        about = photo.metadata.replace(as_shot_neutral=(neutral / neutral.max()).numpy())
        temperature, tint = as_shot_temperature_tint(about)
        values = {
            "exposure": self.lit * (self.light - light - total_exposure(photo.metadata)),
            "contrast": self.contrast + self.evened * (SPREAD - deviation),
            **self.fixed,
        }
        if self.balanced or self.warmth:
            # photos get warmer where the light is taken for cooler
            mired = 1e6 / temperature - self.warmth
            values["temperature"] = min(max(1e6 / max(mired, 1.0), WARMEST), COOLEST)
            values["tint"] = tint
        settings = Settings()
        for name, value in values.items():
            limit = LIMITS.get(name)
            held = value if limit is None else min(max(value, -limit), limit)
            settings = settings.replace(finisher.control(name), float(held))
        return settings
