"""Color spaces, chromatic adaptation and transfer curves, each with its standard.

XYZ is relative to D50, x y (0.3457, 0.3585), as in the DNG specification 1.7.1; the working space
of the finisher is linear ProPhoto RGB (ROMM, ISO 22028-2).
"""

import numpy as np
import torch
from torch import Tensor

from engine.metadata import ColorSpace, Matrix

D50 = (0.3457, 0.3585)
D55 = (0.3324, 0.3474)

BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
"""Cone responses [Lam 1985, linearised as in ICC.1:2022, annex E]."""


REAL = 0.999999
"""What x, y and their sum may be at most."""


def xyz(xy: Tensor) -> Tensor:
    """XYZ (..., 3) with Y = 1 of chromaticities (..., 2).

    Those of no light, which extreme temperatures and tints ask for, are moved to one without blue,
    as in Adobe's DNG SDK.
    """
    xy = xy.clamp(1e-6, REAL)
    x, y = (xy * (REAL / xy.sum(-1, keepdim=True).clamp_min(REAL))).unbind(-1)
    return torch.stack([x / y, torch.ones_like(x), (1.0 - x - y) / y], -1)


D50_XYZ = xyz(torch.tensor(D50, dtype=torch.float64))


def adaptation(source: Tensor, target: Tensor) -> Tensor:
    """Linear Bradford matrix (..., 3, 3) from white `source` to white `target`, both XYZ."""
    bradford = torch.from_numpy(BRADFORD)
    before = (bradford @ source[..., None])[..., 0].clamp_min(1e-9)
    after = (bradford @ target[..., None])[..., 0].clamp_min(0.0)
    gains = (after / before).clamp(0.1, 10.0)
    return torch.linalg.inv(bradford) @ (gains[..., None] * bradford)


def _space(name: str, title: str, primaries: list[list[float]]) -> ColorSpace:
    """A space from its D50 colorants, rows scaled so that its white is D50 exactly."""
    matrix = np.array(primaries)
    return ColorSpace(name, title, matrix * (D50_XYZ.numpy() / matrix.sum(1))[:, None])


# Colorants to four digits, as ICC profiles hold them: IEC 61966-2-1; SMPTE RP 431-2 with the D65
# white; Adobe RGB (1998); ITU-R BT.2020; ISO 22028-2 (ROMM).
SRGB = _space(
    "srgb", "sRGB", [[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]]
)
DISPLAY_P3 = _space(
    "display-p3",
    "Display P3",
    [[0.5151, 0.2919, 0.1572], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]],
)
ADOBE_RGB = _space(
    "adobe-rgb",
    "Adobe RGB (1998)",
    [[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]],
)
REC2020 = _space(
    "rec2020",
    "Rec. 2020",
    [[0.6734, 0.1656, 0.1251], [0.2790, 0.6753, 0.0456], [-0.0019, 0.0299, 0.7968]],
)
PROPHOTO = _space(
    "prophoto",
    "ProPhoto RGB",
    [[0.7977, 0.1352, 0.0313], [0.2880, 0.7119, 0.0001], [0.0, 0.0, 0.8249]],
)
SPACES = {space.name: space for space in (SRGB, DISPLAY_P3, ADOBE_RGB, REC2020, PROPHOTO)}


def transform(image: Tensor, matrix: Tensor | Matrix) -> Tensor:
    """Multiply each pixel of `image` (B, 3, H, W) by `matrix` (3, 3) or (B, 3, 3)."""
    return (torch.as_tensor(matrix).to(image) @ image.flatten(2)).unflatten(2, image.shape[-2:])


def between(source: ColorSpace, target: ColorSpace) -> Matrix:
    """The matrix (3, 3) from linear RGB of `source` to that of `target`."""
    matrix: Matrix = np.linalg.inv(target.to_xyz) @ source.to_xyz
    return matrix


def luminance(image: Tensor) -> Tensor:
    """CIE Y (B, 1, H, W) of linear ProPhoto `image` (B, 3, H, W); 1 for white."""
    weights = PROPHOTO.to_xyz[1]
    red, green, blue = image.unbind(1)
    y = float(weights[0]) * red + float(weights[1]) * green + float(weights[2]) * blue
    return y.unsqueeze(1)


