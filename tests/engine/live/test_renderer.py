"""The live renderer: the exact picture, nearly, whatever was moved before and in any order."""

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.difference import delta_e_2000
from engine.finishers.basic import BASIC
from engine.live.bake import Baked
from engine.live.renderer import LiveRenderer
from engine.live.table import Packed
from engine.photo import Photo, open_photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import Setting
from engine.stage import Kind
from tests.conftest import SHARED
from tests.photos import photo_of, scene

EDIT = {
    "temperature": 4800.0,
    "exposure": 0.7,
    "dehaze": 20.0,
    "highlights": -40.0,
    "shadows": 30.0,
    "clarity": 20.0,
    "texture": 15.0,
    "contrast": 20.0,
    "hue_blue": -30.0,
    "vibrance": 25.0,
    "sharpen_amount": 40.0,
    "luminance_noise": 20.0,
}
RAWS = ("gopro_hero6_GOPR0024.dng", "canon_eos_6d_lossy_linear.dng")


@pytest.fixture(scope="module")
def photo() -> Photo:
    return photo_of(scene(240, 160))


def edit(**values: Setting) -> Settings:
    settings = Settings()
    for name, value in values.items():
        settings = settings.replace(BASIC.control(name), value)
    return settings


def shown(renderer: LiveRenderer, settings: Settings, *, moving: bool = False) -> Packed:
    return finish(renderer.render(settings, moving=moving))


def unpacked(pixels: Packed) -> Tensor:
    channels = np.stack([(pixels >> shift) & 255 for shift in (16, 8, 0)]) / 255.0
    return torch.from_numpy(channels.astype(np.float32))[None]


def difference(photo: Photo, settings: Settings, nodes: int | None = None) -> Tensor:
    live = unpacked(shown(LiveRenderer(photo, BASIC, nodes=nodes), settings))
    return delta_e_2000(Renderer(photo, BASIC).picture(settings), live).flatten()


def pointwise(seed: int, share: float) -> Settings:
    """Random values of every slider of the pointwise stages, within a share of their ranges."""
    generator = torch.Generator().manual_seed(seed)
    settings = Settings()
    for stage in BASIC:
        for slider in stage.sliders if stage.kind is not Kind.AREAWISE else ():
            fraction = 0.5 + share * (float(torch.rand((), generator=generator)) - 0.5)
            value = float(slider.denormalize(fraction))
            settings = settings.replace(slider, min(max(value, slider.low), slider.high))
    return settings


@pytest.mark.parametrize("name", ["made", *RAWS])
@pytest.mark.parametrize("seed", range(4))
def test_the_baked_table_looks_like_the_stages_themselves(name: str, seed: int) -> None:
    photo = opened(name)
    apart = difference(photo, pointwise(seed, share=0.6))
    assert apart.mean() < 0.5
    assert apart.quantile(0.99) < 1.5


@pytest.mark.parametrize("seed", range(3))
def test_smooth_gradients_stay_smooth(seed: int) -> None:
    """Ramps of light in all hues, through clipping."""
    light = torch.logspace(-9, 1, 160, base=2.0).view(1, 1, 1, 160)
    angle = torch.linspace(0.0, 6.283, 96).view(1, 1, 96, 1)
    hues = torch.cat([torch.cos(angle + k) for k in (0.0, 2.1, 4.2)], 1)
    apart = difference(photo_of(light * (1.0 + 0.4 * hues)), pointwise(seed, share=0.6))
    assert apart.mean() < 0.5
    assert apart.quantile(0.99) < 1.5


@pytest.mark.parametrize("seed", range(3))
def test_full_ranges_on_blues_beyond_those_of_light(seed: int) -> None:
    light = torch.logspace(-7, 0, 160, base=2.0).view(1, 1, 1, 160)
    red, green = (torch.linspace(0.0, most, 96).view(1, 1, 96, 1) for most in (0.15, 0.1))
    blues = light * torch.cat([red, green.flip(2), torch.ones_like(red)], 1)
    settings = pointwise(seed, share=1.0).reset([BASIC.control(n) for n in ("temperature", "tint")])
    apart = difference(photo_of(blues), settings)
    assert apart.mean() < 0.5
    assert apart.quantile(0.99) < 1.5


def test_grays_stay_gray() -> None:
    light = torch.logspace(-10, 1, 4096, base=2.0).view(1, 1, 64, 64).expand(-1, 3, -1, -1)
    settings = pointwise(1, share=0.6).reset([BASIC.control(n) for n in ("temperature", "tint")])
    settings = settings.switch("color_mixer", on=False)
    live = unpacked(shown(LiveRenderer(photo_of(light), BASIC), settings))
    assert (live.amax(1) - live.amin(1)).max() <= 1.01 / 255.0


@pytest.mark.parametrize("name", ["made", *RAWS])
def test_with_every_stage_at_work_it_is_nearly_the_exact_picture(name: str) -> None:
    apart = difference(opened(name), edit(**EDIT))
    assert apart.mean() < 1.0
    assert apart.quantile(0.99) < 3.0


def test_cached_equals_fresh_after_any_change(photo: Photo) -> None:
    cached = LiveRenderer(photo, BASIC)
    settings = Settings()
    generator = torch.Generator().manual_seed(5)
    for _ in range(40):
        slider = BASIC.sliders[int(torch.randint(len(BASIC.sliders), (), generator=generator))]
        fraction = float(torch.rand((), generator=generator))
        value = slider.default if fraction < 0.3 else float(slider.denormalize(fraction))
        if value is not None:
            value = min(max(value, slider.low), slider.high)
        settings = settings.replace(slider, value)
        fresh = shown(LiveRenderer(photo, BASIC), settings)
        assert np.array_equal(shown(cached, settings), fresh), settings


