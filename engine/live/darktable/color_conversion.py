"""Color conversion, live."""

from torch import Tensor

from engine.color import REC2020, SRGB
from engine.finishers.darktable import color_conversion as stage
from engine.live.toning import LIKE_SRGB, encoded
from engine.metadata import Metadata
from engine.statistics import Statistics


def converted(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """Linear Rec. 2020 `image` (1, 3, H, W) encoded for `metadata.output`, in [0, 1]."""
    space = metadata.output or SRGB
    if space not in LIKE_SRGB:
        return stage.exact(image, metadata, statistics)
    return encoded(image, REC2020, space, clip=True)


def unclipped(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """The same before the clip: what the space cannot hold is beyond 0 and 1, smoothly."""
    space = metadata.output or SRGB
    if space not in LIKE_SRGB:
        return stage.unclipped(image, metadata, statistics)
    return encoded(image, REC2020, space, clip=False)
