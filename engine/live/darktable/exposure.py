"""Exposure, live."""

from torch import Tensor

from engine.live.kernels import F, Planes, each_pixel, kernel
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics


def exposed(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, exposure: Value, black: Value
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, less black, and raised."""
    if exposure == black == 0.0:
        return image
    gain, added = line(exposure, black)
    return each_pixel(image, _scale, F(gain), F(added))


def line(exposure: Value, black: Value) -> tuple[float, float]:
    """The module as a gain, and what is added after it."""
    gain = 1.0 / (2.0 ** -float(exposure) - float(black))
    return gain, -float(black) * gain


@kernel
def _scale(planes: Planes, gain: F, added: F, out: Planes, first: int, stop: int) -> None:
    for k in range(3):
        for y in range(first, stop):
            for x in range(planes.shape[2]):
                out[k, y, x] = gain * planes[k, y, x] + added
