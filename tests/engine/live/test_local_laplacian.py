"""The compiled local Laplacian is the network that was trained."""

import pytest
import torch

from engine.finishers.basic import clarity
from engine.live.local_laplacian import local_laplacian_maps
from engine.proxies.areawise import LocalLaplacianProxy
from tests.photos import photo_of, scene


@pytest.mark.parametrize("size", [(240, 160), (16, 16), (96, 304)])
@pytest.mark.parametrize("seed", range(2))
def test_it_is_the_network(size: tuple[int, int], seed: int) -> None:
    torch.manual_seed(seed)
    proxy = LocalLaplacianProxy(clarity.STAGE).requires_grad_(False)
    for weight in proxy.parameters():
        weight.add_(0.1 * torch.randn_like(weight)).clamp_min_(-1.0)
    photo = photo_of(scene(*size))
    grid = proxy.analysis.grid((size[1], size[0]))
    tones = clarity.features(photo.image, photo.metadata, photo.statistics, grid)
    truth = proxy.maps(tones)
    assert truth.abs().max() > 0.01
    torch.testing.assert_close(local_laplacian_maps(proxy)(tones), truth, rtol=1e-4, atol=1e-4)
