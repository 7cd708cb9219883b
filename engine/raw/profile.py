"""From tags to M: camera profile, calibrations, white, noise.

Adobe, Digital Negative Specification 1.7.1, chapters 4 and 6. What is absent or malformed is left
at its default; what has more or less than three colors is reduced (`engine.raw.reduce`).
"""

import struct

import numpy as np
from numpy.typing import NDArray

from engine.color import PROPHOTO
from engine.metadata import Calibration, Encoding, GainTableMap, HueSatTable, Matrix, Profile
from engine.raw.spectrum import illuminant_xy
from engine.raw.tiff import Tags

UNIQUE_CAMERA_MODEL, PROFILE_NAME, PROFILE_SIGNATURE = 50708, 50936, 50932
COLOR_MATRICES, FORWARD_MATRICES = (50721, 50722, 52531), (50964, 50965, 52532)
CALIBRATIONS, REDUCTIONS = (50723, 50724, 52530), (50725, 50726, 52538)
ILLUMINANTS, ILLUMINANT_DATA = (50778, 50779, 52529), (52533, 52534, 52535)
ANALOG_BALANCE, AS_SHOT_NEUTRAL, AS_SHOT_XY = 50727, 50728, 50729
HUE_SAT_DIMS, HUE_SAT_DATA, HUE_SAT_ENCODING = 50937, (50938, 50939, 52537), 51107
LOOK_DIMS, LOOK_DATA, LOOK_ENCODING = 50981, 50982, 51108
TONE_CURVE, EXPOSURE_OFFSET, BLACK_RENDER = 50940, 51109, 51110
GAIN_TABLE_MAP, GAIN_TABLE_MAP_2, DYNAMIC_RANGE = 52525, 52544, 52551
D50_LIGHT = 23


def profile(
    tags: Tags,
    reduction: list[list[float]] | None = None,
    gain_table_map: GainTableMap | None = None,
    *,
    order: str = "<",
) -> Profile:
    """The camera profile in a DNG's main directory or in a .dcp file.

    `order` is the file's byte order, "<" or ">", which also rules what is inside its blobs.
    """
    found = (_calibration(tags, i, reduction or [], order) for i in range(3))
    calibrations = tuple(calibration for calibration in found if calibration)
    if reduction and len(reduction[0]) == 1:
        calibrations = (_monochrome(),)
    curve = np.array(tags.numbers(TONE_CURVE))
    knots = curve.reshape(-1, 2) if len(curve) >= 4 and len(curve) % 2 == 0 else None
    hdr = tags.blob(DYNAMIC_RANGE)
    return Profile(
        name=tags.text(PROFILE_NAME) or tags.text(UNIQUE_CAMERA_MODEL),
        calibrations=calibrations,
        calibration_signature=tags.text(PROFILE_SIGNATURE),
        look_table=_table(tags, LOOK_DIMS, LOOK_DATA, LOOK_ENCODING),
        tone_curve=knots if knots is not None and _rises(knots) else None,
        gain_table_map=gain_table_map,
        baseline_exposure_offset=tags.number(EXPOSURE_OFFSET, 0.0),
        default_black_render_none=tags.integer(BLACK_RENDER, 0) == 1,
        hdr=len(hdr) >= 4 and struct.unpack(order + "H", hdr[2:4])[0] == 1,
    )


def matrix(tags: Tags, tag: int, columns: int = 3) -> Matrix | None:
    """A finite matrix (n, columns), None where the tag is absent or malformed."""
    numbers = np.array(tags.numbers(tag))
    if len(numbers) < 3 * min(columns, 3) or len(numbers) % columns:
        return None
    found = numbers.reshape(-1, columns)
    return found if np.isfinite(found).all() and np.abs(found).sum() > 0 else None


def _calibration(
    tags: Tags, i: int, reduction: list[list[float]], order: str
) -> Calibration | None:
    color = matrix(tags, COLOR_MATRICES[i])
    if color is None or len(color) != (len(reduction[0]) if reduction else 3):
        return None
    forward = matrix(tags, FORWARD_MATRICES[i])
    if reduction:
        to_three: Matrix = np.array(reduction, np.float64)
        color = np.asarray(to_three @ _individual(tags, i, len(color)) @ color, np.float64)
        forward = None  # it speaks of four balanced colors, which are no longer there
    data = tags.blob(ILLUMINANT_DATA[i])
    return Calibration(
        illuminant=tags.integer(ILLUMINANTS[i], 0),
        color_matrix=color,
        forward_matrix=forward if forward is not None and forward.shape == (3, 3) else None,
        hue_sat_map=_table(tags, HUE_SAT_DIMS, HUE_SAT_DATA[i], HUE_SAT_ENCODING),
        illuminant_xy=illuminant_xy(data, order),
    )


