"""Compiled cascades are the networks that were trained."""

import pytest
import torch

from engine.finishers.basic import tone_mapping
from engine.live.cascade import base_maps
from engine.proxies.areawise import BaseProxy
from tests.photos import photo_of, scene


@pytest.mark.parametrize("size", [(240, 160), (16, 16), (96, 304)])
def test_they_are_the_networks(size: tuple[int, int]) -> None:
    proxy = BaseProxy(tone_mapping.STAGE).requires_grad_(False)
    torch.manual_seed(1)
    for weight in proxy.parameters():
        weight.add_(0.1 * torch.randn_like(weight))
    photo = photo_of(scene(*size))
    grid = proxy.analysis.grid((size[1], size[0]))
    features = proxy.analysis.features(photo.image, photo.metadata, photo.statistics, grid)
    torch.testing.assert_close(
        base_maps(proxy)(features), proxy.maps(features), rtol=1e-3, atol=1e-3
    )
