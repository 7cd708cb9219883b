import struct

import numpy as np
import pytest

from engine.errors import PhotofinishError
from engine.raw.opcodes import Grid, apply, read_list
from engine.raw.tiff import DamagedError
from resources.dng import gain_map, opcode, opcode_list, warp_rectilinear


def area(shape, *, top=0, left=0, planes=1, pitch=(1, 1)):
    return struct.pack(">4I4I", top, left, *shape, 0, planes, *pitch)


def run(content, picture, grid=None):
    grid = grid or Grid(*picture.shape[:2])
    return apply(read_list(opcode_list(content)), picture.copy(), grid)


@pytest.fixture
def ramp():
    y, x = np.mgrid[0:24, 0:32]
    return np.stack([x / 40, y / 30, (x + y) / 60], -1).astype(np.float32) + 0.1


def test_gain_map_is_bilinear_at_pixel_centers_and_does_not_clip():
    gains = np.array([[1.0, 2.0], [3.0, 6.0]])
    out = run(gain_map(gains, area=(0, 0, 4, 8)), np.ones((4, 8, 1), np.float32))
    for row, column in ((0, 0), (3, 7), (1, 5)):
        v, h = (row + 0.5) / 4, (column + 0.5) / 8
        expected = (1 - v) * ((1 - h) * 1 + h * 2) + v * ((1 - h) * 3 + h * 6)
        assert out[row, column, 0] == pytest.approx(expected, rel=1e-6)
    assert out.max() > 1


def test_gain_map_touches_its_phase_of_the_mosaic_only():
    gains = np.full((2, 2), 2.0)
    out = run(gain_map(gains, area=(1, 0, 6, 6), pitch=(2, 2)), np.ones((6, 6, 1), np.float32))
    assert (out[1::2, ::2] == 2).all()
    assert out.sum() == 36 + 9


def test_gain_map_of_a_half_size_picture_is_the_full_one_reduced(ramp):
    gains = np.linspace(1, 2, 9).reshape(3, 3)
    full = run(gain_map(gains, area=(0, 0, 24, 32), planes=(0, 3)), np.ones_like(ramp))
    half = run(
        gain_map(gains, area=(0, 0, 24, 32), planes=(0, 3)),
        np.ones((12, 16, 3), np.float32),
        Grid(12, 16, 2),
    )
    reduced = full.reshape(12, 2, 16, 2, 3).mean((1, 3))
    np.testing.assert_allclose(half, reduced, atol=1e-2)


def test_identity_warp_changes_nothing(ramp):
    np.testing.assert_allclose(run(warp_rectilinear([1, 0, 0, 0, 0, 0]), ramp), ramp, atol=1e-6)


def test_warp_moves_by_the_polynomial(ramp):
    """With k0 = 0.9 a pixel shows what lies at 0.9 of its distance from the center."""
    out = run(warp_rectilinear([[0.9, 0, 0, 0, 0, 0]]), ramp)
    x0, y0 = 31 / 2, 23 / 2
    for row, column in ((3, 5), (12, 20), (20, 28)):
        x, y = x0 + 0.9 * (column - x0), y0 + 0.9 * (row - y0)
        expected = np.array([x / 40, y / 30, (x + y) / 60]) + 0.1
        np.testing.assert_allclose(out[row, column], expected, atol=2e-3)


def test_warp_of_each_plane(ramp):
    identity, zoomed = [1, 0, 0, 0, 0, 0], [0.9, 0, 0, 0, 0, 0]
    out = run(warp_rectilinear([zoomed, identity, zoomed]), ramp)
    np.testing.assert_allclose(out[..., 1], ramp[..., 1], atol=1e-6)
    assert np.abs(out[..., 0] - ramp[..., 0]).max() > 0.03


def test_tangential_warp_follows_the_specification(ramp):
    out = run(warp_rectilinear([1, 0, 0, 0, 0.02, -0.01]), ramp)
    x0, y0 = 31 / 2, 23 / 2
    m = np.hypot(x0, y0)
    row, column = 18, 25
    x, y = (column - x0) / m, (row - y0) / m
    r2 = x * x + y * y
    dx = 0.02 * 2 * x * y - 0.01 * (r2 + 2 * x * x)
    dy = -0.01 * 2 * x * y + 0.02 * (r2 + 2 * y * y)
    assert out[row, column, 0] == pytest.approx((column + dx * m) / 40 + 0.1, abs=2e-3)
    assert out[row, column, 1] == pytest.approx((row + dy * m) / 30 + 0.1, abs=2e-3)