def _individual(tags: Tags, i: int, colors: int) -> Matrix:
    """AnalogBalance times CameraCalibration of a camera with `colors` colors."""
    calibration = matrix(tags, CALIBRATIONS[i], colors)
    balance = tags.numbers(ANALOG_BALANCE)
    if calibration is None or calibration.shape != (colors, colors):
        calibration = np.eye(colors)
    return np.diag(balance if len(balance) == colors else np.ones(colors)) @ calibration


def _monochrome() -> Calibration:
    """A camera without color, whose grey is grey under its own white, D50."""
    return Calibration(D50_LIGHT, np.asarray(np.linalg.inv(PROPHOTO.to_xyz), np.float64))


def _rises(knots: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(knots).all() and (np.diff(knots[:, 0]) > 0).all())


def _table(tags: Tags, dims_tag: int, data_tag: int, encoding_tag: int) -> HueSatTable | None:
    dims = tags.integers(dims_tag)
    numbers = tags.numbers(data_tag)
    if len(dims) == 2:
        dims = [*dims, 1]
    if len(dims) != 3 or min(dims) < 1 or len(numbers) != 3 * dims[0] * dims[1] * dims[2]:
        return None
    hues, saturations, values = dims
    deltas = np.array(numbers, np.float32).reshape(values, hues, saturations, 3)
    if saturations < 2 or not np.isfinite(deltas).all():
        return None
    encoding = Encoding.SRGB if tags.integer(encoding_tag, 0) == 1 else Encoding.LINEAR
    return HueSatTable(deltas, encoding)


GAIN_TYPES = {0: "u1", 1: "u2", 2: "f2", 3: "f4"}


def gain_table_map(tags: Tags, order: str, orientation: int) -> GainTableMap | None:
    """ProfileGainTableMap2, else ProfileGainTableMap, turned as the photo is; None where absent.

    `order` is the file's byte order, "<" or ">".
    """
    second = GAIN_TABLE_MAP_2 in tags
    content = tags.blob(GAIN_TABLE_MAP_2 if second else GAIN_TABLE_MAP)
    head = struct.Struct(f"{order}IIddddI5f" + ("I3f" if second else ""))
    if len(content) < head.size:
        return None
    rows, columns, step_v, step_h, from_v, from_h, points, *rest = head.unpack_from(content)
    kind, gamma, low, high = rest[5:] if second else (3, 1.0, 0.0, 1.0)
    size = rows * columns * points
    dtype = np.dtype(order + GAIN_TYPES.get(int(kind), "f4"))
    if not 0 < size * dtype.itemsize <= len(content) - head.size:
        return None
    gains = np.frombuffer(content, dtype, size, head.size).astype(np.float32)
    if dtype.kind == "u":
        gains = low + (high - low) / np.iinfo(dtype).max * gains
    gains = gains.reshape(rows, columns, points).astype(np.float32)
    shape = np.array([*rest[:5], step_v, step_h, from_v, from_h, gamma])
    if not (np.isfinite(gains).all() and np.isfinite(shape).all() and gamma > 0):
        return None
    found = GainTableMap(gains, (step_v, step_h), (from_v, from_h), np.array(rest[:5]), gamma)
    return _turned(found, orientation)


def _turned(found: GainTableMap, orientation: int) -> GainTableMap:
    gains, (step_v, step_h), (from_v, from_h) = found.gains, found.spacing, found.origin
    if orientation in (5, 6, 7, 8):
        gains = gains.transpose(1, 0, 2)
        step_v, step_h, from_v, from_h = step_h, step_v, from_h, from_v
    if orientation in (2, 3, 6, 7):
        gains = gains[:, ::-1]
        from_h = 1.0 - (from_h + (gains.shape[1] - 1) * step_h)
    if orientation in (3, 4, 7, 8):
        gains = gains[::-1]
        from_v = 1.0 - (from_v + (gains.shape[0] - 1) * step_v)
    gains = np.ascontiguousarray(gains)
    return GainTableMap(gains, (step_v, step_h), (from_v, from_h), found.weights, found.gamma)
