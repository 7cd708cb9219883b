"""The basic finisher: at neutral the DNG specification's render, with Camera Raw's controls."""

from engine.finisher import Finisher
from engine.finishers.basic import (
    color_balance,
    color_conversion,
    color_mixer,
    color_tables,
    creative_lut,
    exposure,
    rgb_toning,
    saturation,
    vibrance,
)

BASIC = Finisher(
    "basic",
    (
        color_balance.STAGE,
        exposure.STAGE,
        color_tables.STAGE,
        rgb_toning.STAGE,
        color_mixer.STAGE,
        vibrance.STAGE,
        saturation.STAGE,
        creative_lut.STAGE,
        color_conversion.STAGE,
    ),
)
