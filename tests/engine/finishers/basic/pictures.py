"""Pictures for the tests of the areawise stages, linear ProPhoto, with their H and M."""

import torch
from torch import Tensor

from engine.color import luminance
from engine.filters import log_luminance, reduce
from engine.metadata import Metadata, Profile
from engine.statistics import Statistics, measure

MIDDLE = -2.5
"""log2 of a middle tone."""


def about(picture: Tensor) -> Metadata:
    """M of a photo without anything special."""
    height, width = picture.shape[-2:]
    return Metadata(Profile("Made", ()), (width, height))


def measured(picture: Tensor) -> Statistics:
    """H of a linear ProPhoto picture."""
    height, width = picture.shape[-2:]
    factor = min(1.0, 512 / max(height, width))
    canonical = reduce(picture[:1], (round(height * factor), round(width * factor)))
    return measure(luminance(canonical), canonical)


def ev(picture: Tensor) -> Tensor:
    """log2 luminance (B, H, W)."""
    return log_luminance(luminance(picture))[:, 0]


def grey(tones: Tensor) -> Tensor:
    """The grey picture of log2 luminances (B, H, W)."""
    return torch.exp2(tones)[:, None].expand(-1, 3, -1, -1).contiguous()


def edges(step: float, softness: float, width: int = 384, height: int = 16) -> Tensor:
    """Grey pictures with an edge of `step` EV, dark left, around three tones and at two places.

    `softness` in pixels is that of a logistic curve; 0 is a hard edge.
    """
    x = torch.arange(width)
    rows = []
    for middle in (MIDDLE - 2.0, MIDDLE, MIDDLE + 1.5):
        for place in (0.29 * width, 0.5 * width):
            share = torch.sigmoid((x - place) / softness) if softness else (x >= place).float()
            rows.append(middle + step * (share - 0.5))
    return grey(torch.stack(rows)[:, None].expand(-1, height, -1))


def overshoot(tones: Tensor) -> float:
    """EV by which rows (B, W) leave the span between their two ends."""
    first, last = tones[:, :3].mean(1), tones[:, -3:].mean(1)
    above = tones.amax(1) - torch.maximum(first, last)
    below = torch.minimum(first, last) - tones.amin(1)
    return float(torch.maximum(above, below).max())


def textured(width: int, seed: int = 0) -> Tensor:
    """A colored scene over 8 EV with texture at all sizes from 1 to 200 pixels."""
    height = width * 2 // 3
    generator = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    tones = -6.5 + 6.0 * (y < 0.45 + 0.1 * torch.sin(7 * x)) + 1.5 * x
    cells = width
    while cells > 4:
        noise = torch.randn(1, 1, max(2, cells * 2 // 3), cells, generator=generator)
        tones = tones + 0.25 * torch.nn.functional.interpolate(
            noise, size=(height, width), mode="bilinear", align_corners=False
        )
        cells //= 2
    tint = torch.stack([1.0 + 0.5 * torch.sin(9 * x), torch.ones_like(x), 1.0 + 0.6 * (y - 0.5)])
    return (torch.exp2(tones) * tint).float()
