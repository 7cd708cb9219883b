"""Small pictures are those that the exact analyses look at."""

import pytest
import torch

from engine import filters
from engine.color import luminance
from engine.live.reduce import reduced, reduced_luminance, reduced_tones, tones

SIZES = [(160, 240), (97, 161), (33, 16), (2, 3), (1, 1)]


@pytest.mark.parametrize("frame", SIZES)
@pytest.mark.parametrize("size", [(48, 64), (37, 41), (1, 1), (160, 240)])
def test_an_area_average_enlarged_where_the_picture_is_smaller(
    frame: tuple[int, int], size: tuple[int, int]
) -> None:
    picture = torch.randn(1, 3, *frame, generator=torch.Generator().manual_seed(1))
    expected = filters.resize(picture, size)
    torch.testing.assert_close(reduced(picture, size), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        reduced_luminance(picture, size), luminance(expected), rtol=1e-4, atol=1e-5
    )


def test_tones_are_log_luminances_from_a_middle() -> None:
    light = torch.randn(1, 1, 20, 30, generator=torch.Generator().manual_seed(1))
    expected = filters.log_luminance(light) + 2.5
    torch.testing.assert_close(tones(light, -2.5), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("size", [(48, 64), (97, 161), (160, 240)])
def test_reduced_tones_are_those_of_the_reduced_luminance(size: tuple[int, int]) -> None:
    picture = torch.rand(1, 3, 97, 161, generator=torch.Generator().manual_seed(1))
    expected = tones(reduced_luminance(picture, size), -2.5)
    torch.testing.assert_close(reduced_tones(picture, size, -2.5), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("size", [(48, 64), (97, 161), (160, 240)])
def test_what_is_below_the_least_counts_as_that(size: tuple[int, int]) -> None:
    picture = torch.randn(1, 3, 97, 161, generator=torch.Generator().manual_seed(1))
    expected = reduced_tones(picture.clamp_min(0.0), size, -2.5)
    found = reduced_tones(picture, size, -2.5, least=0.0)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