def lit_luminance(image: Tensor) -> Tensor:
    """`luminance` of what is not below 0.

    A light of one strong color can leave a channel below 0, and next to no luminance: deep shade
    it is not.
    """
    return luminance(image.clamp_min(0.0))


def extremes(image: Tensor) -> tuple[Tensor, Tensor]:
    """The least and greatest (B, 1, H, W) of R, G, B: many times faster than `aminmax`."""
    red, green, blue = image.split(1, 1)
    low = torch.minimum(torch.minimum(red, green), blue)
    return low, torch.maximum(torch.maximum(red, green), blue)


def encode(linear: Tensor, space: ColorSpace) -> Tensor:
    """Display values in [0, 1] of `linear` ones in [0, 1] (any shape)."""
    return _CURVES[space.name][0](linear)


def decode(encoded: Tensor, space: ColorSpace) -> Tensor:
    """Linear values of `encoded` ones in [0, 1] (any shape): the inverse of `encode`."""
    return _CURVES[space.name][1](encoded)


def srgb_encode(linear: Tensor) -> Tensor:
    """IEC 61966-2-1, values in [0, 1]."""
    # the line is the lesser below where they meet and above; the power stays finite at 0, or its
    # gradient would be NaN there; log and exp are much faster than a power
    power = 1.055 * torch.exp2(torch.log2(linear.clamp_min(0.0031308)) / 2.4) - 0.055
    return torch.minimum(12.92 * linear, power)


def srgb_decode(encoded: Tensor) -> Tensor:
    """Inverse of `srgb_encode`."""
    power = ((encoded.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(encoded <= 0.04045, encoded / 12.92, power)


def _rec2020_encode(linear: Tensor) -> Tensor:
    """ITU-R BT.2020-2, table 4, alpha and beta to eight digits."""
    power = 1.0992968 * linear.clamp_min(0.0180540) ** 0.45 - 0.0992968
    return torch.where(linear < 0.0180540, 4.5 * linear, power)


def _rec2020_decode(encoded: Tensor) -> Tensor:
    power = ((encoded.clamp_min(4.5 * 0.0180540) + 0.0992968) / 1.0992968) ** (1 / 0.45)
    return torch.where(encoded < 4.5 * 0.0180540, encoded / 4.5, power)


class _Power:
    """x^(1 / gamma) with a cubic Hermite toe: slope 32 at 0, the power's own at (`x`, x^(1/g)).

    So the DNG SDK encodes ProPhoto and Adobe RGB: near black the bare power has no finite slope.
    """

    def __init__(self, gamma: float, x: float, y: float, slope: float) -> None:
        self._gamma, self._x, self._y = gamma, x, y
        # y(t) = ((a t + b) t + c) t for t = linear / x
        self._c = 32.0 * x
        self._a = self._c + slope * x - 2.0 * y
        self._b = 3.0 * y - 2.0 * self._c - slope * x

    def encode(self, linear: Tensor) -> Tensor:
        t = (linear / self._x).clamp_max(1.0)
        toe = ((self._a * t + self._b) * t + self._c) * t
        power = linear.clamp_min(self._x) ** (1.0 / self._gamma)
        return torch.where(linear < self._x, toe, power)

    def decode(self, encoded: Tensor) -> Tensor:
        y = encoded.clamp_max(self._y)
        t = y / self._y
        for _ in range(6):  # Newton; the toe rises and is concave, so it converges from below 1
            value = ((self._a * t + self._b) * t + self._c) * t
            slope = (3.0 * self._a * t + 2.0 * self._b) * t + self._c
            t = (t - (value - y) / slope).clamp(0.0, 1.0)
        power = encoded.clamp_min(self._y) ** self._gamma
        return torch.where(encoded < self._y, t * self._x, power)


_PROPHOTO_POWER = _Power(1.8, 8.2118790552e-4, 0.019310851, 13.064306598)
_ADOBE_POWER = _Power(2.2, 0.0034800731, 0.0763027458, 9.9661890075)
_CURVES = {
    "srgb": (srgb_encode, srgb_decode),
    "display-p3": (srgb_encode, srgb_decode),
    "adobe-rgb": (_ADOBE_POWER.encode, _ADOBE_POWER.decode),
    "rec2020": (_rec2020_encode, _rec2020_decode),
    "prophoto": (_PROPHOTO_POWER.encode, _PROPHOTO_POWER.decode),
}
