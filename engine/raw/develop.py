"""From the sensor's picture to the photo's: demosaic, lens corrections, crop, orientation."""

import numpy as np
from numpy.typing import NDArray

from engine.raw import opcodes
from engine.raw.binning import binned
from engine.raw.opcodes import Grid
from engine.raw.sensor import Plane, Sensor


def full_size(sensor: Sensor) -> tuple[int, int]:
    """Width and height of the whole photo, as it is looked at."""
    width, height = _stretched(sensor, sensor.crop[2], sensor.crop[3])
    return (height, width) if sensor.orientation in (5, 6, 7, 8) else (width, height)


def develop(sensor: Sensor, *, half: bool) -> Plane:
    """Return linear camera RGB (H, W, colors), as it is looked at; `half` at half size."""
    height, width = sensor.picture.shape[:2]
    step = 2 if half and min(height, width) >= 2 else 1
    picture = _all_colors(sensor, step)
    grid = Grid(picture.shape[0], picture.shape[1], step)
    picture = opcodes.apply(sensor.after, picture, grid)
    left, top, width, height = (v // step for v in sensor.crop)
    picture = picture[top : top + max(height, 1), left : left + max(width, 1)]
    size = _stretched(sensor, picture.shape[1], picture.shape[0])
    if size != (picture.shape[1], picture.shape[0]):
        import cv2

        resized = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
        picture = np.asarray(resized, np.float32).reshape(size[1], size[0], -1)
    return _upright(picture, sensor.orientation)


def _all_colors(sensor: Sensor, step: int) -> Plane:
    if sensor.pattern is None:
        picture = sensor.picture
        if step == 1:
            return picture
        height, width = picture.shape[0] // 2, picture.shape[1] // 2
        cells = picture[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1)
        return cells.mean((1, 3))
    mosaic = sensor.picture[..., 0]
    if step == 2:
        return binned(mosaic, sensor.pattern, sensor.colors)
    from engine.raw.demosaic import demosaic

    return demosaic(mosaic, sensor.pattern, sensor.colors, _balance(sensor))


def _balance(sensor: Sensor) -> NDArray[np.float64]:
    """Gains that make grey equal in all colors: from the white as shot, else from the mean."""
    neutral = sensor.neutral
    if neutral is None and sensor.pattern is not None:
        small = sensor.picture[..., 0]
        rows, columns = sensor.pattern.shape
        means = [
            [small[r::rows, c::columns].mean(dtype=np.float64) for c in range(columns)]
            for r in range(rows)
        ]
        neutral = np.array(
            [np.mean(np.array(means)[sensor.pattern == i]) for i in range(sensor.colors)]
        )
    if neutral is None or not (np.isfinite(neutral).all() and (neutral > 0).all()):
        return np.ones(sensor.colors)
    return np.clip(neutral.max() / neutral, 1.0, 16.0)


def _stretched(sensor: Sensor, width: int, height: int) -> tuple[int, int]:
    """The size in square pixels, the finer axis kept."""
    across, down = sensor.aspect
    finest = min(across, down)
    ratio = min(max(across, down) / finest, 4.0)
    if across > down:
        return max(1, round(width * ratio)), height
    return width, max(1, round(height * ratio))


def _upright(picture: Plane, orientation: int) -> Plane:
    """Turn and mirror by EXIF Orientation (274), 1 to 8."""
    if orientation in (5, 6, 7, 8):
        picture = picture.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    return picture
