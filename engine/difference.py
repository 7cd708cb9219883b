"""CIEDE2000: how different two colors look.

CIE 142-2001; as written out by Sharma, Wu and Dalal, The CIEDE2000 color-difference formula,
Color Research & Application 30(1), 2005.
"""

import math

import torch
from torch import Tensor

from engine.color import D50_XYZ, SRGB, decode, transform
from engine.metadata import ColorSpace


def delta_e_2000(first: Tensor, second: Tensor, space: ColorSpace = SRGB) -> Tensor:
    """CIEDE2000 (B, 1, H, W) between two encoded pictures (B, 3, H, W) of one color space."""
    return lab_difference(lab(first, space), lab(second, space))


def lab(encoded: Tensor, space: ColorSpace = SRGB) -> Tensor:
    """CIE L*a*b* (B, 3, H, W), D50, of an encoded picture."""
    xyz = transform(decode(encoded.double(), space), space.to_xyz) / D50_XYZ.view(3, 1, 1)
    root = xyz.clamp_min((6 / 29) ** 3) ** (1 / 3)
    x, y, z = torch.where(xyz > (6 / 29) ** 3, root, xyz * (29 / 6) ** 2 / 3 + 4 / 29).unbind(1)
    return torch.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], 1)


def lab_difference(first: Tensor, second: Tensor) -> Tensor:
    """CIEDE2000 (B, 1, H, W) between L*a*b* pictures (B, 3, H, W), k_L = k_C = k_H = 1."""
    lightness_1, a_1, b_1 = first.unbind(1)
    lightness_2, a_2, b_2 = second.unbind(1)
    mean_chroma = (torch.hypot(a_1, b_1) + torch.hypot(a_2, b_2)) / 2.0
    stretch = 1.5 - 0.5 * _saturating(mean_chroma)
    a_1, a_2 = a_1 * stretch, a_2 * stretch
    chroma_1, chroma_2 = torch.hypot(a_1, b_1), torch.hypot(a_2, b_2)
    hue_1, hue_2 = torch.atan2(b_1, a_1), torch.atan2(b_2, a_2)
    colored = chroma_1 * chroma_2 > 0.0

    turn = 2.0 * math.pi
    by = hue_2 - hue_1
    by = torch.where(colored, by - turn * torch.round(by / turn), 0.0)
    delta_hue = 2.0 * (chroma_1 * chroma_2).sqrt() * torch.sin(by / 2.0)
    hue = torch.where(colored, hue_1 + by / 2.0, hue_1 + hue_2)
    lightness = (lightness_1 + lightness_2) / 2.0
    chroma = (chroma_1 + chroma_2) / 2.0

    weight = (
        1.0
        - 0.17 * torch.cos(hue - math.radians(30.0))
        + 0.24 * torch.cos(2.0 * hue)
        + 0.32 * torch.cos(3.0 * hue + math.radians(6.0))
        - 0.20 * torch.cos(4.0 * hue - math.radians(63.0))
    )
    middle = (lightness - 50.0).square()
    by_lightness = (lightness_2 - lightness_1) / (1.0 + 0.015 * middle / (20.0 + middle).sqrt())
    by_chroma = (chroma_2 - chroma_1) / (1.0 + 0.045 * chroma)
    by_hue = delta_hue / (1.0 + 0.015 * chroma * weight)
    degrees = torch.rad2deg(torch.remainder(hue, turn))
    blue = 60.0 * torch.exp(-((degrees - 275.0) / 25.0).square())
    rotation = -2.0 * _saturating(chroma) * torch.sin(torch.deg2rad(blue))
    squared = by_lightness**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue
    return squared.clamp_min(0.0).sqrt().unsqueeze(1)


def _saturating(chroma: Tensor) -> Tensor:
    seventh = chroma**7
    return (seventh / (seventh + 25.0**7)).sqrt()
