"""The pace: sizes of a drag's frames, from how long others took."""

from dataclasses import replace

from editor.pace import (
    AREAWISE_BUDGET,
    PATIENCE,
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
    pace.note(CLARITY, 1600, 1.9 * AREAWISE_BUDGET)
    assert pace.side(CLARITY, 1600) == 1120  # 0.7 of the side: half of the pixels


def test_a_first_frame_that_was_late_is_soon_given_another_chance():
    pace = Pace()
    pace.note(SATURATION, 1600, 2.0 * POINTWISE_BUDGET)
    assert 1600 not in frames(pace, SATURATION, 0.5, PATIENCE)
    assert frames(pace, SATURATION, 0.5, 2 * PATIENCE)[-1] == 1600


def test_no_frame_is_smaller_than_the_least():
    pace = Pace()
    pace.note(CLARITY, 1600, 100.0 * AREAWISE_BUDGET)
    assert pace.side(CLARITY, 1600) == 800
    assert [min(sides(side)) for side in (1600, 1200, 900, 240)] == [800, 800, 800, 120]


def frames(pace: Pace, rerun: Rerun, cost: float, count: int) -> list[int]:
    """The sizes of the next frames of a drag that takes `cost` budgets at full size."""
    out = []
    for _ in range(count):
        out.append(pace.side(rerun, 1600))
        pace.note(rerun, out[-1], cost * rerun.budget * (out[-1] / 1600) ** 2)
    return out


def test_a_moment_in_which_the_machine_is_busy_is_soon_forgotten():
    pace = Pace()
    assert set(frames(pace, SATURATION, 0.8, 50)) == {1600}
    busy = frames(pace, SATURATION, 1.5, 6)
    assert busy[0] == 1600
    assert busy[-1] < 1600
    after = frames(pace, SATURATION, 0.8, 100)
    assert set(after[:10]) == {busy[-1]}  # it does not flicker
    assert set(after[50:]) == {1600}


def test_a_size_that_is_always_late_is_tried_ever_more_rarely():
    pace = Pace()
    sizes = frames(pace, SATURATION, 1.4, 4000)
    assert sizes.count(1600) / 4000 < 0.02
    assert sizes[-400:].count(1600) <= 4


def test_a_size_that_takes_far_too_long_is_tried_once():
    sizes = frames(Pace(), CLARITY, 3.0, 300)
    assert sizes.count(1600) == 1
    assert sizes[0] == 1600


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
    assert pace.side(SATURATION, 1600) == 1120


def test_what_one_slider_costs_says_nothing_of_another():
    pace = Pace()
    pace.note(CLARITY, 1600, 10.0 * AREAWISE_BUDGET)
    assert pace.side(SATURATION, 1600) == 1600
    assert pace.side(replace(CLARITY, kind="exact"), 1600) == 1600
