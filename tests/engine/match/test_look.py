"""Look: how light and colors are spread, and how far that is from another picture's."""

import pytest
import torch

from engine.match.look import distance, look


@pytest.fixture
def picture():
    return torch.rand(1, 3, 40, 60, generator=torch.Generator().manual_seed(0)) * 0.6 + 0.2


def test_where_things_lie_is_no_part_of_a_look(picture) -> None:
    assert distance(look(picture) - look(picture.flip(-1).flip(-2))) < 1e-4


def test_size_is_no_part_of_a_look(picture) -> None:
    twice = picture.repeat_interleave(2, -1).repeat_interleave(2, -2)
    assert distance(look(picture) - look(twice)) < 0.2


def test_a_grey_that_is_lighter_is_as_far_as_its_lightness() -> None:
    dark, light = torch.full((1, 3, 8, 8), 0.4), torch.full((1, 3, 8, 8), 0.5)
    assert distance(look(dark) - look(light)) == pytest.approx(10.0, abs=1.0)  # L* 42 and 53


def test_distance_grows_with_a_cast(picture) -> None:
    cast = torch.tensor([1.0, 0.0, -1.0]).view(3, 1, 1)
    far = [distance(look(picture) - look((picture + by * cast).clamp(0, 1))) for by in (0.02, 0.1)]
    assert 0.0 < far[0] < far[1]
