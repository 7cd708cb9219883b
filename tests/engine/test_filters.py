import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck
from torch.testing import assert_close

from engine import filters
from engine.photo import area_average


@pytest.fixture
def plane() -> Tensor:
    return torch.rand(2, 3, 37, 50, generator=torch.Generator().manual_seed(3))


def step_edge(height: float, width: int = 96) -> Tensor:
    edge = torch.where(torch.arange(width) < width // 2, 0.0, height)
    return edge.expand(1, 1, 64, width).contiguous()


def test_log_luminance_is_log2_and_takes_any_sign() -> None:
    values = torch.tensor([4.0, 1.0, 0.18])
    assert_close(filters.log_luminance(values), torch.log2(values), atol=1e-5, rtol=0)
    dark = filters.log_luminance(torch.tensor([-1.0, -1e-4, 0.0, 1e-4, 1e-3]))
    assert torch.isfinite(dark).all()
    assert (dark.diff() >= 0).all()
    assert dark[2] == pytest.approx(-13)


def test_grid_covers_the_frame_whatever_its_size() -> None:
    assert filters.grid_size((1067, 1600), 384, 32) == (256, 384)
    assert filters.grid_size((2000, 3000), 384, 32) == (256, 384)
    assert filters.grid_size((200, 300), 384) == (200, 300)
    assert filters.grid_size((1, 300), 384, 32) == (32, 288)


@pytest.mark.parametrize("size", [(37, 50), (12, 25), (7, 9), (1, 1)])
def test_reduce_is_the_area_average(plane: Tensor, size: tuple[int, int]) -> None:
    assert_close(filters.reduce(plane, size), area_average(plane, size), atol=1e-6, rtol=0)


def test_resize_goes_up_and_down_at_once(plane: Tensor) -> None:
    assert filters.resize(plane, (64, 32)).shape == (2, 3, 64, 32)
    assert torch.equal(filters.resize(plane, (37, 50)), filters.reduce(plane, (37, 50)))


@pytest.mark.parametrize("radius", [0, 1, 4, 100])
def test_box_mean_against_its_definition(plane: Tensor, radius: int) -> None:
    mean = filters.box_mean(plane, radius)
    for y, x in ((0, 0), (5, 9), (36, 49)):
        window = plane[
            ..., max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1
        ]
        assert_close(mean[..., y, x], window.mean((-2, -1)))


def test_gaussian_blur_has_its_sigma_and_keeps_constants() -> None:
    point = torch.zeros(1, 1, 41, 41)
    point[..., 20, 20] = 1.0
    blurred = filters.gaussian_blur(point, 2.5)[0, 0]
    offsets = torch.arange(41.0) - 20.0
    assert blurred.sum() == pytest.approx(1.0, abs=1e-5)
    assert (blurred.sum(0) * offsets**2).sum().sqrt() == pytest.approx(2.5, rel=0.02)
    assert_close(blurred, blurred.T)
    flat = torch.full((1, 2, 9, 9), 0.3)
    assert_close(filters.gaussian_blur(flat, 4.0), flat)
    assert torch.equal(filters.gaussian_blur(flat, 0.05), flat)


def test_guided_fit_recovers_a_linear_relation(plane: Tensor) -> None:
    guide = plane[:, :1]
    slope, offset = filters.guided_fit(guide, 3.0 * guide - 1.0, 3, 1e-6)
    assert_close(slope, torch.full_like(slope, 3.0), atol=1e-3, rtol=0)
    assert_close(offset, torch.full_like(offset, -1.0), atol=1e-3, rtol=0)


def test_guided_filter_smooths_texture_and_keeps_an_edge() -> None:
    noise = 0.05 * torch.randn(1, 1, 64, 96, generator=torch.Generator().manual_seed(1))
    edge = step_edge(4.0)
    smooth = filters.guided_filter(edge + noise, edge + noise, 6, 0.1)
    assert (smooth - edge).abs().max() < 0.25
    assert (smooth - edge)[..., :30].std() < 0.2 * noise.std()


@pytest.mark.parametrize("height", [2.0, 4.0, 6.0])
def test_bilateral_base_leaks_over_no_edge(height: float) -> None:
    edge = step_edge(height)
    base = filters.bilateral_base(edge, torch.arange(-2.0, 9.0, 0.6), 0.6, 4)
    assert (base - edge).abs().max() < 0.015 * height


def test_bilateral_base_drops_texture() -> None:
    noise = 0.2 * torch.randn(1, 1, 64, 96, generator=torch.Generator().manual_seed(1))
    base = filters.bilateral_base(noise, torch.arange(-3.0, 3.1, 0.6), 0.6, 4)
    assert base.std() < 0.2 * noise.std()


def test_halve_and_double_keep_a_ramp() -> None:
    ramp = torch.linspace(0, 1, 64).expand(1, 1, 32, 64)
    inner = (filters.double(filters.halve(ramp)) - ramp)[..., 4:-4]
    assert inner.abs().max() < 1e-6


def test_local_laplacian_without_change_is_exactly_zero(plane: Tensor) -> None:
    square = plane[:, :1, :32, :32]
    added = filters.local_laplacian(
        square, torch.arange(0.0, 1.1, 0.1), lambda x, g: 0 * (x - g), 3
    )
    assert torch.equal(added, torch.zeros_like(square))


def test_local_laplacian_scales_detail_and_leaves_edges() -> None:
    texture = 0.1 * torch.randn(1, 1, 64, 96, generator=torch.Generator().manual_seed(1))

    def double_detail(x: Tensor, g: Tensor) -> Tensor:
        return (x - g) * torch.exp(-0.5 * ((x - g) / 0.5) ** 2)

    anchors = torch.arange(-1.0, 7.1, 0.25)
    added = filters.local_laplacian(texture, anchors, double_detail, 3)
    slope = (added * texture).sum() / (texture * texture).sum()
    assert 0.8 < slope < 1.05
    edge = step_edge(6.0)
    assert filters.local_laplacian(edge, anchors, double_detail, 3).abs().max() < 0.1


def test_gradients_are_true() -> None:
    plane = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(5)).double()
    plane.requires_grad_()
    anchors = torch.arange(-0.5, 1.6, 0.35).double()

    def detail(x: Tensor, g: Tensor) -> Tensor:
        return (x - g) * torch.exp(-((x - g) ** 2))

    checks = (
        lambda p: filters.gaussian_blur(filters.box_mean(p, 2), 1.0),
        lambda p: filters.guided_filter(p, p * p, 2, 0.01),
        lambda p: filters.bilateral_base(p, anchors, 0.3, 2),
        lambda p: filters.local_laplacian(p, anchors, detail, 2),
        lambda p: filters.log_luminance(filters.resize(p, (7, 20))),
    )
    for check in checks:
        assert gradcheck(check, (plane,), fast_mode=True)


@pytest.mark.parametrize("size", [(1, 1), (2, 7), (40, 61)])
@pytest.mark.parametrize("radius", [1, 3, 6])
def test_what_no_gradient_follows_is_computed_alike(size: tuple[int, int], radius: int) -> None:
    planes = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1)) * 8.0
    followed = filters.box_mean(planes, radius), filters.gaussian_blur(planes, 0.5 * radius)
    with torch.no_grad():
        quick = filters.box_mean(planes, radius), filters.gaussian_blur(planes, 0.5 * radius)
    torch.testing.assert_close(quick, followed, rtol=1e-5, atol=1e-5)
