"""One contract over all stages and sliders of the basic finisher, on made and on real photos.

The laws: neutral is the identity, nothing jumps on leaving it, effects grow steadily to both ends,
all values stay finite, grays stay gray, the look does not depend on the size of the preview, and
gradients reach every slider.
"""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from statistics import median

import pytest
import torch
from torch import Tensor

from engine.color import SRGB, decode, encode
from engine.difference import delta_e_2000
from engine.finishers.basic import BASIC
from engine.photo import Photo, area_average, open_photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import Slider
from engine.stage import Space, Stage
from engine.white import as_shot_temperature_tint
from tests.conftest import SHARED
from tests.photos import photo_of, scene

RAWS = (
    "gopro_hero6_GOPR0024.dng",
    "infiniteisp_Indoor1_8bit_wrapped.dng",
    "canon_eos_6d_lossy_linear.dng",
)
PHOTOS = ("made", *RAWS)
POSITIONS = 21
ROUNDING = 1e-6
PHYSICAL = {"temperature", "tint", "exposure"}
"""Plain gains of light: 0.1 % of their range (0.01 EV, half a mired) is a tenth of a dE2000 by
definition, and no design of ours; they must be in proportion instead of small."""
COLORS_GRAYS = {"temperature", "tint"}  # the sliders that may color a gray (and creative_lut)

every_stage = pytest.mark.parametrize("stage", BASIC.stages, ids=lambda s: s.name)
every_slider = pytest.mark.parametrize("slider", BASIC.sliders, ids=lambda s: s.name)
every_photo = pytest.mark.parametrize("name", PHOTOS)


@cache
def opened(name: str, long_side: int) -> Photo:
    if name == "made":
        return photo_of(scene(960, 640)).reduced(long_side)
    return _whole(name).reduced(long_side)


@cache
def _whole(name: str) -> Photo:
    path = SHARED / "raws" / name
    if not path.is_file():
        pytest.skip(f"real files are not at hand: no {path}")
    return finish(open_photo(path)).reduced(1600)


def moved(stage_slider: Slider, value: float) -> Settings:
    return base(stage_slider).replace(stage_slider, value)


def base(slider: Slider) -> Settings:
    """Neutral; but a slider that shapes another's effect is judged with that other one moved."""
    if slider.name in {"sharpen_radius", "sharpen_detail", "sharpen_masking"}:
        return Settings().replace(BASIC.control("sharpen_amount"), 100.0)
    return Settings()


def neutral_value(slider: Slider, photo: Photo) -> float:
    if slider.default is not None:
        return slider.default
    temperature, tint = as_shot_temperature_tint(photo.metadata)
    return {"temperature": temperature, "tint": tint}[slider.name]


def sides(slider: Slider, photo: Photo) -> Iterator[list[float]]:
    """Positions from neutral to each end, even on the slider's own scale; neutral left out."""
    start = float(slider.normalize(neutral_value(slider, photo)))
    ends = (0.0, 1.0)
    if slider.name == "temperature":  # beyond, a photo is one color, and dE2000 says little
        ends = (float(slider.normalize(2500.0)), float(slider.normalize(12000.0)))
    for end in ends:
        if abs(end - start) > 1e-6:
            steps = [start + (end - start) * i / POSITIONS for i in range(1, POSITIONS + 1)]
            yield [min(max(float(slider.denormalize(s)), slider.low), slider.high) for s in steps]


def mostly_clipped(picture: Tensor) -> bool:
    """Whether black or white has swallowed a channel in more than a third of the pixels."""
    clipped = ((picture < 0.5 / 255) | (picture > 254.5 / 255)).any(1)
    return bool(clipped.float().mean() > 1 / 3)


def mean_difference(a: Tensor, b: Tensor) -> float:
    return float(delta_e_2000(a, b).mean())


