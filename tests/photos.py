"""Photos that the tests make: small scenes with known content, as linear camera RGB."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from engine.metadata import Calibration, Metadata, Profile
from engine.photo import Photo, area_average
from engine.statistics import measure

# An invented camera: XYZ (D50) to camera RGB, plausible and well conditioned.
COLOR_MATRIX = np.array([[0.82, -0.22, -0.08], [-0.42, 1.26, 0.17], [-0.06, 0.17, 0.62]])
D50 = np.array([0.3457 / 0.3585, 1.0, (1 - 0.3457 - 0.3585) / 0.3585])


def metadata(width: int, height: int) -> Metadata:
    """M of the invented camera, shot under D50."""
    neutral = COLOR_MATRIX @ D50
    return Metadata(
        profile=Profile("Made", (Calibration(23, COLOR_MATRIX),)),
        full_size=(width, height),
        as_shot_neutral=neutral / neutral.max(),
    )


def photo_of(scene: Tensor) -> Photo:
    """Take a picture of `scene` (1, 3, H, W): white-balanced linear RGB, 1 = diffuse white."""
    height, width = scene.shape[-2:]
    about = metadata(width, height)
    white = torch.as_tensor(about.as_shot_neutral, dtype=torch.float32)[:, None, None]
    camera = (scene * white).clamp(0.0, 1.0)
    long_side = max(height, width)
    size = (
        (height, width)
        if long_side <= 512
        else (round(height * 512 / long_side), round(width * 512 / long_side))
    )
    canonical = area_average(camera, size)
    luminance = (canonical / white).mean(1, keepdim=True)
    return Photo(camera, about, measure(luminance, canonical))


def scene(width: int = 240, height: int = 160, seed: int = 0) -> Tensor:
    """A landscape of a kind (1, 3, H, W): bright sky, textured ground, deep shade, colored things.

    Luminance spans about 9 EV. Its texture is the same at every size: it is made at a fixed fine
    grid and reduced in linear light.
    """
    grid = torch.Generator().manual_seed(seed)
    w, h = 960, round(960 * height / width)
    y, x = torch.meshgrid(torch.linspace(0, 1, h), torch.linspace(0, 1, w), indexing="ij")
    horizon = 0.42 + 0.05 * torch.sin(9 * x) + 0.02 * torch.sin(31 * x)
    sky = torch.stack([0.55 + 0.3 * y, 0.7 + 0.25 * y, 0.95 - 0.1 * y]) * (0.7 + 0.5 * x)
    noise = torch.zeros(h, w)
    for octave in range(2, 8):
        size = (2**octave, 2**octave)
        coarse = torch.randn(1, 1, *size, generator=grid)
        noise += interpolate(coarse, (h, w), mode="bicubic")[0, 0] * 0.75**octave
    ground = torch.stack([0.20 + 0.05 * x, 0.24 - 0.04 * x, 0.10 + 0.04 * y]) * torch.exp2(noise)
    out = torch.where(y < horizon, sky, ground)
    shade = torch.sigmoid((0.35 - ((x - 0.25) ** 2 + (y - 0.85) ** 2).sqrt()) * 60)
    out = out * torch.exp2(-4.5 * shade)
    hues = torch.arange(12) * (2 * math.pi / 12)
    for i, hue in enumerate(hues):
        inside = (x - 0.08 - 0.075 * i).abs().lt(0.028) & (y - 0.7).abs().lt(0.05)
        color = 0.32 + 0.26 * torch.cos(hue + torch.tensor([0.0, -2.09, 2.09]))
        out = torch.where(inside, color[:, None, None], out)
    sun = torch.exp(-(((x - 0.8) ** 2 + (y - 0.15) ** 2) / 0.004))
    out = out + 3.0 * sun
    return area_average(out[None].clamp_min(2.0**-10), (height, width))
