"""The darktable finisher: its modules as stages, its picture the truth.

They run in darktable's own order for pictures that begin in color ("v3.0 JPEG"): the input profile
right after the demosaic, the creative LUT and the local contrast after the view transform. Haze
removal is left out: what it takes for haze hangs on the size of the picture.
"""

from engine.finisher import Finisher
from engine.finishers.darktable import (
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
from engine.stage import Space

MODULES = (
    exposure.MODULE,
    tone_equalizer.MODULE,
    color_calibration.MODULE,
    contrast_equalizer.MODULE,
    sharpen.MODULE,
    color_balance_rgb.MODULE,
    sigmoid.MODULE,
    creative_lut.MODULE,
    local_contrast.MODULE,
)

DARKTABLE = Finisher(
    "darktable", (*(module.stage for module in MODULES), color_conversion.STAGE), Space.WORKING
)
