"""Color tables: the camera profile's tables and its exposure ramp. Scene values end here.

Adobe, Digital Negative Specification 1.7.1, chapter 6, in the order of the DNG SDK's renderer: clip
at the camera's white, HueSatMap, ProfileGainTableMap, ramp of the baseline exposure, LookTable.
"""

import torch
from torch import Tensor

from engine import white
from engine.clipping import clipped
from engine.color import transform
from engine.curves import exposure_ramp
from engine.metadata import Metadata, White
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics
from engine.tables import apply_gain_table_map, apply_hue_sat, apply_hue_sat_maps


def exact(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """Return scene-referred `image` (B, 3, H, W), linear ProPhoto, as the profile's, in [0, 1]."""
    chosen = metadata.white or white.as_shot(metadata)
    return profiled(clipped(clip_at_white(image, chosen)), metadata, statistics)


def profiled(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """What the tables and the ramp make of a clipped `image` (B, 3, H, W) in [0, 1]."""
    chosen = metadata.white or white.as_shot(metadata)
    profile = metadata.profile
    image = apply_hue_sat_maps(image, profile, chosen.weights)
    if profile.gain_table_map is not None:
        image = apply_gain_table_map(image, profile.gain_table_map, metadata)
    image = exposure_ramp(image, metadata)
    if profile.look_table is not None:
        image = apply_hue_sat(image, profile.look_table)
    return image


def clip_at_white(image: Tensor, chosen: White) -> Tensor:
    """Clip linear ProPhoto `image` in camera RGB, where white is all channels' common limit.

    So a blown highlight comes out neutral, whatever the matrix would make of it.
    """
    to_prophoto = chosen.camera_to_prophoto * chosen.camera_white[..., None, :]
    balanced = transform(image, torch.linalg.inv(to_prophoto))
    return transform(clipped(balanced, low=None), to_prophoto)


STAGE = Stage("color_tables", (), exact, Kind.PROGRAM, Space.PROFILE, profile_part=True)
