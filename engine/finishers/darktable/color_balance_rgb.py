"""Color balance RGB: darktable's contrast, vibrance, saturation, chroma and brilliance.

R. Kirk, Chromaticity coordinates for graphic arts based on CIE 2006 LMS with even spacing of
Munsell colours, Color and Imaging Conference 2019, for the space of contrast and chroma.
"""

import math
from functools import cache

import torch
from torch import Tensor

from engine.color import D50_XYZ, transform
from engine.finishers.darktable.module import Module, Numbers, Parameters, agree
from engine.finishers.darktable.operators import alone
from engine.finishers.darktable.working import D65_XYZ, TO_XYZ, adapted
from engine.metadata import Metadata
from engine.slider import Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

_NAMES = {
    "contrast": "contrast",
    "vibrance": "vibrance",
    "saturation": "saturation_global",
    "chroma": "chroma_global",
    "brilliance": "brilliance_global",
}

SLIDERS = tuple(Slider(name, -100.0, 100.0, unit="%") for name in _NAMES)

ZONES = "shadows", "midtones", "highlights"

OTHERS = (
    *(f"{zone}_{letter}" for zone in (*ZONES, "global") for letter in "YC"),
    *(f"{what}_{zone}" for what in ("chroma", "saturation", "brilliance") for zone in ZONES),
    "hue_angle",
)
"""Parameters of the module that no slider moves."""

PLAIN: Parameters = {"saturation_formula": 0}
"""Saturation in JzAzBz."""

GREY, HUES = 0.1845, 360

WHITE = 0.21902143, 0.54371398
"""r and g of white."""

TO_XYZ_D65 = adapted(D50_XYZ, D65_XYZ) @ TO_XYZ

TO_LMS = torch.tensor(
    [
        [0.257085, 0.859943, -0.031061],
        [-0.394427, 1.175800, 0.106423],
        [0.064856, -0.076250, 0.559067],
    ],
    dtype=torch.float64,
)
"""XYZ, D65, to the cones of CIE 170-1:2006."""

LUMINANCE = torch.tensor([0.68990272, 0.34832189, 0.0], dtype=torch.float64)
FROM_GRADING = torch.tensor(
    [[0.95, 0.38, 0.00], [0.05, 0.62, 0.03], [0.00, 0.00, 0.97]], dtype=torch.float64
)

C1, C2, C3 = 3424 / 2**12, 2413 / 2**7, 2392 / 2**7
N, P, D0 = 2610 / 2**14, 1.7 * 2523 / 2**5, 1.6295499532821566e-11
TO_CONES = torch.tensor(
    [
        [0.41478972, 0.579999, 0.0146480],
        [-0.2015100, 1.120649, 0.0531008],
        [-0.0166008, 0.264800, 0.6684799],
    ],
    dtype=torch.float64,
)
TO_IAB = torch.tensor(
    [[0.5, 0.5, 0.0], [3.524000, -4.066708, 0.542708], [0.199076, 1.096799, -1.295875]],
    dtype=torch.float64,
)

TINY = 1e-9


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *,
    contrast: Value, vibrance: Value, saturation: Value, chroma: Value, brilliance: Value,
) -> Tensor:  # fmt: skip
    """`image` (1, 3, H, W), linear Rec. 2020, through the module, negatives as black."""
    told = parameters(
        metadata,
        contrast=contrast,
        vibrance=vibrance,
        saturation=saturation,
        chroma=chroma,
        brilliance=brilliance,
    )
    return alone("colorbalancergb", told, image)


