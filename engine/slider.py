"""Controls: what a user can set on a stage. Panel, sidecar, sampler and regression read them.

A `Slider` is one number; a `Curve` is a list of points; a `CubeFile` is a path. All three have a
neutral value, `default`, which stored Settings leave out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from engine.errors import PhotofinishError

Value: TypeAlias = float | Tensor
"""A slider's value: a number, or a tensor broadcastable to (B, 1, 1, 1): one per picture."""

Points: TypeAlias = tuple[tuple[float, float], ...]
Setting: TypeAlias = float | Points | str | None
"""What Settings hold for a control; None is *as shot* (temperature, tint)."""


class Scale(Enum):
    """How a slider's travel maps to its values."""

    LINEAR = "linear"
    MIRED = "mired"  # equal steps in 1e6 / kelvin look equally large
    LOG = "log"


class _Titled:
    """A control's name as the panel shows it."""

    name: str
    label: str

    @property
    def title(self) -> str:
        """Its label, or its name as words."""
        return self.label or self.name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Slider(_Titled):
    """One number a user can drag. `xmp` is its Camera Raw property; `default` None is *as shot*."""

    name: str
    low: float
    high: float
    default: float | None = 0.0
    unit: str = ""
    xmp: str = ""
    step: float = 1.0
    decimals: int = 0
    scale: Scale = Scale.LINEAR
    label: str = ""

    def normalize(self, value: Value) -> Value:
        """Map [low, high] to [0, 1] along the slider's scale."""
        low, high = self._warp(self.low), self._warp(self.high)
        return (self._warp(value) - low) / (high - low)

    def denormalize(self, fraction: Value) -> Value:
        """Map [0, 1] back to [low, high]."""
        low, high = self._warp(self.low), self._warp(self.high)
        return self._unwarp(low + (high - low) * fraction)

    def at(self, fraction: float) -> float:
        """The value at `fraction` of the way; beyond an end, that of the end."""
        value = float(self.denormalize(min(max(fraction, 0.0), 1.0)))
        return min(max(value, self.low), self.high)

    def check(self, value: Setting) -> Setting:
        """Return `value` as this slider stores it.

        Raises PhotofinishError where it is no number or out of range.
        """
        if value is None and self.default is None:
            return None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise PhotofinishError(f"{self.title} needs a number, not {value!r}.")
        if not self.low <= value <= self.high:
            raise PhotofinishError(
                f"{self.title} must be between {self.low:g} and {self.high:g}; {value:g} is not."
            )
        return float(value)

    def _warp(self, value: Value) -> Value:
        if self.scale is Scale.MIRED:
            return -1e6 / value
        if self.scale is Scale.LOG:
            return torch.log(value) if isinstance(value, Tensor) else math.log(value)
        return value

    def _unwarp(self, warped: Value) -> Value:
        if self.scale is Scale.MIRED:
            return -1e6 / warped
        if self.scale is Scale.LOG:
            return torch.exp(warped) if isinstance(warped, Tensor) else math.exp(warped)
        return warped


IDENTITY: Points = ((0.0, 0.0), (255.0, 255.0))


@dataclass(frozen=True)
class Curve(_Titled):
    """A tone curve: points (x, y) in [0, 255], x rising, as in crs:ToneCurvePV2012."""

    name: str
    default: Points = IDENTITY
    xmp: str = ""
    label: str = ""

    def check(self, value: Setting) -> Setting:
        """Return `value` as stored. Raises PhotofinishError where the points make no curve."""
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) < 2:
            raise PhotofinishError(f"{self.title} needs at least two points.")
        points = tuple((float(x), float(y)) for x, y in value)
        inside = all(0.0 <= x <= 255.0 and 0.0 <= y <= 255.0 for x, y in points)
        rising = all(a[0] < b[0] for a, b in pairwise(points))
        if not (inside and rising):
            raise PhotofinishError(f"{self.title} needs points from 0 to 255 with rising x.")
        return points


@dataclass(frozen=True)
class CubeFile(_Titled):
    """A .cube file chosen by the user; the value is its path, "" for none."""

    name: str
    default: str = ""
    xmp: str = ""
    label: str = ""

    def check(self, value: Setting) -> Setting:
        """Return `value` as stored. Raises PhotofinishError where it is no path."""
        if not isinstance(value, str | Path):
            raise PhotofinishError(f"{self.title} needs the path of a .cube file.")
        return str(value)


Control: TypeAlias = Slider | Curve | CubeFile
