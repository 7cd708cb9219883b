"""Saturation: all colors toward or away from grey, in linear light."""

from torch import Tensor

from engine.color import luminance
from engine.gamut import halves, room, strengthening
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

SATURATION = Slider("saturation", -100.0, 100.0, xmp="Saturation")

MOST = 1.2
"""What +100 adds to the chroma of a color with room to grow."""


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, saturation: Value
) -> Tensor:
    """Return `image` (B, 3, H, W), linear ProPhoto in [0, 1], with its chroma scaled.

    -100 is black and white; +100 up to doubles the chroma, less where a color nears the edge.
    """
    gray = luminance(image)
    more, less = halves(saturation / 100.0)
    return image + (image - gray) * (more * strengthening(room(image, gray), MOST) + less)


STAGE = Stage("saturation", (SATURATION,), exact, Kind.PROGRAM, Space.PROFILE)
