"""From photographs back to what a camera would have recorded.

The inverse of our own neutral finish (sRGB, tone curve, ramp, camera matrix), then a random camera,
light, exposure, reach of tones, veil and noise, as in [Brooks et al., Unprocessing Images for
Learned Raw Denoising, CVPR 2019].
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from engine.color import PROPHOTO, SRGB, between, luminance, srgb_decode, transform, xyz
from engine.curves import (
    INTERVALS,
    apply_tone,
    exposure_ramp,
    inverse,
    middle_grey,
    profile_tone_table,
    total_exposure,
)
from engine.highlights import recovered
from engine.metadata import Calibration, Matrix, Metadata, Profile
from engine.photo import Photo, area_average, canonical_statistics
from engine.white import as_shot, chromaticity

COLOR_MATRICES = np.array(
    [
        [[0.68, -0.10, -0.09], [-0.54, 1.33, 0.23], [-0.14, 0.23, 0.63]],
        [[0.82, -0.25, -0.10], [-0.46, 1.26, 0.22], [-0.09, 0.19, 0.70]],
        [[0.53, -0.07, -0.04], [-0.62, 1.37, 0.28], [-0.16, 0.24, 0.72]],
        [[1.14, -0.49, -0.12], [-0.37, 1.20, 0.19], [-0.07, 0.15, 0.52]],
        [[0.77, -0.28, -0.12], [-0.33, 1.21, 0.13], [-0.08, 0.25, 0.55]],
    ]
)
"""XYZ to camera RGB under D65, invented but of the shape that sensors have."""

D65_LIGHT = 21  # EXIF LightSource
PHOTOSITES = (4.0, 2.0, 4.0)  # pixels per photosite of a color in a Bayer mosaic


@dataclass(frozen=True, eq=False)
class Shot:
    """How a scene is recorded: the camera, the light, and what stands between them.

    `temperature` (K) and `tint` of the as-shot white; `baseline` and `exposure` in EV; `reach` the
    contrast of tones in EV over the scene's own; `veil` the share of light that haze adds far away;
    `iso`; `full_side` the long side of the full-size photo in pixels.
    """

    color_matrix: Matrix
    temperature: float = 5500.0
    tint: float = 0.0
    baseline: float = 0.0
    exposure: float = 0.0
    reach: float = 1.0
    veil: float = 0.0
    iso: float = 0.0
    full_side: int = 0


def random_shot(rng: Generator) -> Shot:
    """A plausible camera in plausible light."""
    mix = np.tensordot(rng.dirichlet(np.full(len(COLOR_MATRICES), 0.5)), COLOR_MATRICES, 1)
    return Shot(
        color_matrix=mix + rng.normal(0.0, 0.015, (3, 3)),
        temperature=1e6 / rng.uniform(1e6 / 9000.0, 1e6 / 2500.0),
        tint=rng.normal(0.0, 10.0),
        baseline=float(np.clip(rng.normal(0.2, 0.4), -0.5, 1.5)),
        exposure=float(np.clip(rng.normal(-0.3, 0.8), -2.5, 1.5)),
        reach=float(rng.choice([1.0, rng.uniform(0.7, 1.7)])),
        veil=float(rng.choice([0.0, rng.uniform(0.0, 0.6)])),
        iso=100.0 * 2.0 ** rng.uniform(-1.0, 6.0),
        # reduced like a preview, or at full size, where noise and sharpening are seen
        full_side=int(rng.choice([0, round(1500.0 * 2.0 ** rng.uniform(0.0, 2.0))], p=[0.3, 0.7])),
    )


def metadata_of(shot: Shot, size: tuple[int, int]) -> Metadata:
    """M of a `size` (width, height) picture of the shot."""
    neutral = shot.color_matrix @ xyz(chromaticity(shot.temperature, shot.tint)).numpy()
    factor = max(1.0, shot.full_side / max(size))
    full_size = round(size[0] * factor), round(size[1] * factor)
    sensitivity = shot.iso / 100.0
    about = Metadata(
        profile=Profile("Made", (Calibration(D65_LIGHT, shot.color_matrix),)),
        full_size=full_size,
        as_shot_neutral=np.clip(neutral / neutral.max(), 0.05, 1.0),
        baseline_exposure=shot.baseline,
        # as a usual sensor has it: 33,000 electrons at ISO 100, read out with 4
        noise_profile=np.array([[3e-5 * sensitivity, 1.5e-8 * sensitivity**1.5]]),
        scale=max(size) / max(full_size),
    )
    return about.replace(white=as_shot(about))


def scene_of(picture: Tensor, shot: Shot) -> Tensor:
    """The scene (1, 3, H, W), linear ProPhoto, that finishes to `picture`, sRGB in [0, 1]."""
    about = metadata_of(shot, (picture.shape[-1], picture.shape[-2]))
    toned = transform(srgb_decode(picture), between(SRGB, PROPHOTO)).clamp(0.0, 1.0)
    fine = torch.linspace(0.0, 1.0, 16 * INTERVALS + 1, dtype=torch.float64)
    before_tone = apply_tone(
        toned, inverse(profile_tone_table(about.profile, total_exposure(about))).to(toned)
    )
    return apply_tone(before_tone, inverse(exposure_ramp(fine, about)).to(toned))


def exposed(scene: Tensor, shot: Shot, size: tuple[int, int], rng: Generator) -> Photo:
    """The photo of `size` (width, height) that the shot records of `scene`, linear ProPhoto."""
    about = metadata_of(shot, size)
    assert about.white is not None
    scene = area_average(scene, (size[1], size[0]))
    scene = _veiled(_stretched(scene, shot.reach, about), shot.veil, rng) * 2.0**shot.exposure
    camera = transform(scene, torch.linalg.inv(about.white.camera_to_prophoto)).clamp(0.0, 8.0)
    image = recovered(
        (camera + _noise(camera, about, rng)).clamp_max(1.0), about.white.camera_white
    )
    return Photo(image, about, canonical_statistics(image, about))


def _stretched(scene: Tensor, reach: float, about: Metadata) -> Tensor:
    """`scene` with its tones `reach` times as far from the middle one."""
    if reach == 1.0:
        return scene
    tone = torch.log2(luminance(scene).clamp_min(2.0**-12)) - middle_grey(about)
    return scene * torch.exp2((reach - 1.0) * tone)


def _veiled(scene: Tensor, veil: float, rng: Generator) -> Tensor:
    """`scene` behind haze that thickens with a smooth, invented distance."""
    if veil == 0.0:
        return scene
    height, width = scene.shape[-2:]
    coarse = rng.uniform(0.0, 1.0, (3, 4)).astype(np.float32)
    distance = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).clip(0.0, 1.0)
    share = veil * torch.from_numpy(distance)
    airlight = torch.quantile(luminance(scene).flatten()[::7], 0.97)
    return scene * (1.0 - share) + airlight * share


def _noise(camera: Tensor, about: Metadata, rng: Generator) -> Tensor:
    """Noise of photons and of reading out, averaged as the picture is reduced."""
    if about.noise_profile is None or not about.noise_profile.any():
        return torch.zeros_like(camera)
    a, b = about.noise_profile[0]
    sites = torch.tensor(PHOTOSITES).view(3, 1, 1)
    deviation = torch.sqrt((a * camera + b) * sites) * min(1.0, about.scale)
    grain = rng.standard_normal(camera.shape, np.float32) / math.sqrt(2.0)  # demosaicing averages
    return deviation * torch.from_numpy(grain)
