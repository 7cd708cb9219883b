import struct
import warnings

import numpy as np
import pytest

from engine.metadata import Encoding
from engine.raw.profile import gain_table_map, profile
from engine.raw.spectrum import illuminant_xy
from engine.raw.tiff import Tags
from resources.dng import profile_gain_table_map

IDENTITY = np.eye(3).ravel().tolist()


def test_three_illuminants_and_their_tables():
    table = np.tile([0.0, 1.0, 1.0], 6 * 3 * 2).tolist()
    tags = Tags(
        {
            50721: IDENTITY, 50722: IDENTITY, 52531: IDENTITY, 50964: IDENTITY,
            50778: [17], 50779: [21], 52529: [23],
            50937: [6, 3, 2], 50938: table, 51107: [1],
            50940: [0.0, 0.0, 0.5, 0.7, 1.0, 1.0], 51109: [[-1, 4]], 51110: [1],
            50936: "Vivid\0", 52551: "\1\0\1\0", 50932: "sign\0",
        }
    )  # fmt: skip
    found = profile(tags)
    assert [c.illuminant for c in found.calibrations] == [17, 21, 23]
    assert found.calibrations[0].forward_matrix is not None
    assert found.calibrations[1].forward_matrix is None
    assert found.calibrations[0].hue_sat_map.deltas.shape == (2, 6, 3, 3)
    assert found.calibrations[0].hue_sat_map.encoding is Encoding.SRGB
    assert found.tone_curve.tolist() == [[0, 0], [0.5, 0.7], [1, 1]]
    assert found.baseline_exposure_offset == -0.25
    assert found.default_black_render_none
    assert found.hdr
    assert (found.name, found.calibration_signature) == ("Vivid", "sign")


def test_value_axis_is_outermost():
    deltas = np.arange(2 * 4 * 3 * 3, dtype=float)
    tags = Tags({50721: IDENTITY, 50981: [4, 3, 2], 50982: deltas.tolist()})
    np.testing.assert_array_equal(profile(tags).look_table.deltas.ravel(), deltas)


def test_malformed_parts_are_left_out():
    tags = Tags(
        {
            50721: IDENTITY, 50964: [1.0] * 5, 50937: [6, 3, 1], 50938: [1.0] * 7,
            50940: [0.0, 0.0, 0.5], 50722: [float("nan")] * 9,
        }
    )  # fmt: skip
    found = profile(tags)
    assert len(found.calibrations) == 1
    assert found.calibrations[0].hue_sat_map is None
    assert found.tone_curve is None


def test_profile_of_four_colors_is_reduced():
    to_camera = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0]], float)
    reduction = np.linalg.pinv(to_camera).tolist()
    found = profile(Tags({50721: to_camera.ravel().tolist(), 50778: [21]}), reduction)
    np.testing.assert_allclose(found.calibrations[0].color_matrix, np.eye(3), atol=1e-12)


@pytest.mark.parametrize("gamma", [None, 2.0], ids=["first form", "second form"])
def test_gain_table_map(gamma):
    gains = np.arange(1, 2 * 3 * 4 + 1, dtype=float).reshape(2, 3, 4)
    written = profile_gain_table_map(
        gains, weights=(0.1, 0.2, 0.3, 0.15, 0.25), spacing=(0.5, 0.3), origin=(0.1, 0.2),
        gamma=gamma,
    )  # fmt: skip
    tags = Tags({52525 if gamma is None else 52544: written.decode("latin-1")})
    found = gain_table_map(tags, "<", 1)
    np.testing.assert_array_equal(found.gains, gains)
    assert (found.spacing, found.origin) == ((0.5, 0.3), (0.1, 0.2))
    np.testing.assert_allclose(found.weights, [0.1, 0.2, 0.3, 0.15, 0.25], rtol=1e-6)
    assert found.gamma == (gamma or 1.0)


def test_gain_table_map_of_integers_spans_its_range():
    head = struct.pack("<2I4dI5f", 1, 1, 1, 1, 0, 0, 2, 0, 0, 0, 0, 1)
    content = head + struct.pack("<I3f2H", 1, 1.0, 1.0, 3.0, 0, 65535)
    found = gain_table_map(Tags({52544: content.decode("latin-1")}), "<", 1)
    assert found.gains.ravel().tolist() == [1.0, 3.0]


def test_gain_table_map_turns_with_the_photo():
    """Wherever a point lands after turning, the map says there what it said before."""
    gains = np.arange(1.0, 7).reshape(2, 3, 1)
    written = profile_gain_table_map(
        gains, weights=(0, 0, 0, 0, 1), spacing=(0.6, 0.3), origin=(0.1, 0.15)
    )
    tags = Tags({52525: written.decode("latin-1")})
    rows = {1: (0, 0), 2: (0, 2), 3: (1, 2), 4: (1, 0), 5: (0, 0), 6: (0, 1), 7: (2, 1), 8: (2, 0)}
    for orientation, (row, column) in rows.items():
        found = gain_table_map(tags, "<", orientation)
        assert found.gains[row, column, 0] == 1.0, orientation
        v = found.origin[0] + row * found.spacing[0]
        h = found.origin[1] + column * found.spacing[1]
        across = 0.15 if orientation in (1, 4) else 0.85 if orientation in (2, 3) else None
        if across is not None:
            assert h == pytest.approx(across)
            assert v == pytest.approx(0.1 if orientation in (1, 2) else 0.9)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("xy", [(3457, 3585), (3333, 3333)])
def test_illuminant_by_chromaticity(order, xy):
    # a third, in four decimals, makes sense in either byte order
    content = struct.pack(order + "H4I", 0, xy[0], 10000, xy[1], 10000)
    assert illuminant_xy(content, order) == pytest.approx((xy[0] / 10000, xy[1] / 10000))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("light", ["A", "D65", "FL2", "FL11", "LED-B3"])
def test_illuminant_by_spectrum(order, light):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of optional packages on import
        import colour
    table = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"].copy()
    shape = colour.SpectralShape(380, 780, 5)
    power = colour.SDS_ILLUMINANTS[light].copy().align(shape).values
    total = power @ table.align(shape).values
    pairs = [number for p in power for number in (round(1000 * p), 1000)]
    content = struct.pack(f"{order}H5I{len(pairs)}I", 1, len(power), 380, 1, 5, 1, *pairs)
    assert illuminant_xy(content, order) == pytest.approx(total[:2] / total.sum(), abs=1e-5)


def test_big_endian_profile_reads_its_blobs_in_that_order():
    light = struct.pack(">H4I", 0, 3333, 10000, 3333, 10000).decode("latin-1")
    tags = Tags({50721: IDENTITY, 50778: [255], 52533: light, 52551: "\0\1\0\1\0\0\0\0"})
    found = profile(tags, order=">")
    assert found.calibrations[0].illuminant_xy == pytest.approx((0.3333, 0.3333))
    assert found.hdr


@pytest.mark.parametrize("content", [b"", b"\0", b"\1\0\0\0", b"\2\0" + bytes(40), bytes(18)])
def test_illuminant_that_says_nothing(content):
    assert illuminant_xy(content, "<") is None
