"""Edit: sliders as darktable's parameters and back, and what no slider can show."""

from dataclasses import replace

import pytest

from engine.benchmarks.draws import all_moved
from engine.finishers.darktable import DARKTABLE, MODULES
from engine.finishers.darktable.color_calibration import OF_THE_PICTURE, PLAIN, UNADAPTED
from engine.finishers.darktable.edit import VIEWS, history, settings_of
from engine.finishers.darktable.history import History, Item, blended
from engine.finishers.darktable.input import INPUT, input_items
from engine.finishers.darktable.layouts import layout
from engine.finishers.darktable.operators import item
from engine.settings import Settings
from engine.white import as_shot_temperature_tint

TOLERANCE = {"temperature": 60.0, "tint": 1.0}


@pytest.mark.parametrize("seed", range(8))
def test_any_settings_are_the_same_read_back(seed, metadata) -> None:
    settings = all_moved(DARKTABLE, seed)
    read = settings_of(history(settings, metadata), metadata)
    assert read.notes == ()
    for slider in DARKTABLE.sliders:
        tolerance = TOLERANCE.get(slider.name, 1e-3 * slider.high)
        if slider.name == "temperature":
            tolerance *= (settings[slider] / 5000.0) ** 2  # as large a step of mired
        assert read.settings[slider] == pytest.approx(settings[slider], abs=tolerance), slider.name


def test_neutral_is_the_input_and_the_view_transform(metadata) -> None:
    modules = [i.module for i in history(Settings(), metadata).items]
    assert modules == [*INPUT, "sigmoid"]
    assert settings_of(history(Settings(), metadata), metadata).settings == Settings()


def test_up_to_a_stage(metadata) -> None:
    settings = all_moved(DARKTABLE, 1)
    assert [i.module for i in history(settings, metadata, until="").items] == [*INPUT]
    until = history(settings, metadata, until="color_calibration").items
    assert [i.module for i in until[len(INPUT) :]] == ["exposure", "toneequal", "channelmixerrgb"]


def test_a_stage_switched_off_is_not_written(metadata) -> None:
    settings = all_moved(DARKTABLE, 1).switch("exposure", on=False)
    assert "exposure" not in [i.module for i in history(settings, metadata).items]


def test_what_no_slider_does_is_said_and_left_at_rest(metadata) -> None:
    mixed = item("channelmixerrgb", {"red": (0.0, 1.0, 0.0, 0.0), "illuminant": OF_THE_PICTURE})
    deflickered = item("exposure", {"mode": 1, "exposure": 2.0})
    old = Item("sharpen", 0, bytes(12))
    lens = Item("lens", 7, bytes(20))
    read = settings_of(History((mixed, deflickered, old, lens)), metadata)
    assert dict(read.settings.values) == {}
    said = " ".join(read.notes)
    for stage in ("color calibration", "exposure", "sharpen"):
        assert f"darktable's {stage} does what these sliders cannot show" in said
    assert "Kept, but neither shown nor exported here: darktable's lens." in said


def test_another_way_to_color_is_the_users_own_and_a_second_instance_is_said(metadata) -> None:
    way = dict(zip(INPUT, input_items(metadata), strict=True))
    way["sigmoid"] = item("sigmoid", {})
    assert settings_of(History(tuple(way.values())), metadata).notes == ()
    way["temperature"] = item("temperature", {"red": 2.5, "green": 1.0, "blue": 1.2, "g2": 1.0})
    way["highlights"] = replace(way["highlights"], enabled=False)
    twice = replace(item("exposure", {"exposure": 1.0}), kept={"multi_priority": "1"})
    read = settings_of(History((*way.values(), twice)), metadata)
    assert read.notes == ("Kept, but neither shown nor exported here: darktable's exposure.",)
    del way["sigmoid"]
    assert read.own_input == tuple(way.values())
    assert dict(read.settings.values) == {}