def extremes() -> list[Settings]:
    """All sliders at one end together: low, high, and alternating."""
    ends = []
    for pick in ((0, 0), (1, 1), (0, 1), (1, 0)):
        settings = Settings()
        for i, slider in enumerate(BASIC.sliders):
            settings = settings.replace(slider, (slider.low, slider.high)[pick[i % 2]])
        ends.append(settings)
    return ends


@every_photo
@every_stage
class TestEveryStage:
    def test_slider_part_at_neutral_is_exactly_the_identity(self, stage: Stage, name: str) -> None:
        photo = opened(name, 96)
        taps = list(Renderer(photo, BASIC).render(Settings()))
        index = BASIC.stages.index(stage)
        before = taps[index - 1].image if index else photo.image
        tap = taps[index]
        after = stage.exact(before, tap.metadata, tap.statistics, **stage.neutral())
        if stage.profile_part:
            off = Settings().switch(stage.name, on=False)
            assert torch.equal(after, list(Renderer(photo, BASIC).render(off))[index].image)
        else:
            assert torch.equal(after, before)

    def test_finite_in_shape_and_space_at_both_ends(self, stage: Stage, name: str) -> None:
        renderer = Renderer(opened(name, 96), BASIC)
        for end in ("low", "high"):
            settings = Settings()
            for slider in stage.sliders:
                settings = settings.replace(slider, getattr(slider, end))
            for tap in renderer.render(settings):
                check_tap(tap.image, tap.stage.space, renderer.photo)

    def test_a_stage_switched_off_is_a_stage_at_neutral(self, stage: Stage, name: str) -> None:
        renderer = Renderer(opened(name, 96), BASIC)
        settings = Settings()
        for slider in stage.sliders:
            settings = settings.replace(slider, slider.high)
        off = renderer.picture(settings.switch(stage.name, on=False))
        assert torch.equal(off, renderer.picture(Settings()))


def check_tap(image: Tensor, space: Space, photo: Photo) -> None:
    assert image.shape == photo.image.shape
    assert image.dtype == torch.float32
    assert torch.isfinite(image).all()
    if space in (Space.PROFILE, Space.DISPLAY):
        assert image.min() >= -ROUNDING
        assert image.max() <= 1.0 + ROUNDING


@every_photo
@every_slider
class TestEverySlider:
    def test_no_jump_on_leaving_neutral(self, slider: Slider, name: str) -> None:
        photo = opened(name, 192)
        renderer = Renderer(photo, BASIC)
        before = renderer.picture(base(slider))
        start = float(slider.normalize(neutral_value(slider, photo)))

        def effect(step: float) -> float:
            value = float(slider.denormalize(start + step))
            return mean_difference(before, renderer.picture(moved(slider, value)))

        for step in (-0.001, 0.001):
            if 0.0 <= start + step <= 1.0:
                limit = 0.12 * effect(10.0 * step) if slider.name in PHYSICAL else 0.05
                assert effect(step) < limit

    def test_effect_grows_steadily_to_both_ends(self, slider: Slider, name: str) -> None:
        photo = opened(name, 192)
        renderer = Renderer(photo, BASIC)
        before = renderer.picture(base(slider))
        for side in sides(slider, photo):
            effect = [0.0]
            for value in side:
                picture = renderer.picture(moved(slider, value))
                if mostly_clipped(picture):
                    break
                effect.append(mean_difference(before, picture))
            steps = [b - a for a, b in pairwise(effect)]
            if steps:
                assert min(steps) > -0.02, effect
                assert max(steps) <= 4.0 * median(steps) + 0.01, effect

    def test_same_look_at_any_size(self, slider: Slider, name: str) -> None:
        for value in (slider.low, slider.high):
            assert look_changes_with_size(name, moved(slider, value)) < 1.0


def look_changes_with_size(name: str, settings: Settings) -> float:
    """Reduced render against the full render reduced in linear light; the worst of two sizes."""
    worst = 0.0
    full = opened(name, 960)
    whole = decode(Renderer(full, BASIC).picture(settings), SRGB)
    for long_side in (480, 240):
        small = Renderer(full.reduced(long_side), BASIC).picture(settings)
        reduced = encode(area_average(whole, small.shape[-2:]), SRGB)
        worst = max(worst, mean_difference(small, reduced))
    return worst


