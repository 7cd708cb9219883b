"""Styles: the tables hold what was measured; who was shown the sliders is the nearest."""

import pytest

from engine.benchmarks.photos import made_photos
from engine.benchmarks.styles import RULES, sorted_looks, styles
from engine.errors import PhotofinishError
from engine.finishers.basic import BASIC
from engine.live.operators import compiled_operators
from engine.progress import finish

GREY = "LUT_3D_SIZE 2\n" + "".join(
    f"{v} {v} {v}\n"
    for b in (0.0, 1.0)
    for g in (0.0, 1.0)
    for r in (0.0, 1.0)
    for v in [(r + g + b) / 3.0]
)
PLAIN = "LUT_3D_SIZE 2\n" + "".join(
    f"{r} {g} {b}\n" for b in (0.0, 1.0) for g in (0.0, 1.0) for r in (0.0, 1.0)
)


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("looks")
    for name, text in (("grey", GREY), ("plain", PLAIN)):
        (folder / f"{name}.cube").write_text(text)
    work = styles(
        BASIC,
        compiled_operators(BASIC),
        made_photos(24, 160, 0),
        made_photos(4, 160, 1),
        [folder / "grey.cube", folder / "plain.cube"],
    )
    return finish(work)


@pytest.mark.parametrize("rule", RULES)
def test_who_knows_more_is_nearer(said, rule) -> None:
    told = said["delta_e"][rule]
    assert told["supervised"] < told["style"] < told["neutral"]
    assert told["supervised"] < told["preset"]


def test_a_sequence_does_not_flicker_more_than_its_light(said) -> None:
    assert said["sequence"]["change_over_fixed"] < 1.2
    assert said["sequence"]["change_over_fixed"] <= said["sequence"]["change_each_over_fixed"]


def test_color_and_none_are_told_apart(said) -> None:
    assert said["picked_of_8"] > 0.9


def test_a_folder_without_looks_is_told(tmp_path) -> None:
    with pytest.raises(PhotofinishError, match="fewer than 8"):
        sorted_looks(tmp_path)
