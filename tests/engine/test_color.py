"""Color spaces and transfer curves."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.color import (
    D50_XYZ,
    PROPHOTO,
    SPACES,
    SRGB,
    adaptation,
    between,
    decode,
    encode,
    luminance,
    transform,
    xyz,
)


@pytest.mark.parametrize("space", SPACES.values(), ids=lambda s: s.name)
class TestEverySpace:
    def test_white_is_d50(self, space):
        assert space.to_xyz.sum(1) == pytest.approx(D50_XYZ.numpy(), abs=1e-12)

    def test_decode_inverts_encode(self, space):
        linear = torch.linspace(0.0, 1.0, 5001, dtype=torch.float64)
        assert (decode(encode(linear, space), space) - linear).abs().max() < 2e-7

    def test_curve_rises_from_0_to_1(self, space):
        encoded = encode(torch.linspace(0.0, 1.0, 5001, dtype=torch.float64), space)
        assert (encoded.diff() > 0.0).all()
        assert encoded[[0, -1]].tolist() == pytest.approx([0.0, 1.0], abs=1e-6)

    def test_curve_has_no_corner(self, space):
        linear = torch.linspace(0.0, 0.05, 50001, dtype=torch.float64)
        slope = encode(linear, space).diff() / linear.diff()
        assert (slope.diff().abs() < 0.05 * slope[1:]).all()

    def test_gradients_are_finite(self, space):
        linear = torch.linspace(0.0, 1.0, 101, requires_grad=True)
        encode(linear, space).sum().backward()
        assert torch.isfinite(linear.grad).all()


def test_curves_as_the_goldens(shared_data):
    with np.load(shared_data / "golden" / "curves.npz") as curves:
        for name, space in (("srgb", SRGB), ("prophoto", PROPHOTO)):
            golden = torch.from_numpy(curves[f"{name}_encode_uniform33"])
            uniform = torch.linspace(0.0, 1.0, 33, dtype=torch.float64)
            assert (encode(uniform, space) - golden).abs().max() < 1e-6


@given(st.floats(0.27, 0.45), st.floats(0.28, 0.42))
def test_adaptation_sends_white_to_white(x, y):
    source, target = xyz(torch.tensor([x, y], dtype=torch.float64)), D50_XYZ
    assert torch.allclose(adaptation(source, target) @ source, target, atol=1e-9)


def test_gray_has_its_own_luminance():
    gray = torch.full((1, 3, 2, 2), 0.37)
    assert luminance(gray).flatten().tolist() == pytest.approx([0.37] * 4, abs=1e-7)


def test_transform_takes_a_matrix_for_each_picture():
    image = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    matrices = torch.stack([torch.eye(3), torch.from_numpy(between(PROPHOTO, SRGB)).float()])
    assert torch.allclose(transform(image, matrices)[1], transform(image[1:], matrices[1])[0])
