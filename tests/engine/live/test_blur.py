"""A blur by a kernel's weights is the blur they were taken from."""

import pytest
import torch

from engine.filters import blur_reach, gaussian_blur
from engine.live.blur import blurred, weights_of


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (40, 61)])
@pytest.mark.parametrize("sigma", [0.5, 1.1, 3.0])
def test_blurs_as_the_filter_does(size: tuple[int, int], sigma: float) -> None:
    plane = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(1))
    weights = weights_of(lambda point: gaussian_blur(point, sigma), blur_reach(sigma))
    out = blurred(plane[0, 0].numpy(), weights)
    torch.testing.assert_close(torch.from_numpy(out), gaussian_blur(plane, sigma)[0, 0])
