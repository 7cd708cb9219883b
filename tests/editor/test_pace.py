"""The pace: sizes of a drag's frames, from how long others took."""

from dataclasses import replace

from editor.pace import (
    AREAWISE_BUDGET,
    POINTWISE_BUDGET,
    Pace,
    Rerun,
    first_change,
    rerun,
    sides,
)
from engine.finishers.basic import BASIC
from engine.settings import Settings

SATURATION = Rerun("live", None, 11, frozenset())
CLARITY = Rerun("live", None, 5, frozenset({5}))


def edit(**values: float) -> Settings:
    settings = Settings()
    for name, value in values.items():
        settings = settings.replace(BASIC.control(name), value)
    return settings


def place(name: str) -> int:
    return [stage.name for stage in BASIC].index(name)


def test_a_pointwise_slider_has_a_frame_of_time_unless_areawise_stages_follow():
    cases = [
        ({"saturation": 5.0}, POINTWISE_BUDGET),
        ({"saturation": 5.0, "clarity": 20.0}, POINTWISE_BUDGET),
        ({"saturation": 5.0, "sharpen_amount": 20.0}, AREAWISE_BUDGET),
    ]
    for values, budget in cases:
        after = edit(**values)
        before = after.replace(BASIC.control("saturation"), 0.0)
        assert rerun("live", None, BASIC, before, after).budget == budget
    clarity = rerun("live", None, BASIC, Settings(), edit(clarity=5.0))
    assert (clarity.first, clarity.budget) == (place("clarity"), AREAWISE_BUDGET)


def test_a_stage_switched_off_has_changed_only_if_it_did_something():
    moved = edit(exposure=1.0)
    assert first_change(BASIC, moved, moved.switch("exposure", on=False)) == place("exposure")
    assert first_change(BASIC, moved, moved.switch("clarity", on=False)) == len(BASIC)


def test_frames_are_full_size_until_they_are_known_to_be_late():
    pace = Pace()
    assert pace.side(SATURATION, 1600) == 1600
    pace.note(SATURATION, 1600, 0.9 * POINTWISE_BUDGET)
    assert pace.side(SATURATION, 1600) == 1600


def test_a_late_frame_is_followed_by_one_that_should_be_in_time():
    pace = Pace()
    pace.note(CLARITY, 1600, 2.0 * AREAWISE_BUDGET)
    assert pace.side(CLARITY, 1600) == 1040  # 0.65 of the side: 0.42 of the pixels


def test_no_frame_is_smaller_than_the_least():
    pace = Pace()
    pace.note(CLARITY, 1600, 100.0 * AREAWISE_BUDGET)
    assert pace.side(CLARITY, 1600) == 800
    assert [min(sides(side)) for side in (1600, 1200, 900, 240)] == [800, 800, 800, 120]


def test_within_a_drag_the_size_only_falls():
    pace = Pace()
    pace.note(CLARITY, 1600, 2.0 * AREAWISE_BUDGET)
    first = pace.side(CLARITY, 1600)
    for _ in range(3):
        pace.note(CLARITY, 1600, 0.1 * AREAWISE_BUDGET)
        pace.note(CLARITY, first, 0.1 * AREAWISE_BUDGET)
    assert pace.side(CLARITY, 1600) == first
    pace.rest()
    assert pace.side(CLARITY, 1600) == 1600


def test_one_late_frame_among_frames_in_time_changes_nothing():
    pace = Pace()
    for seconds in (0.5, 10.0, 0.5):
        pace.note(SATURATION, 1600, seconds * POINTWISE_BUDGET)
    assert pace.side(SATURATION, 1600) == 1600


def test_a_single_frame_that_is_a_little_late_is_taken_for_bad_luck():
    pace = Pace()
    pace.note(SATURATION, 1600, 1.2 * POINTWISE_BUDGET)
    assert pace.side(SATURATION, 1600) == 1600
    pace.note(SATURATION, 1600, 1.2 * POINTWISE_BUDGET)
    assert pace.side(SATURATION, 1600) == 1280


def test_what_one_slider_costs_says_nothing_of_another():
    pace = Pace()
    pace.note(CLARITY, 1600, 10.0 * AREAWISE_BUDGET)
    assert pace.side(SATURATION, 1600) == 1600
    assert pace.side(replace(CLARITY, kind="exact"), 1600) == 1600
