"""Match: hidden settings are found again, and what does not fit is said."""

import pytest
import torch

from engine.color import extremes
from engine.errors import PhotofinishError
from engine.finishers.basic import BASIC
from engine.live.quick import quick
from engine.match.free import Free
from engine.match.match import Mode, match
from engine.match.regress import Moved
from engine.match.target import Target
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from tests.photos import photo_of, scene

HIDDEN = {
    "temperature": 6500.0,
    "tint": 12.0,
    "exposure": 0.6,
    "contrast": 25.0,
    "shadows": 30.0,
    "saturation": -15.0,
}
SLIDERS = tuple(BASIC.control(name) for name in HIDDEN)


@pytest.fixture(scope="module")
def ready():
    return finish(quick(BASIC))


@pytest.fixture(scope="module")
def photo():
    return photo_of(scene(360, 240))


@pytest.fixture(scope="module")
def hidden():
    settings = Settings()
    for name, value in HIDDEN.items():
        settings = settings.replace(BASIC.control(name), value)
    return settings


def of(picture, name="target.png"):
    """A target of 8 bits."""
    return Target((picture * 255.0).round() / 255.0, name)


@pytest.fixture(scope="module")
def target(photo, hidden):
    return of(Renderer(photo, BASIC).picture(hidden))


@pytest.fixture(scope="module")
def found(photo, ready, target):
    steps = []
    work = match(photo, BASIC, ready, target, sliders=SLIDERS)
    while True:
        try:
            steps.append(next(work))
        except StopIteration as done:
            return done.value, steps


def test_hidden_settings_are_found_again(found, photo, hidden) -> None:
    answer, _ = found
    free = Free(SLIDERS, Settings(), photo.metadata)
    off = (free.fractions(answer.settings) - free.fractions(hidden)).abs()
    assert float(off.max()) < 0.02
    assert answer.mode is Mode.SCENE
    assert answer.psnr_db > 55.0
    assert answer.near.answer < 1.0 < answer.near.before


def test_the_picture_comes_nearer_as_it_goes(found) -> None:
    _, steps = found
    moved = [step for step in steps if isinstance(step, Moved)]
    assert moved[-1].decibels > moved[0].decibels + 15.0
    assert all(0 <= step.done <= step.total for step in steps)


def test_only_the_sliders_asked_for_move(found, photo, ready, target) -> None:
    answer, _ = found
    assert set(answer.settings) <= set(HIDDEN)
    one = finish(match(photo, BASIC, ready, target, sliders=[BASIC.control("exposure")]))
    assert set(one.settings) == {"exposure"}


def test_what_may_not_move_stays_where_it_is(photo, ready, hidden) -> None:
    kept = Settings().replace(BASIC.control("vibrance"), 40.0)
    brighter = kept.replace(BASIC.control("exposure"), 0.5)
    goal = of(Renderer(photo, BASIC).picture(brighter))
    work = match(photo, BASIC, ready, goal, start=kept, sliders=[BASIC.control("exposure")])
    settings = finish(work).settings
    assert settings[BASIC.control("vibrance")] == 40.0
    assert settings[BASIC.control("exposure")] == pytest.approx(0.5, abs=0.02)


def test_a_turned_and_cropped_target_is_laid_on_the_photo(photo, ready, hidden) -> None:
    picture = Renderer(photo_of(scene(720, 480)), BASIC).picture(hidden)
    cropped = of(picture.rot90(1, (2, 3))[..., 30:-40, 20:-10])
    answer = finish(match(photo, BASIC, ready, cropped, sliders=SLIDERS))
    assert answer.mode is Mode.SCENE
    assert answer.near.answer < 0.25 * answer.near.before
    assert float(answer.apart[..., :3].max()) == 0.0  # it does not show the photo's edge


def test_another_scene_is_matched_in_its_look(photo, ready) -> None:
    other = photo_of(scene(300, 300, seed=9))
    warm = Settings().replace(BASIC.control("temperature"), 9000.0)
    goal = of(Renderer(other, BASIC).picture(warm.replace(BASIC.control("exposure"), -0.8)))
    answer = finish(match(photo, BASIC, ready, goal, mode=Mode.LOOK))
    before, after = answer.look
    assert after < 0.4 * before
    assert answer.target is None


def test_a_scene_that_is_not_there_is_refused(photo, ready) -> None:
    noise = torch.rand(1, 3, 200, 300, generator=torch.Generator().manual_seed(3))
    with pytest.raises(PhotofinishError, match="does not show this photo's scene"):
        finish(match(photo, BASIC, ready, Target(noise, "noise.png"), mode=Mode.SCENE))


def test_no_slider_is_a_sentence(photo, ready, target) -> None:
    with pytest.raises(PhotofinishError, match="at least one slider"):
        finish(match(photo, BASIC, ready, target, sliders=[]))


def test_a_black_and_white_target_takes_the_color_away(photo, ready) -> None:
    gray = Renderer(photo, BASIC).picture(Settings().replace(BASIC.control("saturation"), -100.0))
    free = [BASIC.control(name) for name in ("exposure", "contrast", "saturation")]
    answer = finish(match(photo, BASIC, ready, of(gray), sliders=free))
    low, high = extremes(answer.picture)
    assert float((high - low).mean()) < 0.02
