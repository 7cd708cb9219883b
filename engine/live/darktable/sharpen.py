"""Sharpen, live."""

import numpy as np
from torch import Tensor

from engine.finishers.darktable import sharpen as stage
from engine.live.blur import blurred
from engine.live.darktable.lightness import changed, lightness
from engine.live.kernels import F, Plane, by_rows, kernel
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics


def sharpened(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    sharpen_amount: Value,
    sharpen_radius: Value,
    sharpen_threshold: Value,
) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, with what L* has beyond its blur added."""
    weights = stage.weights(float(sharpen_radius) * metadata.scale).numpy()
    if sharpen_amount == 0.0 or min(image.shape[-2:]) < len(weights):
        return image
    reach = len(weights) // 2
    light = lightness(image)
    smooth = blurred(light, np.ascontiguousarray(weights[reach:]))
    threshold = F(sharpen_threshold)

    def rows(first: int, stop: int) -> None:
        _beyond(light, reach, threshold, smooth, first, stop)

    by_rows(rows, len(light))
    return changed(image, smooth[None], (float(sharpen_amount),))


@kernel
def _beyond(light: Plane, reach: int, threshold: F, smooth: Plane, first: int, stop: int) -> None:
    """Turn `smooth` into what `light` has beyond it by more than the threshold.

    Nothing as near to the frame's edge as the blur looks.
    """
    height, width = light.shape
    for y in range(first, stop):
        if y < reach or y >= height - reach:
            smooth[y] = F(0)
            continue
        for x in range(width):
            detail = light[y, x] - smooth[y, x]
            beyond = max(abs(detail) - threshold, F(0))
            smooth[y, x] = beyond if detail > F(0) else -beyond
        smooth[y, :reach] = F(0)
        smooth[y, width - reach :] = F(0)
