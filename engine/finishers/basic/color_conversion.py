"""Color conversion: linear ProPhoto to the display's RGB: matrix, plain clip, encoding."""

from torch import Tensor

from engine.color import PROPHOTO, SRGB, between, encode, transform
from engine.metadata import Metadata
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics


def exact(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """Return linear ProPhoto `image` (B, 3, H, W) encoded for `metadata.output`, in [0, 1]."""
    space = metadata.output or SRGB
    linear = image if space is PROPHOTO else transform(image, between(PROPHOTO, space))
    return encode(linear.clamp(0.0, 1.0), space)


STAGE = Stage("color_conversion", (), exact, Kind.PROGRAM, Space.DISPLAY, profile_part=True)
