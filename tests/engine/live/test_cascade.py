"""Compiled cascades are the networks that were trained."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engine.finishers.basic import dehaze, tone_mapping
from engine.live.cascade import base_maps, veil_maps
from engine.proxies.areawise import AreawiseProxy, BaseProxy, VeilProxy
from tests.photos import photo_of, scene


def stirred(proxy: AreawiseProxy) -> AreawiseProxy:
    torch.manual_seed(1)
    proxy.requires_grad_(False)
    for weight in proxy.parameters():
        weight.add_(0.1 * torch.randn_like(weight))
    return proxy


@pytest.mark.parametrize("size", [(240, 160), (16, 16), (96, 304)])
@pytest.mark.parametrize(
    ("proxy", "compiled"),
    [
        (BaseProxy(tone_mapping.STAGE), base_maps),
        (VeilProxy(dehaze.STAGE), veil_maps),
    ],
    ids=["base", "veil"],
)
def test_they_are_the_networks(
    size: tuple[int, int],
    proxy: AreawiseProxy,
    compiled: Callable[[AreawiseProxy], Callable[[Tensor], Tensor]],
) -> None:
    stirred(proxy)
    photo = photo_of(scene(*size))
    grid = proxy.analysis.grid((size[1], size[0]))
    features = proxy.analysis.features(photo.image, photo.metadata, photo.statistics, grid)
    torch.testing.assert_close(
        compiled(proxy)(features), proxy.maps(features), rtol=1e-3, atol=1e-3
    )
