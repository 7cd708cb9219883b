"""Mistakes in declaring a stage or a finisher fail at import, not in a photographer's hands."""

import pytest
from torch import Tensor

from engine.finisher import Finisher
from engine.metadata import Metadata
from engine.settings import Settings
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

GLOW = Slider("glow", 0.0, 100.0)


def glow(image: Tensor, metadata: Metadata, statistics: Statistics, *, glow: Value) -> Tensor:
    return image * (1.0 + glow / 100.0)


STAGE = Stage("glow", (GLOW,), glow, Kind.PROGRAM, Space.SCENE)


def test_an_operator_must_take_its_sliders() -> None:
    with pytest.raises(TypeError, match=r"takes \['glow'\]"):
        Stage("glow", (), glow, Kind.PROGRAM, Space.SCENE)


def test_names_in_a_finisher_are_unique() -> None:
    with pytest.raises(TypeError, match="glow"):
        Finisher("twice", (STAGE, STAGE))


def test_a_stage_switched_off_has_neutral_values() -> None:
    edit = Settings().replace(GLOW, 40.0)
    assert STAGE.values(edit) == {"glow": 40.0}
    assert STAGE.values(edit.switch("glow", on=False)) == {"glow": 0.0}
    assert STAGE.idle(STAGE.neutral())


def test_looking_up_by_name() -> None:
    finisher = Finisher("one", (STAGE,))
    assert finisher.control("glow") is GLOW
    assert finisher.stage("glow") is STAGE
    with pytest.raises(KeyError):
        finisher.control("bloom")