def all_moved(seed: int) -> Settings:
    """Every slider somewhere in its range; light, white and exposure so that a picture is left."""
    generator = torch.Generator().manual_seed(seed)
    within = {"temperature": (3000.0, 9000.0), "tint": (-50.0, 50.0), "exposure": (-2.0, 2.0)}
    settings = Settings()
    for slider in BASIC.sliders:
        low, high = within.get(slider.name, (slider.low, slider.high))
        fraction = float(torch.rand((), generator=generator))
        settings = settings.replace(slider, low + (high - low) * fraction)
    return settings


@every_photo
@pytest.mark.parametrize("seed", range(3))
def test_same_look_at_any_size_with_all_sliders_moved(name: str, seed: int) -> None:
    assert look_changes_with_size(name, all_moved(seed)) < 2.0


@every_photo
def test_all_sliders_at_their_ends_stay_finite(name: str) -> None:
    renderer = Renderer(opened(name, 96), BASIC)
    for settings in extremes():
        for tap in renderer.render(settings):
            check_tap(tap.image, tap.stage.space, renderer.photo)


@every_photo
def test_cached_equals_fresh_after_any_change(name: str) -> None:
    photo = opened(name, 96)
    cached = Renderer(photo, BASIC)
    settings = Settings()
    generator = torch.Generator().manual_seed(7)
    for _ in range(25):
        slider = BASIC.sliders[int(torch.randint(len(BASIC.sliders), (), generator=generator))]
        value = float(slider.denormalize(float(torch.rand((), generator=generator))))
        settings = settings.replace(slider, min(max(value, slider.low), slider.high))
        assert torch.equal(cached.picture(settings), Renderer(photo, BASIC).picture(settings))


def gray_photo() -> Photo:
    """The made scene without its colors: every pixel has the hue of the white."""
    colored = scene(240, 160)
    return photo_of(colored.mean(1, keepdim=True).expand(-1, 3, -1, -1))


@every_slider
def test_gray_stays_gray(slider: Slider) -> None:
    if slider.name in COLORS_GRAYS:
        return
    renderer = Renderer(gray_photo(), BASIC)
    for value in (slider.low, slider.high):
        picture = renderer.picture(moved(slider, value))
        spread = picture.amax(1) - picture.amin(1)
        assert spread.max() < 2e-3, f"{slider.name} at {value:g} colors a gray"


@every_slider
def test_gradients_reach_the_slider(slider: Slider) -> None:
    """Forward mode through the whole finisher agrees with a central difference."""
    photo = opened("made", 96)
    start = float(slider.normalize(neutral_value(slider, photo)))
    position = start + (0.3 if start < 0.6 else -0.3)
    exact = {s.name: s.exact for s in BASIC}

    def picture(fraction: Tensor) -> Tensor:
        image, metadata, statistics = photo.image, photo.metadata, photo.statistics
        for stage in BASIC:
            values = stage.values(base(slider))
            if slider in stage.sliders:
                values[slider.name] = slider.denormalize(fraction)  # type: ignore[assignment]
            metadata, statistics = stage.carry(metadata, statistics, **values)
            image = exact[stage.name](image, metadata, statistics, **values)
        return image

    at = torch.full((1, 1, 1, 1), position)
    _, tangent = torch.func.jvp(picture, (at,), (torch.ones_like(at),))
    step = 0.005
    difference = (picture(at + step) - picture(at - step)) / (2 * step)
    if slider.name != "lut_amount":  # without a file the amount has nothing to do
        assert difference.abs().max() > 0
        cosine = torch.cosine_similarity(tangent.flatten(), difference.flatten(), dim=0)
        assert cosine > 0.9
    assert torch.isfinite(tangent).all()
