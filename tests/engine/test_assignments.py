"""NAME=VALUE as people type it."""

import pytest

from engine.assignments import assigned
from engine.errors import PhotofinishError
from engine.settings import Settings
from tests.engine.controls import FINISHER


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("exposure=0.5", {"exposure": 0.5}),
        ("EXPOSURE = +.5", {"exposure": 0.5}),
        ("Exposure2012=-1e-1", {"exposure": -0.1}),
        ("crs:exposure2012=1", {"exposure": 1.0}),
        ("exposure=0", {}),
        ("temperature=5200", {"temperature": 5200.0}),
        ("temperature=as-shot", {}),
        ("Tint=As Shot", {}),
        (
            "tone_curve=0,0;128,140;255,255",
            {"tone_curve": ((0.0, 0.0), (128.0, 140.0), (255.0, 255.0))},
        ),
        (
            "ToneCurvePV2012Red=0, 10; 255, 250;",
            {"tone_curve_red": ((0.0, 10.0), (255.0, 250.0))},
        ),
        ("lut=/a path/with=signs.cube", {"lut": "/a path/with=signs.cube"}),
        ("lut=", {}),
    ],
)
def test_what_is_understood(text, values):
    assert assigned(Settings(), text, FINISHER).values == values


def test_the_last_one_wins():
    once = assigned(Settings(), "exposure=1", FINISHER)
    assert assigned(once, "exposure=2", FINISHER).values == {"exposure": 2.0}
    assert assigned(once, "exposure=0", FINISHER) == Settings()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("exposure", "not of the form NAME=VALUE"),
        ("exposur=1", "no control named 'exposur'; did you mean 'exposure'"),
        ("zzz=1", r"no control named 'zzz'\."),
        ("=1", "no control named ''"),
        ("exposure=bright", "Exposure needs a number, not 'bright'"),
        ("exposure=", "Exposure needs a number"),
        ("exposure=nan", "Exposure needs a number"),
        ("exposure=9", "between -5 and 5"),
        ("exposure=as-shot", "needs a number"),
        ("tone_curve=1,2,3", "needs points like"),
        ("tone_curve=5", "needs points like"),
        ("tone_curve=0,0", "at least two points"),
        ("tone_curve=9,0;3,255", "rising x"),
    ],
)
def test_what_is_not_is_told(text, sentence):
    with pytest.raises(PhotofinishError, match=sentence):
        assigned(Settings(), text, FINISHER)
