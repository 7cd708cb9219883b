"""Color calibration: darktable's illuminant, the color of the scene to be neutral, and mixer.

The sensor's own multipliers stay as shot. What another temperature and tint would have made neutral
has a chromaticity in the picture that is balanced as shot, and that is darktable's illuminant. It
is adapted to D50 by CAT16 [C. Li et al., Comprehensive color solutions: CAM16, CAT16 and
CAM16-UCS, 2017].

Then each kind of cone, red, green or blue as darktable calls them, may get a share of the others'
responses, and of its own as much less as keeps neutral neutral: colors turn as between two cameras'
profiles.
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from engine import white
from engine.color import D50_XYZ, PROPHOTO, transform, xyz
from engine.finishers.darktable.module import Module, Numbers, Parameters, agree
from engine.finishers.darktable.operators import alone
from engine.finishers.darktable.working import CAT16, TO_XYZ, adapted
from engine.metadata import Metadata
from engine.slider import Scale, Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

TEMPERATURE = Slider("temperature", 2500.0, 25000.0, None, "K", step=50.0, scale=Scale.MIRED)
TINT = Slider("tint", -100.0, 100.0, None)
MIXED = (("red", "green", "blue"), ("green", "red", "blue"), ("blue", "red", "green"))
"""Each kind of cone and the two others."""

MIX = tuple(
    Slider(f"{to}_from_{other}", -40.0, 40.0, unit="%") for to, *others in MIXED for other in others
)

CUSTOM, BY_CAT16 = 7, 1
"""An illuminant by its chromaticity; the adaptation."""

OF_THE_PICTURE, UNADAPTED = 0, 4
"""An illuminant and an adaptation that leave white as it is."""

FAINTEST = 0.1
"""The least response of a kind of cone to a white: one without blue cannot be made neutral."""

CONES = "red", "green", "blue"

PLAIN: Parameters = {
    "normalize_R": 0,
    "normalize_G": 0,
    "normalize_B": 0,
    "illuminant": CUSTOM,
    "adaptation": BY_CAT16,
    "gamut": 0.0,
    "clip": 0,
}
"""All but the illuminant and the mixer: no color held back."""

_FROM_PROPHOTO = torch.from_numpy(PROPHOTO.to_xyz)


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *,
    temperature: Value | None, tint: Value | None,
    red_from_green: Value, red_from_blue: Value, green_from_red: Value, green_from_blue: Value,
    blue_from_red: Value, blue_from_green: Value,
) -> Tensor:  # fmt: skip
    """`image` (1, 3, H, W), linear Rec. 2020, through the module."""
    first = red_from_green, red_from_blue, green_from_red, green_from_blue
    mix = (*first, blue_from_red, blue_from_green)
    told = _parameters(metadata, temperature, tint, mix)
    return alone("channelmixerrgb", told, image)


def proxy(
    image: Tensor, metadata: Metadata, statistics: Statistics, *,
    temperature: Value | None, tint: Value | None,
    red_from_green: Value, red_from_blue: Value, green_from_red: Value, green_from_blue: Value,
    blue_from_red: Value, blue_from_green: Value,
) -> Tensor:  # fmt: skip
    """The module as one matrix: to the cones' responses, scaled so that white is D50's, and mixed.

    Colors without light, which noise makes, come out black, and less than no blue is none.
    """
    first = red_from_green, red_from_blue, green_from_red, green_from_blue
    mix = (*first, blue_from_red, blue_from_green)
    x, y, z = transform(image, to_xyz(metadata, temperature, tint, mix)).split(1, 1)
    light = (y > 0.0) & (x + y + z > 0.0)
    seen = torch.cat([x, y, z.clamp_min(0.0)], 1)
    return torch.where(light, transform(seen, torch.linalg.inv(TO_XYZ)), 0.0)


def to_xyz(
    metadata: Metadata, temperature: Value | None, tint: Value | None, mix: Sequence[Value]
) -> Tensor:
    """(..., 3, 3) from linear Rec. 2020 to XYZ in which the chosen white is D50's.

    `mix` are the values of MIX.
    """
    balanced = adapted(_seen(metadata, temperature, tint), D50_XYZ) @ TO_XYZ
    return torch.linalg.inv(CAT16) @ _mixer(mix) @ CAT16 @ balanced


def _mixer(mix: Sequence[Value]) -> Tensor:
    """(..., 3, 3) from the cones' responses to those that are mixed, which keeps those to white."""
    shares = [torch.as_tensor(value, dtype=torch.float64) / 100.0 for value in mix]
    shares = [share.flatten(-3) if share.ndim >= 3 else share[..., None] for share in shares]
    a, b, c, d, e, f = torch.broadcast_tensors(*shares)
    red, green, blue = CAT16 @ D50_XYZ
    rows = [
        torch.cat([1.0 - (a * green + b * blue) / red, a, b], -1),
        torch.cat([c, 1.0 - (c * red + d * blue) / green, d], -1),
        torch.cat([e, f, 1.0 - (e * red + f * green) / blue], -1),
    ]
    return torch.stack(rows, -2)


