"""Frames: histograms and clipping, of exact pictures and of live ones."""

import numpy as np
import torch
from qimage2ndarray import byte_view

from editor.frame import (
    clipped_ends,
    clipping_of,
    histogram_of,
    live_clipping_of,
    sampled_histogram,
)
from editor.qimage import blank, to_bytes, to_qimage
from tests.photos import scene


def planes_and_packed() -> tuple[np.ndarray, np.ndarray]:
    """The same picture as planes and packed, with clipped shadows and highlights."""
    planes = to_bytes(scene(480, 320) ** (1 / 2.2) * 1.2 - 0.1)
    _, packed = blank(480, 320)
    red, green, blue = planes.astype(np.uint32)
    packed[:] = 0xFF000000 | red << 16 | green << 8 | blue
    return planes, packed.copy()


def test_histogram_counts_every_pixel_once_per_channel():
    planes = torch.randint(0, 256, (3, 40, 60), dtype=torch.uint8).numpy()
    counts = histogram_of(planes)
    assert counts.sum(1).tolist() == [2400.0] * 4
    assert counts[0, 17] == (planes[0] == 17).sum()


def test_the_histogram_of_a_sample_has_the_shape_of_the_whole_and_its_total():
    planes, packed = planes_and_packed()
    whole, sample = histogram_of(planes), sampled_histogram(packed)
    assert np.allclose(sample.sum(1), whole.sum(1))
    apart = abs(np.cumsum(sample, 1) - np.cumsum(whole, 1)).max() / planes[0].size
    assert apart < 0.03
    assert clipped_ends(sample) == clipped_ends(whole) == (True, True)


def test_live_clipping_is_that_of_the_exact_picture():
    planes, packed = planes_and_packed()
    exact, live = byte_view(clipping_of(planes)), byte_view(live_clipping_of(packed))
    assert exact.any()
    assert np.array_equal(exact, live)


def test_a_packed_picture_is_drawn_right_into_the_image():
    planes, packed = planes_and_packed()
    image, memory = blank(480, 320)
    memory[:] = packed
    assert np.array_equal(byte_view(image), byte_view(to_qimage(planes)))
