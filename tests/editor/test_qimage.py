import numpy as np
import torch
from PySide6.QtGui import QColor

from editor.qimage import mask_qimage, to_bytes, to_qimage


def test_pixels_arrive_where_they_were_rounded_and_saturated():
    picture = torch.rand(1, 3, 5, 7, generator=torch.Generator().manual_seed(0)) * 1.4 - 0.2
    image = to_qimage(to_bytes(picture))
    assert (image.width(), image.height()) == (7, 5)
    expected = (picture[0] * 255.0).round().clamp(0.0, 255.0)
    for y in range(5):
        for x in range(7):
            assert list(image.pixelColor(x, y).getRgb()[:3]) == expected[:, y, x].int().tolist()


def test_a_strided_picture_is_taken_as_well():
    picture = torch.rand(1, 4, 6, 3).permute(0, 3, 1, 2)
    assert np.array_equal(to_bytes(picture), to_bytes(picture.contiguous()))


def test_a_mask_is_opaque_where_set_and_clear_elsewhere():
    mask = np.zeros((3, 4), bool)
    mask[1, 2] = True
    image = mask_qimage([(mask, QColor(10, 20, 30))])
    assert image.pixelColor(2, 1).getRgb() == (10, 20, 30, 255)
    assert image.pixelColor(0, 0).alpha() == 0
