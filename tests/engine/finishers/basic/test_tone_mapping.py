from itertools import product

import pytest
import torch
from torch import Tensor

from engine.finishers.basic.tone_mapping import STAGE
from engine.statistics import Statistics
from tests.engine.finishers.basic.pictures import (
    MIDDLE,
    about,
    edges,
    ev,
    grey,
    measured,
    overshoot,
    textured,
)

NAMES = [slider.name for slider in STAGE.sliders]
ALONE = [{name: value} for name in NAMES for value in (-100.0, 100.0)]
TOGETHER = [dict(zip(NAMES, ends, strict=True)) for ends in product((-100.0, 100.0), repeat=4)]


def map_tones(picture: Tensor, statistics: Statistics | None = None, **values: float) -> Tensor:
    neutral = dict.fromkeys(NAMES, 0.0)
    statistics = statistics or measured(picture)
    return STAGE.exact(picture, about(picture), statistics, **{**neutral, **values})


def flat(tone: float) -> Tensor:
    return grey(torch.full((1, 32, 48), tone))


@pytest.fixture(scope="module")
def daylight() -> Statistics:
    """H of a photo with tones from deep shade to white."""
    return measured(grey(torch.linspace(-8.0, 0.0, 240).expand(1, 160, 240)))


@pytest.mark.parametrize("softness", [0.0, 2.0, 10.0])
@pytest.mark.parametrize("step", [2.0, 4.0, 6.0])
def test_no_halo_and_no_reversal_at_an_edge(step: float, softness: float) -> None:
    picture = edges(step, softness)
    for values in ALONE + TOGETHER:
        row = ev(map_tones(picture, measured(picture[2:3]), **values))[:, 8]
        finished = row[:, -1] - row[:, 0]
        assert (finished > 0.0).all(), values
        # together they may flatten a step to a third: what they overshoot is held against it whole
        limit = 0.05 * float(finished.min()) if values in ALONE else 0.03 * step
        assert overshoot(row) < limit, values


@pytest.mark.parametrize("width", [1, 3, 8])
def test_a_thin_bar_stays_within_its_surroundings(width: int) -> None:
    tones = torch.full((1, 48, 1200), MIDDLE + 2.0)
    tones[..., 601 : 601 + width] = MIDDLE - 2.0
    for values in ALONE:
        row = ev(map_tones(grey(tones), **values))[:, 24]
        away = row[0, 300]
        outside = torch.cat([row[0, 400:601], row[0, 601 + width : 800]])
        assert (outside - away).abs().max() < 0.05 * 4.0, values
        assert row[0, 601 : 601 + width].max() < away - 1.0, values


def test_tones_keep_their_order() -> None:
    ramp = grey(torch.linspace(-10.0, 2.0, 1200).expand(1, 16, 1200))
    for values in ALONE + TOGETHER:
        row = ev(map_tones(ramp, **values))[0, 8]
        assert row.diff().min() > 0.0, values


def test_a_smooth_ramp_does_not_band() -> None:
    ramp = grey(torch.linspace(-8.0, 0.0, 1600).expand(1, 16, 1600))
    for values in ALONE + TOGETHER:
        row = ev(map_tones(ramp, **values))[0, 8]
        slope = row.unfold(0, 17, 1).diff(dim=1).mean(1) * 200.0  # per EV, over 0.08 EV
        assert slope.diff().abs().max() < 0.05, values


def test_highlights_recover_what_is_above_white(daylight: Statistics) -> None:
    for tone, most in ((0.4, -0.8), (1.0, -0.8)):
        moved = ev(map_tones(flat(tone), daylight, highlights=-100.0)) - tone
        assert moved.max() < most
    clouds = flat(0.7) * (1.0 + 0.2 * torch.rand(1, 1, 32, 48))
    recovered = map_tones(clouds, daylight, highlights=-100.0)
    assert recovered.max() < 1.0
    assert ev(recovered).std() > 0.95 * ev(clouds).std()


def test_shadows_open_deep_shade_with_its_local_contrast(daylight: Statistics) -> None:
    noise = torch.randn(1, 256, 384, generator=torch.Generator().manual_seed(4))
    shade = grey(MIDDLE - 4.5 + 0.25 * noise)
    opened = map_tones(shade, daylight, shadows=100.0)
    assert (ev(opened) - ev(shade)).mean() > 2.0
    assert ev(opened).std() > 0.9 * ev(shade).std()


