import numpy as np
import pytest

from engine.raw.linear import linearize
from engine.raw.tiff import DamagedError, Tags


def test_black_is_zero_white_is_one_and_noise_below_black_stays():
    stored = np.array([[[512], [16383], [500], [16384]]], np.uint16)
    out = linearize(stored, Tags({258: [16], 50714: [512], 50717: [16383]}))
    np.testing.assert_allclose(out[0, :3, 0], [0, 1, -12 / 15871], atol=1e-7)
    assert out[0, 3, 0] == 1.0


def test_black_pattern_repeats_and_lines_add():
    stored = np.full((4, 6, 1), 1000, np.uint16)
    tags = Tags(
        {
            50713: [2, 2],
            50714: [100, 110, 120, 130],
            50715: [0, 1, 2, 3, 4, 5],
            50716: [[0, 1], [10, 1], [20, 1], [30, 1]],
            50717: [1200],
        }
    )
    out = linearize(stored, tags)[..., 0]
    span = 1200 - (130 + 5 + 30)  # the darkest level decides [DNG 1.7.1, ch. 5]
    assert out[0, 0] == pytest.approx((1000 - 100) / span)
    assert out[3, 5] == pytest.approx((1000 - 130 - 30 - 5) / span)
    assert out[2, 1] == pytest.approx((1000 - 110 - 20 - 1) / span)


def test_levels_of_each_sample():
    stored = np.full((1, 1, 3), 300, np.uint16)
    tags = Tags({50714: [100, 0, 200], 50717: [500, 300, 400]})
    np.testing.assert_allclose(linearize(stored, tags)[0, 0], [0.5, 1.0, 0.5])


def test_linearization_table_comes_first_and_its_end_holds():
    stored = np.array([[[0], [1], [2], [9]]], np.uint16)
    tags = Tags({50712: [10, 20, 110], 50714: [10], 50717: [110]})
    np.testing.assert_allclose(linearize(stored, tags)[0, :, 0], [0, 0.1, 1, 1])


def test_floats_may_exceed_white():
    stored = np.array([[[0.25], [3.0], [np.nan]]], np.float32)
    np.testing.assert_array_equal(linearize(stored, Tags({339: [3]}))[0, :, 0], [0.25, 3.0, 0.0])


@pytest.mark.parametrize(
    "tags",
    [{50714: [900], 50717: [900]}, {50713: [2, 2], 50714: [1, 2, 3]}, {50717: [[0, 0]]}],
    ids=["white is black", "too few blacks", "no white"],
)
def test_levels_without_sense_are_damage(tags):
    with pytest.raises(DamagedError):
        linearize(np.zeros((2, 2, 1), np.uint16), Tags(tags))
