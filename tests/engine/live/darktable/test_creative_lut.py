"""Creative LUT, live: it is its program, at any amount and size of the table."""

import pytest
import torch

from engine.color import srgb_encode
from engine.finishers.darktable import creative_lut as stage
from engine.live.darktable.creative_lut import IDENTITY, graded, looked_up
from tests.engine.live.agreement import NEEDED, decibels, wild
from tests.engine.live.darktable.agreement import first
from tests.looks import write_look


@pytest.mark.parametrize("side", [2, 17, 33])
@pytest.mark.parametrize("amount", [100.0, 40.0])
def test_it_is_the_program(side, amount, tmp_path) -> None:
    told = {"lut": str(write_look(tmp_path / "a.cube", side)), "lut_amount": amount}
    for picture in (first(161, 97).image, wild(), torch.rand(1, 3, 50, 60)):
        found, truth = (f(picture, None, None, **told) for f in (graded, stage.proxy))
        assert decibels(*(srgb_encode(p.clamp(0.0, 1.0)) for p in (found, truth))) > NEEDED


def test_a_table_that_changes_nothing(tmp_path) -> None:
    picture = torch.rand(1, 3, 20, 30) * torch.tensor([0.3, 0.35, 0.3]).view(1, 3, 1, 1) + 0.3
    assert torch.allclose(looked_up(picture, IDENTITY, 1.0), picture, atol=1e-5)


def test_no_number_does_no_harm(tmp_path) -> None:
    picture = torch.rand(1, 3, 8, 9)
    picture[..., 3, 3], picture[..., 5, 5] = float("nan"), float("inf")
    told = {"lut": str(write_look(tmp_path / "a.cube")), "lut_amount": 50.0}
    for look in (graded, stage.proxy):
        assert look(picture, None, None, **told).shape == picture.shape
