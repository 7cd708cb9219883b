"""Exposure: a plain gain on scene values, before anything is clipped."""

from torch import Tensor

from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

EXPOSURE = Slider("exposure", -5.0, 5.0, unit="EV", xmp="Exposure2012", step=0.05, decimals=2)


def exact(image: Tensor, metadata: Metadata, statistics: Statistics, *, exposure: Value) -> Tensor:
    """Return `image` (B, 3, H, W) times 2 to the power of `exposure` (EV)."""
    return image * 2.0**exposure


def carry(
    metadata: Metadata, statistics: Statistics, *, exposure: Value
) -> tuple[Metadata, Statistics]:
    """Move H by the gain."""
    return metadata, statistics.carried(exposure)


STAGE = Stage("exposure", (EXPOSURE,), exact, Kind.PROGRAM, Space.SCENE, carry)
