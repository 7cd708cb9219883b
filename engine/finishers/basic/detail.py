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

from engine.color import transform
from engine.filters import box_mean, double, halve_box
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics
from engine.strips import in_strips
from engine.white import as_shot

LUMINANCE_NOISE = Slider("luminance_noise", 0.0, 100.0, xmp="LuminanceSmoothing")
COLOR_NOISE = Slider("color_noise", 0.0, 100.0, xmp="ColorNoiseReduction")

# Luminance, red and blue against green, of balanced RGB.
SPLIT = ((0.25, 0.5, 0.25), (1.0, -1.0, 0.0), (0.0, -1.0, 1.0))
SITES = (4.0, 2.0, 4.0)  # pixels per photosite of a color in a Bayer mosaic

# Standard deviation of the finest octave of white noise of unit variance; each further one halves.
WHITE_OCTAVE = 0.904

RADIUS = 1  # of the window in which energy is measured, in pixels of half an octave

NEAR_WHITE = 0.1  # what is left to the white where noise reduction fades: clipped stays clipped


@dataclass(frozen=True)
class Reach:
    """How one kind of noise is followed through the octaves of the full-size photo.

    `smooth`: demosaicing takes noise out of the finest octaves; measured std of a flat field's
    octaves behind engine.raw.demosaic, over those of white noise of equal low-frequency density.
    `limit`: multiple of the noise's variance that slider 100 takes for noise.
    """

    octaves: int
    smooth: tuple[float, ...]
    limit: float

    def limit_at(self, amount: Value, octave: float) -> Value:
        """The energy of which half is taken for noise in an octave, in that of expected noise."""
        return self.limit * amount * min(1.0, max(0.0, self.octaves - octave))

    def share(self, energy: Tensor, amount: Value, octave: float) -> Tensor:
        """What share of an octave's details of so much energy is taken for noise."""
        limit = self.limit_at(amount, octave)
        return limit * limit / (limit * limit + energy * energy + 1e-12)


LUMINANCE = Reach(octaves=4, smooth=(0.89, 1.0), limit=4.0)
COLOR = Reach(octaves=6, smooth=(0.115, 0.33, 0.64, 0.89, 1.0), limit=7.0)


def exact(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    luminance_noise: Value,
    color_noise: Value,
) -> Tensor:
    """Return `image` (B, 3, H, W) with less noise; 0 takes nothing, 100 all that may be noise."""
    white, split, noise = balanced(metadata)
    # beyond the white, channels are clipped one by one: colors of no meaning, not to be spread
    ceiling = white.to(image).view(3, 1, 1)
    noise = noise.to(image).view(3, 2, 1, 1)
    below = -math.log2(metadata.scale)  # octaves of the full-size photo that this picture has lost

    planes = in_strips(lambda strip, _: transform(torch.minimum(strip, ceiling), split), image)
    pyramid, shares = [planes], []
    for level in range(max(0, math.ceil(COLOR.octaves - below))):
        octave = level + below
        pyramid.append(in_strips(lambda strip, _: halve_box(strip), pyramid[level], shrink=2))
        energy = _energy(pyramid[level], pyramid[-1], noise, octave)
        shares.append(
            torch.cat(
                [
                    LUMINANCE.share(energy[:, :1], luminance_noise / 100.0, octave),
                    COLOR.share(energy[:, 1:], color_noise / 100.0, octave),
                ],
                1,
            )
        )
    if not shares:
        return image
    taken = torch.zeros_like(pyramid[-1])
    for level in range(len(shares) - 1, 0, -1):
        taken = _taken(pyramid[level], 0, pyramid[level + 1], shares[level], taken)
    to_rgb = torch.linalg.inv(split)

    def on_strip(strip: Tensor, top: int) -> Tensor:
        rows = slice(top, top + strip.shape[-2])
        noise = _taken(planes[..., rows, :], top, pyramid[1], shares[0], taken)
        left = 1.0 - (strip / ceiling).amax(1, keepdim=True)
        return strip - transform(noise, to_rgb) * (left / NEAR_WHITE).clamp(0.0, 1.0)

    return in_strips(on_strip, image, halo=2)


def balanced(metadata: Metadata) -> tuple[Tensor, Tensor, Tensor]:
    """The white (3,), the split of camera RGB (3, 3), and noise a, b (3, 2) of its planes."""
    white = as_shot(metadata).camera_white
    split = torch.tensor(SPLIT).double() / white
    return white, split, split.square() @ _noise_of_photosites(metadata, white)


def gains(octave: float) -> list[float]:
    """Of each plane: the standard deviation of an octave of noise, over that at a photosite."""
    reaches = (LUMINANCE, COLOR, COLOR)
    return [WHITE_OCTAVE * 2.0**-octave * _at(reach.smooth, octave) for reach in reaches]


def _energy(fine: Tensor, coarse: Tensor, noise: Tensor, octave: float) -> Tensor:
    """How many times the energy expected of noise there is (B, 2, h, w): luminance, color.

    `fine` and the `coarse` half of it are planes of the pyramid; `noise` (3, 2, 1, 1) is a, b.
    """
    a, b = (noise * noise.new_tensor(gains(octave)).view(3, 1, 1, 1).square()).unbind(1)

    def on_strip(strip: Tensor, top: int) -> Tensor:
        light = coarse[:, :1, top // 2 : (top + strip.shape[-2] + 1) // 2]
        band = strip - _doubled(coarse, top, strip)
        energy = halve_box(band * band) / (a * light.clamp_min(0.0) + b)
        return torch.cat([energy[:, :1], (energy[:, 1:2] + energy[:, 2:]) * 0.5], 1)

    return box_mean(in_strips(on_strip, fine, halo=2, shrink=2), RADIUS)


def _taken(fine: Tensor, top: int, coarse: Tensor, shares: Tensor, below: Tensor) -> Tensor:
    """What of `fine`, rows of a level from `top` on, is noise; `below` is that of its `coarse`."""
    share = _doubled(shares, top, fine)[:, [0, 1, 1]]
    return (fine - _doubled(coarse, top, fine)) * share + _doubled(below, top, fine)


def _doubled(coarse: Tensor, top: int, like: Tensor) -> Tensor:
    """The rows of `coarse` at twice its size that belong to `like`, whose first row is `top`.

    At the ends of a strip the next rows would be needed: there the outer row is not exact.
    """
    rows = coarse[..., top // 2 : (top + like.shape[-2] + 1) // 2, :]
    return double(rows)[..., : like.shape[-2], : like.shape[-1]]


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
