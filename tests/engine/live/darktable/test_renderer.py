"""darktable live: the picture of the proxies, nearly, whatever was moved before, in any order."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.color import ADOBE_RGB, DISPLAY_P3
from engine.difference import delta_e_2000
from engine.finishers.darktable import DARKTABLE
from engine.finishers.darktable.proxies import PROXIES, quick
from engine.live.darktable.operators import live_operators
from engine.live.darktable.renderer import DarktableRenderer
from engine.live.table import Packed
from engine.photo import Photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import Setting, Slider
from engine.stage import Kind
from tests.engine.live.darktable.agreement import AREAWISE, first, first_of, moved
from tests.engine.live.test_renderer import shown, unpacked

EDIT = {
    "exposure": 0.7,
    "black": 0.002,
    "highlights": -0.4,
    "shadows": 0.3,
    "temperature": 4800.0,
    "texture": 30.0,
    "sharpen_amount": 0.6,
    "contrast": 15.0,
    "vibrance": 25.0,
    "view_contrast": 1.7,
    "clarity": 40.0,
}
RAWS = (
    "gopro_hero6_GOPR0024.dng",
    "canon_eos_6d_lossy_linear.dng",
    "nikon_rose_crop_14bit_wrapped.dng",
)
BALANCE = DARKTABLE.stage("color_balance_rgb").sliders


@pytest.fixture(scope="module")
def photo() -> Photo:
    return first(240, 160)


def edit(**values: Setting) -> Settings:
    settings = Settings()
    for name, value in values.items():
        settings = settings.replace(DARKTABLE.control(name), value)
    return settings


def opened(name: str) -> Photo:
    return first(480, 320) if name == "made" else first_of(name, 480)


def difference(photo: Photo, settings: Settings) -> Tensor:
    live = unpacked(shown(DarktableRenderer(photo), settings))
    return delta_e_2000(Renderer(photo, DARKTABLE, PROXIES).picture(settings), live).flatten()


@pytest.mark.parametrize("name", ["made", *RAWS])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rest", [(), AREAWISE, (*AREAWISE, *BALANCE)], ids=("all", "flat", "view"))
def test_it_looks_like_the_stages_themselves(
    name: str, seed: int, rest: tuple[Slider, ...]
) -> None:
    apart = difference(opened(name), moved(seed, but=rest, share=0.5))
    assert apart.mean() < 0.5
    assert apart.quantile(0.99) < 1.5


@pytest.mark.parametrize("seed", range(3))
def test_smooth_gradients_stay_smooth(seed: int) -> None:
    """Ramps of light in all hues, beyond white."""
    light = torch.logspace(-9, 2, 160, base=2.0).view(1, 1, 1, 160)
    angle = torch.linspace(0.0, 6.283, 96).view(1, 1, 96, 1)
    hues = torch.cat([torch.cos(angle + k) for k in (0.0, 2.1, 4.2)], 1)
    ramps = replace(first(160, 96), image=light * (1.0 + 0.4 * hues))
    apart = difference(ramps, moved(seed, but=AREAWISE, share=0.5))
    assert apart.mean() < 0.5
    assert apart.quantile(0.99) < 1.5


def test_colors_that_no_screen_has_are_drawn_to_gray_as_they_are_by_the_module() -> None:
    light = torch.linspace(0.05, 2.0, 64).view(1, 1, 1, 64)
    below = torch.linspace(-0.3, 0.3, 64).view(1, 1, 64, 1)
    image = light * torch.cat([torch.ones(1, 1, 64, 1), 0.5 + below, below], 1)
    apart = difference(replace(first(64, 64), image=image), Settings())
    assert apart.mean() < 0.5
    assert apart.quantile(0.99) < 1.5


def test_light_without_an_end_is_white(photo: Photo) -> None:
    bright = replace(photo, image=torch.full((1, 3, 64, 64), 1e4))
    assert (shown(DarktableRenderer(bright), edit(exposure=5.0)) & 255).min() >= 254


def test_no_number_does_no_harm(photo: Photo) -> None:
    odd = photo.image.clone()
    odd[..., 8, 8], odd[..., 16, 16] = float("nan"), float("inf")
    whole = shown(DarktableRenderer(photo, nodes=65), edit(exposure=0.5))
    found = shown(DarktableRenderer(replace(photo, image=odd), nodes=65), edit(exposure=0.5))
    assert np.abs((found & 255).astype(int) - (whole & 255).astype(int))[20:].max() <= 8


def test_grays_stay_gray() -> None:
    light = torch.logspace(-10, 4, 4096, base=2.0).view(1, 1, 64, 64).expand(-1, 3, -1, -1)
    grays = replace(first(64, 64), image=light.contiguous())
    settings = moved(1).reset(DARKTABLE.stage("color_calibration").sliders)
    live = unpacked(shown(DarktableRenderer(grays), settings))
    assert (live.amax(1) - live.amin(1)).max() <= 1.01 / 255.0


def test_cached_equals_fresh_after_any_change(photo: Photo) -> None:
    operators = live_operators()
    cached = DarktableRenderer(photo, operators)
    settings = Settings()
    generator = torch.Generator().manual_seed(5)
    for _ in range(40):
        which = int(torch.randint(len(DARKTABLE.sliders), (), generator=generator))
        slider = DARKTABLE.sliders[which]
        fraction = float(torch.rand((), generator=generator))
        value = slider.default if fraction < 0.3 else float(slider.denormalize(fraction))
        if value is not None:
            value = min(max(value, slider.low), slider.high)
        settings = settings.replace(slider, value)
        fresh = shown(DarktableRenderer(photo), settings)
        assert np.array_equal(shown(cached, settings), fresh), settings


def test_a_render_that_is_broken_off_leaves_nothing_false(photo: Photo) -> None:
    renderer = DarktableRenderer(photo)
    shown(renderer, edit(**EDIT))
    other = edit(**{**EDIT, "exposure": -0.5, "clarity": -40.0})
    for stop in range(7):
        steps = renderer.render(other)
        for _, _ in zip(range(stop), steps, strict=False):
            pass
        steps.close()
        for settings in (edit(**EDIT), other):
            fresh = shown(DarktableRenderer(photo), settings)
            assert np.array_equal(shown(renderer, settings), fresh)


def test_a_drag_behind_the_areawise_stages_runs_none_of_them(photo: Photo) -> None:
    renderer = DarktableRenderer(photo)
    shown(renderer, edit(**{**EDIT, "clarity": 0.0}))
    steps = list(renderer.render(edit(**{**EDIT, "clarity": 0.0, "vibrance": -10.0})))
    assert all(stage.kind is not Kind.AREAWISE for stage in steps)


def test_a_drag_of_clarity_looks_at_the_picture_once(
    photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = DarktableRenderer(photo)
    shown(renderer, edit(**EDIT))
    monkeypatch.delattr("engine.live.darktable.renderer.added")
    shown(renderer, edit(**{**EDIT, "clarity": -20.0}))
    with pytest.raises(NameError):
        shown(renderer, edit(**{**EDIT, "vibrance": -20.0}))


def test_the_picture_is_written_where_the_window_wants_it(photo: Photo) -> None:
    for settings in (edit(exposure=0.5), edit(**EDIT)):
        memory = np.zeros(photo.image.shape[-2:], np.uint32)
        for _ in DarktableRenderer(photo).render(settings, out=memory):
            pass
        assert np.array_equal(memory, shown(DarktableRenderer(photo), settings))


@pytest.mark.parametrize("space", [DISPLAY_P3, ADOBE_RGB], ids=lambda space: space.name)
def test_other_output_spaces(photo: Photo, space) -> None:
    wide = replace(photo, metadata=photo.metadata.replace(output=space))
    for settings in (edit(exposure=0.5), edit(**EDIT)):
        live = unpacked(shown(DarktableRenderer(wide), settings))
        exact = Renderer(wide, DARKTABLE, PROXIES).picture(settings)
        assert (live - exact).abs().mean() < 0.003
        assert not torch.equal(live, unpacked(shown(DarktableRenderer(photo), settings)))


@pytest.mark.parametrize("settings", [Settings(), edit(**EDIT)], ids=("neutral", "edited"))
def test_the_picture_is_what_the_screen_gets_before_it_is_rounded(
    photo: Photo, settings: Settings
) -> None:
    pixels: Packed = shown(DarktableRenderer(photo), settings)
    picture = DarktableRenderer(photo).picture(settings)
    assert (unpacked(pixels) - picture).abs().max() < 0.51 / 255.0


def test_what_is_quick_is_warm_when_it_is_there() -> None:
    found = finish(quick())
    assert set(found.operators) == {stage.name for stage in DARKTABLE}
    assert isinstance(found.renderer(first(48, 32)), DarktableRenderer)
