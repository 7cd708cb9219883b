"""What a decoder hands on: the sensor's picture, linear, and how to show it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.raw.opcodes import Opcode
from engine.raw.tiff import Tags

Plane = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sensor:
    """The sensor's active area, black subtracted, 1.0 = white level, not yet demosaiced.

    `picture` (H, W, planes) float32; `pattern` (h, w) tells the color index of each pixel of a
    mosaic, repeating, None where every pixel has all planes. `crop` (left, top, width, height);
    `aspect` (x, y) stretches pixels; `orientation` is EXIF's; `after` are the opcodes for the
    finished picture. `neutral` is the camera RGB of the white as shot; `saturation` the values at
    which a mosaic's colors fill up, where that is not 1.
    """

    picture: Plane
    pattern: NDArray[np.int64] | None
    colors: int
    crop: tuple[int, int, int, int]
    neutral: NDArray[np.float64] | None = None
    aspect: tuple[float, float] = (1.0, 1.0)
    orientation: int = 1
    after: list[Opcode] = field(default_factory=list)
    saturation: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Described:
    """What the file says about the shot: tags by DNG and EXIF number, and facts for people."""

    camera: Tags  # the main directory: camera, profile, white
    raw: Tags  # the raw picture's own directory
    exif: Tags
    gps: Tags
    facts: dict[str, object]
