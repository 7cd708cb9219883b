"""Color conversion: linear Rec. 2020 to the display's RGB: matrix, plain clip, encoding."""

from torch import Tensor

from engine.clipping import displayed
from engine.color import REC2020, SRGB, between, encode, transform
from engine.metadata import ColorSpace, Metadata
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics


def exact(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """Return linear Rec. 2020 `image` (B, 3, H, W) encoded for `metadata.output`, in [0, 1]."""
    return shown(image, metadata.output or SRGB)


def unclipped(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """The same before the clip: what the space cannot hold is beyond 0 and 1, smoothly."""
    space = metadata.output or SRGB
    linear = transform(image, between(REC2020, space))
    return linear.sign() * encode(linear.abs(), space)


def shown(image: Tensor, space: ColorSpace) -> Tensor:
    """Linear Rec. 2020 `image` (B, 3, H, W) encoded for `space`, in [0, 1]."""
    return displayed(transform(image, between(REC2020, space)), space)


STAGE = Stage("color_conversion", (), exact, Kind.PROGRAM, Space.DISPLAY, profile_part=True)
