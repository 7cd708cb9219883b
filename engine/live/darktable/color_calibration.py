"""Color calibration, live."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.finishers.darktable import color_calibration as stage
from engine.finishers.darktable.working import TO_XYZ
from engine.live.kernels import F, Planes, each_pixel, kernel
from engine.metadata import Matrix, Metadata
from engine.slider import Value
from engine.statistics import Statistics

TO_WORKING: Matrix = np.linalg.inv(TO_XYZ.numpy())
"""(3, 3) from XYZ."""


def calibrated(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    temperature: Value | None,
    tint: Value | None,
    **mix: Value,
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, with the chosen white neutral and cones mixed."""
    if temperature is None and tint is None and not any(mix.values()):
        return image
    there = to_xyz(metadata, temperature, tint, **mix)
    return each_pixel(image, _calibrate, there.astype(np.float32), TO_WORKING.astype(np.float32))


@lru_cache(maxsize=8)
def to_xyz(
    metadata: Metadata, temperature: Value | None, tint: Value | None, **mix: Value
) -> Matrix:
    """As the stage's; known while other sliders are dragged."""
    shares = [mix[slider.name] for slider in stage.MIX]
    return np.ascontiguousarray(stage.to_xyz(metadata, temperature, tint, shares).numpy())


@kernel
def _calibrate(
    planes: Planes,
    there: NDArray[np.float32],
    back: NDArray[np.float32],
    out: Planes,
    first: int,
    stop: int,
) -> None:
    for i in range(first, stop):
        for j in range(planes.shape[2]):
            red, green, blue = planes[0, i, j], planes[1, i, j], planes[2, i, j]
            x = there[0, 0] * red + there[0, 1] * green + there[0, 2] * blue
            y = there[1, 0] * red + there[1, 1] * green + there[1, 2] * blue
            z = there[2, 0] * red + there[2, 1] * green + there[2, 2] * blue
            lit = F(1) if (y > F(0)) and (x + y + z > F(0)) else F(0)
            z = max(z, F(0))
            out[0, i, j] = lit * (back[0, 0] * x + back[0, 1] * y + back[0, 2] * z)
            out[1, i, j] = lit * (back[1, 0] * x + back[1, 1] * y + back[1, 2] * z)
            out[2, i, j] = lit * (back[2, 0] * x + back[2, 1] * y + back[2, 2] * z)
