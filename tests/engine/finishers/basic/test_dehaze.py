from itertools import pairwise

import pytest
import torch
from torch import Tensor

from engine.finishers.basic.dehaze import MOST, STAGE, strength
from tests.engine.finishers.basic.pictures import about, edges, ev, measured, overshoot, textured


def dehaze(picture: Tensor, value: float) -> Tensor:
    return STAGE.exact(picture, about(picture), measured(picture), dehaze=value)


def hazy(scene: Tensor, veil: float) -> Tensor:
    return scene * (1.0 - veil) + veil


def saturation(picture: Tensor) -> float:
    return float((1.0 - picture.amin(1) / picture.amax(1)).mean())


def test_brings_a_hazy_scene_nearer_to_the_clear_one() -> None:
    scene = textured(240).clamp_max(0.8)
    seen = hazy(scene, 0.5)
    cleared = dehaze(seen, 100.0)
    assert (cleared - scene).abs().mean() < 0.6 * (seen - scene).abs().mean()
    assert ev(cleared).std() > 1.4 * ev(seen).std()
    assert saturation(cleared) > saturation(seen)


def test_minus_adds_haze() -> None:
    scene = textured(240).clamp_max(0.8)
    fogged = dehaze(scene, -100.0)
    assert ev(fogged).std() < 0.8 * ev(scene).std()
    assert saturation(fogged) < saturation(scene)


def test_no_channel_is_crushed() -> None:
    scene = textured(240)
    assert (dehaze(scene, 100.0) > 0.0).all()


def test_no_halo_at_a_skyline() -> None:
    picture = edges(4.0, 0.0)[2:3]
    for value in (-100.0, 100.0):
        assert overshoot(ev(dehaze(picture, value))[:, 8]) < 0.05 * 4.0


def test_greys_stay_grey() -> None:
    picture = textured(96).mean(1, keepdim=True).expand(-1, 3, -1, -1)
    for value in (-100.0, 100.0):
        out = dehaze(picture, value)
        assert (out.amax(1) - out.amin(1)).max() < 1e-6


def test_neutral_is_exactly_the_picture() -> None:
    picture = textured(96)
    assert torch.equal(dehaze(picture, 0.0), picture)


def test_the_slider_turns_no_corner_at_neutral() -> None:
    veil = torch.linspace(0.0, MOST, 96)
    more, less = strength(veil, -0.1), strength(veil, 0.1)
    torch.testing.assert_close(-more, less, rtol=0.05, atol=1e-6)


@pytest.mark.parametrize("veil", [0.0, 0.02, 0.2, 0.5, MOST])
def test_it_is_monotone_in_the_slider(veil: float) -> None:
    moved = [float(strength(torch.tensor(veil), float(value))) for value in range(-100, 101)]
    assert all(after >= before for before, after in pairwise(moved))


def test_any_values_come_through() -> None:
    picture = textured(96)
    picture[..., :8, :8] = -0.01
    picture[..., 8:16, :8] = 40.0
    for value in (-100.0, 100.0):
        assert torch.isfinite(dehaze(picture, value)).all()
