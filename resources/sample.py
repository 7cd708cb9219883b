"""Make the sample photo: `python -m resources.sample OUT.dng`.

The scene of resources/scene.py as an invented camera records it: lens blur, a Bayer mosaic, noise
of photons and of reading out, clipped light, 14 bits. Its two calibrations (illuminants A and D65)
are consistent: each forward matrix is its color matrix's inverse, adapted to D50.
"""

import argparse
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from engine.color import D50_XYZ, PROPHOTO, SRGB, adaptation, between, xyz
from engine.metadata import Calibration, Matrix, Metadata, Profile
from engine.white import chromaticity, of_chromaticity
from resources.dng import write_dng
from resources.scene import Plane, paint

LONG_SIDE = 4000
BLACK, WHITE_LEVEL = 512, 16383
LENS_BLUR = 0.62  # sigma in pixels
NOISE = (6e-5, 3e-8)  # variance = a x + b: ISO 400
EXPOSURE = 0.50  # raw green value of white paper in the sun: about one stop below clipping
BASELINE_EXPOSURE = 0.45
SHOT_AT = (5300.0, 6.0)  # temperature and tint that the camera chose

ILLUMINANTS = {17: (0.4476, 0.4074), 21: (0.3127, 0.3290)}  # A and D65
COLOR_MATRICES = {
    17: np.array(
        [[0.8212, -0.2951, -0.0583], [-0.4470, 1.2338, 0.2386], [-0.0712, 0.1893, 0.5827]]
    ),
    21: np.array(
        [[0.7164, -0.2087, -0.0719], [-0.4663, 1.2526, 0.2375], [-0.0996, 0.2211, 0.6081]]
    ),
}


def forward_matrix(color_matrix: Matrix, light: tuple[float, float]) -> Matrix:
    """Balanced camera RGB to XYZ D50 for a camera of `color_matrix` under `light` (x, y)."""
    white = xyz(torch.tensor(light, dtype=torch.float64))
    to_d50 = adaptation(white, D50_XYZ).numpy()
    balance = np.diag(color_matrix @ white.numpy())
    return np.round(to_d50 @ np.linalg.inv(color_matrix) @ balance, 4)


def camera() -> tuple[Profile, Matrix, NDArray[np.float64]]:
    """The invented camera: profile, linear sRGB to its RGB at the as-shot white, that white."""
    calibrations = tuple(
        Calibration(code, COLOR_MATRICES[code], forward_matrix(COLOR_MATRICES[code], light))
        for code, light in ILLUMINANTS.items()
    )
    profile = Profile("Photofinish Sample", calibrations)
    white = of_chromaticity(Metadata(profile, (LONG_SIDE, 3000)), chromaticity(*SHOT_AT))
    to_camera = np.linalg.inv(white.camera_to_prophoto.numpy()) @ between(SRGB, PROPHOTO)
    return profile, to_camera, white.camera_white.numpy()


def expose(scene: Plane, to_camera: Matrix, seed: int = 1) -> NDArray[np.uint16]:
    """The RGGB mosaic (H, W) that the sensor reads out of `scene` (H, W, 3), linear sRGB."""
    scene = cv2.GaussianBlur(scene, (0, 0), LENS_BLUR)
    rng = np.random.default_rng(seed)
    a, b = NOISE
    mosaic = np.empty(scene.shape[:2], np.uint16)
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        sites = scene[row::2, column::2] @ np.float32(EXPOSURE * to_camera[channel])
        sites = np.maximum(sites, 0.0)
        sites += rng.standard_normal(sites.shape, np.float32) * np.sqrt(a * sites + b)
        values = np.rint(BLACK + sites * (WHITE_LEVEL - BLACK))
        mosaic[row::2, column::2] = np.clip(values, 0, WHITE_LEVEL)
    return mosaic


def write_sample(path: Path, long_side: int = LONG_SIDE) -> None:
    """Write the sample photo, its long side about `long_side` pixels, as a DNG."""
    profile, to_camera, neutral = camera()
    scene = paint(long_side // 8 * 8)
    first, second = profile.calibrations
    small = cv2.resize(scene, (1024, 768), interpolation=cv2.INTER_AREA)
    write_dng(
        path,
        expose(scene, to_camera),
        cfa="RGGB",
        preview=_preview(small),
        Make="Photofinish",
        Model="Sample Camera",
        UniqueCameraModel="Photofinish Sample Camera",
        ProfileName=profile.name,
        ProfileEmbedPolicy=0,
        CalibrationIlluminant1=first.illuminant,
        CalibrationIlluminant2=second.illuminant,
        ColorMatrix1=first.color_matrix,
        ColorMatrix2=second.color_matrix,
        ForwardMatrix1=first.forward_matrix,
        ForwardMatrix2=second.forward_matrix,
        AsShotNeutral=neutral,
        BaselineExposure=BASELINE_EXPOSURE,
        BlackLevel=BLACK,
        WhiteLevel=WHITE_LEVEL,
        NoiseProfile=NOISE,
        ISOSpeedRatings=400,
        ExposureTime=Fraction(1, 320),
        FNumber=8.0,
        FocalLength=28.0,
        LensModel="Sample 28mm f/2.8",
        DateTimeOriginal="2026:06:21 20:41:00",
    )


def _preview(scene: Plane) -> NDArray[np.uint8]:
    """A quick sRGB rendering (h, w, 3) of `scene`, for viewers that show the embedded JPEG."""
    tone = 1.0 - np.exp(-1.5 * np.maximum(scene, 0.0))
    encoded = np.where(tone <= 0.0031308, 12.92 * tone, 1.055 * tone ** (1.0 / 2.4) - 0.055)
    return np.rint(255.0 * encoded).clip(0, 255).astype(np.uint8)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Make the sample photo, a raw Bayer DNG.")
    parser.add_argument("out", type=Path, metavar="OUT.dng")
    parser.add_argument("--long-side", type=int, default=LONG_SIDE, metavar="PX")
    chosen = parser.parse_args()
    write_sample(chosen.out, chosen.long_side)


if __name__ == "__main__":
    main()