def test_fisheye_warp_of_a_straight_lens_is_the_arc_tangent(ramp):
    content = struct.pack(">I4d2d", 1, 1, 0, 0, 0, 0.5, 0.5)
    out = run(opcode(2, content), ramp)
    x0, m = 31 / 2, np.hypot(31 / 2, 23 / 2)
    x, y = (28 - x0) / m, (20 - 23 / 2) / m
    r = np.hypot(x, y)
    assert out[20, 28, 0] == pytest.approx((x0 + m * x * np.arctan(r) / r) / 40 + 0.1, abs=2e-3)


def test_vignette_brightens_corners():
    content = struct.pack(">7d", 0.5, 0.1, 0, 0, 0, 0.5, 0.5)
    out = run(opcode(3, content), np.ones((21, 21, 1), np.float32))
    assert out[10, 10, 0] == pytest.approx(1.0)
    assert out[0, 0, 0] == pytest.approx(1 + 0.5 + 0.1, rel=1e-5)


def test_bad_pixels_take_the_mean_of_their_color():
    mosaic = np.zeros((8, 8, 1), np.float32)
    mosaic[::2, ::2] = 7
    mosaic[4, 4] = 0
    by_list = opcode(5, struct.pack(">III", 1, 1, 0) + struct.pack(">II", 4, 4))
    assert run(by_list, mosaic)[4, 4, 0] == 7
    mosaic[4, 4] = 99
    assert run(opcode(4, struct.pack(">II", 99, 1)), mosaic)[4, 4, 0] == 7
    mosaic[2:5, 3] = 55
    by_area = opcode(5, struct.pack(">III", 1, 0, 1) + struct.pack(">4I", 2, 3, 5, 4))
    assert run(by_area, mosaic)[2, 3, 0] == 0


def test_map_polynomial_and_table(ramp):
    shape = ramp.shape[:2]
    squared = opcode(8, area(shape, planes=3) + struct.pack(">I3d", 2, 0.1, 0, 1))
    np.testing.assert_allclose(run(squared, ramp), ramp**2 + 0.1, rtol=1e-5)
    table = (65535 * np.linspace(0, 1, 65536) ** 0.5).astype(">u2")
    rooted = opcode(7, area(shape) + struct.pack(">I", 65536) + table.tobytes())
    out = run(rooted, ramp)
    np.testing.assert_allclose(out[..., 0], ramp[..., 0] ** 0.5, atol=2e-4)
    np.testing.assert_array_equal(out[..., 1:], ramp[..., 1:])


@pytest.mark.parametrize(
    ("number", "axis", "combine"),
    [(10, 0, np.add), (11, 1, np.add), (12, 0, np.multiply), (13, 1, np.multiply)],
)
def test_lines(ramp, number, axis, combine):
    shape = ramp.shape[:2]
    amounts = np.linspace(0.5, 1.5, shape[axis]).astype(">f4")
    content = area(shape, planes=3) + struct.pack(">I", len(amounts)) + amounts.tobytes()
    along = amounts.astype("f4")[:, None, None] if axis == 0 else amounts.astype("f4")[:, None]
    np.testing.assert_allclose(run(opcode(number, content), ramp), combine(ramp, along), rtol=1e-6)


def test_trimmed_edges_repeat(ramp):
    out = run(opcode(6, struct.pack(">4I", 2, 3, 20, 30)), ramp)
    np.testing.assert_array_equal(out[2:20, 3:30], ramp[2:20, 3:30])
    np.testing.assert_array_equal(out[0, 10], ramp[2, 10])
    np.testing.assert_array_equal(out[23, 31], ramp[19, 29])


def test_unknown_opcodes(ramp):
    np.testing.assert_array_equal(run(opcode(99, b"", optional=True), ramp), ramp)
    with pytest.raises(PhotofinishError, match="correction"):
        run(opcode(99, b""), ramp)


@pytest.mark.parametrize("cut", [1, 9, 40, 100])
def test_a_list_cut_short_is_damage(cut):
    whole = opcode_list(gain_map(np.ones((3, 3)), area=(0, 0, 4, 4)))
    with pytest.raises(DamagedError):
        read_list(whole[:cut])


def test_an_opcode_that_lies_about_its_size_is_damage(ramp):
    body = gain_map(np.ones((3, 3)), area=(0, 0, 4, 4))[16:-8]
    with pytest.raises(DamagedError):
        run(opcode(9, body), ramp)
