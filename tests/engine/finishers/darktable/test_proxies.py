"""Proxies: what darktable's modules do, without darktable, and the slopes of it."""

import math

import pytest
import torch

from engine.benchmarks.draws import all_moved
from engine.benchmarks.quality import decibels
from engine.color import srgb_encode
from engine.finishers.darktable import DARKTABLE, MODULES, sigmoid
from engine.finishers.darktable.operators import item
from engine.finishers.darktable.proxies import PROXIES, entered, entered_by_us
from engine.finishers.darktable.whole import tap
from engine.photo import Photo, open_photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from tests.photos import photo_of, scene

SEEDS = 1, 3, 4
NEAR = 40.0
"""dB of a stage that is judged by itself on a small raw."""


@pytest.fixture(scope="module")
def photo(raw) -> Photo:
    return finish(open_photo(raw))


@pytest.fixture(scope="module")
def first(raw, photo, darktable) -> Photo:
    return finish(entered(raw, photo, 384))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_whole_chain_is_darktables_picture(seed, raw, first, darktable) -> None:
    settings = all_moved(DARKTABLE, seed)
    truth = finish(tap(raw, first.metadata, settings, None, 384))
    shown = DARKTABLE.stages[-1].exact(truth, first.metadata, first.statistics)
    assert decibels(Renderer(first, DARKTABLE, PROXIES).picture(settings), shown) > NEAR


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stage.name)
@pytest.mark.parametrize("seed", SEEDS)
def test_each_stage_is_its_module(module, seed, first, darktable) -> None:
    values = module.stage.values(all_moved(DARKTABLE, seed))
    truth = module.stage.exact(first.image, first.metadata, first.statistics, **values)
    found = module.proxy(first.image, first.metadata, first.statistics, **values).float()
    assert decibels(*(srgb_encode(p.clamp(0.0, 1.0)) for p in (found, truth))) > NEAR


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stage.name)
def test_the_picture_has_a_slope_by_every_slider(module, monkeypatch, look) -> None:
    # what darktable measures in 32 bits goes by steps
    monkeypatch.setattr(sigmoid, "_as_measured", lambda steepness, *_: steepness)
    photo = entered_by_us(photo_of(scene(96, 64)))
    photo = Photo(photo.image.double(), photo.metadata, photo.statistics)
    values = module.stage.values(all_moved(DARKTABLE, 4))
    if "lut" in values:
        values["lut"] = str(look)
    for slider in module.stage.sliders:
        if slider.name == "sharpen_radius":
            continue  # it says how many pixels are looked at

        def picture(x, slider=slider):
            told = {**values, slider.name: x}
            return module.proxy(photo.image, photo.metadata, photo.statistics, **told)

        at = torch.tensor(values[slider.name], dtype=torch.float64)
        step = 1e-3 * (slider.high - slider.low)
        _, slope = torch.func.jvp(picture, (at,), (torch.ones_like(at),))
        differences = (picture(at + step) - picture(at - step)) / (2.0 * step)
        cosine = torch.nn.functional.cosine_similarity(slope.flatten(), differences.flatten(), 0)
        assert float(cosine) > 0.99, slider.name


def test_our_own_input_is_near_darktables(photo, first) -> None:
    own = entered_by_us(photo).image
    height, width = (min(a, b) for a, b in zip(own.shape[-2:], first.image.shape[-2:], strict=True))
    pair = (srgb_encode(p[..., :height, :width].clamp(0.0, 1.0)) for p in (own, first.image))
    assert decibels(*pair) > 25.0


@pytest.mark.parametrize("white", [(1.2, 3.0), (2.6, 0.9)], ids=["lamps", "shade"])
def test_our_own_input_is_near_darktables_by_a_users_multipliers(
    raw, photo, white, darktable
) -> None:
    red, blue = white
    told = {"red": red, "green": 1.3, "blue": blue, "g2": 1.3}
    own_input = (item("temperature", told),)
    first = finish(entered(raw, photo, 384, own_input))
    own = entered_by_us(photo, own_input)
    assert torch.equal(
        torch.from_numpy(own.metadata.as_shot_neutral),
        torch.from_numpy(first.metadata.as_shot_neutral),
    )
    height, width = (min(a, b) for a, b in zip(own.size[::-1], first.size[::-1], strict=True))
    seen, truth = (p.image[..., :height, :width].clamp(0.0, 1.0) for p in (own, first))
    assert decibels(srgb_encode(seen), srgb_encode(truth)) > 25.0
    shot = entered_by_us(photo).image[..., :height, :width].clamp(0.0, 1.0)
    assert decibels(srgb_encode(shot), srgb_encode(truth)) < 20.0


def test_without_darktable_the_input_is_ours(raw, photo, monkeypatch) -> None:
    monkeypatch.setattr("engine.finishers.darktable.proxies.found", lambda: None)
    own = finish(entered(raw, photo, 200))
    assert max(own.size) == 200
    assert torch.equal(own.image, entered_by_us(photo.reduced(200)).image)


def test_the_white_of_the_shot_is_neutral_in_our_own_input(photo) -> None:
    white = torch.tensor(photo.metadata.as_shot_neutral).float().view(1, 3, 1, 1)
    seen = entered_by_us(Photo(white, photo.metadata, photo.statistics)).image.flatten()
    assert float(seen.max() - seen.min()) < 1e-3 * math.sqrt(3.0)


def test_mixed_cones_turn_colors_and_leave_neutral_alone(photo) -> None:
    stage = DARKTABLE.stage("color_calibration")
    values = {**stage.neutral(), "blue_from_green": -30.0, "red_from_blue": 15.0}
    grey, color = torch.full((1, 3, 1, 1), 0.3), torch.tensor([0.2, 0.3, 0.6]).view(1, 3, 1, 1)
    told = photo.metadata, photo.statistics
    assert torch.allclose(PROXIES[stage.name](grey, *told, **values), grey, atol=1e-4)
    assert float((PROXIES[stage.name](color, *told, **values) - color).abs().max()) > 0.03


def test_the_command_line_finishes_live(raw, tmp_path, ask) -> None:
    out = tmp_path / "out.jpg"
    arguments = ["--finisher", "darktable", "--operators", "live", "--set", "exposure=0.7"]
    status, _, complaint = ask("render", raw, out, *arguments, "--long-side", "200")
    assert (status, complaint) == (0, "")
    assert out.stat().st_size > 1000


def test_live_and_exact_pictures_show_the_same(raw, first) -> None:
    live = Renderer(first, DARKTABLE, PROXIES).picture(Settings())
    truth = finish(tap(raw, first.metadata, Settings(), None, 384))
    shown = DARKTABLE.stages[-1].exact(truth, first.metadata, first.statistics)
    assert decibels(live, shown) > 50.0
