"""Match reference by the window: the sliders come to hidden settings, as one step to undo."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from editor.match_dialog import Look, MatchDialog
from editor.warming import Warming
from engine.color import SRGB
from engine.export import export
from engine.finishers.basic import BASIC
from engine.match.match import Mode
from engine.match.target import read_target
from engine.progress import finish
from engine.settings import Settings
from tests.editor.hands import LEFT, WAIT

HIDDEN = {"exposure": 0.7, "contrast": 30.0, "saturation": -20.0}


@pytest.fixture
def desk(windows):
    hands, hands.drawer = windows(BASIC)
    hands.open("a.dng")
    hands.qtbot.waitUntil(lambda: hands.window.darkroom.is_live, timeout=120_000)
    return hands


@pytest.fixture
def target(photos, tmp_path) -> Path:
    settings = Settings()
    for name, value in HIDDEN.items():
        settings = settings.replace(BASIC.control(name), value)
    out = tmp_path / "target.png"
    finish(export(photos["a.dng"], settings, out, finisher=BASIC, space=SRGB.name))
    return out


def take(desk, dialog, file) -> None:
    matching = desk.window.matching
    with desk.qtbot.waitSignals([matching.chosen], timeout=WAIT):
        dialog.take(file)


def asked(hands) -> MatchDialog:
    hands.control(Qt.Key.Key_M)
    dialog = hands.window.findChild(MatchDialog)
    assert dialog is not None
    return dialog


def test_the_sliders_come_to_hidden_settings_as_one_step(desk, target) -> None:
    window = desk.window
    dialog = asked(desk)
    take(desk, dialog, target)
    with desk.qtbot.waitSignal(window.matching.found, timeout=WAIT):
        desk.qtbot.mouseClick(dialog.run, LEFT)
    for name, value in HIDDEN.items():
        slider = BASIC.control(name)
        assert window.document.settings[slider] == pytest.approx(value, abs=0.02 * slider.high)
    assert "ΔE" in dialog.said.text()
    assert not dialog.reference.pixmap().isNull()
    photo = dialog.photo.pixmap().toImage()
    desk.qtbot.mouseClick(dialog.looks[Look.DIFFERENCE], LEFT)
    assert dialog.photo.pixmap().toImage() != photo
    desk.qtbot.mouseClick(dialog.looks[Look.BESIDE], LEFT)
    assert dialog.photo.pixmap().toImage() == photo
    assert window.document.undo_stack.count() == 1
    window.document.undo()
    assert window.document.settings == Settings()
    dialog.close()


def test_the_wipe_shows_the_reference_up_to_its_line_and_the_photo_beyond(desk, target) -> None:
    window = desk.window
    dialog = asked(desk)
    take(desk, dialog, target)
    assert not dialog.looks[Look.WIPE].isEnabled()
    with desk.qtbot.waitSignal(window.matching.found, timeout=WAIT):
        desk.qtbot.mouseClick(dialog.run, LEFT)
    window.document.set(BASIC.control("exposure"), 4.0)
    desk.rest()
    desk.qtbot.mouseClick(dialog.looks[Look.WIPE], LEFT)
    wipe = dialog.wipe
    middle = wipe.rect().center()
    aside = QPoint(middle.x() - 40, middle.y())
    wipe.move_line(0.0)
    bright = grey(wipe, aside)
    desk.qtbot.mouseClick(wipe, LEFT, pos=middle)
    assert wipe.at == pytest.approx(0.5, abs=0.01)
    assert grey(wipe, aside) < bright
    desk.key(Qt.Key.Key_Left, on=wipe)
    assert wipe.at < 0.49
    dialog.close()


def grey(widget, at) -> int:
    return widget.grab().toImage().pixelColor(at).lightness()


def test_a_picture_larger_than_the_photo_at_hand_is_matched_at_full_size(desk, target) -> None:
    window = desk.window
    window.document.opened = finish(desk.drawer.opening(Path("a.dng"), BASIC, True))
    assert max(window.document.photo.size) == 120
    with desk.qtbot.waitSignal(window.matching.found, timeout=WAIT) as found:
        window.matching.start(read_target(target), None, Mode.AUTO)
    assert found.args[0].picture.shape[-2:] == (160, 240)


def test_cancelling_leaves_the_edit_as_it_was(desk, target) -> None:
    window = desk.window
    before = window.document.settings
    dialog = asked(desk)
    take(desk, dialog, target)
    with desk.qtbot.waitSignal(window.matching.moved, timeout=WAIT):
        desk.qtbot.mouseClick(dialog.run, LEFT)
    with desk.qtbot.waitSignal(window.matching.cancelled, timeout=WAIT):
        desk.qtbot.mouseClick(dialog.cancel, LEFT)
    assert window.document.settings == before
    assert not window.document.undo_stack.canUndo()
    assert dialog.run.isEnabled()
    dialog.close()


def test_a_slider_moved_meanwhile_stays_where_the_user_put_it(desk, target) -> None:
    window = desk.window
    tint = BASIC.control("tint")
    started(desk, target)
    with desk.qtbot.waitSignal(window.matching.cancelled, timeout=WAIT):
        window.document.set(tint, 33.0)
    desk.rest()
    assert window.document.settings[tint] == 33.0
    assert not window.matching.busy


def started(desk, target) -> None:
    with desk.qtbot.waitSignal(desk.window.matching.moved, timeout=WAIT):
        desk.window.matching.start(read_target(target), None, Mode.AUTO)
    desk.qtbot.waitUntil(lambda: desk.window.document.settings != Settings(), timeout=WAIT)


def test_a_click_elsewhere_does_not_split_the_step(desk, target) -> None:
    window = desk.window
    started(desk, target)
    with desk.qtbot.waitSignal(window.matching.found, timeout=WAIT):
        window.panel.row("exposure").track.settled.emit()  # it has lost the focus
    assert window.document.undo_stack.count() == 1


def test_cancelling_after_a_click_elsewhere_leaves_no_step(desk, target) -> None:
    window = desk.window
    started(desk, target)
    window.document.settle()
    with desk.qtbot.waitSignal(window.matching.cancelled, timeout=WAIT):
        desk.key(Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert window.document.settings == Settings()
    assert window.document.undo_stack.count() == 0


def test_another_photo_leaves_this_one_as_it_was(desk, target) -> None:
    started(desk, target)
    desk.open("b.dng")
    assert not desk.window.matching.busy
    assert desk.window.document.settings == Settings()
    desk.window.close()
    assert desk.drawer.saved == {"a.dng": [], "b.dng": []}


def test_closing_the_window_leaves_the_photo_as_it_was(desk, target) -> None:
    started(desk, target)
    desk.window.close()
    assert not desk.window.matching.busy
    assert desk.drawer.saved["a.dng"] == []


def test_after_a_match_the_users_drag_is_one_step_and_saved(desk, target) -> None:
    window = desk.window
    started(desk, target)
    desk.drag(window.panel.row("tint"), 0.8)
    assert not window.matching.busy
    assert window.document.undo_stack.count() == 2
    desk.qtbot.waitUntil(
        lambda: desk.drawer.saved["a.dng"][-1:] == [window.document.settings], timeout=WAIT
    )


def test_a_broken_picture_is_refused_in_words(desk, tmp_path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    dialog = asked(desk)
    with desk.qtbot.waitSignal(desk.window.matching.refused, timeout=WAIT):
        dialog.take(broken)
    assert desk.window.document.settings == Settings()
    assert "broken.jpg" in dialog.said.text()
    assert not dialog.run.isEnabled()
    dialog.close()


def test_a_dropped_picture_is_the_reference(desk, target) -> None:
    dialog = asked(desk)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(target))])
    copy = Qt.DropAction.CopyAction
    none = Qt.KeyboardModifier.NoModifier
    with desk.qtbot.waitSignal(desk.window.matching.chosen, timeout=WAIT):
        dialog.dropEvent(QDropEvent(QPointF(20, 20), copy, mime, LEFT, none))
    assert dialog.target.name == target.name
    assert dialog.run.isEnabled()
    dialog.close()


def test_escape_cancels_what_the_dialog_runs(desk, target) -> None:
    window = desk.window
    dialog = asked(desk)
    take(desk, dialog, target)
    with desk.qtbot.waitSignal(window.matching.moved, timeout=WAIT):
        desk.qtbot.mouseClick(dialog.run, LEFT)
    with desk.qtbot.waitSignal(window.matching.cancelled, timeout=WAIT):
        desk.key(Qt.Key.Key_Escape, on=dialog)
    assert window.document.settings == Settings()
    assert window.document.undo_stack.count() == 0


def test_the_photo_in_the_dialog_goes_with_the_sliders(desk) -> None:
    dialog = asked(desk)
    before = dialog.photo.pixmap().toImage()
    assert not before.isNull()
    desk.window.document.set(BASIC.control("exposure"), 2.0)
    desk.rest()
    assert dialog.photo.pixmap().toImage() != before
    dialog.close()


def test_only_the_checked_sliders_move(desk, target) -> None:
    window = desk.window
    dialog = asked(desk)
    assert dialog.sliders.sliders is None
    for slider in BASIC.sliders:
        dialog.sliders.check(slider, on=slider.name == "exposure")
    assert dialog.sliders.sliders == (BASIC.control("exposure"),)
    take(desk, dialog, target)
    with desk.qtbot.waitSignal(window.matching.found, timeout=WAIT):
        desk.qtbot.mouseClick(dialog.run, LEFT)
    assert set(window.document.settings.values) == {"exposure"}
    dialog.close()


def test_with_no_slider_checked_a_sentence_says_so(desk, target) -> None:
    window = desk.window
    dialog = asked(desk)
    for slider in BASIC.sliders:
        dialog.sliders.check(slider, on=False)
    take(desk, dialog, target)
    with desk.qtbot.waitSignal(window.matching.failed, timeout=WAIT):
        desk.qtbot.mouseClick(dialog.run, LEFT)
    assert dialog.said.text() == "Choose at least one slider that may move."
    assert window.document.undo_stack.count() == 0
    dialog.close()


def test_before_the_stages_are_compiled_a_sentence_says_so(desk, target, monkeypatch) -> None:
    window = desk.window
    dialog = asked(desk)
    take(desk, dialog, target)
    monkeypatch.setattr(Warming, "quick", None)
    desk.qtbot.mouseClick(dialog.run, LEFT)
    assert "not ready yet" in dialog.said.text()
    assert dialog.run.isEnabled()
    window.document.set(BASIC.control("tint"), 5.0)
    window.document.settle()
    desk.qtbot.waitUntil(lambda: bool(desk.drawer.saved["a.dng"]), timeout=WAIT)
    dialog.close()
