"""Draws: settings with every slider moved, over the full ranges, the same for the same seed."""

import torch
from torch import Tensor

from engine.finisher import Finisher
from engine.settings import Settings

CLIPPED = 0.25
"""Share of a picture's pixels, clipped in any channel, from which on other settings are drawn."""

Fractions = dict[str, float]
"""Where each slider stands on its way, from 0 to 1, by its name."""


def fractions(finisher: Finisher, seed: int, margin: float = 0.0) -> Fractions:
    """A random position of every slider of `finisher`, at least `margin` from both ends."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(len(finisher.sliders), generator=generator, dtype=torch.float64)
    places = (margin + (1.0 - 2.0 * margin) * drawn).tolist()
    return {slider.name: at for slider, at in zip(finisher.sliders, places, strict=True)}


def placed(finisher: Finisher, at: Fractions) -> Settings:
    """The settings whose sliders stand there; curves and files stay at their defaults."""
    settings = Settings()
    for slider in finisher.sliders:
        settings = settings.replace(slider, slider.at(at[slider.name]))
    return settings


def clips(picture: Tensor, within: float = 0.0) -> bool:
    """Whether more than CLIPPED of `picture` (1, 3, H, W) is clipped: little is left to compare."""
    return clipped(picture, within) > CLIPPED


def clipped(picture: Tensor, within: float = 0.0) -> float:
    """Share of the pixels of `picture` (1, 3, H, W) that are clipped in any channel.

    That is at 0 or 1, or `within` so much of it.
    """
    ends = (picture <= within) | (picture >= 1.0 - within)
    return float(ends.any(1).float().mean())


def all_moved(finisher: Finisher, seed: int) -> Settings:
    """Random settings over the full ranges."""
    return placed(finisher, fractions(finisher, seed))