def proxy(
    image: Tensor, metadata: Metadata, statistics: Statistics, *,
    contrast: Value, vibrance: Value, saturation: Value, chroma: Value, brilliance: Value,
) -> Tensor:  # fmt: skip
    """Chroma and contrast in Kirk's Yrg, brilliance and saturation in JzAzBz, held in its gamut."""
    luminance, redness, greenness = _yrg(transform(image.clamp_min(0.0), TO_LMS @ TO_XYZ_D65))
    distance = _length(redness, greenness)
    vivid = torch.as_tensor(vibrance) / 100.0
    by_vibrance = vivid * (1.0 - distance.clamp_min(TINY) ** vivid.abs())
    factor = (1.0 + torch.as_tensor(chroma) / 100.0 + by_vibrance).clamp_min(0.0)
    factor = torch.minimum(factor, _room(redness, greenness))
    steepness = 1.0 + torch.as_tensor(contrast) / 100.0
    bent = GREY * (luminance / GREY).clamp_min(TINY) ** steepness
    seen = torch.where(luminance > 0.0, bent, 0.0)
    cones = _cones(seen, factor * redness, factor * greenness)
    light, green_red, blue_yellow = _jzazbz(transform(cones, torch.linalg.inv(TO_LMS)))
    colored = _length(green_red, blue_yellow)
    more, brighter = torch.as_tensor(saturation) / 100.0, torch.as_tensor(brilliance) / 100.0
    angle = torch.atan2(colored, light)
    size = _length(light, colored)
    aside = size * torch.minimum(torch.maximum(angle * more, -angle), math.pi / 2.0 - angle)
    along = (size * (1.0 + brighter)).clamp_min(0.0)
    wanted = (along * angle.cos() - aside * angle.sin()).clamp_min(0.0)
    pure = (along * angle.sin() + aside * angle.cos()).clamp_min(0.0)
    across, up = green_red / colored.clamp_min(TINY), blue_yellow / colored.clamp_min(TINY)
    wanted, pure = _held(wanted, pure, torch.atan2(up, across))
    pure = torch.minimum(pure, _purest(wanted, across, up))
    seen = _xyz(wanted, pure * across, pure * up)
    return transform(seen, torch.linalg.inv(TO_XYZ_D65)).clamp_min(0.0)


def _length(a: Tensor, b: Tensor) -> Tensor:
    return (a.square() + b.square()).clamp_min(TINY**2).sqrt()


