"""Color mixer: hue, saturation and luminance of eight bands of hue.

Works in Oklab [B. Ottosson, A perceptual color space for image processing, 2020], whose hue angle
spreads named colors well. Each slider is one smooth bump on the hue circle; together the bumps of
a kind add up to 1 everywhere.

The colors of a profile reach beyond those of light, to cones that answer 0 or less, where a cube
root is infinitely steep. Below TOE it is continued by its tangent, as that of CIE L* is, but below
a share of what the cones answer together: so colors of any brightness keep their hue, and those
of displays, whose shares are larger, are Oklab's.

The hue of a grey is chance: there, turns and saturations become the mean of all bands.
"""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engine.color import D50_XYZ, PROPHOTO, adaptation, extremes, luminance, transform, xyz
from engine.curves import look_up
from engine.gamut import halves, room, strengthening
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

BANDS = {
    "red": 29.0,
    "orange": 62.0,
    "yellow": 105.0,
    "green": 142.0,
    "aqua": 196.0,
    "blue": 258.0,
    "purple": 298.0,
    "magenta": 336.0,
}
"""Oklab hue (degrees) of each band's middle."""

TURN = math.radians(30.0)  # hue +-100
MOST = 1.2  # saturation 100: what it adds to chroma
BRIGHTEST, DARKEST = 1.5, 0.7  # luminance +-100: what it adds to or takes from light
FAINT = 0.04  # chroma below which a color counts as grey
TOE = 0.15  # share of the mean of the cones below which a root is a line: sRGB has 0.196 and more
SURE = 0.01  # chroma at which a hue counts half, and half the mean of all
LEAST = 1e-5  # of a toe, so that black has a root to divide by
_STEPS = 720

_D65 = xyz(torch.tensor([0.3127, 0.3290], dtype=torch.float64))
_XYZ_TO_LMS = np.array(
    [
        [0.8189330101, 0.3618667424, -0.1288597137],
        [0.0329845436, 0.9293118715, 0.0361456387],
        [0.0482003018, 0.2643662691, 0.6338517070],
    ]
)
ROOTS_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
TO_LMS = _XYZ_TO_LMS @ adaptation(D50_XYZ, _D65).numpy() @ PROPHOTO.to_xyz
TO_LMS /= TO_LMS.sum(1, keepdims=True)  # rounding apart, white gives 1, 1, 1: greys have no hue
FROM_LMS = np.linalg.inv(TO_LMS)
LAB_TO_ROOTS = np.linalg.inv(ROOTS_TO_LAB)


def _sliders(kind: str) -> tuple[Slider, ...]:
    return tuple(
        Slider(f"{kind}_{band}", -100.0, 100.0, xmp=f"{kind.title()}Adjustment{band.title()}")
        for band in BANDS
    )


HUES, SATURATIONS, LUMINANCES = _sliders("hue"), _sliders("saturation"), _sliders("luminance")


def exact(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    hue_red: Value,
    hue_orange: Value,
    hue_yellow: Value,
    hue_green: Value,
    hue_aqua: Value,
    hue_blue: Value,
    hue_purple: Value,
    hue_magenta: Value,
    saturation_red: Value,
    saturation_orange: Value,
    saturation_yellow: Value,
    saturation_green: Value,
    saturation_aqua: Value,
    saturation_blue: Value,
    saturation_purple: Value,
    saturation_magenta: Value,
    luminance_red: Value,
    luminance_orange: Value,
    luminance_yellow: Value,
    luminance_green: Value,
    luminance_aqua: Value,
    luminance_blue: Value,
    luminance_purple: Value,
    luminance_magenta: Value,
) -> Tensor:
    """Return `image` (B, 3, H, W), linear ProPhoto in [0, 1], with its bands of hue moved.

    +-100 turns a band's hue by 30 degrees, takes or doubles its chroma, darkens or brightens it.
    Greys have no hue and stay.
    """
    # fmt: off
    hues = curve((hue_red, hue_orange, hue_yellow, hue_green,
                   hue_aqua, hue_blue, hue_purple, hue_magenta), like=image)
    saturations = curve((saturation_red, saturation_orange, saturation_yellow, saturation_green,
                          saturation_aqua, saturation_blue, saturation_purple, saturation_magenta),
                         like=image)
    luminances = curve((luminance_red, luminance_orange, luminance_yellow, luminance_green,
                         luminance_aqua, luminance_blue, luminance_purple, luminance_magenta),
                        like=image)
    # fmt: on

    rooted, toe = roots(transform(image, TO_LMS))
    lightness, a, b = transform(rooted, ROOTS_TO_LAB).unbind(1)
    around = torch.atan2(b, a + 1e-12) / (2.0 * math.pi)
    around = around - around.detach().floor()
    squared = a.square() + b.square()
    sure = squared / (squared + SURE**2)
    if hues is not None:
        turn = _at(hues, around, sure) * TURN
        cos, sin = torch.cos(turn), torch.sin(turn)
        moved = _light(lightness, a * cos - b * sin, a * sin + b * cos, toe)
        # as a difference, so that neutral is exact
        image = image + (moved - _light(lightness, a, b, toe))
        # darker where it is too bright for its new hue: toward gray, near white, all would change
        image = image.clamp_min(0.0)
        image = image / extremes(image)[1].clamp_min(1.0)
    if saturations is not None:
        gray = luminance(image).clamp_max(1.0)
        more, less = halves(_at(saturations, around, sure).unsqueeze(1))
        image = image + (image - gray) * (more * strengthening(room(image, gray), MOST) + less)
    if luminances is not None:
        colored = squared / (squared + FAINT**2)
        brighter, darker = halves((look_up(luminances, around) * colored).unsqueeze(1))
        headroom = 1.0 / extremes(image)[1].clamp_min(1e-6)
        image = image * (1.0 + brighter * strengthening(headroom, BRIGHTEST) + darker * DARKEST)
    return image


