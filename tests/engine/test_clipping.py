"""Clipping, and slopes that see over its edges."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from engine.clipping import clipped, displayed, seen_over
from engine.color import SPACES, SRGB, encode

GRAYS = torch.linspace(-0.5, 1.5, 2001)


def slope(function, at, tangent, step=0.0):
    with seen_over(step):
        return torch.func.jvp(function, (at,), (tangent,))[1]


def shown(linear):
    return displayed(linear, SRGB)


def test_what_is_beyond_is_at_the_edge():
    assert torch.equal(clipped(GRAYS), GRAYS.clamp(0.0, 1.0))
    assert torch.equal(clipped(GRAYS, low=None), GRAYS.clamp_max(1.0))


@pytest.mark.parametrize("step", [0.0, 0.02])
@pytest.mark.parametrize("space", SPACES.values(), ids=lambda s: s.name)
def test_a_display_shows_what_its_space_holds(space, step):
    with seen_over(step):
        picture = displayed(GRAYS, space)
    assert torch.equal(picture, encode(GRAYS.clamp(0.0, 1.0), space))


@given(st.floats(-0.5, 1.5), st.floats(-5.0, 5.0), st.floats(0.001, 0.1))
def test_a_step_counts_as_far_as_it_stays_inside(at, tangent, step):
    begin, end = (min(max(at + by * tangent, 0.0), 1.0) for by in (-step, step))
    found = slope(clipped, torch.tensor([at]), torch.tensor([tangent]), step)
    assert float(found) == pytest.approx((end - begin) / (2.0 * step), abs=1e-4)


def test_far_from_an_edge_the_slope_is_that_at_the_point():
    within = torch.linspace(0.1, 0.9, 101)
    faint = torch.full_like(within, 1e-4)
    assert_close(slope(shown, within, faint, 0.02), slope(shown, within, faint))


def test_a_color_just_outside_of_the_space_is_seen_coming():
    """As the red of an aqua that a display cannot show: a little less of it, and it can."""
    outside, toward = torch.tensor([-0.001]), torch.tensor([0.2])
    reached = encode(outside + 0.02 * toward, SRGB)
    assert_close(slope(shown, outside, toward, 0.02), reached / 0.04)
    assert slope(shown, outside, toward) == 0.0


def test_behind_a_mistake_slopes_are_those_at_the_point_again():
    with pytest.raises(ZeroDivisionError), seen_over(0.02):
        raise ZeroDivisionError
    assert slope(shown, torch.tensor([-0.001]), torch.tensor([0.2])) == 0.0
