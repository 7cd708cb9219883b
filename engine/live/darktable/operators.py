"""Live operators: what runs in a module's place, the same but for rounding."""

from collections.abc import Callable

from torch import Tensor

from engine.finishers.darktable import DARKTABLE
from engine.live.analysed import Analysed
from engine.live.darktable import (
    color_balance_rgb,
    color_calibration,
    color_conversion,
    contrast_equalizer,
    creative_lut,
    exposure,
    local_contrast,
    sharpen,
    sigmoid,
    tone_equalizer,
)
from engine.metadata import Metadata
from engine.stage import Apply, Operator
from engine.statistics import Statistics

Maps = Callable[[Tensor, Metadata], Tensor]
"""What an areawise stage sees in a picture, whatever its sliders are."""


def live_operators() -> dict[str, Operator]:
    """By the name of its stage; while a stage's own sliders move, its maps stay."""
    return {
        "exposure": exposure.exposed,
        "tone_equalizer": _of("tone_equalizer", tone_equalizer.maps, tone_equalizer.equalized),
        "color_calibration": color_calibration.calibrated,
        "contrast_equalizer": _of(
            "contrast_equalizer", contrast_equalizer.maps, contrast_equalizer.equalized
        ),
        "sharpen": sharpen.sharpened,
        "color_balance_rgb": color_balance_rgb.balanced,
        "sigmoid": sigmoid.viewed,
        "creative_lut": creative_lut.graded,
        "local_contrast": _of("local_contrast", local_contrast.maps, local_contrast.contrasted),
        "color_conversion": color_conversion.converted,
    }


def _of(name: str, maps: Maps, apply: Apply) -> Operator:
    def see(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
        return maps(image, metadata)

    return Analysed(see, apply, DARKTABLE.stage(name).neutral())
