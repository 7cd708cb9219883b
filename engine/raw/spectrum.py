"""IlluminantData: the chromaticity of a light that a profile describes by itself.

Adobe, Digital Negative Specification 1.7.1, IlluminantData1. The color matching functions of CIE
1931 as sums of Gaussians: C. Wyman, P.-P. Sloan, P. Shirley, Simple Analytic Approximations to the
CIE XYZ Color Matching Functions, JCGT 2(2), 2013 (multi-lobe fit).
"""

import struct

import numpy as np
from numpy.typing import NDArray

# of x, y and z: height, peak (nm), inverse widths (1/nm) below and above it
LOBES = (
    (
        (1.056, 599.8, 0.0264, 0.0323),
        (0.362, 442.0, 0.0624, 0.0374),
        (-0.065, 501.1, 0.0490, 0.0382),
    ),
    ((0.821, 568.8, 0.0213, 0.0247), (0.286, 530.9, 0.0613, 0.0322)),
    ((1.217, 437.0, 0.0845, 0.0278), (0.681, 459.0, 0.0385, 0.0725)),
)
XY, SPECTRUM = 0, 1


def illuminant_xy(content: bytes) -> tuple[float, float] | None:
    """The chromaticity that an IlluminantData tag holds; None where it holds none.

    The tag is in the file's byte order, which its first number, 0 or 1, gives away.
    """
    order = "<" if content[:2] in (b"\0\0", b"\1\0") else ">"
    try:
        (kind,) = struct.unpack_from(order + "H", content)
        if kind == XY:
            return _stated(order, content)
        return _of_spectrum(order, content) if kind == SPECTRUM else None
    except (struct.error, ZeroDivisionError):
        return None


def _stated(order: str, content: bytes) -> tuple[float, float] | None:
    for way in (order, ">" if order == "<" else "<"):  # 0 reads alike in both orders
        x, x_unit, y, y_unit = struct.unpack_from(way + "4I", content, 2)
        if x_unit and y_unit and 0 < x / x_unit < 1 and 0 < y / y_unit < 1:
            return x / x_unit, y / y_unit
    return None


def _of_spectrum(order: str, content: bytes) -> tuple[float, float] | None:
    count, start, start_unit, step, step_unit = struct.unpack_from(order + "5I", content, 2)
    if not 2 <= count <= 1000:
        return None
    pairs = np.array(struct.unpack_from(f"{order}{2 * count}I", content, 22), np.float64)
    power = pairs[0::2] / np.maximum(pairs[1::2], 1.0)
    wavelengths = start / start_unit + step / step_unit * np.arange(count)
    x, y, z = (float((power * _matching(i, wavelengths)).sum()) for i in range(3))
    total = x + y + z
    return (x / total, y / total) if total > 0 else None


def _matching(i: int, wavelengths: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.zeros_like(wavelengths)
    for height, peak, below, above in LOBES[i]:
        offset = (wavelengths - peak) * np.where(wavelengths < peak, below, above)
        total += height * np.exp(-0.5 * offset**2)
    return total
