"""Style: what it predicts, its file, and those that ship."""

import json

import pytest
import torch
from safetensors.torch import save

from engine.difference import delta_e_2000
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.finishers.basic import BASIC
from engine.fractions import fractions_of
from engine.progress import finish
from engine.settings import Settings
from engine.style.descriptor import descriptor
from engine.style.features import features
from engine.style.learning import learn_pictures, learned
from engine.style.library import named, shipped
from engine.style.style import (
    KIND,
    Look,
    read_style,
    write_style,
)
from engine.style.toward import toward
from engine.style.transport import Spread, Transport
from tests.engine.style.conftest import RULE


@pytest.fixture(scope="module")
def habit(shots, operators):
    edits = [RULE.settings(photo, BASIC) for photo in shots]
    moved = [
        fractions_of(BASIC.sliders, edit, photo.metadata)
        - fractions_of(BASIC.sliders, Settings(), photo.metadata)
        for photo, edit in zip(shots, edits, strict=True)
    ]
    described = [descriptor(photo, BASIC, operators) for photo in shots]
    return finish(learned("Habit", BASIC, torch.stack(described), torch.stack(moved), edits))


def mean_apart(style, photos, operators, finished) -> float:
    total = 0.0
    for photo in photos:
        wanted = finished(photo, RULE.settings(photo, BASIC))
        found = finished(photo, style.predict(photo, BASIC, operators))
        total += float(delta_e_2000(found, wanted).mean())
    return total / len(photos)


def mean_neutral(photos, finished) -> float:
    apart = [
        delta_e_2000(finished(p, Settings()), finished(p, RULE.settings(p, BASIC))).mean()
        for p in photos
    ]
    return float(torch.stack(apart).mean())


def test_a_hidden_edit_is_found_by_where_its_features_lie(others, operators, finished) -> None:
    """A style of one picture alone, as if it had been seen many times."""
    sliders = tuple(BASIC.control(name) for name in ("exposure", "contrast", "saturation"))
    for photo in others[:3]:
        goal = finished(photo, RULE.settings(photo, BASIC))
        told = features(goal)
        wide = Spread(told, 400.0 * torch.eye(len(told), dtype=torch.float64), 10_000)
        narrow = Spread(told, torch.zeros_like(wide.covariance), 10_000)
        settings = toward(Transport(wide, narrow), photo, BASIC, operators, sliders)
        apart = delta_e_2000(finished(photo, settings), goal).mean()
        neutral = delta_e_2000(finished(photo, Settings()), goal).mean()
        assert float(apart) < 0.35 * float(neutral)


def test_pictures_teach_what_was_done_to_them(
    shots, others, folder_of, operators, finished
) -> None:
    style = finish(learn_pictures(folder_of(shots, RULE), "Look", BASIC)).style
    assert style.count == len(shots)
    apart = mean_apart(style, others, operators, finished)
    assert apart < 0.6 * mean_neutral(others, finished)


def test_edits_teach_better_than_pictures(habit, others, operators, finished) -> None:
    assert mean_apart(habit, others, operators, finished) < 0.25 * mean_neutral(others, finished)


def test_sliders_never_moved_stay(habit, others, operators) -> None:
    settings = habit.predict(others[0], BASIC, operators)
    assert set(settings.values) <= {"exposure", "contrast", "saturation"}


def test_a_style_is_the_same_from_its_file(habit, others, operators, tmp_path) -> None:
    auto = named("Auto")
    for style in (habit, auto):
        path = tmp_path / "one.style.safetensors"
        write_style(style, path)
        again = read_style(path)
        assert (again.name, again.sliders, again.count) == (style.name, style.sliders, style.count)
        wanted = style.predict(others[1], BASIC, operators)
        assert again.predict(others[1], BASIC, operators) == wanted


def test_curves_that_all_edits_share_come_along(habit, others, operators, tmp_path) -> None:
    curve = ((0.0, 0.0), (100.0, 130.0), (255.0, 255.0))
    path = tmp_path / "curved.style.safetensors"
    rest = Settings().replace(BASIC.control("tone_curve"), curve).switch("dehaze", on=False)
    write_style(type(habit)(**{**vars(habit), "rest": rest}), path)
    settings = read_style(path).predict(others[0], BASIC, operators)
    assert settings.values["tone_curve"] == curve
    assert settings.off == {"dehaze"}


def test_six_styles_ship_and_differ(others, operators, finished) -> None:
    styles = shipped()
    assert [style.name for style in styles][:2] == ["Auto", "Airy"]
    assert len(styles) == 6
    pictures = [finished(others[0], s.predict(others[0], BASIC, operators)) for s in styles]
    for i, one in enumerate(pictures):
        for other in pictures[i + 1 :]:
            assert float(delta_e_2000(one, other).mean()) > 2.0


def test_monochrome_has_no_color(others, operators, finished) -> None:
    for photo in others[:3]:
        picture = finished(photo, named("monochrome").predict(photo, BASIC, operators))
        assert float((picture.amax(1) - picture.amin(1)).mean()) < 0.04


def test_strength_goes_part_of_the_way(habit, others) -> None:
    photo = others[0]
    exposure, contrast, clarity = (
        BASIC.control(name) for name in ("exposure", "contrast", "clarity")
    )
    start = Settings().replace(clarity, 20.0)
    full = Settings().replace(exposure, 2.0).replace(contrast, 10.0)

    def at(strength):
        return habit.given(full, start, strength, photo, BASIC)

    assert at(0.0) == start
    assert at(0.5)[exposure] == pytest.approx(1.0)
    assert at(1.0)[exposure] == 2.0
    assert at(1.5)[exposure] == pytest.approx(3.0)
    assert {at(strength)[clarity] for strength in (0.5, 1.0, 1.5)} == {20.0}


def test_a_style_for_another_finisher_is_refused(habit, others, operators) -> None:
    with pytest.raises(PhotofinishError, match="finisher basic"):
        habit.predict(others[0], Finisher("other", BASIC.stages), operators)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no style",
        save({"x": torch.zeros(3)}),
        save({"x": torch.zeros(3)}, {KIND: "{}"}),
        save(
            {"before_mean": torch.zeros(3)},
            {
                KIND: json.dumps(
                    {
                        "name": "x",
                        "finisher": "basic",
                        "sliders": [],
                        "learned_from": "pictures",
                        "count": 1,
                        "rest": {"values": {}, "off": []},
                    }
                )
            },
        ),
    ],
)
def test_a_file_that_is_no_style_is_told(tmp_path, content) -> None:
    path = tmp_path / "strange.style.safetensors"
    path.write_bytes(content)
    with pytest.raises(PhotofinishError, match="no style of Photofinish"):
        read_style(path)


def test_weights_that_are_no_numbers_are_refused(habit, tmp_path) -> None:
    path = tmp_path / "broken.style.safetensors"
    style = named("Auto")
    spread = style.way.transport.after
    broken = Spread(spread.mean * float("nan"), spread.covariance, spread.count)
    write_style(type(style)(**{**vars(style), "way": Look(Transport(spread, broken))}), path)
    with pytest.raises(PhotofinishError, match="no style of Photofinish"):
        read_style(path)
