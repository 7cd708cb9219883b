"""Areawise proxies: called like the exact stage, exactly nothing at neutral sliders."""

import math
from operator import attrgetter

import pytest
import torch
from torch import Tensor

from engine.finishers.basic import BASIC, clarity
from engine.photo import Photo
from engine.proxies.areawise import LocalLaplacianProxy, areawise_proxy, earns_its_place
from engine.renderer import Renderer
from engine.settings import Settings
from engine.stage import Kind, Stage
from tests.photos import photo_of, scene

AREAWISE = [stage for stage in BASIC if stage.kind is Kind.AREAWISE]
LEARNED = [stage for stage in AREAWISE if earns_its_place(stage)]
every_stage = pytest.mark.parametrize("stage", AREAWISE, ids=attrgetter("name"))
learned_stage = pytest.mark.parametrize("stage", LEARNED, ids=attrgetter("name"))


@pytest.fixture(scope="module")
def photo() -> Photo:
    return photo_of(scene(240, 160))


def proxied(photo: Photo, stage: Stage, **values: float | Tensor) -> tuple[Tensor, Tensor]:
    """What enters and what leaves an untrained proxy whose weights are stirred."""
    torch.manual_seed(3)
    proxy = areawise_proxy(stage)
    with torch.no_grad():
        for weight in proxy.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    taps = list(Renderer(photo, BASIC).render(Settings()))
    index = BASIC.stages.index(stage)
    before = taps[index - 1].image if index else photo.image
    about, statistics = taps[index].metadata, taps[index].statistics
    return before, proxy(before, about, statistics, **{**stage.neutral(), **values})


@every_stage
def test_no_slider_effect_is_no_proxy_effect(photo: Photo, stage: Stage) -> None:
    before, after = proxied(photo, stage)
    assert torch.equal(after, before)


@every_stage
def test_a_moved_slider_changes_the_picture(photo: Photo, stage: Stage) -> None:
    slider = stage.sliders[0]
    before, after = proxied(photo, stage, **{slider.name: slider.high})
    assert after.shape == before.shape
    assert torch.isfinite(after).all()
    assert not torch.equal(after, before)


@every_stage
def test_gradients_reach_every_slider(photo: Photo, stage: Stage) -> None:
    middle = {s.name: torch.full((1, 1, 1, 1), s.denormalize(0.8)) for s in stage.sliders}
    leaves = {name: value.requires_grad_() for name, value in middle.items()}
    _, after = proxied(photo, stage, **leaves)
    after.square().mean().backward()  # type: ignore[no-untyped-call]
    for name, value in leaves.items():
        assert value.grad is not None, name
        assert torch.isfinite(value.grad).all(), name
        assert value.grad.abs().max() > 0.0, name


@learned_stage
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (37, 51), (480, 320)])
def test_frames_of_any_shape_and_size(stage: Stage, size: tuple[int, int]) -> None:
    slider = stage.sliders[0]
    _, after = proxied(photo_of(scene(*size)), stage, **{slider.name: slider.high})
    assert after.shape[-2:] == (size[1], size[0])
    assert torch.isfinite(after).all()


@pytest.mark.parametrize("frame", [(427, 640), (619, 640), (379, 640)])
def test_clarity_s_waves_look_at_the_very_cells_of_the_stage(frame: tuple[int, int]) -> None:
    learned, analysis = LocalLaplacianProxy(clarity.STAGE), clarity.STAGE.analysis
    assert analysis is not None
    assert learned.analysis.grid(frame) == analysis.grid(frame)


def test_waves_that_make_up_the_remapping_make_a_local_laplacian(photo: Photo) -> None:
    """With the Fourier series of clarity's remapping for weights, nothing is left to learn."""
    proxy = LocalLaplacianProxy(clarity.STAGE, waves=10)
    difference = torch.linspace(-4.5, 4.5, 901)[:-1]
    remapped = difference * torch.exp(-0.5 * (difference / clarity.DETAIL) ** 2)
    with torch.no_grad():
        waves = torch.sin(difference[:, None] * proxy.waves)
        proxy.shares.copy_(((remapped[:, None] * waves).mean(0) * 2.0).expand(4, -1))
        proxy.edges.zero_()
    tone = clarity.features(
        photo.image, photo.metadata, photo.statistics, clarity.ANALYSIS.grid((160, 240))
    ).clamp(-3.0, 1.0)  # where no tone is spared

    def change(plane: Tensor, anchor: Tensor) -> Tensor:
        apart = plane - anchor
        return apart * torch.exp(-0.5 * (apart / clarity.DETAIL) ** 2)

    anchors = torch.arange(-3.2, 1.3, 0.1)
    truth = clarity.filters.local_laplacian(tone, anchors, change, clarity.DEPTH)
    error = (proxy.maps(tone).detach() - truth).square().mean().sqrt()
    assert 20.0 * math.log10(float(truth.square().mean().sqrt() / error)) > 30.0
