"""Span: what the sentence says of how near a match came."""

import pytest
import torch
from torch.testing import assert_close

from engine.match.span import Nearness, difference, nearness


@pytest.fixture
def picture():
    return torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.25


ALL = torch.ones(1, 1, 24, 32)


def test_the_same_picture_is_alike(picture) -> None:
    near = nearness(picture * 0.8, picture, picture, ALL)
    assert near.answer == pytest.approx(0.0, abs=1e-4)
    assert near.inside
    assert "look alike" in near.sentence


def test_a_color_map_that_no_slider_makes_lies_outside(picture) -> None:
    swapped = picture.flip(1)  # red and blue
    near = nearness(picture, picture, swapped, ALL)
    assert near.affine < 0.5 < near.answer
    assert not near.inside
    assert "cannot make" in near.sentence


def test_detail_is_no_matter_of_color(picture) -> None:
    noise = 0.15 * torch.randn(picture.shape, generator=torch.Generator().manual_seed(1))
    near = nearness(picture * 0.7, picture, (picture + noise).clamp(0, 1), ALL)
    assert near.inside
    assert "not a matter of color" in near.sentence


def test_what_the_target_does_not_show_does_not_count(picture) -> None:
    weight = ALL.clone()
    weight[..., :12, :] = 0.0
    other = picture.clone()
    other[..., :12, :] = 1.0
    assert nearness(picture, picture, other, weight).answer == pytest.approx(0.0, abs=1e-4)
    assert_close(difference(picture, other, weight), torch.zeros_like(weight), atol=1e-3, rtol=0)


def test_the_sentence_has_the_figures() -> None:
    assert "12.3 to 3.2" in Nearness(12.3, 5.0, 3.2, 3.0).sentence
