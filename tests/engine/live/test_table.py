"""A table is read as it was made: greys exactly grey, white and black in place, bends kept."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.color import srgb_encode
from engine.live.table import Shaped, Table, Way, shaped, shaper_for

PLAIN = Way(np.eye(3), np.eye(3))
UNENDING = replace(PLAIN, ceiling=math.inf, top=64.0)


def on_lattice(image: Tensor, nodes: int = 33, way: Way = PLAIN) -> Shaped:
    return shaped(image[0].numpy(), shaper_for(way, nodes), nodes)


def read(
    image: Tensor, look: Callable[[Tensor], Tensor], nodes: int = 33, way: Way = PLAIN
) -> Tensor:
    on = on_lattice(image, nodes, way)
    return Table(on, look(on.colors())).picture()


def colors(count: int = 4096, seed: int = 0) -> Tensor:
    """Random colors (1, 3, 64, n) from deep shade to white."""
    generator = torch.Generator().manual_seed(seed)
    level = torch.exp2(-9.0 * torch.rand(1, 1, 64, count // 64, generator=generator))
    return level * torch.rand(1, 3, 64, count // 64, generator=generator)


def grays() -> Tensor:
    return torch.linspace(0.0, 1.0, 4096).view(1, 1, 64, 64).expand(-1, 3, -1, -1).contiguous()


@pytest.mark.parametrize(("nodes", "error"), [(33, 0.003), (65, 0.001)])
def test_an_encoding_is_read_back(nodes: int, error: float) -> None:
    image = colors()
    assert (read(image, srgb_encode, nodes) - srgb_encode(image)).abs().mean() < error


def test_grays_stay_exactly_gray() -> None:
    picture = read(grays(), srgb_encode)
    assert torch.equal(picture.amax(1), picture.amin(1))
    assert (picture - srgb_encode(grays())).abs().max() < 0.004


def test_black_and_white_are_black_and_white() -> None:
    image = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(-1, 3, -1, -1).contiguous()
    on = on_lattice(image)
    pixels = np.empty((1, 2), np.uint32)
    Table(on, srgb_encode(on.colors())).pixels(pixels)
    assert pixels.tolist() == [[0xFF000000, 0xFFFFFFFF]]


def test_what_the_screen_gets_is_the_picture_rounded() -> None:
    image = colors(seed=1)
    on = on_lattice(image)
    table = Table(on, srgb_encode(on.colors()))
    pixels = np.empty(image.shape[-2:], np.uint32)
    table.pixels(pixels)
    channels = np.stack([(pixels >> shift) & 255 for shift in (16, 8, 0)]) / 255.0
    assert (torch.from_numpy(channels) - table.picture()[0]).abs().max() < 0.51 / 255.0


def test_what_a_node_holds_beyond_white_is_clipped_sharply() -> None:
    image = torch.linspace(0.2, 0.9, 4096).view(1, 1, 64, 64).expand(-1, 3, -1, -1).contiguous()
    read_back = read(image, lambda on: on * 2.0 - 0.5)
    assert (read_back - (image * 2.0 - 0.5).clamp(0.0, 1.0)).abs().max() < 0.012


def test_the_turn_of_hue_next_to_neutral_is_resolved() -> None:
    """Faint colors of all hues in one picture, each sent to its hue's own answer."""
    angle = torch.linspace(0.0, 6.283, 4096).view(1, 64, 64)
    turns = torch.stack([torch.cos(angle + k) for k in (0.0, 2.1, 4.2)], 1)
    image = (0.3 * (1.0 + 0.08 * turns)).contiguous()

    def around(on: Tensor) -> Tensor:
        red, green, blue = on.unbind(1)
        hue = torch.atan2(1.732 * (green - blue), 2.0 * red - green - blue + 1e-9)
        chroma = (on.amax(1) - on.amin(1)) / on.amax(1).clamp_min(1e-9)
        return (0.5 + 2.0 * chroma * torch.cos(hue)).unsqueeze(1).expand(-1, 3, -1, -1)

    assert (read(image, around) - around(image)).abs().mean() < 0.01


def test_only_nodes_around_the_colors_of_the_photo_are_used() -> None:
    image = torch.full((1, 3, 8, 8), 0.4)
    on = on_lattice(image)
    assert len(on.used) == 8
    assert (on.colors().flatten(2)[..., :8] - 0.4).abs().max() < 0.2


