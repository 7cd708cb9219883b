"""Descriptor: what a habit looks at before it sets the sliders: a photo as it comes, in numbers.

Globally the features of its neutral picture, its statistics H and its light as shot; locally by how
much its middle is lighter and of another color than its border.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from engine.color import luminance, transform
from engine.curves import total_exposure
from engine.finisher import Finisher
from engine.photo import Photo
from engine.renderer import Renderer
from engine.settings import Settings
from engine.stage import Operator
from engine.style.features import LONG_SIDE, features
from engine.white import as_shot, as_shot_temperature_tint

FAINTEST = 2.0**-10
"""Light below which differences count for less."""

MIDDLE = 0.5
"""Of each side, the part that is the middle."""


@torch.no_grad()
def descriptor(photo: Photo, finisher: Finisher, operators: Mapping[str, Operator]) -> Tensor:
    """Of `photo`: (n,) float64."""
    photo = photo.reduced(LONG_SIDE)
    picture = Renderer(photo, finisher, operators).picture(Settings())
    return torch.cat([features(picture), _tones(photo), _light(photo), _middle(photo)])


def _tones(photo: Photo) -> Tensor:
    """How light is spread, in EV about middle grey: quantiles, mean, deviation, EV of the mean."""
    exposure = total_exposure(photo.metadata)
    mean, deviation, brightness = photo.statistics.tones
    quantiles = photo.statistics.quantiles.double() + exposure
    return torch.cat([quantiles, torch.stack([mean + exposure, deviation, brightness + exposure])])


def _light(photo: Photo) -> Tensor:
    """The white as shot (mired / 10, tint), and how far the mean color is from it, in stops."""
    temperature, tint = as_shot_temperature_tint(photo.metadata)
    white = as_shot(photo.metadata).camera_white.double()
    red, green, blue = torch.log2(photo.statistics.mean_camera.double().clamp_min(FAINTEST) / white)
    shot = torch.tensor([1e5 / temperature, tint], dtype=torch.float64)
    return torch.cat([shot, torch.stack([red - green, blue - green])])


def _middle(photo: Photo) -> Tensor:
    """By how much the middle is lighter, redder and bluer than all of it, in stops."""
    scene = transform(photo.image, as_shot(photo.metadata).camera_to_prophoto).double()
    height, width = scene.shape[-2:]
    top, left = round(height * (1.0 - MIDDLE) / 2.0), round(width * (1.0 - MIDDLE) / 2.0)
    inner = scene[..., top : max(height - top, top + 1), left : max(width - left, left + 1)]
    told = []
    for part in (inner, scene):
        red, green, blue = torch.log2(part.mean((0, 2, 3)).clamp_min(FAINTEST))
        light = torch.log2(luminance(part).mean().clamp_min(FAINTEST))
        told.append(torch.stack([light, red - green, blue - green]))
    return told[0] - told[1]
