"""Settings are immutable, hold only what was moved, and compare by what they do."""

import pickle

import pytest

from engine.settings import Settings
from engine.slider import Slider

EXPOSURE = Slider("exposure", -5.0, 5.0)
TINT = Slider("tint", -150.0, 150.0, None)


def test_a_new_edit_is_neutral() -> None:
    assert Settings()[EXPOSURE] == 0.0
    assert Settings()[TINT] is None


def test_replace_leaves_the_old_edit_alone() -> None:
    before = Settings()
    after = before.replace(EXPOSURE, 1.0)
    assert (before[EXPOSURE], after[EXPOSURE]) == (0.0, 1.0)
    with pytest.raises(TypeError):
        after.values["exposure"] = 2.0  # type: ignore[index]


def test_back_at_the_default_is_neutral_again() -> None:
    assert Settings().replace(EXPOSURE, 1.0).replace(EXPOSURE, 0) == Settings()
    assert Settings().replace(TINT, 0.0) != Settings(), "tint 0 is not as shot"
    assert Settings().replace(TINT, 0.0).replace(TINT, None) == Settings()


def test_switching_a_stage_off_keeps_its_values() -> None:
    off = Settings().replace(EXPOSURE, 1.0).switch("exposure", on=False)
    assert off[EXPOSURE] == 1.0
    assert off.off == {"exposure"}
    assert off.switch("exposure", on=True) == Settings().replace(EXPOSURE, 1.0)


def test_reset_touches_only_what_it_names() -> None:
    edit = Settings().replace(EXPOSURE, 1.0).replace(TINT, 5.0)
    assert edit.reset([EXPOSURE]) == Settings().replace(TINT, 5.0)


def test_equal_edits_hash_alike_and_survive_pickling_to_a_thread() -> None:
    a = Settings().replace(EXPOSURE, 1.0).replace(TINT, 5.0)
    b = Settings().replace(TINT, 5.0).replace(EXPOSURE, 1.0)
    assert a == b
    assert hash(a) == hash(b)
    assert pickle.loads(pickle.dumps(a)) == a
