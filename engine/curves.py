"""Tone curves of the DNG render, and curves as tables.

Adobe, Digital Negative Specification 1.7.1, chapter 6: exposure ramp, ProfileToneCurve. The default
tone curve is given by samples of the one that the DNG SDK's sample renderer uses.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from engine.clipping import clipped
from engine.color import extremes
from engine.metadata import Metadata, Profile

Floats = NDArray[np.float64]

INTERVALS = 4096
"""A curve becomes a table with so many equal steps of its input."""

_DEFAULT_Y = np.fromstring(
    """
    0.00000 0.00014 0.00078 0.00222 0.00434 0.00795 0.01433 0.02472 0.04002 0.06055 0.08689
    0.11978 0.16000 0.20833 0.26366 0.32176 0.38116 0.44061 0.49901 0.55548 0.60938 0.66042
    0.70845 0.75332 0.79492 0.83316 0.86796 0.89922 0.92688 0.95086 0.97109 0.98749 1.00000
    """,
    sep=" ",
)
DEFAULT_TONE_CURVE: Floats = np.stack([(np.arange(33) / 32) ** 2.5, _DEFAULT_Y], -1)
"""Knots (33, 2), denser toward black, where the curve bends most."""


def natural_spline(knots: ArrayLike, x: ArrayLike) -> Floats:
    """The natural cubic spline through `knots` (n, 2) at `x`, flat outside of them."""
    xs, ys = np.asarray(knots, dtype=np.float64).T
    steps, slopes = np.diff(xs), np.diff(ys) / np.diff(xs)
    bend = np.zeros(len(xs))  # second derivatives; 0 at both ends makes it natural
    if len(xs) > 2:
        system = np.diag(2.0 * (steps[:-1] + steps[1:]))
        system += np.diag(steps[1:-1], 1) + np.diag(steps[1:-1], -1)
        bend[1:-1] = np.linalg.solve(system, 6.0 * np.diff(slopes))
    at = np.clip(np.asarray(x, dtype=np.float64), xs[0], xs[-1])
    i = np.clip(np.searchsorted(xs, at, side="right") - 1, 0, len(steps) - 1)
    above, below = xs[i + 1] - at, at - xs[i]
    cubic = (bend[i] * above**3 + bend[i + 1] * below**3) / (6.0 * steps[i])
    linear = (ys[i] / steps[i] - bend[i] * steps[i] / 6.0) * above
    linear += (ys[i + 1] / steps[i] - bend[i + 1] * steps[i] / 6.0) * below
    result: Floats = cubic + linear
    return result


def look_up(table: Tensor, x: Tensor) -> Tensor:
    """Read a curve at `x`, clipped to [0, 1], linearly between entries.

    `table` (n,) over [0, 1], or (B, n): one for each picture of `x` (B, ...).
    """
    last = table.shape[-1] - 1
    position = x.clamp(0.0, 1.0) * last
    below = position.detach().floor().clamp_max(last - 1)
    index = below.to(torch.int32)
    if table.ndim == 2:
        offset = torch.arange(len(table), dtype=torch.int32, device=x.device) * (last + 1)
        index = index + offset.view(-1, *[1] * (x.ndim - 1))
    flat, index = table.flatten(), index.flatten()
    low = flat.index_select(0, index).view_as(x)
    high = flat.index_select(0, index + 1).view_as(x)
    return torch.addcmul(low, position - below, high - low)


def total_exposure(metadata: Metadata) -> float:
    """E (EV): BaselineExposure with the profile's offset."""
    return metadata.baseline_exposure + metadata.profile.baseline_exposure_offset


def middle_grey(metadata: Metadata) -> float:
    """log2 of the linear scene value that a photo is exposed around."""
    return -2.5 - total_exposure(metadata)


def ramp_of(metadata: Metadata) -> tuple[float, float, float]:
    """The exposure ramp's black, its slope, and the radius of its foot."""
    profile = metadata.profile
    white = 2.0 ** -max(total_exposure(metadata), 0.0)
    shadows = 0.0 if profile.default_black_render_none else profile.shadows
    black = min(shadows * metadata.shadow_scale * 0.001, 0.99 * white)
    slope = 1.0 / (white - black)
    return black, slope, min(black / 2.0, 1.0 / (16.0 * slope))


def exposure_ramp(x: Tensor, metadata: Metadata) -> Tensor:
    """White at 2^-E for positive E, and the black of the profile's shadows, softly cut."""
    black, slope, radius = ramp_of(metadata)
    line = (x - black) * slope
    if radius > 1e-9:  # or the parabola could overflow
        foot = (x - (black - radius)).clamp_min(0.0).square() * (slope / (4.0 * radius))
        line = torch.where(x < black + radius, foot, line)
    return clipped(line)


def darkening(x: Floats, ev: float) -> Floats:
    """Darken x in [0, 1] by `ev` <= 0 stops below 1/4, bending above so that 1 stays 1."""
    if ev >= 0.0:
        return x
    gain = 2.0**ev
    a = 16.0 / 9.0 * (1.0 - gain)
    b = gain - a / 2.0
    curved: Floats = np.where(x <= 0.25, x * gain, (a * x + b) * x + (1.0 - a - b))
    return curved


def profile_tone_table(profile: Profile, exposure: float) -> Tensor:
    """The profile's tone curve (INTERVALS + 1,) float64, behind the darkening of a negative E."""
    knots = profile.tone_curve
    x = darkening(np.linspace(0.0, 1.0, INTERVALS + 1), min(exposure, 0.0))
    y = natural_spline(DEFAULT_TONE_CURVE if knots is None else knots, x)
    return torch.from_numpy(np.clip(y, 0.0, 1.0))


def inverse(table: Tensor) -> Tensor:
    """The inverse (INTERVALS + 1,) of a rising curve over [0, 1], given as a table."""
    y = np.linspace(0.0, 1.0, INTERVALS + 1)
    return torch.from_numpy(np.interp(y, table.numpy(), np.linspace(0.0, 1.0, len(table))))


def apply_tone(image: Tensor, table: Tensor) -> Tensor:
    """Send the largest and smallest of R, G, B through `table`; the middle keeps its place.

    So the hue stays, in the sense of the RGB hexagon [DNG 1.7.1, ch. 6].
    """
    low, high = extremes(image)
    low_after, high_after = look_up(table, low), look_up(table, high)
    spread = (high_after - low_after) / (high - low).clamp_min(1e-12)
    return torch.addcmul(low_after, image - low, spread)
