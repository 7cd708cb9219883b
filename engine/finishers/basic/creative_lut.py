"""Creative LUT: a look from a .cube file, blended in by an amount.

Looks are made for sRGB-encoded pictures. What sRGB cannot hold is brought to its edge first, at the
same luminance and hue; the answer returns to linear ProPhoto.
"""

from torch import Tensor

from engine.color import PROPHOTO, SRGB, between, luminance, srgb_decode, srgb_encode, transform
from engine.cube import load_cube
from engine.gamut import limited
from engine.metadata import Metadata
from engine.slider import CubeFile, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

LUT = CubeFile("lut", label="LUT")
AMOUNT = Slider("lut_amount", 0.0, 100.0, default=100.0, label="Amount")


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, lut: str, lut_amount: Value
) -> Tensor:
    """Return `image` (B, 3, H, W), linear ProPhoto in [0, 1], moved toward the look by the amount.

    Raises PhotofinishError where `lut` names a file that cannot be read as .cube.
    """
    if not lut:
        return image
    linear = limited(transform(image, between(PROPHOTO, SRGB)), luminance(image))
    looked_up = load_cube(lut).apply(srgb_encode(linear)).clamp(0.0, 1.0)
    look = transform(srgb_decode(looked_up), between(SRGB, PROPHOTO))
    return (image + (look - image) * (lut_amount / 100.0)).clamp(0.0, 1.0)


STAGE = Stage("creative_lut", (LUT, AMOUNT), exact, Kind.PROGRAM, Space.PROFILE)
