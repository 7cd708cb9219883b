"""Color conversion: linear ProPhoto to the display's RGB: matrix, plain clip, encoding."""

from torch import Tensor

from engine.clipping import displayed
from engine.color import PROPHOTO, SRGB, between, encode, transform
from engine.metadata import Metadata
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics


def exact(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """Return linear ProPhoto `image` (B, 3, H, W) encoded for `metadata.output`, in [0, 1]."""
    return displayed(_linear(image, metadata), metadata.output or SRGB)


def unclipped(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """The same before the clip: what the space cannot hold is beyond 0 and 1, smoothly."""
    linear = _linear(image, metadata)
    return linear.sign() * encode(linear.abs(), metadata.output or SRGB)


def _linear(image: Tensor, metadata: Metadata) -> Tensor:
    space = metadata.output or SRGB
    return image if space is PROPHOTO else transform(image, between(PROPHOTO, space))


STAGE = Stage("color_conversion", (), exact, Kind.PROGRAM, Space.DISPLAY, profile_part=True)
