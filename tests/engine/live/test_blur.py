"""A blur by a kernel's weights is the one they were taken from; means and fits are the filters'."""

import pytest
import torch

from engine.filters import blur_reach, box_mean, gaussian_blur, guided_fit
from engine.live import blur
from engine.live.blur import blurred, box_means, weights_of


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (40, 61)])
@pytest.mark.parametrize("sigma", [0.5, 1.1, 3.0])
def test_blurs_as_the_filter_does(size: tuple[int, int], sigma: float) -> None:
    plane = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(1))
    weights = weights_of(gaussian_blur, sigma, blur_reach(sigma))
    out = blurred(plane[0, 0].numpy(), weights)
    torch.testing.assert_close(torch.from_numpy(out), gaussian_blur(plane, sigma)[0, 0])


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (40, 61)])
@pytest.mark.parametrize("radius", [1, 2, 5])
def test_box_means_are_cut_off_at_the_frame(size: tuple[int, int], radius: int) -> None:
    planes = torch.rand(1, 2, *size, generator=torch.Generator().manual_seed(1))
    out = torch.from_numpy(box_means(planes[0].numpy(), radius))
    torch.testing.assert_close(out, box_mean(planes, radius)[0])


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (40, 61)])
@pytest.mark.parametrize("center", [0.0, -7.0])
def test_a_guided_fit_is_the_filters(size: tuple[int, int], center: float) -> None:
    guide, target = torch.rand(2, 1, 1, *size, generator=torch.Generator().manual_seed(2))
    guide = 3.0 * guide + center
    out = blur.guided_fit(guide[0, 0].numpy(), target[0, 0].numpy(), 2, 0.05)
    exact = torch.cat(guided_fit(guide, target, 2, 0.05), 1)[0]
    torch.testing.assert_close(torch.from_numpy(out), exact, rtol=1e-4, atol=1e-5)
