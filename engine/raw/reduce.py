"""Cameras of one or four colors as cameras of three.

Four: R = diag(1 / (P n)) P with P the pseudo-inverse of the matrix from linear Rec. 709 RGB to the
camera's four colors [ITU-R BT.709-6] and n its white as shot, so that the white becomes (1, 1, 1).
One: the same value three times.
"""

import numpy as np
from numpy.typing import NDArray

from engine.errors import PhotofinishError
from engine.raw.tiff import Tags

COLOR_MATRICES = (50722, 50721, 52531)  # daylight first
REC709_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def reduction(camera: Tags, colors: int, neutral: NDArray[np.float64] | None) -> list[list[float]]:
    """The matrix (3, colors) from the camera's colors to three; [] where it has three."""
    if colors == 3:
        return []
    if colors == 1:
        return [[1.0], [1.0], [1.0]]
    matrices = [camera.numbers(tag) for tag in COLOR_MATRICES]
    matrix = next((m for m in matrices if len(m) == 3 * colors), None)
    if colors != 4 or matrix is None:
        raise PhotofinishError("This camera's color filters are not supported.")
    to_camera = np.reshape(matrix, (4, 3)) @ REC709_TO_XYZ
    if neutral is None:
        neutral = to_camera @ np.ones(3)
    inverse = np.linalg.pinv(to_camera)
    white = inverse @ (neutral / neutral.max())
    if not (white > 0).all():
        raise PhotofinishError("This photo's white balance cannot be read.")
    reduced: list[list[float]] = (inverse / white[:, None]).tolist()
    return reduced
