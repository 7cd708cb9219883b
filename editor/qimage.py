"""Tensor to QImage: the only place where pixels become Qt's.

The QImage's own memory is the target of the last copy (qimage2ndarray's views), so a 1.7 MP frame
costs one rounding pass and one interleave.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage
from qimage2ndarray import byte_view
from torch import Tensor

Bytes = NDArray[np.uint8]
_WHITE = np.array([255.0])


def to_bytes(picture: Tensor) -> Bytes:
    """Round `picture` (1, 3, H, W), display RGB, to planes (3, H, W) of 0..255."""
    values = np.ascontiguousarray(picture[0].cpu().numpy())
    planes = np.empty(values.shape, np.uint8)
    for plane, target in zip(values, planes, strict=True):
        cv2.multiply(plane, _WHITE, dst=target, dtype=cv2.CV_8U)  # rounds and saturates
    return planes


def to_qimage(planes: Bytes) -> QImage:
    """Interleave `planes` (3, H, W) into a new QImage."""
    _, height, width = planes.shape
    out = QImage(width, height, QImage.Format.Format_RGB32)
    red, green, blue = planes
    cv2.merge((blue, green, red, np.full_like(red, 255)), dst=byte_view(out, "little"))
    return out


def mask_qimage(masks: list[tuple[NDArray[np.bool_], QColor]]) -> QImage:
    """An overlay that shows each mask (H, W) in its color and is clear elsewhere."""
    height, width = masks[0][0].shape
    out = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    out.fill(0)
    view = byte_view(out, "little")
    for mask, color in masks:
        view[mask] = (color.blue(), color.green(), color.red(), 255)
    return out
