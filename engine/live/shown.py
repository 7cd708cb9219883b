"""Small pictures of any space as pixels for the screen, in one pass."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.color import PROPHOTO, REC2020, SRGB, between
from engine.live.kernels import F, Planes, clipped, kernel, part, planes_of, srgb_encoded
from engine.live.sharpening import Packed, pixels
from engine.stage import Space

TO_SRGB = {
    space: between(primaries, SRGB)
    for primaries, spaces in (
        (PROPHOTO, (Space.SCENE, Space.PROFILE)),
        (REC2020, (Space.WORKING, Space.VIEWED)),
    )
    for space in spaces
}
"""From the linear RGB of a tap."""

_AS_IT_IS = np.eye(3, dtype=np.float32)


def show(image: Tensor, space: Space, out: Packed) -> None:
    """Write a tap's `image` (1, 3, H, W) to `out` as encoded sRGB.

    Camera RGB without white balance; what is brighter than the screen is scaled down as a whole.
    """
    if space is Space.DISPLAY:
        pixels(image, out)
    else:
        camera = space is Space.CAMERA
        matrix = _AS_IT_IS if camera else TO_SRGB[space].astype(np.float32)
        _show(planes_of(image), matrix, not camera, out)


@kernel
def _show(planes: Planes, matrix: NDArray[np.float32], as_a_whole: bool, out: Packed) -> None:
    for y in range(planes.shape[1]):
        for x in range(planes.shape[2]):
            r, g, b = planes[0, y, x], planes[1, y, x], planes[2, y, x]
            red = max(matrix[0, 0] * r + matrix[0, 1] * g + matrix[0, 2] * b, F(0))
            green = max(matrix[1, 0] * r + matrix[1, 1] * g + matrix[1, 2] * b, F(0))
            blue = max(matrix[2, 0] * r + matrix[2, 1] * g + matrix[2, 2] * b, F(0))
            if as_a_whole:
                share = F(1) / max(max(red, F(1)), max(green, blue))
                red, green, blue = red * share, green * share, blue * share
            packed = np.uint32(0xFF000000) | (_byte(red) << np.uint32(16))
            out[y, x] = packed | (_byte(green) << np.uint32(8)) | _byte(blue)


@part
def _byte(linear: F) -> np.uint32:
    """Encoded and rounded to 8 bit."""
    return np.uint32(np.int32(np.rint(F(255) * srgb_encoded(clipped(linear, F(0), F(1))))))
