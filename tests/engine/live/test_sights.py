"""In a fleeting frame one stage looks at its picture, and all have looked after a few."""

import numpy as np
import pytest
import torch

from engine.difference import delta_e_2000
from engine.finishers.basic import BASIC
from engine.live.analysed import Analysed
from engine.live.operators import live_operators
from engine.live.renderer import LiveRenderer
from engine.photo import Photo
from engine.progress import finish
from engine.settings import Settings
from engine.stage import Operator
from tests.engine.live.test_renderer import EDIT, RAWS, edit, opened, shown, unpacked
from tests.photos import photo_of, scene

AREAWISE = ("dehaze", "tone_mapping", "clarity", "texture")


@pytest.fixture(scope="module")
def photo() -> Photo:
    return photo_of(scene(240, 160))


@pytest.fixture
def rested(
    photo: Photo, monkeypatch: pytest.MonkeyPatch
) -> tuple[LiveRenderer, dict[str, Operator], list[str]]:
    """A renderer at rest, its operators, and which of them have looked so far."""
    operators, looks = live_operators(BASIC), []

    def watch(name: str, operator: Analysed) -> None:
        see = operator._see

        def seeing(*picture: object) -> object:
            looks.append(name)
            return see(*picture)

        monkeypatch.setattr(operator, "_see", seeing)

    for name, operator in operators.items():
        if isinstance(operator, Analysed):
            watch(name, operator)
    renderer = LiveRenderer(photo, BASIC, operators)
    shown(renderer, at())
    return renderer, operators, looks


def passing(renderer: LiveRenderer, settings: Settings) -> np.ndarray:
    return finish(renderer.render(settings, moving=True, fleeting=True))


def at(**values: float) -> Settings:
    return edit(**{**EDIT, **values})


def test_the_stages_take_turns(rested) -> None:
    renderer, _, looks = rested
    assert sorted(looks) == sorted(("detail", *AREAWISE))
    for _ in range(2):
        looks.clear()
        for step in range(1, 5):
            passing(renderer, at(temperature=5000.0 + 37.0 * step + len(looks)))
            assert len(looks) == step
        assert sorted(looks) == sorted(AREAWISE)


def test_a_stage_whose_own_slider_moves_leaves_the_turn_to_the_others(rested) -> None:
    renderer, _, looks = rested
    looks.clear()
    for step in range(1, 4):
        passing(renderer, at(dehaze=20.0 + step))
    assert sorted(looks) == sorted(AREAWISE[1:])


def test_a_picture_that_differs_by_more_than_a_slider_is_looked_at(photo: Photo, rested) -> None:
    renderer, operators, looks = rested
    looks.clear()
    other = at(exposure=-1.0, temperature=9000.0, dehaze=-30.0, shadows=80.0)
    assert np.array_equal(
        passing(renderer, other), passing(LiveRenderer(photo, BASIC, operators), other)
    )
    assert set(looks) == set(AREAWISE)  # noise is looked for before all that has moved


def test_at_rest_all_is_seen_afresh(photo: Photo) -> None:
    renderer = LiveRenderer(photo, BASIC)
    shown(renderer, at())
    for step in range(1, 4):
        passing(renderer, at(exposure=0.7 + 0.3 * step))
    settings = at(exposure=1.6)
    assert np.array_equal(shown(renderer, settings), shown(LiveRenderer(photo, BASIC), settings))


@pytest.mark.parametrize("name", ["made", *RAWS])
@pytest.mark.parametrize("slider", ["luminance_noise", "temperature", "exposure", "dehaze"])
def test_what_passes_by_is_nearly_what_comes_to_rest(name: str, slider: str) -> None:
    """In steps as a hand makes them: through half of the slider in half a second."""
    photo, control = opened(name), BASIC.control(slider)
    renderer = LiveRenderer(photo, BASIC)
    for step in range(16):
        settings = at().replace(control, float(control.denormalize(0.3 + 0.03 * step)))
        pixels = passing(renderer, settings)
    apart = delta_e_2000(
        unpacked(pixels), unpacked(shown(LiveRenderer(photo, BASIC), settings))
    ).flatten()
    assert apart.mean() < 1.0
    assert torch.quantile(apart, 0.99) < 3.0
