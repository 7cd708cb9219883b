"""The window as a user meets it: real events in, picture, panel and files out."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from qimage2ndarray import byte_view

from editor.readout import readout
from editor.slider_row import TICKS
from editor.status_line import state_text
from engine.settings import Settings
from tests.editor.conftest import GAIN, WARMTH
from tests.editor.hands import LEFT, WAIT, Hands
from tests.photos import metadata

CTRL = Qt.KeyboardModifier.ControlModifier


def mean(hands: Hands) -> float:
    return float(byte_view(hands.picture()).mean())


def test_opening_shows_picture_histogram_and_every_tap(hands):
    window = hands.window
    assert window.canvas.frame.image.width() > 200
    assert window.histogram.counts.sum() == 4 * hands.picture().width() * hands.picture().height()
    assert all(button.image is not None for button in window.strip.buttons.values())
    assert window.windowTitle() == "a.dng – Photofinish"
    assert "240 × 160" in window.status.shot.text()


def test_an_empty_window_invites_and_lets_nothing_be_edited(windows):
    hands, _ = windows(_small())
    assert "Open a raw photograph" in hands.window.canvas.hint.text()
    assert not hands.window.panel.isEnabled()
    assert not hands.window.export_button.isEnabled()


def _small():
    from tests.editor.conftest import SMALL

    return SMALL


def test_a_drag_changes_picture_histogram_and_the_taps_behind_it(hands):
    window = hands.window
    before, counts = mean(hands), window.histogram.counts
    images = {name: button.image for name, button in window.strip.buttons.items()}
    hands.drag(window.panel.row("gain"), 0.7)
    hands.rest()
    assert mean(hands) > before
    assert not np.array_equal(window.histogram.counts, counts)
    changed = {n for n, b in window.strip.buttons.items() if b.image is not images[n]}
    assert changed == {"gain", "finish"}


def test_a_drag_is_one_step_of_undo(hands):
    document, row = hands.window.document, hands.window.panel.row("gain")
    hands.drag(row, 0.7, steps=9)
    hands.drag(row, 0.8, steps=9)
    assert document.undo_stack.count() == 2
    first = document.undo_stack.command(0).after
    hands.control(Qt.Key.Key_Z)
    assert document.settings == first
    hands.control(Qt.Key.Key_Z)
    assert document.settings == Settings()
    hands.control(Qt.Key.Key_Z, shift=True)
    assert document.settings == first
    assert row.track.value() == round(TICKS * GAIN.normalize(first[GAIN]))


def test_a_drag_there_and_back_leaves_no_step(hands):
    row = hands.window.panel.row("gain")
    hands.press(row)
    hands.move(row, 0.8)
    hands.move(row, 0.5)
    hands.release(row, 0.5)
    assert hands.window.document.undo_stack.count() == 0


def test_shift_moves_a_slider_finely(hands):
    row = hands.window.panel.row("gain")
    hands.press(row)
    hands.qtbot.mouseMove(row.track, hands.point(row, 0.5))
    to = hands.point(row, 0.7)
    shift = Qt.KeyboardModifier.ShiftModifier
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(to), row.track.mapToGlobal(QPointF(to)), LEFT, LEFT, shift
    )
    QApplication.sendEvent(row.track, event)
    hands.release(row, 0.7)
    assert hands.window.document.settings[GAIN] == pytest.approx(0.2, abs=0.05)


def test_a_number_can_be_typed(hands):
    row = hands.window.panel.row("gain")
    hands.type(row, "-1,5")
    assert hands.window.document.settings[GAIN] == -1.5
    assert row.number.text() == "\N{MINUS SIGN}1.50"
    assert row.name.font().bold()


@pytest.mark.parametrize(("text", "says"), [("seven", "needs a number"), ("7", "between -5 and 5")])
def test_a_number_that_does_not_fit_is_refused_in_words(hands, text, says):
    row = hands.window.panel.row("gain")
    hands.type(row, text)
    assert says in hands.window.banner.sentence
    assert hands.window.document.settings == Settings()
    assert row.number.text() == "0.00"


def test_escape_takes_back_what_was_typed(hands):
    row = hands.window.panel.row("gain")
    hands.qtbot.mouseClick(row.number, LEFT)
    hands.qtbot.keyClicks(row.number, "3")
    hands.qtbot.keyClick(row.number, Qt.Key.Key_Escape)
    assert row.number.text() == "0.00"
    assert hands.window.document.settings == Settings()


def test_arrow_keys_step_and_a_burst_is_one_undo_step(hands):
    row, document = hands.window.panel.row("gain"), hands.window.document
    row.track.setFocus()
    for _ in range(3):
        hands.qtbot.keyPress(row.track, Qt.Key.Key_Right)
    hands.qtbot.keyRelease(row.track, Qt.Key.Key_Right)
    assert document.settings[GAIN] == pytest.approx(3 * GAIN.step)
    assert document.undo_stack.count() == 1
    hands.key(Qt.Key.Key_PageDown, on=row.track)
    assert document.settings[GAIN] == pytest.approx(-7 * GAIN.step)


def test_the_wheel_steps_a_focused_slider_and_scrolls_over_any_other(hands):
    row, document = hands.window.panel.row("gain"), hands.window.document
    middle = QPointF(row.track.rect().center())
    hands.wheel(row.track, middle, 1)
    assert document.settings == Settings()
    row.track.setFocus()
    hands.wheel(row.track, middle, 2)
    assert document.settings[GAIN] == pytest.approx(2 * GAIN.step)
    with hands.qtbot.waitSignal(document.settled, timeout=WAIT):
        pass  # a moment after the last notch


def test_double_click_resets_without_a_trace_of_its_first_click(hands):
    row, document = hands.window.panel.row("gain"), hands.window.document
    hands.drag(row, 0.9)
    moved = document.settings
    at = hands.point(row, 0.2)
    hands.qtbot.mouseClick(row.track, LEFT, pos=at)
    hands.qtbot.mouseDClick(row.track, LEFT, pos=at)
    assert document.settings == Settings()
    hands.control(Qt.Key.Key_Z)
    assert document.settings == moved


def test_as_shot_is_shown_as_a_number_and_double_click_returns_to_it(hands):
    row, document = hands.window.panel.row("warmth"), hands.window.document
    assert row.number.text() == "5000"
    hands.type(row, "3000")
    assert document.settings[WARMTH] == 3000.0
    hands.qtbot.mouseDClick(row.name, LEFT)
    assert document.settings == Settings()
    assert row.number.text() == "5000"


def test_stepping_from_as_shot_starts_at_its_number(hands):
    row = hands.window.panel.row("warmth")
    row.track.setFocus()
    hands.key(Qt.Key.Key_Right, on=row.track)
    assert hands.window.document.settings[WARMTH] == 5050.0


def test_a_stage_switched_off_is_neutral_and_comes_back(hands):
    window = hands.window
    neutral = mean(hands)
    hands.drag(window.panel.row("gain"), 0.8)
    hands.rest()
    bright = mean(hands)
    group = window.panel.groups["gain"]
    hands.qtbot.mouseClick(group.power, LEFT)
    hands.rest()
    assert mean(hands) == neutral
    assert not group.body.isEnabled()
    hands.control(Qt.Key.Key_Z)
    hands.rest()
    assert mean(hands) == bright


def test_reset_of_a_stage_and_of_all(hands):
    window, document = hands.window, hands.window.document
    hands.drag(window.panel.row("gain"), 0.8)
    hands.drag(window.panel.row("warmth"), 0.2)
    both = document.settings
    hands.qtbot.mouseClick(window.panel.groups["gain"].reset, LEFT)
    assert set(document.settings) == {"warmth"}
    hands.control(Qt.Key.Key_R)
    assert document.settings == Settings()
    hands.control(Qt.Key.Key_Z)
    hands.control(Qt.Key.Key_Z)
    assert document.settings == both


def test_settings_are_copied_to_another_photo(hands):
    window = hands.window
    hands.drag(window.panel.row("gain"), 0.8)
    settings = window.document.settings
    hands.control(Qt.Key.Key_C, shift=True)
    hands.open("b.dng")
    assert window.document.settings == Settings()
    hands.control(Qt.Key.Key_V, shift=True)
    assert window.document.settings == settings
    hands.control(Qt.Key.Key_Z)
    assert window.document.settings == Settings()


def test_a_clipboard_without_settings_is_refused_in_words(hands):
    QGuiApplication.clipboard().setText("a shopping list")
    hands.control(Qt.Key.Key_V, shift=True)
    assert hands.window.banner.sentence == "The clipboard holds no settings."
    assert hands.window.document.settings == Settings()


def test_holding_backslash_compares_with_neutral(hands):
    neutral = mean(hands)
    hands.drag(hands.window.panel.row("gain"), 0.8)
    hands.rest()
    finished = mean(hands)
    hands.qtbot.keyPress(hands.window, Qt.Key.Key_Backslash)
    hands.rest()
    assert mean(hands) == neutral
    hands.qtbot.keyRelease(hands.window, Qt.Key.Key_Backslash)
    hands.rest()
    assert mean(hands) == finished


def test_clipping_is_marked_at_the_histogram_and_shown_on_the_picture(hands):
    window = hands.window
    hands.drag(window.panel.row("gain"), 0.9)
    hands.rest()
    assert window.histogram.bright.lit
    assert window.canvas.frame.overlay is None
    hands.qtbot.mouseClick(window.histogram.bright, LEFT)
    hands.rest()
    shown = byte_view(window.canvas.frame.overlay, "little")[..., 3] > 0
    white = byte_view(hands.picture(), "little")[..., :3].max(-1) == 255
    assert white.any()
    assert shown[white].all()
    assert window.clipping.isChecked()
    hands.key(Qt.Key.Key_J)
    hands.rest()
    assert window.canvas.frame.overlay is None


def test_a_click_in_the_strip_shows_that_tap_and_escape_leaves_it(hands):
    window = hands.window
    finished = mean(hands)
    hands.qtbot.mouseClick(window.strip.buttons["balance"], LEFT)
    hands.rest()
    assert window.canvas.frame.tap.stage.name == "balance"
    assert window.panel.groups["balance"].eye.isChecked()
    hands.key(Qt.Key.Key_Escape)
    hands.rest()
    assert window.canvas.frame.tap.stage.name == "finish"
    assert mean(hands) == finished


def test_brackets_step_through_the_taps(hands):
    view = hands.window.darkroom
    shown = []
    for _ in range(4):
        hands.key(Qt.Key.Key_BracketLeft)
        shown.append(view.view.stage)
    assert shown == ["finish", "gain", "balance", "balance"]
    hands.key(Qt.Key.Key_BracketRight)
    assert view.view.stage == "gain"


def test_the_difference_is_grey_where_a_stage_does_nothing(hands):
    window = hands.window
    hands.qtbot.mouseClick(window.strip.buttons["gain"], LEFT)
    hands.key(Qt.Key.Key_D)
    hands.rest()
    assert np.all(np.abs(byte_view(hands.picture(), "little")[..., :3].astype(int) - 128) <= 1)
    hands.drag(window.panel.row("gain"), 0.6)
    hands.rest()
    assert byte_view(hands.picture(), "little")[..., :3].mean() > 135
    hands.key(Qt.Key.Key_Escape)
    assert not window.difference.isEnabled()


def test_zoom_keeps_the_point_under_the_pointer(hands):
    canvas = hands.window.canvas
    at = QPointF(300.0, 200.0)
    hands.wheel(canvas.viewport(), at, 3)
    before, zoom = canvas.photo_point(at), canvas.zoom
    hands.wheel(canvas.viewport(), at, 2)
    after = canvas.photo_point(at)
    assert canvas.zoom > zoom
    assert (after - before).manhattanLength() < 1.5 / canvas.zoom + 0.5
    hands.control(Qt.Key.Key_0)
    assert canvas.is_fitted


def test_z_toggles_100_percent_and_menu_keys_zoom(hands):
    canvas = hands.window.canvas
    hands.key(Qt.Key.Key_Z)
    assert canvas.zoom == 1.0
    assert hands.window.zoom_button.text() == "100 %"
    hands.key(Qt.Key.Key_Z)
    assert canvas.is_fitted
    hands.control(Qt.Key.Key_2)
    assert canvas.zoom == 2.0


def test_dragging_the_picture_pans_it(hands):
    canvas = hands.window.canvas
    canvas.zoom_to(8.0)
    point = canvas.photo_point(QPointF(100, 100))
    hands.qtbot.mousePress(canvas.viewport(), LEFT, pos=QPoint(100, 100))
    hands.qtbot.mouseMove(canvas.viewport(), QPoint(140, 120))
    hands.qtbot.mouseRelease(canvas.viewport(), LEFT, pos=QPoint(140, 120))
    moved = canvas.widget_point(point) - QPointF(140, 120)
    assert moved.manhattanLength() < 2.0


def test_while_space_is_held_the_mouse_pans_without_a_button(hands):
    canvas = hands.window.canvas
    canvas.zoom_to(8.0)
    canvas.setFocus()
    point = canvas.photo_point(QPointF(100, 100))
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    hands.qtbot.mouseMove(canvas.viewport(), QPoint(100, 100))
    hands.qtbot.mouseMove(canvas.viewport(), QPoint(140, 120))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    hands.qtbot.mouseMove(canvas.viewport(), QPoint(200, 200))
    assert (canvas.widget_point(point) - QPointF(140, 120)).manhattanLength() < 2.0


def test_keys_that_scroll_other_views_leave_the_picture_where_it_is(hands):
    canvas = hands.window.canvas
    canvas.zoom_to(8.0)
    canvas.setFocus()
    point = canvas.photo_point(QPointF(100, 100))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_End):
        QTest.keyClick(canvas, key)
    assert canvas.photo_point(QPointF(100, 100)) == point
    assert not canvas.viewport().acceptDrops()  # files that are dropped are the window's


def test_the_full_decode_follows_when_the_zoom_asks_for_it(hands):
    document = hands.window.document
    sizes = []
    document.photo_refined.connect(lambda: sizes.append(max(document.photo.size)))
    with hands.qtbot.waitSignal(document.photo_changed, timeout=WAIT):
        hands.window.session.open([_path("b.dng")])
    assert max(document.photo.size) == 120
    hands.qtbot.waitUntil(lambda: sizes == [240], timeout=WAIT)
    hands.rest()
    assert max(document.photo.size) == 240


def test_the_readout_tells_display_and_tap_values(hands):
    canvas = hands.window.canvas
    hands.qtbot.mouseMove(canvas.viewport(), canvas.rect().center())
    hands.qtbot.mouseMove(canvas.viewport(), canvas.rect().center() + QPoint(3, 3))
    text = hands.window.status.readout.text()
    assert "RGB" in text
    assert "Finish:" in text
    hands.qtbot.mouseMove(canvas.viewport(), QPoint(1, 1))
    assert hands.window.status.readout.text() == ""


def test_a_bad_file_is_told_and_the_photo_stays(hands):
    window = hands.window
    with hands.qtbot.waitSignal(window.session.failed, timeout=WAIT):
        window.session.open([_path("notes.txt")])
    assert window.banner.sentence == "notes.txt is not a raw photograph."
    assert window.document.opened.path.name == "a.dng"
    assert window.canvas.frame is not None


def _path(name):
    from pathlib import Path

    return Path(name)


def test_files_dropped_on_the_window_open(hands, tmp_path):
    window = hands.window
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "b.dng"))])
    where = QPoint(400, 300)
    move = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(where, move, mime, LEFT, Qt.KeyboardModifier.NoModifier)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(where), move, mime, LEFT, Qt.KeyboardModifier.NoModifier)
    with hands.qtbot.waitSignal(window.document.photo_changed, timeout=WAIT):
        window.dropEvent(drop)
    assert window.document.opened.path == tmp_path / "b.dng"


def test_several_files_are_listed_and_stepped_through(hands):
    window = hands.window
    assert window.filmstrip.count() == 2
    with hands.qtbot.waitSignal(window.document.photo_changed, timeout=WAIT):
        hands.control(Qt.Key.Key_Right)
    assert window.document.opened.path.name == "b.dng"
    assert window.filmstrip.currentItem().text() == "b.dng"


def test_the_edit_is_saved_on_release_and_found_again(hands, drawer):
    window = hands.window
    row = window.panel.row("gain")
    hands.press(row)
    hands.move(row, 0.8)
    assert drawer.saved["a.dng"] == []
    with hands.qtbot.waitSignal(window.session.saved, timeout=WAIT):
        hands.release(row, 0.8)
    assert drawer.saved["a.dng"] == [window.document.settings]
    assert window.status.saved.text() == "Saved"
    edited = window.document.settings
    hands.open("b.dng")
    hands.open("a.dng")
    assert window.document.settings == edited
    assert len(drawer.saved["a.dng"]) == 1


def test_a_photo_is_not_opened_before_its_edit_is_on_the_disk(hands, monkeypatch):
    window, may_write = hands.window, threading.Event()
    store = window.document.opened.store
    write = store.write

    def write_late(settings):
        may_write.wait(10)
        write(settings)

    monkeypatch.setattr(store, "write", write_late)
    hands.drag(window.panel.row("gain"), 0.8)
    edited = window.document.settings
    with hands.qtbot.waitSignal(window.document.photo_changed, timeout=WAIT):
        window.session.open([_path("a.dng")])
        hands.qtbot.wait(50)
        may_write.set()
    assert window.document.settings == edited


def test_undo_is_saved_too(hands, drawer):
    hands.drag(hands.window.panel.row("gain"), 0.8)
    hands.control(Qt.Key.Key_Z)
    hands.qtbot.waitUntil(
        lambda: bool(drawer.saved["a.dng"]) and drawer.saved["a.dng"][-1] == Settings(),
        timeout=WAIT,
    )


def test_opening_alone_writes_nothing(hands, drawer):
    hands.open("b.dng")
    hands.window.close()
    assert drawer.saved == {"a.dng": [], "b.dng": []}


def test_closing_in_mid_drag_saves_the_edit(hands, drawer):
    row = hands.window.panel.row("gain")
    hands.press(row)
    hands.move(row, 0.9)
    settings = hands.window.document.settings
    hands.window.close()
    assert drawer.saved["a.dng"] == [settings]


def test_fast_drags_end_on_the_newest_settings(hands):
    window = hands.window
    row = window.panel.row("gain")
    hands.press(row)
    for step in range(60):
        hands.move(row, 0.1 + 0.8 * (step * 37 % 60) / 60)
    hands.release(row, 0.3)
    hands.rest()
    assert window.canvas.frame.request.settings == window.document.settings
    assert window.canvas.frame.settled


def test_closing_during_a_render_is_clean(windows):
    for _ in range(5):
        hands, _ = windows(_small())
        hands.open("a.dng")
        row = hands.window.panel.row("gain")
        hands.press(row)
        hands.move(row, 0.8)
        hands.window.close()
        assert hands.window.darkroom.render_thread.isFinished()


def test_closing_while_a_photo_opens_is_clean(windows):
    hands, _ = windows(_small())
    hands.window.session.open([_path("a.dng")])
    hands.window.close()
    assert hands.window.document.photo is None


def test_the_curve_editor_adds_moves_and_removes_points(hands):
    window = hands.window
    group = window.panel.groups["finish"]
    window.panel.ensureWidgetVisible(group)
    plot = group.curves.plot
    hands.qtbot.mousePress(plot, LEFT, pos=plot.position((128, 128)).toPoint())
    hands.qtbot.mouseMove(plot, plot.position((128, 180)).toPoint())
    hands.qtbot.mouseRelease(plot, LEFT, pos=plot.position((128, 180)).toPoint())
    points = window.document.settings.values["curve"]
    assert len(points) == 3
    assert points[1] == pytest.approx((128, 180), abs=2.5)
    assert window.document.undo_stack.count() == 1
    group.curves.choose(1)
    assert plot.points == ((0.0, 0.0), (255.0, 255.0))
    group.curves.choose(0)
    hands.qtbot.mouseDClick(plot, LEFT, pos=plot.position(points[1]).toPoint())
    assert window.document.settings == Settings()


def test_a_cube_file_is_chosen_and_cleared(hands):
    group = hands.window.panel.groups["finish"]
    group.cube.take("/looks/film.cube")
    assert hands.window.document.settings.values["lut"] == "/looks/film.cube"
    assert group.cube.name.text() == "film.cube"
    hands.qtbot.mouseClick(group.cube.clear, LEFT)
    assert hands.window.document.settings == Settings()


def test_f_fills_the_screen_and_escape_leaves(hands):
    window = hands.window
    hands.key(Qt.Key.Key_F)
    assert window.isFullScreen()
    assert not window.strip.isVisible()
    hands.key(Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert window.strip.isVisible()


def test_a_drag_is_live_and_says_so_until_it_rests_exact(hands):
    window, canvas = hands.window, hands.window.canvas
    hands.qtbot.waitUntil(lambda: window.darkroom.is_live, timeout=WAIT)
    assert window.status.state.text().startswith("Exact")
    seen = []
    window.darkroom.framed.connect(lambda frame: seen.append((frame, window.status.state.text())))
    row = window.panel.row("gain")
    hands.press(row)
    hands.move(row, 0.8)
    hands.qtbot.waitUntil(lambda: bool(seen), timeout=WAIT)
    live, said = seen[0]
    assert not live.exact
    assert said.startswith("Live")
    hands.release(row, 0.8)
    hands.rest()
    assert canvas.frame.settled
    assert window.status.state.text().startswith("Exact")
    one, other = (
        byte_view(frame.image, "little")[..., :3].astype(int) for frame in (live, canvas.frame)
    )
    assert abs(one - other).mean() < 2.0  # no jump


def test_the_readout_and_the_clipping_work_in_a_drag(hands):
    window, canvas = hands.window, hands.window.canvas
    hands.qtbot.waitUntil(lambda: window.darkroom.is_live, timeout=WAIT)
    hands.key(Qt.Key.Key_J)
    hands.rest()
    row = window.panel.row("gain")
    hands.press(row)
    hands.move(row, 0.9)
    hands.qtbot.waitUntil(lambda: not canvas.frame.exact, timeout=WAIT)
    live = canvas.frame
    clipped = byte_view(live.overlay, "little")[..., 3] > 0
    pixels = byte_view(live.image, "little")[..., :3]
    assert np.array_equal(clipped, (pixels.max(-1) == 255) | (pixels.min(-1) == 0))
    assert live.bright == window.histogram.bright.lit
    text = readout(live, (120, 80))
    shown = live.image.pixelColor(120 * live.image.width() // 240, 80 * live.image.height() // 160)
    assert f"RGB {shown.red()} {shown.green()} {shown.blue()}" in text
    assert "Finish:" in text
    hands.release(row, 0.9)


def test_a_reduced_live_picture_tells_its_size(hands):
    frame = hands.window.canvas.frame
    assert state_text(frame, 240) == "Exact  ·  CPU  ·  full size"
    photo = replace(frame.request.photo, metadata=metadata(4000, 3000))
    request = replace(frame.request, opened=replace(frame.request.opened, photo=photo))
    small = replace(frame, request=request, exact=False, reduced=True)
    assert state_text(small, 1600) == "Live  ·  CPU  ·  240 px"
    assert state_text(small, 240) == "Live  ·  CPU"
