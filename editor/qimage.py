"""Pixels to QImage: the only place where pixels become Qt's.

The QImage's own memory is where the last step writes: a live picture is rendered right into it, and
an exact one costs a rounding pass and an interleave.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage
from qimage2ndarray import raw_view
from torch import Tensor

from engine.live.room import room

Bytes = NDArray[np.uint8]
Packed = NDArray[np.uint32]
"""Pixels as 0xffRRGGBB."""

_WHITE = np.array([255.0])


def blank(width: int, height: int) -> tuple[QImage, Packed]:
    """A new opaque picture, not yet drawn, and its memory (H, W), which lives as long as it."""
    memory = room((height, width), np.uint32)
    return QImage(memory.data, width, height, 4 * width, QImage.Format.Format_RGB32), memory


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
    out, memory = blank(width, height)
    red, green, blue = planes
    cv2.merge(
        (blue, green, red, np.full_like(red, 255)),
        dst=memory.view(np.uint8).reshape(height, width, 4),
    )
    return out


def mask_qimage(masks: list[tuple[NDArray[np.bool_], QColor]]) -> QImage:
    """An overlay that shows each mask (H, W) in its color, the last on top, clear elsewhere."""
    height, width = masks[0][0].shape
    out = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    which = np.zeros((height, width), np.uint8)
    for place, (mask, _) in enumerate(masks, 1):
        np.maximum(which, place * mask.view(np.uint8), out=which)
    colors = np.array([0, *(color.rgba() for _, color in masks)], np.uint32)
    np.take(colors, which, out=raw_view(out), mode="clip")
    return out