def _at(curve: Tensor, around: Tensor, sure: Tensor) -> Tensor:
    """What `curve` says of hues (B, H, W): the less `sure` they are, the more its mean."""
    mean = curve.mean(-1, keepdim=True).unsqueeze(-1)
    return mean + (look_up(curve, around) - mean) * sure


def roots(cones: Tensor) -> tuple[Tensor, Tensor]:
    """Cube roots of `cones` (B, 3, H, W), and the one (B, 1, H, W) below which they are lines."""
    toe = _cube_root((TOE * cones.mean(1, keepdim=True)).clamp_min(LEAST))
    square = toe * toe
    line = (cones - square * toe).clamp_max(0.0) / (3.0 * square)
    return _cube_root(torch.maximum(cones, square * toe)) + line, toe


def cones_of(roots: Tensor, toe: Tensor) -> Tensor:
    """The inverse of `roots` where they are lines below `toe`."""
    held = torch.maximum(roots, toe)
    return held * held * held + (roots - toe).clamp_max(0.0) * (3.0 * toe * toe)


def _light(lightness: Tensor, a: Tensor, b: Tensor, toe: Tensor) -> Tensor:
    """Linear ProPhoto of Oklab planes."""
    rooted = transform(torch.stack([lightness, a, b], 1), LAB_TO_ROOTS)
    return transform(cones_of(rooted, toe), FROM_LMS)


def _cube_root(positive: Tensor) -> Tensor:
    return torch.exp2(torch.log2(positive) / 3.0)  # much faster than a power


def curve(values: tuple[Value, ...], like: Tensor) -> Tensor | None:
    """A kind's eight sliders as one curve over the hue circle (_STEPS + 1,) or (B, _STEPS + 1).

    None where all are at 0: that part of the work can be left out.
    """
    if not any(isinstance(value, Tensor) or value for value in values):
        return None
    columns = [torch.as_tensor(v).to(like).reshape(-1, 1) / 100.0 for v in values]
    amounts = torch.cat(torch.broadcast_tensors(*columns), 1)
    curve = amounts @ _bumps().to(like)
    return curve if len(curve) > 1 else curve[0]


@lru_cache(maxsize=1)
def _bumps() -> Tensor:
    """Each band's weight (8, _STEPS + 1) around the circle: raised cosines between the middles."""
    hue = torch.linspace(0.0, 360.0, _STEPS + 1, dtype=torch.float64)
    middles = torch.tensor(list(BANDS.values()), dtype=torch.float64)
    before, after = middles.roll(1), middles.roll(-1)
    offset = torch.remainder(hue - middles[:, None] + 180.0, 360.0) - 180.0
    rising = offset / torch.remainder(middles - before, 360.0)[:, None]
    falling = offset / torch.remainder(after - middles, 360.0)[:, None]
    distance = torch.where(offset < 0.0, -rising, falling).clamp_max(1.0)
    return 0.5 + 0.5 * torch.cos(math.pi * distance)


STAGE = Stage("color_mixer", (*HUES, *SATURATIONS, *LUMINANCES), exact, Kind.PROGRAM, Space.PROFILE)
