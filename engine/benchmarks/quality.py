"""Quality: how far a picture is from the one it should be, as decibels and as color difference."""

import math
import statistics
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

CEILING = 100.0
"""dB that stand for identical pictures: a mean of infinities would say nothing."""

DIGITS = 2


def decibels(picture: Tensor, reference: Tensor) -> float:
    """PSNR of encoded pictures (B, 3, H, W) in [0, 1]; infinite for identical ones."""
    squared = float((picture.double() - reference.double()).square().mean())
    return 10.0 * math.log10(1.0 / squared) if squared > 0.0 else math.inf


def summary(measured: Sequence[float]) -> dict[str, float]:
    """Mean and worst of PSNRs in dB, each at most CEILING."""
    held = [min(db, CEILING) for db in measured]
    return {
        "mean_db": round(statistics.fmean(held), DIGITS),
        "worst_db": round(min(held), DIGITS),
    }


def mean(measured: Sequence[float]) -> float:
    """Mean of PSNRs in dB, each at most CEILING."""
    return summary(measured)["mean_db"]


def unpacked(pixels: NDArray[np.uint32]) -> Tensor:
    """A picture (1, 3, H, W) in [0, 1] of the 0xffRRGGBB that a screen is given (H, W)."""
    channels = np.stack([(pixels >> shift) & 0xFF for shift in (16, 8, 0)])
    return torch.from_numpy(channels.astype(np.float32) / 255.0)[None]
