"""A stage in two steps sees a picture once, whatever its sliders do; others can go by that."""

import pytest
import torch
from torch import Tensor

from engine.finishers.basic import BASIC
from engine.live.analysed import Analysed, by_what_is_seen
from engine.live.operators import live_operators
from engine.metadata import Metadata
from engine.photo import Photo, area_average
from engine.statistics import Statistics
from tests.engine.live.agreement import values
from tests.photos import photo_of, scene

NEUTRAL = {"share": 0.0}


@pytest.fixture
def photo() -> Photo:
    return photo_of(scene(24, 16))


class Mean:
    """Draws a picture to its mean, and counts how often it had to look."""

    def __init__(self) -> None:
        self.looks = 0

    def see(self, image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
        self.looks += 1
        return image.mean()

    def use(
        self, image: Tensor, seen: Tensor, metadata: Metadata, statistics: Statistics, share: float
    ) -> Tensor:
        return image + share * (seen - image)

    @property
    def operator(self) -> Analysed:
        return Analysed(self.see, self.use, NEUTRAL, at_any_size=True)


def test_while_its_slider_moves_it_looks_once(photo: Photo) -> None:
    mean = Mean()
    operator = mean.operator
    told = photo.metadata, photo.statistics
    assert not operator.knows(photo.image, *told)
    halves = [operator(photo.image, *told, share=share) for share in (0.5, 1.0)]
    assert mean.looks == 1
    assert operator.knows(photo.image, *told)
    torch.testing.assert_close(halves[1], photo.image.mean().expand_as(photo.image))
    torch.testing.assert_close(halves[0], 0.5 * (photo.image + photo.image.mean()))


def test_it_looks_at_another_picture_and_under_another_exposure(photo: Photo) -> None:
    mean = Mean()
    operator = mean.operator
    operator(photo.image, photo.metadata, photo.statistics, share=1.0)
    operator(photo.image.clone(), photo.metadata, photo.statistics, share=1.0)
    operator(photo.image, photo.metadata, photo.statistics.carried(1.0), share=1.0)
    assert mean.looks == 3


def test_at_neutral_it_does_not_look(photo: Photo) -> None:
    mean = Mean()
    assert mean.operator(photo.image, photo.metadata, photo.statistics, share=0.0) is photo.image
    assert mean.looks == 0


def test_it_goes_by_what_has_been_seen_in_another_size(photo: Photo) -> None:
    mean, seen = Mean(), {"mean": torch.tensor(0.25)}
    operators = by_what_is_seen({"mean": mean.operator}, lambda: seen)
    out = operators["mean"](photo.image, photo.metadata, photo.statistics, share=1.0)
    assert torch.equal(out, torch.full_like(out, 0.25))
    assert mean.looks == 0
    del seen["mean"]
    out = operators["mean"](photo.image, photo.metadata, photo.statistics, share=1.0)
    torch.testing.assert_close(out, photo.image.mean().expand_as(out))


@pytest.mark.parametrize("name", ["dehaze", "tone_mapping", "clarity"])
def test_what_a_stage_sees_in_a_photo_holds_for_a_thumbnail_of_it(name: str) -> None:
    large, stage = photo_of(scene(960, 640)), BASIC.stage(name)
    small = large.reduced(120)
    operator = live_operators(BASIC)[name]
    assert isinstance(operator, Analysed)
    assert operator.at_any_size
    told, chosen = (large.metadata, large.statistics), values(stage, 1)
    seen = operator.seen(large.image, *told)
    lent = by_what_is_seen({name: operator}, lambda: {name: seen})[name]
    with torch.no_grad():
        whole = area_average(operator(large.image, *told, **chosen), small.image.shape[-2:])
        own = operator(small.image, small.metadata, small.statistics, **chosen)
        borrowed = lent(small.image, small.metadata, small.statistics, **chosen)
    effect = (whole - small.image).abs().mean()
    assert (borrowed - whole).abs().mean() < min(0.1 * effect, 1.05 * (own - whole).abs().mean())
