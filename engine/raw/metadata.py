"""M of a photo, from the decoder's answer."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine import white
from engine.errors import PhotofinishError
from engine.metadata import Metadata, Profile
from engine.raw.profile import (
    ANALOG_BALANCE,
    AS_SHOT_NEUTRAL,
    AS_SHOT_XY,
    CALIBRATIONS,
    gain_table_map,
    matrix,
    profile,
)
from engine.raw.shot import exif
from engine.raw.tiff import Tags

CAMERA_SIGNATURE, BASELINE_EXPOSURE, SHADOW_SCALE = 50931, 50730, 50739
NOISE_PROFILE, ORIENTATION = 51041, 274
GAIN_TABLE_MAPS = (52525, 52544)


def metadata(said: dict[str, Any], chosen: Profile | None = None) -> Metadata:
    """M at full size, its white as shot; `chosen` replaces the file's own profile.

    Raises PhotofinishError where the file's colors make no sense.
    """
    camera, raw = Tags.from_json(said["camera"]), Tags.from_json(said["raw"])
    reduction: list[list[float]] = said["reduction"]
    maps = Tags({tag: t[tag] for t in (camera, raw) for tag in GAIN_TABLE_MAPS if tag in t})
    gains = gain_table_map(maps, said["order"], camera.integer(ORIENTATION, 1))
    embedded = profile(camera, reduction, gains, order=said["order"])
    found = Metadata(
        profile=chosen or embedded,
        full_size=tuple(said["full_size"]),
        camera_calibrations=() if reduction else _camera_calibrations(camera),
        camera_calibration_signature=camera.text(CAMERA_SIGNATURE),
        analog_balance=_analog_balance(camera, reduction),
        as_shot_neutral=_neutral(camera, reduction),
        as_shot_xy=_xy(camera),
        baseline_exposure=_bounded(camera.number(BASELINE_EXPOSURE, 0.0)),
        shadow_scale=camera.number(SHADOW_SCALE, 1.0),
        noise_profile=_noise(raw) if NOISE_PROFILE in raw else _noise(camera),
        exif=exif(camera, Tags.from_json(said["exif"]), Tags.from_json(said["gps"])),
        monochrome=said["colors"] == 1,
    )
    try:
        as_shot = white.as_shot(found)
    except (RuntimeError, ValueError, ArithmeticError) as error:
        raise _colorless() from error
    if not torch.isfinite(as_shot.camera_to_prophoto).all():
        raise _colorless()
    return found.replace(white=as_shot)


def _colorless() -> PhotofinishError:
    return PhotofinishError("The color description in this file makes no sense.")


def _camera_calibrations(camera: Tags) -> tuple[NDArray[np.float64], ...]:
    found = [matrix(camera, tag) for tag in CALIBRATIONS]
    known = [i for i, m in enumerate(found) if m is not None and m.shape == (3, 3)]
    if not known:
        return ()
    return tuple(
        m if m is not None and m.shape == (3, 3) else np.eye(3) for m in found[: known[-1] + 1]
    )


def _analog_balance(camera: Tags, reduction: list[list[float]]) -> NDArray[np.float64]:
    balance = np.array(camera.numbers(ANALOG_BALANCE))
    if reduction or balance.shape != (3,) or not (balance > 0).all():
        return np.ones(3)
    return balance


def _neutral(camera: Tags, reduction: list[list[float]]) -> NDArray[np.float64] | None:
    neutral = np.array(camera.numbers(AS_SHOT_NEUTRAL))
    if reduction:
        return np.ones(3)
    if neutral.shape != (3,) or not (np.isfinite(neutral).all() and (neutral > 0).all()):
        return None
    return neutral


def _xy(camera: Tags) -> tuple[float, float] | None:
    xy = camera.numbers(AS_SHOT_XY)
    if len(xy) != 2 or not (0 < xy[0] < 1 and 0 < xy[1] < 1):
        return None
    return xy[0], xy[1]


def _bounded(exposure: float) -> float:
    return exposure if -20.0 <= exposure <= 20.0 else 0.0


def _noise(tags: Tags) -> NDArray[np.float64] | None:
    numbers = np.array(tags.numbers(NOISE_PROFILE))
    if not len(numbers) or len(numbers) % 2 or not np.isfinite(numbers).all() or numbers.min() < 0:
        return None
    return numbers.reshape(-1, 2)
