"""Keeping colors inside [0, 1]."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.color import luminance
from engine.gamut import limited, room, strengthening

CHANNEL = st.floats(0.0, 1.0, width=32)


def pixel(red, green, blue):
    return torch.tensor([red, green, blue], dtype=torch.float64).reshape(1, 3, 1, 1)


@given(CHANNEL, CHANNEL, CHANNEL)
def test_a_color_grown_into_its_room_stays_inside(red, green, blue):
    color = pixel(red, green, blue)
    gray = luminance(color)
    grown = gray + (color - gray) * room(color, gray).clamp_max(1e3)
    assert grown.min() >= -1e-6
    assert grown.max() <= 1.0 + 1e-6


@given(CHANNEL, CHANNEL, CHANNEL)
def test_little_of_the_room_is_given_away(red, green, blue):
    color = pixel(red, green, blue)
    gray = luminance(color)
    if (color - gray).abs().max() < 1e-3:
        return
    grown = gray + (color - gray) * (3.0**0.25 * room(color, gray) * 1.001)
    assert grown.min() <= 1e-6 or grown.max() >= 1.0 - 1e-6


def test_no_hue_has_a_ridge():
    """From blue over cyan to green, where the lightest channel is another one."""
    across = torch.linspace(-0.1, 0.1, 2001, dtype=torch.float64)
    sky = torch.stack([0.3 + 0.0 * across, 0.7 + across, 0.7 - across])[None, :, None]
    slope = room(sky, luminance(sky)).diff()
    assert slope.diff().abs().max() < 0.02 * slope.abs().max()


@given(CHANNEL, CHANNEL, CHANNEL)
def test_strengthening_never_needs_more_than_the_room(red, green, blue):
    color = pixel(red, green, blue)
    left = room(color, luminance(color))
    assert strengthening(left, 1.2) <= (left - 1.0).clamp_min(0.0)


@given(st.floats(-1.0, 2.0), st.floats(-1.0, 2.0), st.floats(-1.0, 2.0))
def test_a_color_inside_is_not_limited_and_others_come_to_the_edge(red, green, blue):
    color = pixel(red, green, blue)
    gray = luminance(color).clamp(0.05, 0.95)
    brought = limited(color, gray)
    if color.min() >= 0.0 and color.max() <= 1.0:
        assert torch.allclose(brought, color, atol=1e-5)
    else:
        assert min(float(brought.min()), 1.0 - float(brought.max())) < 1e-4
