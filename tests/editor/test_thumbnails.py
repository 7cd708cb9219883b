"""Thumbnails: only what has changed is shown, and every stage gets its turn."""

import pytest

from editor.frame import Thumb
from editor.thumbnails import Thumbnails
from engine.live.analysed import Analysed
from engine.live.quick import Quick
from engine.settings import Settings
from tests.editor.conftest import GAIN, SMALL, WARMTH
from tests.photos import photo_of, scene

ALL = ["balance", "gain", "finish"]


class Strip:
    """Thumbnails of the small finisher, and what they have shown since last asked."""

    def __init__(self) -> None:
        self._shown: list[Thumb] = []
        self.thumbnails = Thumbnails(photo_of(scene(60, 40)), SMALL, self._shown.append)
        self.aim(Settings(), exact=True)

    def aim(self, settings: Settings, *, exact: bool) -> None:
        self.thumbnails.aim(settings, exact=exact)

    def step(self) -> list[str]:
        """One slice of no time: a single stage."""
        self.thumbnails.run(0.0)
        return [thumb.stage for thumb in self.taken()]

    def run(self) -> list[Thumb]:
        while not self.thumbnails.done:
            self.thumbnails.slice()
        return self.taken()

    def taken(self) -> list[Thumb]:
        shown, self._shown[:] = list(self._shown), []
        return shown


@pytest.fixture
def strip() -> Strip:
    return Strip()


def gain(value: float) -> Settings:
    return Settings().replace(GAIN, value)


def names(thumbs: list[Thumb]) -> list[str]:
    return [thumb.stage for thumb in thumbs]


def test_all_are_shown_at_first_and_then_those_from_the_change_on(strip):
    assert names(strip.run()) == ALL
    strip.aim(gain(1.0), exact=True)
    assert names(strip.run()) == ALL[1:]
    strip.aim(gain(1.0), exact=True)
    assert strip.thumbnails.done


def test_a_pass_is_finished_with_the_settings_it_began_with(strip):
    strip.run()
    shown = []
    for step in range(1, 9):  # a pass ends in a step of its own
        strip.aim(Settings().replace(WARMTH, 3000.0 + 100.0 * step), exact=True)
        shown += strip.step()
    assert shown == [*ALL, *ALL]


def test_live_thumbnails_become_exact_at_rest_and_no_others_are_shown_again(strip, monkeypatch):
    monkeypatch.setattr("editor.thumbnails.PERIOD", 1e-6)
    strip.thumbnails.quicken(Quick(NotImplemented, {}))
    strip.run()
    strip.aim(gain(1.0), exact=False)
    assert {(thumb.stage, thumb.exact) for thumb in strip.run()} == {
        ("gain", False),
        ("finish", False),
    }
    strip.aim(gain(1.0), exact=True)
    assert {(thumb.stage, thumb.exact) for thumb in strip.run()} == {
        ("gain", True),
        ("finish", True),
    }


def test_live_thumbnails_go_by_what_frames_have_seen_and_exact_ones_look(strip, monkeypatch):
    monkeypatch.setattr("editor.thumbnails.PERIOD", 1e-6)
    looks, gains, seen = [], [], {}

    def see(image, metadata, statistics):
        looks.append(image.shape)
        return 0.5

    def use(image, level, metadata, statistics, **values):
        gains.append(level)
        return level * image

    operator = Analysed(see, use, {}, at_any_size=True)
    strip.thumbnails.quicken(Quick(NotImplemented, {"gain": operator}), lambda: seen)
    strip.run()
    for known in ({}, {"gain": 0.25}):
        seen.update(known)
        strip.aim(gain(1.0 + len(known)), exact=False)
        strip.run()
    assert (len(looks), gains) == (1, [0.5, 0.25])
    strip.aim(gain(2.0), exact=True)
    assert names(strip.run()) == ALL[1:]


def test_live_passes_leave_the_frames_their_time(strip, monkeypatch):
    monkeypatch.setattr("editor.thumbnails.PERIOD", 1000.0)
    strip.thumbnails.quicken(Quick(NotImplemented, {}))
    strip.run()
    strip.aim(gain(1.0), exact=False)
    assert strip.step() == []
    assert strip.thumbnails.wait > 900.0
    strip.aim(gain(1.0), exact=True)
    assert names(strip.run()) == ALL[1:]
