"""Features: what a picture looks like, in a few numbers that sliders move nearly evenly.

First what a photographer sets first: how light all of it is, how far tones spread, which way the
mean color leans. Then how light is spread, which color the shadows, middle tones and lights are of,
how vivid colors are, and how strong details are at three sizes. All of it is told in stops of the
scene, where exposure and white balance shift and contrast scales: of a picture behind the inverse
of the neutral finish. Nothing is said of where things lie in the picture.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.color import PROPHOTO, SRGB, between, luminance, srgb_decode, transform
from engine.curves import (
    INTERVALS,
    apply_tone,
    exposure_ramp,
    inverse,
    profile_tone_table,
    total_exposure,
)
from engine.metadata import Calibration, Metadata, Profile
from engine.photo import Photo, area_average, fitted
from engine.white import as_shot

LONG_SIDE, LARGEST = 96, 768
"""Pixels of the pictures looked at; what is up to so large is reduced in the light of the scene, as
a photo is before it is finished."""

SHARES = 0.05, 0.2, 0.5, 0.8, 0.95
"""Of the pixels, from dark to light, that lie below the ends of the parts of light told apart."""

PARTS = 3
"""Of the pixels, from dark to light, whose colors are told apart."""

SIZES = 1, 3, 7
"""Radii in pixels over which details are what differs from the mean."""

DARKEST, FAINTEST, SMOOTHEST = 2.0**-9, 2.0**-7, 0.02
"""Light, light of one color and mean detail in stops below which differences count for less."""

LIGHT, COLOR, DETAIL = 15.0, 25.0, 8.0
"""Units of a stop of light, a stop between two colors, a factor e in detail: about those of L*."""

FIRST = 4
"""Of the features, those that a photographer sets first."""

VIVID = FIRST + len(SHARES) + 1 + 2 * PARTS + 1
"""The feature of the more vivid half of the colors."""

COUNT = FIRST + len(SHARES) + 1 + 2 * PARTS + 2 + len(SIZES)

_TO_PROPHOTO = between(SRGB, PROPHOTO)


def features(picture: Tensor) -> Tensor:
    """Of an encoded sRGB `picture` (1, 3, h, w): (COUNT,) float64."""
    picture = area_average(picture, fitted(picture.shape[-2:], LARGEST))
    scene = _unfinished(picture)
    return _told(area_average(scene, fitted(scene.shape[-2:], LONG_SIDE)))


def features_unfinished(photo: Photo) -> Tensor:
    """Of `photo` as it comes, white as shot: (COUNT,) float64.

    Those of its neutral picture, but for what that clips.
    """
    photo = photo.reduced(LONG_SIDE)
    scene = transform(photo.image, as_shot(photo.metadata).camera_to_prophoto).clamp_min(0.0)
    return _told(scene * 2.0 ** total_exposure(photo.metadata))


def _told(scene: Tensor) -> Tensor:
    """The features of a `scene` (1, 3, h, w), linear ProPhoto, white at 1."""
    scene = scene.double()
    light = luminance(scene)
    stops = torch.log2(light + DARKEST)
    ordered, order = stops.flatten().sort()
    red, green, blue = torch.log2(scene[0].flatten(1) + FAINTEST)
    ways = red - green, blue - green
    mean_red, mean_green, mean_blue = torch.log2(scene.mean((0, 2, 3)) + DARKEST)
    first = [LIGHT * torch.log2(light.mean() + DARKEST), LIGHT * stops.std(correction=0)]
    first += [COLOR * (mean_red - mean_green), COLOR * (mean_blue - mean_green)]
    thirds = [i / PARTS for i in range(1, PARTS)]
    return torch.cat(
        [
            torch.stack(first),
            LIGHT * _means(ordered, SHARES),
            *(COLOR * _means(way[order], thirds) for way in ways),
            COLOR * _means(torch.hypot(*ways).sort().values, [0.5]),
            DETAIL * _details(stops),
        ]
    )


def _unfinished(picture: Tensor) -> Tensor:
    """The scene, linear ProPhoto, that a camera with a plain profile would finish to `picture`."""
    tone, ramp = _inverses()
    linear = transform(srgb_decode(picture.float()), _TO_PROPHOTO).clamp(0.0, 1.0)
    return apply_tone(apply_tone(linear, tone), ramp)


@lru_cache(maxsize=1)
def _inverses() -> tuple[Tensor, Tensor]:
    """Of tone curve and exposure ramp at neutral."""
    plain = Metadata(Profile("Plain", (Calibration(21, np.eye(3)),)), (1, 1))
    fine = torch.linspace(0.0, 1.0, 16 * INTERVALS + 1, dtype=torch.float64)
    tone = inverse(profile_tone_table(plain.profile, 0.0))
    return tone.float(), inverse(exposure_ramp(fine, plain)).float()


def _means(values: Tensor, shares: Sequence[float]) -> Tensor:
    """Means of the parts of `values` (n,) between `shares` of them; at least one value each."""
    count = len(values)
    edges = [0, *(round(share * count) for share in shares), count]
    parts = [
        values[min(first, count - 1) : max(stop, first + 1)] for first, stop in pairwise(edges)
    ]
    return torch.stack([part.mean() for part in parts])


def _details(stops: Tensor) -> Tensor:
    """Logarithms of how far `stops` (1, 1, h, w) are from their means over SIZES."""
    strengths = []
    for radius in SIZES:
        wide = functional.pad(stops, (radius,) * 4, mode="replicate")
        mean = functional.avg_pool2d(wide, 2 * radius + 1, 1)
        strengths.append((stops - mean).abs().mean())
    return torch.log(torch.stack(strengths) + SMOOTHEST)