def test_the_temperature_is_that_of_the_light_whatever_the_users_multipliers_are(
    metadata, own_input
) -> None:
    settings = Settings()
    for name, value in {"temperature": 4000.0, "tint": 12.0, "red_from_blue": 9.0}.items():
        settings = settings.replace(DARKTABLE.control(name), value)
    balanced, shot = (history(settings, metadata, own_input=own) for own in (own_input, ()))
    module = "channelmixerrgb"
    told = [next(i for i in each.items if i.module == module) for each in (balanced, shot)]
    assert told[0].parameters != told[1].parameters
    for each in (balanced, shot):
        read = settings_of(each, metadata).settings
        for name, near in {"temperature": 60.0, "tint": 1.0, "red_from_blue": 0.01}.items():
            control = DARKTABLE.control(name)
            assert read[control] == pytest.approx(settings[control], abs=near)


LAMP = {"x": 0.44, "y": 0.40, "illuminant": 10, "adaptation": 1, "gamut": 1.0, "clip": 1}
"""Of the color of a lamp, with all else as darktable has it by default."""


@pytest.mark.parametrize("more", [{}, {"red": (0.0, 1.0, 0.0, 0.0)}], ids=["default", "mixed"])
def test_the_white_of_a_calibration_that_does_more_is_shown(metadata, own_input, more) -> None:
    found = item("channelmixerrgb", LAMP | more)
    read = settings_of(History((*own_input, found, item("sigmoid", {}))), metadata)
    assert read.notes == ("darktable's color calibration does what these sliders cannot show.",)
    assert set(read.settings.values) == {"temperature", "tint"}
    written = history(read.settings, metadata, own_input=own_input).items
    told = next(i for i in written if i.module == "channelmixerrgb").parameters
    numbers = layout("channelmixerrgb").values(told)
    assert (numbers["x"][0], numbers["y"][0]) == pytest.approx((0.44, 0.40), abs=1e-3)


@pytest.mark.parametrize("version", [2, 3], ids=["older", "masked"])
def test_a_calibration_that_is_not_read_leaves_the_white_as_shot(
    metadata, own_input, version
) -> None:
    kept = {} if version == 2 else blended(0.5)
    found = replace(item("channelmixerrgb", LAMP), version=version, kept=kept)
    shot = settings_of(History((found,)), metadata)
    assert dict(shot.settings.values) == {}
    read = settings_of(History((*own_input, found)), metadata)
    temperature, tint = as_shot_temperature_tint(metadata)
    assert read.settings[DARKTABLE.control("temperature")] == pytest.approx(temperature, abs=1.0)
    assert read.settings[DARKTABLE.control("tint")] == pytest.approx(tint, abs=0.1)


@pytest.mark.parametrize("told", [{"illuminant": OF_THE_PICTURE}, {"adaptation": UNADAPTED}])
def test_a_calibration_that_leaves_white_alone_leaves_the_slider(metadata, own_input, told) -> None:
    found = item("channelmixerrgb", LAMP | told)
    assert dict(settings_of(History((*own_input, found)), metadata).settings.values) == {}


def test_cones_that_would_not_keep_neutral_are_no_sliders(metadata) -> None:
    rest = {"green": (0.0, 1.0, 0.0, 0.0), "blue": (0.0, 0.0, 1.0, 0.0), "x": 0.35, "y": 0.36}
    for red, normalized in (((1.0, 0.2, 0.0, 0.0), 0), ((1.0, 0.0, 0.0, 0.0), 1)):
        told = {**PLAIN, **rest, "red": red, "normalize_R": normalized}
        read = settings_of(History((item("channelmixerrgb", told),)), metadata)
        assert "darktable's color calibration does what these sliders cannot show." in read.notes


