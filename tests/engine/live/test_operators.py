"""What every live operator keeps: neutral is the picture, any values come through, any threads."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine.benchmarks.draws import all_moved
from engine.finisher import Finisher
from engine.finishers.basic import BASIC
from engine.live import kernels, operators
from engine.live.operators import compiled_operators, live_operators
from engine.proxies.areawise import AreawiseProxy
from engine.renderer import Renderer
from engine.settings import Settings
from engine.stage import Stage
from tests.engine.live.agreement import NEEDED, decibels, made, real, values, wild

# with exact maps: what a proxy makes of its stage is tested with it
with pytest.MonkeyPatch.context() as patch:
    patch.setattr(operators, "shipped", lambda finisher: {})
    OPERATORS = live_operators(BASIC)
every_stage = pytest.mark.parametrize(
    "stage", [stage for stage in BASIC if stage.name in OPERATORS], ids=lambda stage: stage.name
)


def run(stage: Stage, picture: Tensor, seed: int = 0) -> Tensor:
    photo = made(240, 160)
    with torch.no_grad():
        return OPERATORS[stage.name](
            picture, photo.metadata, photo.statistics, **values(stage, seed)
        )


def test_the_slow_stages_have_one() -> None:
    assert {
        "detail",
        "color_balance",
        "dehaze",
        "tone_mapping",
        "clarity",
        "texture",
        "sharpening",
    } <= (set(OPERATORS))


def test_another_finisher_s_stage_of_the_same_name_has_none() -> None:
    other = replace(BASIC.stage("clarity"), exact=lambda image, m, h, *, clarity: image)
    assert live_operators(Finisher("other", (other,))) == {}


@every_stage
def test_neutral_is_the_picture_itself(stage: Stage) -> None:
    if stage.profile_part:
        pytest.skip("runs at neutral too")
    photo = made(16, 16)
    out = OPERATORS[stage.name](photo.image, photo.metadata, photo.statistics, **stage.neutral())
    assert out is photo.image


@every_stage
def test_leaves_the_picture_given_to_it_alone(stage: Stage) -> None:
    picture = made(50, 40).image
    before = picture.clone()
    run(stage, picture)
    assert torch.equal(picture, before)


@every_stage
@pytest.mark.parametrize("seed", range(3))
def test_values_below_black_and_above_white(stage: Stage, seed: int) -> None:
    photo, picture = made(240, 160), wild()
    with torch.no_grad():
        exact = stage.exact(picture, photo.metadata, photo.statistics, **values(stage, seed))
    torch.testing.assert_close(run(stage, picture, seed), exact, rtol=1e-3, atol=1e-4)


@every_stage
def test_no_number_does_no_harm(stage: Stage) -> None:
    picture = made(50, 40).image.clone()
    picture[..., 5, 5], picture[..., 9, 9] = float("nan"), float("inf")
    assert run(stage, picture).shape == picture.shape


@every_stage
def test_planes_in_any_order_in_memory(stage: Stage) -> None:
    picture = made(50, 40).image
    turned = picture.to(memory_format=torch.channels_last)
    assert torch.equal(run(stage, turned), run(stage, picture))


@every_stage
def test_the_same_however_the_rows_are_shared_out(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = made(50, 41).image
    whole = run(stage, picture)
    for blocks, rows in ((1, 1), (3, 1), (41, 1)):
        monkeypatch.setattr(kernels, "_BLOCKS", blocks)
        monkeypatch.setattr(kernels, "_ROWS", rows)
        assert torch.equal(run(stage, picture), whole)


class Doubled(AreawiseProxy):
    """Learned, so to speak: twice the exact maps."""

    def maps(self, features: Tensor) -> Tensor:
        assert self.stage.analysis is not None
        return 2.0 * self.stage.analysis.maps(features)


def test_maps_come_from_the_proxy_that_is_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, stage = made(120, 80), BASIC.stage("clarity")
    settings = Settings().replace(stage.sliders[0], 60.0)
    learned = Doubled(stage)
    monkeypatch.setattr(operators, "shipped", lambda finisher: {"clarity": learned})
    live = Renderer(photo, BASIC, live_operators(BASIC)).picture(settings)
    assert decibels(live, Renderer(photo, BASIC, {"clarity": learned}).picture(settings)) > NEEDED
    assert decibels(live, Renderer(photo, BASIC).picture(settings)) < NEEDED


@pytest.mark.parametrize("seed", range(4))
def test_compiled_stages_are_the_exact_ones_but_for_rounding(seed: int) -> None:
    settings, compiled = all_moved(BASIC, seed), compiled_operators(BASIC)
    photo = made(240, 160)
    exact = Renderer(photo, BASIC).picture(settings)
    assert decibels(Renderer(photo, BASIC, compiled).picture(settings), exact) > 100.0


@pytest.mark.parametrize("name", ["gopro_hero6_GOPR0024.dng", "canon_eos_6d_lossy_linear.dng"])
def test_on_real_photos_too(name: str) -> None:
    photo, compiled = real(name, 600), compiled_operators(BASIC)
    for seed in range(3):
        settings = all_moved(BASIC, seed)
        exact = Renderer(photo, BASIC).picture(settings)
        assert decibels(Renderer(photo, BASIC, compiled).picture(settings), exact) > 95.0
