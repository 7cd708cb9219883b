"""The renderer reruns what a change touches, and only that; what it keeps is always true."""

import pytest
import torch
from torch import Tensor

from engine import strips
from engine.finisher import Finisher
from engine.metadata import Metadata
from engine.photo import Photo
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics
from tests.photos import photo_of, scene

EXPOSURE = Slider("exposure", -5.0, 5.0)
LIFT = Slider("lift", -1.0, 1.0)
ran: list[str] = []


def gain(image: Tensor, metadata: Metadata, statistics: Statistics, *, exposure: Value) -> Tensor:
    ran.append("gain")
    return image * 2.0**exposure


def carry_gain(
    metadata: Metadata, statistics: Statistics, *, exposure: Value
) -> tuple[Metadata, Statistics]:
    return metadata, statistics.carried(exposure)


def lift(image: Tensor, metadata: Metadata, statistics: Statistics, *, lift: Value) -> Tensor:
    """Depends on H, so that a stale H shows."""
    ran.append("lift")
    return image + lift * 2.0 ** statistics.quantile(0.5)


def develop(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    ran.append("develop")
    return image.clamp(0.0, 1.0)


TWO_SLIDERS = Finisher(
    "two sliders",
    (
        Stage("gain", (EXPOSURE,), gain, Kind.PROGRAM, Space.SCENE, carry_gain),
        Stage("lift", (LIFT,), lift, Kind.PROGRAM, Space.SCENE),
        Stage("develop", (), develop, Kind.PROGRAM, Space.DISPLAY, profile_part=True),
    ),
)


@pytest.fixture
def photo() -> Photo:
    return photo_of(scene(48, 32))


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    ran.clear()


def edit(exposure: float = 0.0, lift: float = 0.0) -> Settings:
    return Settings().replace(EXPOSURE, exposure).replace(LIFT, lift)


def test_cached_equals_fresh_after_any_change(photo: Photo) -> None:
    cached = Renderer(photo, TWO_SLIDERS)
    edits = [edit(), edit(1.0), edit(1.0, 0.5), edit(0.0, 0.5), edit(2.0, 0.5), edit()]
    edits += [edit(2.0, 0.5).switch("gain", on=False), edit(2.0, 0.5)]
    for settings in edits:
        fresh = Renderer(photo, TWO_SLIDERS).picture(settings)
        assert torch.equal(cached.picture(settings), fresh), settings


def test_a_later_slider_reruns_only_what_follows(photo: Photo) -> None:
    renderer = Renderer(photo, TWO_SLIDERS)
    renderer.picture(edit(1.0, 0.1))
    ran.clear()
    renderer.picture(edit(1.0, 0.2))
    assert ran == ["lift", "develop"]
    ran.clear()
    renderer.picture(edit(1.0, 0.2))
    assert ran == []


def test_stages_at_neutral_are_left_out_but_the_profile_runs(photo: Photo) -> None:
    Renderer(photo, TWO_SLIDERS).picture(edit())
    assert ran == ["develop"]


def test_stopping_halfway_keeps_what_was_done_true(photo: Photo) -> None:
    renderer = Renderer(photo, TWO_SLIDERS)
    renderer.picture(edit(1.0, 0.5))
    next(iter(renderer.render(edit(2.0, 0.5))))
    fresh = Renderer(photo, TWO_SLIDERS).picture(edit(1.0, 0.5))
    assert torch.equal(renderer.picture(edit(1.0, 0.5)), fresh)


def test_statistics_follow_the_gain_upstream_even_past_a_cached_stage(photo: Photo) -> None:
    *_, tap = Renderer(photo, TWO_SLIDERS).render(edit(1.0, 0.5))
    plain = photo.statistics.quantile(0.5)
    assert float(tap.statistics.quantile(0.5)) == pytest.approx(float(plain) + 1.0)


def test_strips_equal_the_whole_frame(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Renderer(photo, TWO_SLIDERS).picture(edit(1.0, 0.5))
    monkeypatch.setattr(strips, "STRIP_PIXELS", 48 * 5)
    assert torch.equal(Renderer(photo, TWO_SLIDERS).picture(edit(1.0, 0.5)), whole)


def test_finish_gives_the_same_picture_and_keeps_nothing(photo: Photo) -> None:
    renderer = Renderer(photo, TWO_SLIDERS)
    *_, last = renderer.finish(edit(1.0, 0.5))
    assert torch.equal(last.image, Renderer(photo, TWO_SLIDERS).picture(edit(1.0, 0.5)))
    ran.clear()
    renderer.picture(edit(1.0, 0.5))
    assert ran == ["gain", "lift", "develop"]