def test_what_another_picture_used_stays_in_use_and_is_not_numbered_again() -> None:
    shaper = shaper_for(Way(np.eye(3), np.eye(3)), 33)
    many, few = colors(seed=3)[0].numpy(), colors(seed=3)[0, :, :4].contiguous().numpy()
    first = shaped(many, shaper, 33)
    again = shaped(few, shaper, 33, (first.cells, first.used))
    assert again.used is first.used
    assert np.array_equal(again.places, shaped(few, shaper, 33).places)
    more = shaped(many, shaper, 33, (shaped(few, shaper, 33).cells, shaped(few, shaper, 33).used))
    assert np.array_equal(more.used, first.used)


def test_matrices_on_the_way_are_followed_and_undone() -> None:
    to_camera = np.array([[0.8, 0.15, 0.05], [0.1, 0.85, 0.05], [0.0, 0.1, 0.9]]) * 1.5
    shaper = shaper_for(Way(to_camera, np.linalg.inv(to_camera / 1.5)), 65)
    image = colors(seed=2)
    on = shaped(image[0].numpy(), shaper, 65)
    camera = torch.einsum("kc,bchw->bkhw", torch.from_numpy(to_camera).float(), image)
    back = torch.from_numpy(np.linalg.inv(to_camera / 1.5)).float()
    truth = torch.einsum("kc,bchw->bkhw", back, camera.clamp_max(1.0)).clamp(0.0, 1.0)
    picture = Table(on, srgb_encode(on.colors())).picture()
    assert (picture - srgb_encode(truth)).abs().mean() < 0.002


def developed(image: Tensor) -> Tensor:
    return image / (0.2 + image)


def test_scene_light_has_places_far_above_white() -> None:
    image = 64.0 * colors(seed=3)
    apart = (read(image, developed, 65, UNENDING) - developed(image)).abs()
    assert apart.mean() < 0.002
    assert apart.flatten().quantile(0.99) < 0.02  # pure colors: one channel is steep


def test_what_lies_beyond_the_lattice_is_as_its_end() -> None:
    image = torch.full((1, 3, 1, 1), 1e4)
    assert (
        read(image, developed, 65, UNENDING) - developed(image.clamp_max(64.0))
    ).abs().max() < 0.002


def test_what_is_added_on_the_way_is_added() -> None:
    image = colors(seed=4)
    darker = replace(UNENDING, added=np.full(3, -0.01))
    expected = developed((image - 0.01).clamp_min(0.0))
    assert (read(image, developed, 65, darker) - expected).abs().mean() < 0.002


@pytest.mark.parametrize(("drawn", "seen"), [(False, [0.8, 0.4, 0.0]), (True, [0.48, 0.32, 0.0])])
def test_a_color_outside_of_the_space_is_clipped_or_drawn_to_gray(
    drawn: bool, seen: list[float]
) -> None:
    image = torch.tensor([0.8, 0.4, -0.4]).view(1, 3, 1, 1)
    picture = read(image, lambda on: on, 129, replace(PLAIN, drawn=drawn))
    assert picture.flatten().tolist() == pytest.approx(seen, abs=0.01)


def test_xyz_without_light_is_black_and_z_below_none_is_none() -> None:
    xyz = torch.tensor([[0.5, 0.5, 0.5], [-0.1, 0.2, -0.3], [0.3, -0.1, 0.4], [0.5, 0.4, -0.2]])
    image = xyz.T.reshape(1, 3, 1, 4).contiguous()
    expected = torch.tensor([[0.5, 0.5, 0.5], [0.0] * 3, [0.0] * 3, [0.5, 0.4, 0.0]])
    picture = read(image, lambda on: on, 129, replace(PLAIN, lit=True))
    assert (picture[0, :, 0].T - expected).abs().max() < 0.01


def test_a_way_behind_another_leads_where_it_does_by_itself() -> None:
    turn = np.array([[0.8, 0.15, 0.05], [0.1, 0.85, 0.05], [0.0, 0.1, 0.9]])
    first = Way(np.diag([1.5, 1.0, 2.0]), turn, added=np.full(3, 0.01), ceiling=math.inf, top=4.0)
    other = Way(2.0 * turn, np.linalg.inv(turn), added=np.full(3, -0.02), ceiling=math.inf, top=4.0)
    image = 0.1 + 0.4 * colors(seed=5)
    start = replace(PLAIN, ceiling=math.inf, top=4.0)
    there = start.then(first, image)
    assert (first.then(other, there) - start.then(other, image)).abs().max() < 1e-5


def test_ways_are_near_whatever_their_gain_and_not_by_another_white() -> None:
    way = replace(PLAIN, to_camera=np.diag([2.0, 1.0, 1.5]))
    assert way.near(replace(way, to_camera=8.0 * way.to_camera))
    assert way.near(replace(way, to_camera=np.diag([2.2, 1.0, 1.4])))
    assert not way.near(replace(way, to_camera=np.diag([1.2, 1.0, 2.5])))
