"""Detail: noise reduction on linear camera RGB, before anything stretches the noise.

Balanced by the as-shot white, the picture is split into a luminance and two color differences, each
into octaves [Burt & Adelson, The Laplacian Pyramid as a Compact Image Code, IEEE TCOM 31(4), 1983].
In each octave a detail shrinks by how its local energy compares with the noise expected there, as
in [Mihcak et al., Low-complexity image denoising based on statistical modeling of wavelet
coefficients, IEEE SPL 6(12), 1999], with a steeper fall so that what is clearly texture stays.
Color noise is followed into much larger octaves, where it shows as blotches.

The noise: variance = a x + b (NoiseProfile, DNG 1.7.1) at each photosite of the full-size photo.
Octaves are counted from its pixels, so a reduced picture has less noise and less is taken away.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engine.color import transform
from engine.filters import box_mean
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics
from engine.white import as_shot

LUMINANCE_NOISE = Slider("luminance_noise", 0.0, 100.0, xmp="LuminanceSmoothing")
COLOR_NOISE = Slider("color_noise", 0.0, 100.0, xmp="ColorNoiseReduction")

# Luminance, red and blue against green, of balanced RGB.
SPLIT = ((0.25, 0.5, 0.25), (1.0, -1.0, 0.0), (0.0, -1.0, 1.0))
SITES = (4.0, 2.0, 4.0)  # pixels per photosite of a color in a Bayer mosaic

# Standard deviation of the finest octave of white noise of unit variance; each further one halves.
WHITE_OCTAVE = 0.904

NEAR_WHITE = 0.1  # what is left to the white where noise reduction fades: clipped stays clipped


@dataclass(frozen=True)
class Reach:
    """How one kind of noise is followed through the octaves of the full-size photo.

    `smooth`: demosaicing takes noise out of the finest octaves; measured std of a flat field's
    octaves behind engine.raw.demosaic, over those of white noise of equal low-frequency density.
    `limit`: multiple of the noise's variance that slider 100 takes for noise. `radius`: of the
    window in which energy is measured, in pixels of the octave.
    """

    octaves: int
    smooth: tuple[float, ...]
    limit: float
    radius: int


LUMINANCE = Reach(octaves=4, smooth=(0.89, 1.0), limit=4.0, radius=1)
COLOR = Reach(octaves=6, smooth=(0.115, 0.33, 0.64, 0.89, 1.0), limit=7.0, radius=1)


def exact(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    luminance_noise: Value,
    color_noise: Value,
) -> Tensor:
    """Return `image` (B, 3, H, W) with less noise; 0 takes nothing, 100 all that may be noise."""
    white = as_shot(metadata).camera_white
    split = torch.tensor(SPLIT).double() / white
    # beyond the white, channels are clipped one by one: colors of no meaning, not to be spread
    ceiling = white.to(image).view(3, 1, 1)
    planes = transform(torch.minimum(image, ceiling), split)
    luminance, colors = planes[:, :1], planes[:, 1:]
    noise = split.square() @ _noise_of_photosites(metadata, white)

    light = [luminance]
    while len(light) <= COLOR.octaves:
        light.append(_halve(light[-1]))
    taken = [
        _noise(luminance, light, noise[:1], luminance_noise, LUMINANCE, metadata.scale),
        _noise(colors, light, noise[1:], color_noise, COLOR, metadata.scale),
    ]
    below = 1.0 - (image / ceiling).amax(1, keepdim=True)
    taken_rgb = transform(torch.cat(taken, 1), torch.linalg.inv(split))
    return image - taken_rgb * (below / NEAR_WHITE).clamp(0.0, 1.0)


def _noise(
    planes: Tensor,
    light: Sequence[Tensor],
    profile: Tensor,
    amount: Value,
    reach: Reach,
    scale: float,
) -> Tensor:
    """What of `planes` (B, C, H, W) is taken for noise.

    `light` is the pyramid of the luminance, `profile` (C, 2) the noise a, b of each plane.
    """
    below = -math.log2(scale)  # octaves of the full-size photo that this picture has lost
    a, b = profile.to(planes).view(1, -1, 2, 1, 1).unbind(2)
    bands, shares = [], []
    for level in range(max(0, math.ceil(reach.octaves - below))):
        octave = level + below
        coarse = _halve(planes)
        band = planes - _double(coarse, planes)
        gain = WHITE_OCTAVE * 2.0**-octave * _at(reach.smooth, octave)
        variance = (a * light[level + 1].clamp_min(0.0) + b) * (gain * gain)
        energy = (_halve(band * band) / variance).mean(1, keepdim=True)
        energy = box_mean(energy, reach.radius)
        limit = reach.limit * (amount / 100.0) * min(1.0, reach.octaves - octave)
        bands.append(band)
        shares.append(limit * limit / (limit * limit + energy * energy + 1e-12))
        planes = coarse
    taken = torch.zeros_like(planes)
    for band, share in zip(reversed(bands), reversed(shares), strict=True):
        taken = band * _double(share, band) + _double(taken, band)
    return taken


def _halve(planes: Tensor) -> Tensor:
    """Half the size: means over 2x2 pixels; sides may be odd."""
    return functional.avg_pool2d(planes, 2, ceil_mode=True, count_include_pad=False)


def _double(planes: Tensor, like: Tensor) -> Tensor:
    """Twice the size, bilinear, cut to that of `like`."""
    large = functional.interpolate(planes, scale_factor=2.0, mode="bilinear", align_corners=False)
    return large[..., : like.shape[-2], : like.shape[-1]]


def _noise_of_photosites(metadata: Metadata, white: Tensor) -> Tensor:
    """Noise a, b (3, 2) of camera RGB: variance on neutral light = a x + b, x the luminance.

    It counts for areas of full-size pixels, where a color of a mosaic has only every so many.
    """
    known = metadata.noise_profile
    profile = _typical_noise(metadata.exif.iso or 400.0) if known is None else known
    noise = torch.as_tensor(profile, dtype=torch.float64).reshape(-1, 2)
    noise = noise.expand(3, 2) if len(noise) < 3 else noise[:3]
    noise = noise.clamp_min(1e-12) * torch.stack([white, torch.ones_like(white)], -1)
    return noise if metadata.monochrome else noise * torch.tensor(SITES).double()[:, None]


def _typical_noise(iso: float) -> Tensor:
    """NoiseProfile of a usual sensor: at ISO 100 it holds 33,000 electrons and reads out with 4."""
    return torch.tensor([[3e-5, 1.5e-8]]) * torch.tensor([iso / 100.0, (iso / 100.0) ** 1.5])


def _at(table: Sequence[float], position: float) -> float:
    """`table` at a fractional position, its last entry beyond its end."""
    index = min(int(position), len(table) - 1)
    after = table[min(index + 1, len(table) - 1)]
    return table[index] + (after - table[index]) * (position - int(position))


STAGE = Stage("detail", (LUMINANCE_NOISE, COLOR_NOISE), exact, Kind.AREAWISE, Space.CAMERA)
