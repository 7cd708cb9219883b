"""Color calibration: darktable's illuminant: which color of the scene is to be neutral.

The sensor's own multipliers stay as shot. What another temperature and tint would have made neutral
has a chromaticity in the picture that is balanced as shot, and that is darktable's illuminant. It
is adapted to D50 by CAT16 [C. Li et al., Comprehensive color solutions: CAM16, CAT16 and
CAM16-UCS, 2017].
"""

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

CUSTOM, BY_CAT16 = 7, 1
"""An illuminant by its chromaticity; the adaptation."""

FAINTEST = 0.1
"""The least response of a kind of cone to a white: one without blue cannot be made neutral."""

PLAIN: Parameters = {
    "red": (1.0, 0.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0, 0.0),
    "blue": (0.0, 0.0, 1.0, 0.0),
    "illuminant": CUSTOM,
    "adaptation": BY_CAT16,
    "gamut": 0.0,
    "clip": 0,
}
"""All but the illuminant: no mixing of channels, and no color held back."""

_FROM_PROPHOTO = torch.from_numpy(PROPHOTO.to_xyz)


def exact(
    image: Tensor, metadata: Metadata, statistics: Statistics, *,
    temperature: Value | None, tint: Value | None,
) -> Tensor:  # fmt: skip
    """`image` (1, 3, H, W), linear Rec. 2020, through the module."""
    told = parameters(metadata, temperature=temperature, tint=tint)
    return alone("channelmixerrgb", told, image)


def proxy(
    image: Tensor, metadata: Metadata, statistics: Statistics, *,
    temperature: Value | None, tint: Value | None,
) -> Tensor:  # fmt: skip
    """The module as one matrix: to the cones' responses, each scaled so that white is D50's.

    Colors without light, which noise makes, come out black, and less than no blue is none.
    """
    x, y, z = transform(image, to_xyz(metadata, temperature, tint)).split(1, 1)
    light = (y > 0.0) & (x + y + z > 0.0)
    seen = torch.cat([x, y, z.clamp_min(0.0)], 1)
    return torch.where(light, transform(seen, torch.linalg.inv(TO_XYZ)), 0.0)


def to_xyz(metadata: Metadata, temperature: Value | None, tint: Value | None) -> Tensor:
    """(..., 3, 3) from linear Rec. 2020 to XYZ in which the chosen white is D50's."""
    return adapted(_seen(metadata, temperature, tint), D50_XYZ) @ TO_XYZ


def parameters(metadata: Metadata, *, temperature: Value | None, tint: Value | None) -> Parameters:
    """Temperature in K and tint as an illuminant in the picture that is balanced as shot."""
    seen = _seen(metadata, temperature, tint)
    x, y, _ = (seen / seen.sum()).tolist()
    return {**PLAIN, "x": x, "y": y}


def _seen(metadata: Metadata, temperature: Value | None, tint: Value | None) -> Tensor:
    """XYZ (..., 3), Y = 1, of the chosen white in the picture that is balanced as shot."""
    chosen = white.resolve(metadata, temperature, tint).camera_white[..., None]
    seen = _FROM_PROPHOTO @ white.as_shot(metadata).camera_to_prophoto @ chosen
    cones = (CAT16 @ (seen / seen[..., 1:2, :])).clamp_min(FAINTEST)
    seen = (torch.linalg.inv(CAT16) @ cones)[..., 0]
    return seen / seen[..., 1:2]


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse, to a Kelvin and a tenth of a tint; None where channels are mixed too."""
    if not agree(numbers, PLAIN):
        return None
    seen = xyz(torch.tensor([numbers["x"][0], numbers["y"][0]], dtype=torch.float64))
    camera = torch.linalg.solve(_FROM_PROPHOTO @ white.as_shot(metadata).camera_to_prophoto, seen)
    if float(camera.min()) <= 0.0:
        return None
    shot = metadata.replace(as_shot_neutral=(camera / camera.max()).numpy())
    temperature, tint = white.as_shot_temperature_tint(shot)
    return {"temperature": round(temperature), "tint": round(tint, 1)}


MODULE = Module(
    Stage(
        "color_calibration",
        (TEMPERATURE, TINT),
        exact,
        Kind.POINTWISE,
        Space.WORKING,
        differentiable=False,
    ),
    "channelmixerrgb",
    parameters,
    settings,
    proxy,
)
