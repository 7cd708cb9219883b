"""The basic finisher: at neutral the DNG specification's render, with Camera Raw's controls."""

from engine.finisher import Finisher
from engine.finishers.basic import (
    clarity,
    color_balance,
    color_conversion,
    color_mixer,
    color_tables,
    creative_lut,
    dehaze,
    detail,
    exposure,
    rgb_toning,
    saturation,
    sharpening,
    texture,
    tone_mapping,
    vibrance,
)

BASIC = Finisher(
    "basic",
    (
        detail.STAGE,
        color_balance.STAGE,
        exposure.STAGE,
        dehaze.STAGE,
        tone_mapping.STAGE,
        clarity.STAGE,
        texture.STAGE,
        color_tables.STAGE,
        rgb_toning.STAGE,
        color_mixer.STAGE,
        vibrance.STAGE,
        saturation.STAGE,
        creative_lut.STAGE,
        color_conversion.STAGE,
        sharpening.STAGE,
    ),
)
