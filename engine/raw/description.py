"""What a raw file says of itself, for people; and the picture that the camera embedded."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import white
from engine.metadata import Calibration, Metadata
from engine.progress import finish
from engine.raw.metadata import metadata
from engine.raw.process import check_readable, decode
from engine.raw.tiff import DamagedError, Tiff

PREVIEW_LONG_SIDE = 1600
XMP = 700
FILTERS = {(2, 2): "Bayer", (6, 6): "X-Trans"}


def describe(path: Path) -> dict[str, object]:
    """Camera, shot, sensor, profile and corrections of a raw, ready for JSON.

    Decodes the pixels too, so a file that this describes can be opened. Raises PhotofinishError.
    """
    said = finish(decode(path, "describe")).said
    about = metadata(said)
    facts: dict[str, object] = dict(said["facts"])
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        **facts,
        "size": list(about.full_size),
        "sensor": _sensor(said),
        **_shot(about),
        **_white(about),
        **_profile(about),
        "noise_profile": None if about.noise_profile is None else about.noise_profile.tolist(),
    }


def embedded_preview(path: Path, long_side: int = PREVIEW_LONG_SIDE) -> NDArray[np.uint8] | None:
    """The camera's own picture (H, W, 3), sRGB, upright; None where the file holds none.

    May be smaller than `long_side`, or larger by less than a factor of two. Decoded in the child
    process like everything else. Raises PhotofinishError.
    """
    answer = finish(decode(path, "preview", long_side=long_side))
    return answer.pixels


def embedded_xmp(path: Path) -> bytes | None:
    """The XMP packet in a DNG or another TIFF-like raw, None where there is none."""
    check_readable(path)
    with path.open("rb") as file:
        try:
            for tags in Tiff(file).directories():
                if XMP in tags:
                    return tags.blob(XMP).rstrip(b"\0")
                break
        except DamagedError:
            return None
    return None


def _sensor(said: dict[str, Any]) -> str:
    mosaic = said["mosaic"]
    if said["colors"] == 1:
        return "monochrome"
    if mosaic is None:
        return "linear RGB"
    kind = FILTERS.get((len(mosaic), len(mosaic[0])), "mosaic")
    return f"{kind}, four colors" if said["colors"] == 4 else kind


def _shot(about: Metadata) -> dict[str, object]:
    exif = about.exif
    return {
        "make": exif.make,
        "model": exif.model,
        "lens": exif.lens,
        "iso": exif.iso,
        "shutter": None if exif.shutter is None else str(exif.shutter),
        "aperture": exif.aperture,
        "focal_length": exif.focal_length,
        "taken": exif.taken,
    }


def _white(about: Metadata) -> dict[str, object]:
    temperature, tint = white.as_shot_temperature_tint(about)
    neutral = about.as_shot_neutral
    return {
        "temperature": round(temperature),
        "tint": round(tint, 1),
        "as_shot_neutral": None if neutral is None else [round(float(n), 6) for n in neutral],
        "baseline_exposure": about.baseline_exposure,
    }


def _profile(about: Metadata) -> dict[str, object]:
    found = about.profile
    return {
        "profile": found.name,
        "illuminants": [c.illuminant for c in found.calibrations],
        "forward_matrices": _count(found.calibrations, "forward_matrix"),
        "hue_sat_maps": _count(found.calibrations, "hue_sat_map"),
        "look_table": found.look_table is not None,
        "tone_curve": found.tone_curve is not None,
        "gain_table_map": found.gain_table_map is not None,
        "hdr_profile": found.hdr,
    }


def _count(calibrations: tuple[Calibration, ...], field: str) -> int:
    return sum(getattr(c, field) is not None for c in calibrations)
