"""What every live module keeps: it is its program, neutral is the picture, any values pass."""

import pytest
import torch
from torch import Tensor

from engine.finishers.darktable import DARKTABLE
from engine.finishers.darktable.proxies import PROXIES
from engine.live import kernels
from engine.live.darktable.operators import live_operators
from engine.stage import Kind, Stage
from tests.engine.live.agreement import NEEDED, wild
from tests.engine.live.darktable.agreement import agreement, first, first_of, moved

OPERATORS = live_operators()
MODULES = [stage for stage in DARKTABLE if stage.name in PROXIES]

every_stage = pytest.mark.parametrize("stage", DARKTABLE.stages, ids=lambda stage: stage.name)
every_module = pytest.mark.parametrize("stage", MODULES, ids=lambda stage: stage.name)
every_size = pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (3, 2), (5, 7), (16, 33), (161, 97), (333, 501), (600, 4)]
)


def run(stage: Stage, picture: Tensor, seed: int = 0) -> Tensor:
    photo = first(240, 160)
    with torch.no_grad():
        return OPERATORS[stage.name](
            picture, photo.metadata, photo.statistics, **stage.values(moved(seed))
        )


def test_every_stage_has_one() -> None:
    assert set(OPERATORS) == {stage.name for stage in DARKTABLE}


@every_module
@every_size
def test_it_is_the_program_on_a_made_scene(stage: Stage, width: int, height: int) -> None:
    for seed in range(3):
        assert agreement(stage, OPERATORS[stage.name], first(width, height), seed) > NEEDED


@every_module
@pytest.mark.parametrize(
    ("name", "long_side"),
    [
        ("gopro_hero6_GOPR0024.dng", 801),
        ("canon_eos_6d_lossy_linear.dng", 500),
        ("nikon_rose_crop_14bit_wrapped.dng", 333),
    ],
)
def test_it_is_the_program_on_photos(stage: Stage, name: str, long_side: int) -> None:
    assert agreement(stage, OPERATORS[stage.name], first_of(name, long_side), 1) > NEEDED


@every_module
@pytest.mark.parametrize("seed", range(3))
def test_values_below_black_and_above_white_come_through(stage: Stage, seed: int) -> None:
    if stage.name == "local_contrast":
        pytest.skip("what it sees lies between both")
    photo, picture = first(240, 160), wild()
    values = stage.values(moved(seed))
    with torch.no_grad():
        found = OPERATORS[stage.name](picture, photo.metadata, photo.statistics, **values)
        truth = PROXIES[stage.name](picture, photo.metadata, photo.statistics, **values).float()
    assert torch.isfinite(found).all()
    apart = (found - truth).abs() / (1.0 + truth.abs())
    assert apart.mean() < 1e-4


@every_stage
def test_neutral_is_the_picture_itself(stage: Stage) -> None:
    if stage.profile_part:
        pytest.skip("runs at neutral too")
    photo = first(16, 16)
    out = OPERATORS[stage.name](photo.image, photo.metadata, photo.statistics, **stage.neutral())
    assert out is photo.image


@every_stage
def test_leaves_the_picture_given_to_it_alone(stage: Stage) -> None:
    picture = first(50, 40).image
    before = picture.clone()
    run(stage, picture)
    assert torch.equal(picture, before)


@every_stage
def test_no_number_does_no_harm(stage: Stage) -> None:
    picture = first(50, 40).image.clone()
    picture[..., 5, 5], picture[..., 9, 9] = float("nan"), float("inf")
    assert run(stage, picture).shape == picture.shape


@every_stage
def test_planes_in_any_order_in_memory(stage: Stage) -> None:
    picture = first(50, 40).image
    turned = picture.to(memory_format=torch.channels_last)
    assert torch.equal(run(stage, turned), run(stage, picture))


@every_stage
def test_the_same_however_the_rows_are_shared_out(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = first(50, 41).image
    whole = run(stage, picture)
    for blocks in (3, 41):
        monkeypatch.setattr(kernels, "_BLOCKS", blocks)
        monkeypatch.setattr(kernels, "_ROWS", 1)
        assert torch.equal(run(stage, picture.clone()), whole)


@pytest.mark.parametrize(
    "stage", [s for s in MODULES if s.kind is Kind.AREAWISE], ids=lambda stage: stage.name
)
def test_sliders_that_move_on_one_picture_show_what_they_would_on_a_fresh_one(stage: Stage) -> None:
    picture = first(120, 80).image
    for seed in (0, 1, 0):
        assert torch.equal(run(stage, picture, seed), run(stage, picture.clone(), seed))