def _yrg(cones: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Kirk's luminance, and his r and g from those of white, each (B, 1, H, W)."""
    luminance = transform(cones, LUMINANCE[None])
    total = cones.sum(1, keepdim=True)
    rgb = transform(cones / torch.where(total == 0.0, 1.0, total), torch.linalg.inv(FROM_GRADING))
    return luminance.clamp_min(0.0), rgb[:, :1] - WHITE[0], rgb[:, 1:2] - WHITE[1]


def _cones(luminance: Tensor, redness: Tensor, greenness: Tensor) -> Tensor:
    """Back from `_yrg`."""
    r, g = redness + WHITE[0], greenness + WHITE[1]
    share = transform(torch.cat([r, g, 1.0 - r - g], 1), FROM_GRADING)
    return share * (luminance / transform(share, LUMINANCE[None]))


def _room(redness: Tensor, greenness: Tensor) -> Tensor:
    """How many times further from white r, g and b stay positive."""
    room = torch.full_like(redness, math.inf)
    for away, limit in (
        (redness, WHITE[0]),
        (greenness, WHITE[1]),
        (-redness - greenness, 1.0 - WHITE[0] - WHITE[1]),
    ):
        room = torch.where(away < 0.0, torch.minimum(room, -limit / away.clamp_max(-TINY)), room)
    return room


def _jzazbz(xyz: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Jz, az and bz of XYZ (B, 3, H, W), D65 [Safdar et al., Optics Express 25(13), 2017]."""
    x, y, z = xyz.split(1, 1)
    bent = torch.cat([1.15 * x - 0.15 * z, 0.66 * y + 0.34 * x, z], 1)
    cones = (transform(bent, TO_CONES) / 10_000.0).clamp_min(TINY) ** N
    cones = ((C1 + C2 * cones) / (1.0 + C3 * cones)) ** P
    intensity, a, b = transform(cones, TO_IAB).split(1, 1)
    light = 0.44 * intensity / (1.0 - 0.56 * intensity) - D0
    return light.clamp_min(0.0), a, b


def _intensity(light: Tensor) -> Tensor:
    shifted = light + D0
    return (shifted / (0.44 + 0.56 * shifted)).clamp_min(0.0)


def _xyz(light: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Back from `_jzazbz`."""
    cones = transform(torch.cat([_intensity(light), a, b], 1), torch.linalg.inv(TO_IAB))
    cones = cones.clamp_min(TINY) ** (1.0 / P)
    cones = ((C1 - cones) / (C3 * cones - C2)).clamp_min(TINY) ** (1.0 / N)
    x, y, z = transform(10_000.0 * cones, torch.linalg.inv(TO_CONES)).split(1, 1)
    x = (x + 0.15 * z) / 1.15
    return torch.cat([x, (y - 0.34 * x) / 0.66, z], 1)


def _held(light: Tensor, pure: Tensor, hue: Tensor) -> tuple[Tensor, Tensor]:
    """Light and purity drawn to where the working space ends at this hue, half from each."""
    place = (HUES - 1) * (hue + math.pi) / (2.0 * math.pi)
    before = place.detach().floor().clamp(0, HUES - 1)
    limits = gamut().to(light)
    low, high = limits[before.long()], limits[(before + 1).clamp_max(HUES - 1).long()]
    most = torch.lerp(low, high, place - before)
    ratio = pure / light.clamp_min(TINY)
    soft, rest = 0.8 * most, 0.2 * most
    beyond = soft + (1.0 - torch.exp(-(ratio - soft).clamp_min(0.0) / rest)) * rest
    ratio = torch.where(light > 0.0, torch.where(ratio > soft, beyond, ratio), most)
    at_ratio = torch.where(ratio > 0.0, pure / ratio.clamp_min(TINY), light)
    return (light + at_ratio) / 2.0, (pure + light * ratio) / 2.0


def _purest(light: Tensor, across: Tensor, up: Tensor) -> Tensor:
    """The purity up to which no cone's response is negative."""
    intensity = _intensity(light)
    most = torch.full_like(light, math.inf)
    for _, by_a, by_b in torch.linalg.inv(TO_IAB).tolist():
        slope = by_a * across + by_b * up
        room = -intensity / torch.where(slope < 0.0, slope, -1.0)
        most = torch.where(slope < 0.0, torch.minimum(most, room), most)
    return most


@cache
def gamut() -> Tensor:
    """The largest purity over light (HUES,) at each hue of colors from 0 to 1, smoothed."""
    steps = torch.linspace(0.0, 1.0, 92, dtype=torch.float64)
    colors = torch.cartesian_prod(steps, steps, steps).T[None, :, :, None]
    light, a, b = _jzazbz(transform(colors, TO_XYZ_D65))
    ratio = torch.where(light > 0.0, _length(a, b) / light.clamp_min(TINY), 0.0).flatten()
    place = ((HUES - 1) * (torch.atan2(b, a) + math.pi) / (2.0 * math.pi)).round().long().flatten()
    most = torch.zeros(HUES, dtype=torch.float64).scatter_reduce(0, place, ratio, "amax")
    return torch.stack([most.roll(by) for by in range(-2, 3)]).mean(0)


def parameters(metadata: Metadata, **values: Value) -> Parameters:
    """% as shares."""
    return {**PLAIN, **{_NAMES[name]: float(value) / 100.0 for name, value in values.items()}}


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse; None where more is balanced than the sliders do."""
    if not agree(numbers, {**PLAIN, **dict.fromkeys(OTHERS, 0.0)}):
        return None
    return {name: round(100.0 * numbers[theirs][0], 4) for name, theirs in _NAMES.items()}


MODULE = Module(
    Stage("color_balance_rgb", SLIDERS, exact, Kind.POINTWISE, Space.WORKING, differentiable=False),
    "colorbalancergb",
    parameters,
    settings,
    proxy,
)
