"""A mosaic at half size, for the preview: no demosaic, and light enough to start at once."""

import numpy as np
from numpy.typing import NDArray

from engine.raw.sensor import Plane


def binned(mosaic: Plane, pattern: NDArray[np.int64], colors: int) -> Plane:
    """Return `mosaic` (H, W) as a picture (H // 2, W // 2, colors): each 2x2 cell one pixel."""
    height, width = mosaic.shape[0] // 2, mosaic.shape[1] // 2
    mosaic = mosaic[: 2 * height, : 2 * width]
    if pattern.shape != (2, 2) or set(pattern.flat) != set(range(colors)):
        import cv2

        from engine.raw.demosaic import interpolated

        whole = interpolated(mosaic, pattern, colors, 1.2)
        small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32)
    out = np.zeros((height, width, colors), np.float32)
    counts = np.bincount(pattern.ravel(), minlength=colors)
    for row, column in np.ndindex(2, 2):
        color = int(pattern[row, column])
        cell = mosaic[row::2, column::2]
        if counts[color] == 1:
            out[..., color] = cell
        else:
            out[..., color] += cell * np.float32(1.0 / counts[color])
    return out