def test_each_slider_acts_on_its_own_tones(daylight: Statistics) -> None:
    def moved(tone: float, **values: float) -> float:
        return float((ev(map_tones(flat(tone), daylight, **values)) - tone).mean())

    for value in (-100.0, 100.0):
        assert abs(moved(MIDDLE - 2.0, highlights=value)) < 0.02
        assert abs(moved(MIDDLE + 2.0, shadows=value)) < 0.02
        assert abs(moved(MIDDLE, highlights=value)) < 0.25
        assert abs(moved(MIDDLE, shadows=value)) < 0.35
        assert moved(0.0, whites=value) * value > 50.0
        assert moved(MIDDLE - 5.0, blacks=value) * value > 100.0


def test_black_stays_black_in_opened_shade(daylight: Statistics) -> None:
    lifted = map_tones(flat(-11.0), daylight, shadows=100.0)
    assert lifted.max() < 0.005  # the default black point of the profile


def test_anchors_follow_exposure(daylight: Statistics) -> None:
    tone = flat(MIDDLE + 2.0)
    before = ev(map_tones(tone, daylight, highlights=-100.0)).mean()
    after = ev(map_tones(tone, daylight.carried(2.0), highlights=-100.0)).mean()
    assert after - before > 0.1  # in a brighter picture the same tone counts less as a highlight


def test_any_values_come_through() -> None:
    picture = textured(96)
    picture[..., :8, :8] = -0.01
    picture[..., 8:16, :8] = 0.0
    picture[..., :8, 8:16] = 40.0
    for values in [*ALONE, *TOGETHER]:
        assert torch.isfinite(map_tones(picture, **values)).all()


def test_greys_stay_grey_and_hues_stay() -> None:
    picture = textured(96)
    out = map_tones(picture, highlights=-100.0, shadows=100.0, whites=50.0, blacks=-50.0)
    ratio = out / picture
    assert (ratio.amax(1) - ratio.amin(1)).max() < 1e-4


def test_a_saturated_light_is_no_deep_shade() -> None:
    # as a blue lamp comes out of a camera's matrix: bright, of next to no luminance
    picture = textured(96)
    lamp = torch.tensor([0.3, -0.12, 1.6]).view(3, 1, 1)
    picture[..., 40:56, 40:56] = lamp
    opened = map_tones(picture, shadows=100.0)[..., 44:52, 44:52]
    assert (opened / lamp).max() < 2.0**1.5
    dimmer = picture.clone()
    dimmer[:, 1, 40:56, 40:56] = -0.10
    nearly = map_tones(dimmer, shadows=100.0)[:, 2, 44:52, 44:52]
    torch.testing.assert_close(nearly, opened[:, 2], rtol=0.02, atol=0.0)


def test_gradients_agree_with_differences() -> None:
    picture = textured(64)
    statistics = measured(picture)

    def tones(values: Tensor) -> Tensor:
        settings = dict(zip(NAMES, values.unbind(), strict=True))
        return ev(STAGE.exact(picture, about(picture), statistics, **settings))

    at = torch.tensor([-40.0, 60.0, 20.0, -30.0])
    for i in range(4):
        unit = torch.eye(4)[i]
        _, tangent = torch.func.jvp(tones, (at,), (unit,))
        difference = (tones(at + unit) - tones(at - unit)) / 2.0
        assert (tangent - difference).abs().max() < 1e-3
    image = picture.clone().requires_grad_()
    map_tones(image, statistics, shadows=70.0, highlights=-70.0).sum().backward()
    assert image.grad is not None
    assert torch.isfinite(image.grad).all()


def test_one_value_per_picture_of_a_batch() -> None:
    picture = textured(64)
    statistics = measured(picture)
    both = STAGE.exact(
        picture.expand(2, -1, -1, -1),
        about(picture),
        statistics,
        highlights=torch.tensor([-100.0, 50.0]).view(2, 1, 1, 1),
        shadows=0.0,
        whites=0.0,
        blacks=0.0,
    )
    torch.testing.assert_close(both[:1], map_tones(picture, statistics, highlights=-100.0))
    torch.testing.assert_close(both[1:], map_tones(picture, statistics, highlights=50.0))
