"""Sequence: sliders that run smoothly from frame to frame."""

from itertools import pairwise

import pytest

from engine.errors import PhotofinishError
from engine.finishers.basic import BASIC
from engine.settings import Settings
from engine.style.sequence import KEY, frames_in, key_frames, smooth

EXPOSURE = BASIC.control("exposure")


def exposed(ev: float) -> Settings:
    return Settings().replace(EXPOSURE, ev)


def test_frames_follow_their_numbers(tmp_path) -> None:
    for name in ("shot_10.dng", "shot_9.dng", "shot_100.DNG", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in frames_in(tmp_path)] == [
        "shot_9.dng",
        "shot_10.dng",
        "shot_100.DNG",
    ]


def test_one_frame_is_no_sequence(tmp_path) -> None:
    (tmp_path / "one.dng").touch()
    with pytest.raises(PhotofinishError, match="two or more"):
        frames_in(tmp_path)


@pytest.mark.parametrize("count", [2, 3, KEY, KEY + 1, 60])
def test_the_first_and_the_last_frame_are_predicted(count) -> None:
    keys = key_frames(count)
    assert keys[0] == 0
    assert keys[-1] == count - 1
    assert max(b - a for a, b in pairwise(keys)) <= KEY


def test_an_even_change_stays_even(others) -> None:
    keys = {key: exposed(0.02 * key) for key in key_frames(25)}
    found = [float(s[EXPOSURE]) for s in smooth(keys, 25, others[0], BASIC)]
    assert found == pytest.approx([0.02 * i for i in range(25)], abs=1e-3)


def test_a_guess_that_is_off_makes_no_jump(others) -> None:
    keys = {key: exposed(1.0 if key == 12 else 0.0) for key in key_frames(25)}
    found = [float(s[EXPOSURE]) for s in smooth(keys, 25, others[0], BASIC)]
    steps = [abs(b - a) for a, b in pairwise(found)]
    assert max(found) <= 0.5 + 1e-6
    assert max(steps) < 0.1
