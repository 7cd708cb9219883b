"""Decode any other raw with LibRaw, and describe it as a DNG would.

LibRaw [https://www.libraw.org/docs] knows each camera's black and white level, mosaic and XYZ (D65)
to camera matrix; they become the DNG tags that the rest of the engine reads.
"""

from pathlib import Path

import numpy as np
import rawpy
from numpy.typing import NDArray

from engine.errors import PhotofinishError
from engine.raw.headers import directories
from engine.raw.saturation import levels
from engine.raw.sensor import Described, Sensor
from engine.raw.tiff import DamagedError, Tags

MAKE, MODEL, ORIENTATION, UNIQUE_MODEL = 271, 272, 274, 50708
COLOR_MATRIX_1, AS_SHOT_NEUTRAL, ILLUMINANT_1, D65 = 50721, 50728, 50778, 21
EXPOSURE_TIME, F_NUMBER, ISO, FOCAL_LENGTH = 33434, 33437, 34855, 37386
LENS_MODEL = 42036
EXIF_FLIP = (1, 2, 4, 3, 5, 8, 6, 7)
"""EXIF's orientation for LibRaw's flip: 1 mirrors, 2 turns upside down, 4 transposes first."""

PILE_LEAST, PILE_WIDTH, PILE_SHARE, PILE_RATIO = 0.75, 0.002, 5e-4, 8


def decode(path: Path, described: Described | None = None) -> tuple[Described, Sensor]:
    """Decode the picture. Raises PhotofinishError where LibRaw cannot.

    `described` is what a DNG said of itself, where only its compression is unknown to us.
    """
    raw = _open(path)
    with raw:
        described = described or _describe(path, raw)
        return described, _sensor(raw, described)


def thumbnail(path: Path) -> bytes | None:
    """The JPEG that the camera embedded, None where there is none."""
    raw = _open(path)
    with raw:
        try:
            thumb = raw.extract_thumb()
        except (
            rawpy.LibRawNonFatalError,
            NotImplementedError,
        ):  # none, or of a kind it cannot read
            return None
        return bytes(thumb.data) if thumb.format == rawpy.ThumbFormat.JPEG else None


def _open(path: Path) -> rawpy.RawPy:
    try:
        return rawpy.imread(str(path))
    except rawpy.LibRawFileUnsupportedError as error:
        raise PhotofinishError("This is no raw file that Photofinish knows.") from error
    except rawpy.LibRawError as error:
        raise DamagedError from error


def _describe(path: Path, raw: rawpy.RawPy) -> Described:
    camera, exif, gps = directories(path)
    names = _colors(raw)
    matrix = np.asarray(raw.rgb_xyz_matrix, np.float64)[: len(names)]
    multipliers = np.array(raw.camera_whitebalance[: len(names)], np.float64)
    if not (multipliers > 0).all():
        multipliers = np.array(raw.daylight_whitebalance[: len(names)], np.float64)
    if np.abs(matrix).sum() > 0:
        camera[COLOR_MATRIX_1], camera[ILLUMINANT_1] = matrix.ravel().tolist(), [D65]
    if (multipliers > 0).all():
        camera[AS_SHOT_NEUTRAL] = (multipliers.min() / multipliers).tolist()
    other, lens = raw.other, raw.lens
    for tag, value in (
        (EXPOSURE_TIME, other.shutter_speed),
        (F_NUMBER, other.aperture),
        (ISO, other.iso_speed),
        (FOCAL_LENGTH, other.focal_length),
    ):
        if tag not in exif and value and value > 0:
            exif[tag] = [float(value)]
    if LENS_MODEL not in exif and lens.model:
        exif[LENS_MODEL] = lens.model
    camera.setdefault(UNIQUE_MODEL, f"{camera.text(MAKE)} {camera.text(MODEL)}".strip())
    camera[ORIENTATION] = [EXIF_FLIP[raw.sizes.flip & 7]]
    facts: dict[str, object] = {
        "format": path.suffix.lstrip(".").upper(),
        "stored_size": [raw.sizes.raw_width, raw.sizes.raw_height],
    }
    return Described(camera, Tags(), exif, gps, facts)


def _colors(raw: rawpy.RawPy) -> str:
    """The camera's colors, each once, in LibRaw's order."""
    return "".join(dict.fromkeys(raw.color_desc.decode()[: max(raw.num_colors, 1)]))


def _pattern(raw: rawpy.RawPy) -> NDArray[np.int64]:
    """LibRaw's color index of each pixel of the mosaic's cell, from the visible corner on."""
    try:
        cell = raw.raw_pattern
    except NotImplementedError as error:
        raise _unsupported() from error
    if cell is None or (cell.shape[0] == 4 and set(_colors(raw)) == set("RGB")):
        raise _unsupported()  # Fujifilm's diagonal grids, which LibRaw turns only when it develops
    if raw.num_colors == 1:
        return np.zeros((1, 1), np.int64)  # LibRaw's index says: all colors at once
    corner = raw.sizes.top_margin, raw.sizes.left_margin
    return np.roll(cell.astype(np.int64), [-c for c in corner], (0, 1))


def _unsupported() -> PhotofinishError:
    return PhotofinishError("This camera's sensor layout is not supported.")


def _saturation(stored: NDArray[np.uint16], white: np.float32) -> np.float32:
    """Where the sensor saturates: LibRaw's white, or below it where values visibly pile up.

    Many cameras clip a little below their nominal white; taken at its word, highlights turn pink.
    """
    top = np.float32(stored.max())
    if not PILE_LEAST * white < top < white:
        return white
    edges = top * np.array([1.0 - 2.0 * PILE_WIDTH, 1.0 - PILE_WIDTH])
    beside, piled = (np.count_nonzero(stored >= edge) for edge in edges)
    stands_out = piled > PILE_RATIO * (beside - piled)
    return top if stands_out and piled > PILE_SHARE * stored.size else white


def _sensor(raw: rawpy.RawPy, described: Described) -> Sensor:
    names = _colors(raw)
    black = np.array(raw.black_level_per_channel, np.float32)
    white = _saturation(raw.raw_image_visible, np.float32(raw.white_level))
    if not white > black.max():
        raise DamagedError
    mosaic = None
    if raw.raw_type == rawpy.RawType.Flat:
        values = raw.raw_image_visible.astype(np.float32)
        index = _pattern(raw)
        rows, columns = index.shape
        for row, column in np.ndindex(rows, columns):
            values[row::rows, column::columns] -= black[index[row, column]]
        if len(names) > 1:
            # LibRaw numbers the second green of a Bayer cell as a color of its own
            description = raw.color_desc.decode()
            mosaic = np.array([[names.index(description[i]) for i in line] for line in index])
        values = values[..., None]
    else:
        values = raw.raw_image_visible[..., : len(names)].astype(np.float32) - black[: len(names)]
    values *= np.float32(1.0) / (white - black.max())
    np.minimum(values, 1.0, out=values)
    height, width = values.shape[:2]
    neutral = np.array(described.camera.numbers(AS_SHOT_NEUTRAL))
    aspect = raw.sizes.pixel_aspect or 1.0
    return Sensor(
        picture=values,
        pattern=mosaic,
        colors=len(names),
        crop=(0, 0, width, height),
        neutral=neutral if len(neutral) == len(names) else None,
        aspect=(aspect, 1.0) if aspect >= 1.0 else (1.0, 1.0 / aspect),
        orientation=described.camera.integer(ORIENTATION, 1),
        saturation=None if mosaic is None else levels(values[..., 0], mosaic, len(names)),
    )