def parameters(metadata: Metadata, **values: Value | None) -> Parameters:
    """Temperature in K and tint as an illuminant in the picture that is balanced as shot."""
    mix = [values[slider.name] for slider in MIX]
    return _parameters(metadata, values["temperature"], values["tint"], cast("list[Value]", mix))


def _parameters(
    metadata: Metadata, temperature: Value | None, tint: Value | None, mix: Sequence[Value]
) -> Parameters:
    seen = _seen(metadata, temperature, tint)
    x, y, _ = (seen / seen.sum()).tolist()
    rows = zip(CONES, _mixer(mix).tolist(), strict=True)
    shares = {cone: (*row, 0.0) for cone, row in rows}
    return {**PLAIN, **shares, "x": x, "y": y}


def _seen(metadata: Metadata, temperature: Value | None, tint: Value | None) -> Tensor:
    """XYZ (..., 3), Y = 1, of the chosen white in the picture that is balanced as shot."""
    chosen = white.resolve(metadata, temperature, tint).camera_white[..., None]
    seen = _FROM_PROPHOTO @ white.as_shot(metadata).camera_to_prophoto @ chosen
    cones = (CAT16 @ (seen / seen[..., 1:2, :])).clamp_min(FAINTEST)
    seen = (torch.linalg.inv(CAT16) @ cones)[..., 0]
    return seen / seen[..., 1:2]


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse, to a Kelvin and a tenth of a tint; None where neutral would not stay so."""
    mix = _mix(numbers)
    if mix is None or not agree(numbers, PLAIN):
        return None
    told = _white(metadata, numbers)
    return None if told is None else {**told, **mix}


def nearest(metadata: Metadata, shot: Metadata, numbers: Numbers | None) -> dict[str, Setting]:
    """The white of the scene, whatever else the module does; as shot where it does not tell.

    A photo that darktable has balanced for daylight, as it does by default, needs one.
    """
    if numbers is not None:
        if numbers["illuminant"][0] == OF_THE_PICTURE or numbers["adaptation"][0] == UNADAPTED:
            return {}
        if told := _white(metadata, numbers):
            return told
    return {} if metadata is shot else _told(shot)


def _white(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """Temperature and tint of the illuminant; None where no light is seen so."""
    seen = xyz(torch.tensor([numbers["x"][0], numbers["y"][0]], dtype=torch.float64))
    camera = torch.linalg.solve(_FROM_PROPHOTO @ white.as_shot(metadata).camera_to_prophoto, seen)
    if float(camera.min()) <= 0.0:
        return None
    return _told(metadata.replace(as_shot_neutral=(camera / camera.max()).numpy()))


def _told(shot: Metadata) -> dict[str, Setting]:
    temperature, tint = white.as_shot_temperature_tint(shot)
    return {"temperature": round(temperature), "tint": round(tint, 1)}


def _mix(numbers: Numbers) -> dict[str, Setting] | None:
    """The mixer's sliders; None where they would not make the same shares."""
    out = {
        f"{to}_from_{other}": 100.0 * numbers[to][CONES.index(other)]
        for to, *others in MIXED
        for other in others
    }
    rows = zip(CONES, _mixer(list(out.values())).tolist(), strict=True)
    if not agree(numbers, {cone: (*row, 0.0) for cone, row in rows}):
        return None
    return {name: round(share, 4) for name, share in out.items()}


MODULE = Module(
    Stage(
        "color_calibration",
        (TEMPERATURE, TINT, *MIX),
        exact,
        Kind.POINTWISE,
        Space.WORKING,
        differentiable=False,
    ),
    "channelmixerrgb",
    parameters,
    settings,
    proxy,
    nearest=nearest,
)