def test_other_modules_and_another_way_to_color_are_kept(metadata) -> None:
    lens = Item("lens", 7, bytes(20))
    white = item("temperature", {"red": 2.5, "green": 1.0, "blue": 1.2, "g2": 1.0})
    theirs = History((lens, white, item("exposure", {"exposure": 1.0})), {"iop_order_version": "2"})
    settings = Settings().replace(DARKTABLE.control("clarity"), 30.0)
    ours = history(settings, metadata, kept=theirs)
    by_module = {i.module: i for i in ours.items}
    assert by_module["lens"] == lens
    assert by_module["temperature"] == white
    assert "exposure" not in by_module
    assert by_module["bilat"].enabled
    assert ours.order == {"iop_order_version": "2"}
    without = history(settings, metadata, kept=History((white,), theirs.order))
    assert without.order == {"iop_order_version": "3"}  # as the picture that is shown


def test_every_module_is_a_stage_of_the_finisher_in_its_order() -> None:
    stages = [module.stage.name for module in MODULES]
    assert [stage.name for stage in DARKTABLE][: len(stages)] == stages


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_a_users_own_view_transform_stays_until_ours_is_moved(metadata, view) -> None:
    theirs = Item(view, 1, bytes(8))
    edited = History((item("exposure", {"exposure": 1.0}), theirs))
    read = settings_of(edited, metadata)
    assert read.settings.off == frozenset()
    assert any(view in note and "sigmoid in its place" in note for note in read.notes)
    written = history(read.settings, metadata, kept=edited)
    assert theirs in written.items
    assert "sigmoid" not in [i.module for i in written.items]
    again = settings_of(written, metadata)
    assert (again.settings, again.notes) == (read.settings, read.notes)
    moved = read.settings.replace(DARKTABLE.control("view_contrast"), 2.0)
    switched = history(moved, metadata, kept=written)
    enabled = {i.module: i.enabled for i in switched.items}
    assert (enabled[view], enabled["sigmoid"]) == (False, True)
    again = settings_of(switched, metadata)
    assert (again.settings, again.notes) == (moved, ())


@pytest.mark.parametrize("view", ["filmicrgb", "sigmoid"])
def test_a_view_transform_switched_off_stays_so_until_ours_is_moved(metadata, view) -> None:
    off = Item(view, layout("sigmoid").version, item("sigmoid", {}).parameters, enabled=False)
    edited = History((item("exposure", {"exposure": 1.0}), off))
    read = settings_of(edited, metadata)
    assert read.settings.off == frozenset()
    assert any("switched off" in note for note in read.notes)
    written = history(read.settings, metadata, kept=edited)
    assert [i for i in written.items if i.module in (view, "sigmoid")] == [off]
    again = settings_of(written, metadata)
    assert (again.settings, again.notes) == (read.settings, read.notes)
    moved = read.settings.replace(DARKTABLE.control("view_contrast"), 2.0)
    switched = history(moved, metadata, kept=written)
    assert {i.module for i in switched.items if i.enabled} >= {"sigmoid"}
    again = settings_of(switched, metadata)
    assert (again.settings, again.notes) == (moved, ())


def test_an_edit_that_names_no_view_transform_is_shown_with_ours_and_says_so(metadata) -> None:
    read = settings_of(History((item("exposure", {"exposure": 1.0}),)), metadata)
    assert any("names no view transform" in note for note in read.notes)
    written = history(read.settings, metadata)
    assert "sigmoid" in {i.module for i in written.items if i.enabled}
    assert settings_of(written, metadata).notes == ()
    assert settings_of(History(()), metadata).notes == ()


def test_a_user_who_has_two_view_transforms_keeps_both(metadata) -> None:
    theirs = Item("filmicrgb", 1, bytes(8))
    edited = History((theirs, item("sigmoid", {})))
    read = settings_of(edited, metadata)
    assert read.notes == ("Kept, but neither shown nor exported here: darktable's filmicrgb.",)
    for contrast in (None, 2.0):
        settings = read.settings
        if contrast is not None:
            settings = settings.replace(DARKTABLE.control("view_contrast"), contrast)
        enabled = {i.module: i.enabled for i in history(settings, metadata, kept=edited).items}
        assert (enabled["filmicrgb"], enabled["sigmoid"]) == (True, True)
