"""Metadata M: what the file says about camera, profile and exposure, in the DNG's own units.

Tag numbers and meanings: Adobe, Digital Negative Specification 1.7.1. Matrices are float64 and as
written in the file, before any normalisation; lists follow the file's order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Matrix = NDArray[np.float64]


class Encoding(Enum):
    """On what scale a table's value axis lies (ProfileHueSatMapEncoding 51107)."""

    LINEAR = 0
    SRGB = 1


@dataclass(frozen=True, eq=False)
class HueSatTable:
    """ProfileHueSatMapData or ProfileLookTableData.

    `deltas` (values, hues, saturations, 3) float32: hue shift in degrees, saturation scale, value
    scale.
    """

    deltas: NDArray[np.float32]
    encoding: Encoding = Encoding.LINEAR


@dataclass(frozen=True, eq=False)
class GainTableMap:
    """ProfileGainTableMap (52525) or its second form (52544).

    `gains` (rows, columns, points) float32; `spacing` and `origin` as (v, h) fractions of the
    picture; `weights` on (R, G, B, min, max); `gamma` shapes the table's input.
    """

    gains: NDArray[np.float32]
    spacing: tuple[float, float]
    origin: tuple[float, float]
    weights: NDArray[np.float64]
    gamma: float = 1.0


@dataclass(frozen=True, eq=False)
class Calibration:
    """What a profile says for one illuminant (CalibrationIlluminant1-3 and their matrices).

    `illuminant` is the EXIF LightSource code; 255 takes its chromaticity from `illuminant_xy`
    (IlluminantData1-3). `color_matrix` (3, 3) maps XYZ to camera RGB, `forward_matrix` white
    balanced camera RGB to XYZ D50.
    """

    illuminant: int
    color_matrix: Matrix
    forward_matrix: Matrix | None = None
    hue_sat_map: HueSatTable | None = None
    illuminant_xy: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Profile:
    """A camera profile, embedded in a DNG or read from a .dcp file.

    `shadows` is the renderer's shadow setting (the DNG SDK's default 5); DefaultBlackRender None
    cancels it. `tone_curve` (n, 2) are the knots of ProfileToneCurve; None means the default curve.
    """

    name: str
    calibrations: tuple[Calibration, ...]
    calibration_signature: str = ""
    look_table: HueSatTable | None = None
    tone_curve: NDArray[np.float64] | None = None
    gain_table_map: GainTableMap | None = None
    baseline_exposure_offset: float = 0.0
    default_black_render_none: bool = False
    shadows: float = 5.0
    hdr: bool = False


@dataclass(frozen=True, eq=False)
class White:
    """The white of a photo, resolved once from Temperature and Tint; all tensors float64.

    `xy` (2,) its chromaticity; `camera_white` (3,) its camera RGB, max 1; `camera_to_prophoto`
    (3, 3) camera RGB to linear ProPhoto; `weights` (n,) of the profile's calibrations.
    """

    xy: Tensor
    camera_white: Tensor
    camera_to_prophoto: Tensor
    weights: Tensor


@dataclass(frozen=True, eq=False)
class ColorSpace:
    """An output space: `name` as typed on the command line, `to_xyz` linear RGB to XYZ D50."""

    name: str
    title: str
    to_xyz: Matrix


@dataclass(frozen=True)
class Exif:
    """What the window and the exported file say about the shot."""

    make: str = ""
    model: str = ""
    lens: str = ""
    iso: float | None = None
    shutter: Fraction | None = None  # seconds
    aperture: float | None = None  # f-number
    focal_length: float | None = None  # mm
    taken: str = ""  # EXIF form "YYYY:MM:DD HH:MM:SS"
    tags: Mapping[int, object] = field(default_factory=dict)  # for copying into exports


@dataclass(frozen=True, eq=False)
class Metadata:
    """M of one photo.

    `scale` is the long side of this picture over that of the full-size photo: 1 at full size.
    `noise_profile` (planes, 2): variance = a * x + b on [0, 1] camera values (NoiseProfile 51041),
    of the full-size photo. `white` is as shot until `color_balance` resolves another. `strip` is
    set while an operator gets only some rows: the first of them, and the whole picture's height.
    """

    profile: Profile
    full_size: tuple[int, int]  # width, height after default crop and orientation
    camera_calibrations: tuple[Matrix, ...] = ()
    camera_calibration_signature: str = ""
    analog_balance: NDArray[np.float64] = field(default_factory=lambda: np.ones(3))
    as_shot_neutral: NDArray[np.float64] | None = None
    as_shot_xy: tuple[float, float] | None = None
    baseline_exposure: float = 0.0
    shadow_scale: float = 1.0
    noise_profile: NDArray[np.float64] | None = None
    exif: Exif = Exif()
    monochrome: bool = False
    scale: float = 1.0
    white: White | None = None
    output: ColorSpace | None = None  # None: sRGB
    strip: tuple[int, int] | None = None

    def replace(self, **changes: object) -> "Metadata":
        """A copy with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]