def test_a_render_that_is_broken_off_leaves_nothing_false(photo: Photo) -> None:
    renderer = LiveRenderer(photo, BASIC)
    shown(renderer, edit(**EDIT))
    other = edit(**{**EDIT, "exposure": -0.5, "clarity": -40.0})
    for stop in range(8):
        steps = renderer.render(other)
        for _, _ in zip(range(stop), steps, strict=False):
            pass
        steps.close()
        for settings in (edit(**EDIT), other):
            fresh = shown(LiveRenderer(photo, BASIC), settings)
            assert np.array_equal(shown(renderer, settings), fresh)


@pytest.mark.parametrize("name", ["made", *RAWS])
@pytest.mark.parametrize("slider", ["temperature", "tint", "exposure"])
def test_a_drag_is_nearly_what_it_comes_to_rest_at(name: str, slider: str) -> None:
    """In small steps, as by a hand, from one end of the slider to the other."""
    photo, control = opened(name), BASIC.control(slider)
    dragged = LiveRenderer(photo, BASIC)
    shown(dragged, edit(contrast=20.0))
    for step in range(1, 16):
        settings = edit(contrast=20.0).replace(control, float(control.denormalize(step / 16)))
        moving = unpacked(shown(dragged, settings, moving=True))
        rest = unpacked(shown(LiveRenderer(photo, BASIC), settings))
        apart = delta_e_2000(rest, moving).flatten()
        assert apart.mean() < 0.5
        assert apart.quantile(0.99) < 3.0


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ({"exposure": 0.2}, {"exposure": -0.7, "temperature": 4000.0}),
        ({"exposure": 0.2, "sharpen_amount": 40.0}, {"exposure": -0.7, "sharpen_amount": 40.0}),
        ({"clarity": 20.0}, {"clarity": 40.0}),
        ({"shadows": -80.0, "exposure": 1.0}, {"shadows": 90.0, "exposure": 1.0}),
    ],
)
def test_nothing_of_a_drag_stays_in_the_picture_at_rest(
    photo: Photo, start: dict[str, Setting], end: dict[str, Setting]
) -> None:
    renderer = LiveRenderer(photo, BASIC)
    shown(renderer, edit(**start))
    shown(renderer, edit(**end), moving=True)
    assert np.array_equal(
        shown(renderer, edit(**end)), shown(LiveRenderer(photo, BASIC), edit(**end))
    )


def test_a_drag_of_exposure_looks_at_no_pixel_but_to_color_it(
    photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = LiveRenderer(photo, BASIC)
    shown(renderer, edit(exposure=0.2))
    monkeypatch.setattr("engine.live.bake.shaped", None)
    before = shown(renderer, edit(exposure=0.5), moving=True)
    assert not np.array_equal(before, shown(renderer, edit(exposure=0.9), moving=True))


def test_a_drag_of_an_areawise_slider_colors_no_node_twice(
    photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = LiveRenderer(photo, BASIC)
    values = {**EDIT, "sharpen_amount": 0.0}
    shown(renderer, edit(**values))
    for clarity in (30.0, 60.0, 30.0):
        there = shown(renderer, edit(**{**values, "clarity": clarity}), moving=True)
    ran = []
    node = Baked._ran
    monkeypatch.setattr(Baked, "_ran", lambda self, *told: ran.append(told) or node(self, *told))
    assert not np.array_equal(
        there, shown(renderer, edit(**{**values, "clarity": 60.0}), moving=True)
    )
    assert not ran
    shown(renderer, edit(**{**values, "clarity": 60.0, "vibrance": -10.0}), moving=True)
    assert ran


def test_a_drag_behind_the_areawise_stages_runs_none_of_them(photo: Photo) -> None:
    renderer = LiveRenderer(photo, BASIC)
    shown(renderer, edit(**{**EDIT, "sharpen_amount": 0.0}))
    steps = list(renderer.render(edit(**{**EDIT, "sharpen_amount": 0.0, "vibrance": -10.0})))
    assert all(stage.kind is not Kind.AREAWISE for stage in steps)


def test_the_picture_is_written_where_the_window_wants_it(photo: Photo) -> None:
    memory = np.zeros(photo.image.shape[-2:], np.uint32)
    steps = LiveRenderer(photo, BASIC).render(edit(exposure=0.5), out=memory)
    for _ in steps:
        pass
    assert np.array_equal(memory, shown(LiveRenderer(photo, BASIC), edit(exposure=0.5)))


def test_other_output_spaces(photo: Photo) -> None:
    from dataclasses import replace

    from engine.color import DISPLAY_P3

    wide = replace(photo, metadata=photo.metadata.replace(output=DISPLAY_P3))
    live = unpacked(shown(LiveRenderer(wide, BASIC), edit(exposure=0.5)))
    exact = Renderer(wide, BASIC).picture(edit(exposure=0.5))
    assert (live - exact).abs().mean() < 0.01
    assert not torch.equal(live, unpacked(shown(LiveRenderer(photo, BASIC), edit(exposure=0.5))))


def opened(name: str) -> Photo:
    if name == "made":
        return photo_of(scene(480, 320))
    path = SHARED / "raws" / name
    if not path.is_file():
        pytest.skip(f"real files are not at hand: no {path}")
    return finish(open_photo(path)).reduced(480)
