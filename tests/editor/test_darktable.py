"""darktable in the window: switched to and back, shown, saved, exported, matched, and missing."""

import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
import tifffile
import torch
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from qimage2ndarray import byte_view

from editor.export_dialog import ExportDialog, default_wish
from editor.exporting import Exporter, Wish
from editor.opening import opening
from editor.qimage import to_bytes
from editor.view import displayed
from editor.window import Window
from engine.difference import delta_e_2000
from engine.finishers.basic import BASIC
from engine.finishers.darktable import DARKTABLE
from engine.finishers.darktable.history import History, Item
from engine.finishers.darktable.operators import item
from engine.finishers.darktable.sidecar import read_beside, read_sidecar
from engine.finishers.darktable.whole import export, tapped, truth
from engine.match.match import Mode
from engine.match.target import read_target
from engine.photo import open_photo
from engine.progress import finish
from engine.settings import Settings
from tests.editor.hands import LEFT, WAIT, Hands
from tests.editor.raws import write_raw


class Desk(Hands):
    """Drives a window that can be switched."""

    def switch(self, name: str) -> None:
        """Click on a finisher, and wait until the photo is open with it."""
        with self.qtbot.waitSignal(self.window.document.photo_changed, timeout=WAIT):
            self.click(name)
        self.rest()

    def click(self, name: str) -> None:
        self.qtbot.mouseClick(self.window.switch.buttons[name], LEFT)

    def take(self, raw: Path) -> None:
        """Open a raw file and rest."""
        with self.qtbot.waitSignal(self.window.document.photo_changed, timeout=WAIT):
            self.window.session.open([raw])
        self.rest()

    def rest_by_darktable(self) -> None:
        """Wait for darktable's own picture of what the document says."""
        darkroom, canvas = self.window.darkroom, self.window.canvas
        self.qtbot.waitUntil(
            lambda: (
                canvas.frame is not None
                and canvas.frame.by_darktable
                and canvas.frame.request is darkroom.asked
            ),
            timeout=WAIT,
        )

    def edit(self, slider: str, to: float) -> Settings:
        """Drag a slider, and wait until that is saved."""
        with self.qtbot.waitSignal(self.window.session.saved, timeout=WAIT):
            self.drag(self.window.panel.row(slider), to)
        self.rest()
        return self.window.document.settings

    @property
    def state(self) -> str:
        return self.window.status.state.text()


@pytest.fixture
def desks(qtbot, dressed):
    opened = []

    def make() -> Desk:
        window = Window(BASIC, opening, DARKTABLE)
        opened.append(window)
        window.resize(1024, 700)
        window.darkroom.largest_preview = 400
        window.show()
        return Desk(qtbot, window)

    yield make
    for each in opened:
        each.close()
        each.deleteLater()


@pytest.fixture
def desk(desks) -> Desk:
    return desks()


@pytest.fixture
def raw(tmp_path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return write_raw(folder / "shot.dng")


def sidecars(raw: Path) -> list[str]:
    return sorted(path.name for path in raw.parent.glob("*.xmp"))


def balanced_in_darktable(raw: Path) -> tuple[Item, ...]:
    """What a user has made of the way to color, in the sidecar beside `raw`."""
    way = (
        item("temperature", {"red": 1.3, "green": 1.0, "blue": 3.0, "g2": 1.0}),
        item("highlights", {"mode": 0, "clip": 0.5}),
    )
    first = raw.with_name(f"{raw.name}.xmp")
    edit = History((*way, item("sigmoid", {})), {"iop_order_version": "2"})
    first.write_bytes(edit.to_bytes())
    return way


def told(items: tuple[Item, ...]) -> list[tuple[str, bytes]]:
    return [(i.module, i.parameters) for i in items]


def names(window: Window) -> list[str]:
    return [stage.name for stage in window.document.finisher]


@pytest.mark.usefixtures("without_darktable")
class TestWithoutDarktable:
    """Everything but its own pictures is there."""

    def test_the_switch_works_without_a_photo(self, desk):
        window = desk.window
        desk.click("darktable")
        assert window.document.finisher is DARKTABLE
        assert list(window.panel.groups) == list(window.strip.buttons) == names(window)
        assert not window.panel.isEnabled()
        desk.key(Qt.Key.Key_F, CTRL_SHIFT)
        assert window.document.finisher is BASIC
        assert window.switch.buttons["basic"].isChecked()
        assert list(window.panel.groups) == list(window.strip.buttons) == names(window)

    def test_both_edits_of_a_photo_live_side_by_side(self, desk, raw):
        window = desk.window
        desk.take(raw)
        ours = desk.edit("contrast", 0.7)
        desk.switch("darktable")
        assert window.document.settings == Settings()
        assert window.document.undo_stack.count() == 0
        assert list(window.panel.groups) == list(window.strip.buttons) == names(window)
        assert all(button.image is not None for button in window.strip.buttons.values())
        theirs = desk.edit("skew", 0.7)
        desk.switch("basic")
        assert window.document.settings == ours
        desk.switch("darktable")
        assert window.document.settings == pytest.approx(theirs)
        assert sidecars(raw) == ["shot.dng.xmp", "shot.xmp"]

    def test_a_photo_opens_with_the_finisher_it_was_edited_with_last(self, desks, raw):
        other = Path(shutil.copy(raw, raw.with_name("other.dng")))
        desk = desks()
        desk.take(raw)
        desk.edit("contrast", 0.7)
        desk.switch("darktable")
        desk.edit("skew", 0.7)
        desk.switch("basic")
        desk.window.close()
        again = desks()
        again.take(raw)
        assert again.window.document.finisher is DARKTABLE
        assert again.window.switch.buttons["darktable"].isChecked()
        again.take(other)  # has no edit: the one in use
        assert again.window.document.finisher is DARKTABLE
        again.switch("basic")
        again.take(other)
        assert again.window.document.finisher is BASIC

    def test_the_status_says_that_it_is_a_preview(self, desk, raw):
        desk.take(raw)
        assert desk.state.startswith("Exact")
        desk.switch("darktable")
        assert desk.state.startswith("Preview of darktable, which is not installed")
        assert desk.window.banner.sentence == ""

    def test_a_users_white_balance_is_shown_and_kept_and_the_rest_is_told(self, desk, raw):
        way = balanced_in_darktable(raw)
        desk.take(raw)
        desk.switch("darktable")
        said = "Kept, but not shown without darktable: its highlights."
        assert desk.window.banner.sentence == said
        camera = desk.window.document.photo.metadata.as_shot_neutral
        assert camera == pytest.approx([1.0 / 1.3, 1.0, 1.0 / 3.0])
        red, green, blue = (each.mean() for each in pixels(desk.window.canvas.frame.image))
        assert blue > green
        assert blue > red
        desk.edit("exposure", 0.6)
        assert sidecars(raw) == ["shot.dng.xmp", "shot_01.dng.xmp"]
        second = read_sidecar(raw.with_name("shot_01.dng.xmp"), desk.window.document.photo.metadata)
        assert set(told(second.own_input)) >= set(told(way))

    def test_what_is_exported_says_who_made_it(self, desk, raw, tmp_path, monkeypatch):
        window = desk.window
        desk.take(raw)
        desk.switch("darktable")
        desk.edit("exposure", 0.6)
        with desk.qtbot.waitSignal(window.session.exported, timeout=WAIT):
            window.session.export(Wish(tmp_path / "a.tif", space="prophoto", bits=32))
        assert "by the preview of darktable, which is not installed" in window.banner.sentence
        assert tifffile.imread(tmp_path / "a.tif").shape == (160, 240, 3)
        with desk.qtbot.waitSignal(window.session.exported, timeout=WAIT):
            window.session.export_tap("exposure", tmp_path / "tap.tif")
        before = tifffile.imread(tmp_path / "tap.tif")
        assert before.max() > 1.0

    def test_a_drag_that_is_switched_away_from_is_saved_and_over(self, desk, raw):
        window = desk.window
        desk.take(raw)
        row = window.panel.row("exposure")
        desk.press(row)
        desk.move(row, 0.6)
        edited = window.document.settings
        desk.key(Qt.Key.Key_F, CTRL_SHIFT)
        desk.qtbot.waitUntil(lambda: window.document.finisher is DARKTABLE, timeout=WAIT)
        desk.rest()
        assert window.canvas.frame.settled
        desk.switch("basic")
        assert window.document.settings == edited

    def test_a_number_that_is_being_typed_is_taken(self, desk, raw):
        window = desk.window
        desk.take(raw)
        row = window.panel.row("exposure")
        desk.reach(row)
        desk.qtbot.mouseClick(row.number, LEFT)
        desk.qtbot.keyClicks(row.number, "0.7")
        desk.switch("darktable")
        desk.switch("basic")
        assert window.document.settings.values == {"exposure": 0.7}

    def test_switching_while_a_photo_opens_opens_it_with_the_other(self, desk, raw):
        window = desk.window
        window.session.open([raw])
        with desk.qtbot.waitSignal(window.document.photo_changed, timeout=WAIT):
            desk.click("darktable")
        assert window.document.finisher is DARKTABLE
        assert window.document.opened.path == raw
        desk.rest()

    def test_the_one_in_use_is_no_change_and_takes_a_switch_back(self, desk, raw):
        window = desk.window
        desk.take(raw)
        desk.edit("contrast", 0.7)
        opened: list[bool] = []
        window.document.photo_changed.connect(lambda: opened.append(True))
        desk.click("basic")
        with desk.qtbot.waitSignal(
            window.session.progressed, timeout=WAIT, check_params_cb=lambda _, step: step is None
        ):
            desk.click("darktable")
            desk.click("basic")
        assert window.document.finisher is BASIC
        assert window.switch.buttons["basic"].isChecked()
        assert window.document.undo_stack.count() == 1
        assert opened == []

    def test_a_switch_that_fails_leaves_all_as_it_was(self, desk, raw):
        window = desk.window
        desk.take(raw)
        settings = desk.edit("contrast", 0.7)
        raw.rename(raw.with_name("gone.dng"))
        with desk.qtbot.waitSignal(window.session.failed, timeout=WAIT):
            desk.click("darktable")
        desk.qtbot.waitUntil(lambda: window.switch.buttons["basic"].isChecked(), timeout=WAIT)
        assert window.document.finisher is BASIC
        assert window.document.settings == settings
        assert window.banner.sentence.endswith(".")

    def test_settings_of_the_other_finisher_are_not_pasted(self, desk, raw):
        window = desk.window
        desk.take(raw)
        for slider, sentence in (
            ("vibrance", "These are settings for Photofinish."),  # both have it
            ("dehaze", "This finisher has no control named dehaze."),
        ):
            desk.edit(slider, 0.7)
            desk.control(Qt.Key.Key_C, shift=True)
            desk.switch("darktable")
            desk.control(Qt.Key.Key_V, shift=True)
            assert window.banner.sentence == sentence
            assert window.document.settings == Settings()
            desk.switch("basic")
        QGuiApplication.clipboard().clear()

    def test_a_sidecar_that_somebody_has_changed_meanwhile_is_kept(self, desk, raw):
        window = desk.window
        desk.take(raw)
        desk.switch("darktable")
        desk.edit("exposure", 0.6)
        sidecar = raw.with_name("shot.dng.xmp")
        theirs = sidecar.read_bytes().replace(b'darktable:enabled="1"', b'darktable:enabled="0"')
        sidecar.write_bytes(theirs)
        desk.edit("exposure", 0.65)
        last = desk.edit("exposure", 0.7)
        assert sidecar.read_bytes() == theirs
        assert sidecars(raw) == ["shot.dng.xmp", "shot_01.dng.xmp"]
        assert read_beside(raw, window.document.photo.metadata).settings == pytest.approx(last)

    def test_what_a_users_own_sidecar_holds_beyond_the_sliders_is_told(self, desk, raw):
        desk.take(raw)
        desk.switch("darktable")
        desk.edit("exposure", 0.6)
        sidecar = raw.with_name("shot.dng.xmp")
        theirs = sidecar.read_text().replace('operation="sigmoid"', 'operation="lens"')
        sidecar.write_text(theirs)
        desk.switch("basic")
        desk.switch("darktable")
        assert "darktable's lens" in desk.window.banner.sentence
        assert "exposure" in desk.window.document.settings

    def test_an_edit_that_cannot_be_saved_is_told(self, desk, raw):
        window = desk.window
        desk.take(raw)
        desk.switch("darktable")
        shutil.rmtree(raw.parent)
        said: list[str] = []
        window.session.failed.connect(said.append)
        desk.drag(window.panel.row("exposure"), 0.7)
        desk.qtbot.waitUntil(lambda: any("cannot be written" in s for s in said), timeout=WAIT)
        desk.rest()
        assert window.canvas.frame.request.settings == window.document.settings


CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def at_darktable(desk, raw, darktable) -> Desk:
    """A desk with a photo that is open with darktable, which is installed."""
    desk.click("darktable")
    desk.take(raw)
    desk.rest_by_darktable()
    return desk


class TestByDarktable:
    """Its own pictures take the place of the previews."""

    def test_its_picture_follows_and_the_status_says_whose_it_is(self, at_darktable, raw):
        desk, window = at_darktable, at_darktable.window
        seen = []
        window.darkroom.framed.connect(lambda frame: seen.append((frame, desk.state)))
        desk.drag(window.panel.row("exposure"), 0.65)
        desk.rest_by_darktable()
        preview = [frame for frame, said in seen if said.startswith("Preview of darktable")]
        assert len(preview) == len(seen) - 1
        assert desk.state.startswith("darktable")
        frame = window.canvas.frame
        own = its(window, raw, None, frame.request.long_side)
        assert np.array_equal(pixels(frame.image), own)
        jump = delta_e_2000(colors(preview[-1].image), colors(frame.image))
        assert 0.0 < float(jump.mean()) < 1.0  # not the same, but as near as nobody sees

    def test_a_tap_its_difference_and_before_are_its_own(self, at_darktable, raw):
        desk, window = at_darktable, at_darktable.window
        desk.drag(window.panel.row("exposure"), 0.65)
        desk.rest_by_darktable()
        side = window.canvas.frame.request.long_side
        finished = pixels(window.canvas.frame.image)
        desk.qtbot.mouseClick(window.strip.buttons["exposure"], LEFT)
        desk.rest_by_darktable()
        tap = its(window, raw, "exposure", side)
        assert np.array_equal(pixels(window.canvas.frame.image), tap)
        desk.key(Qt.Key.Key_D)
        desk.rest_by_darktable()
        assert pixels(window.canvas.frame.image).mean() > 140  # brighter than what entered
        desk.key(Qt.Key.Key_BracketRight)
        desk.rest_by_darktable()
        idle = pixels(window.canvas.frame.image).astype(int)
        assert abs(idle - 128).max() <= 1  # the tone equalizer does nothing
        desk.key(Qt.Key.Key_Escape)
        desk.rest_by_darktable()
        assert np.array_equal(pixels(window.canvas.frame.image), finished)
        desk.qtbot.keyPress(window, Qt.Key.Key_Backslash)
        desk.rest_by_darktable()
        assert pixels(window.canvas.frame.image).mean() < finished.mean()
        desk.qtbot.keyRelease(window, Qt.Key.Key_Backslash)
        desk.rest_by_darktable()
        assert np.array_equal(pixels(window.canvas.frame.image), finished)

    def test_clipping_is_marked_on_its_picture(self, at_darktable):
        desk, window = at_darktable, at_darktable.window
        desk.drag(window.panel.row("exposure"), 0.9)
        desk.rest_by_darktable()
        desk.key(Qt.Key.Key_J)
        desk.rest_by_darktable()
        marked = byte_view(window.canvas.frame.overlay, "little")[..., 3] > 0
        bright = pixels(window.canvas.frame.image).max(0) == 255
        assert bright.any()
        assert marked[bright].all()

    def test_at_100_percent_its_full_size_is_seen(self, desk, tmp_path, darktable):
        desk.window.darkroom.largest_preview = 120
        desk.click("darktable")
        desk.take(write_raw(tmp_path / "shot.dng", 480, 320))
        window = desk.window
        desk.key(Qt.Key.Key_Z)
        desk.qtbot.waitUntil(
            lambda: window.canvas.detail is not None and window.canvas.detail.by_darktable,
            timeout=WAIT,
        )
        assert window.canvas.layer().long_side == 480
        assert desk.state == "darktable  ·  CPU  ·  full size"
        assert not window.status.running.isVisible()

    def test_export_is_its_own(self, at_darktable, raw, tmp_path, monkeypatch):
        desk, window = at_darktable, at_darktable.window
        desk.edit("exposure", 0.6)
        desk.control(Qt.Key.Key_E)
        dialog = window.findChild(ExportDialog)
        dialog.out.setText(str(tmp_path / "a.png"))
        with desk.qtbot.waitSignal(window.session.exported, timeout=WAIT):
            desk.qtbot.mouseClick(dialog.go, LEFT)
        assert window.banner.sentence == f"Exported to {tmp_path / 'a.png'} by darktable."
        opened = window.document.opened
        settings, metadata = window.document.settings, opened.photo.metadata
        finish(export(raw, metadata, settings, tmp_path / "own.png", bits=8))
        written, own = (cv2.imread(str(tmp_path / name)) for name in ("a.png", "own.png"))
        assert np.array_equal(written, own)
        out = tmp_path / "tap.tif"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
        with desk.qtbot.waitSignal(window.session.exported, timeout=WAIT):
            window.ask_export_tap("sigmoid")
        tap = finish(tapped(raw, opened.photo, settings, "sigmoid"))
        assert np.array_equal(tifffile.imread(out), tap.image[0].permute(1, 2, 0).numpy())

    def test_what_a_user_has_made_of_the_way_to_color_enters_the_first_stage(
        self, desk, raw, tmp_path, darktable
    ):
        window = desk.window
        way = balanced_in_darktable(raw)
        desk.click("darktable")
        desk.take(raw)
        desk.rest_by_darktable()
        assert window.banner.sentence == ""
        opened, frame = window.document.opened, window.canvas.frame
        assert told(opened.own_input) == told(way)
        own = its(window, raw, None, frame.request.long_side)
        assert np.array_equal(pixels(frame.image), own)
        desk.qtbot.mouseClick(window.strip.buttons["exposure"], LEFT)
        desk.key(Qt.Key.Key_D)
        desk.rest_by_darktable()
        idle = pixels(window.canvas.frame.image).astype(int)
        assert abs(idle - 128).max() <= 1  # what enters it is balanced alike
        desk.key(Qt.Key.Key_Escape)
        desk.edit("exposure", 0.6)
        settings = window.document.settings
        sidecar = raw.with_name("shot_01.dng.xmp")
        exporter = Exporter(window.document.opened, settings, opening)
        finish(exporter.picture(Wish(tmp_path / "ours.png", bits=8)))
        fresh = ["--configdir", tmp_path / "fresh", "--cachedir", tmp_path / "cache"]
        command = [darktable, raw, sidecar, tmp_path / "theirs.png", "--core", *fresh]
        subprocess.run([*command, "--disable-opencl"], check=True, capture_output=True)
        ours, theirs = (cv2.imread(str(tmp_path / f"{who}.png")) for who in ("ours", "theirs"))
        assert np.array_equal(ours, theirs)

    def test_match_has_its_picture_look_like_the_target(self, at_darktable, raw, tmp_path):
        desk, window = at_darktable, at_darktable.window
        desk.qtbot.waitUntil(lambda: window.darkroom.is_live, timeout=WAIT)
        metadata = window.document.photo.metadata
        hidden = Settings().replace(DARKTABLE.control("exposure"), 0.7)
        target = finish(export(raw, metadata, hidden, tmp_path / "target.png"))
        sliders = (DARKTABLE.control("exposure"),)
        with desk.qtbot.waitSignal(window.matching.found, timeout=4 * WAIT) as found:
            window.matching.start(read_target(target), sliders, Mode.SCENE)
        answer = found.args[0]
        exposure = window.document.settings[sliders[0]]
        assert exposure == pytest.approx(0.7, abs=0.02)
        render = truth(raw, metadata, max(answer.picture.shape))
        assert torch.equal(answer.picture, render(answer.settings))
        desk.rest_by_darktable()

    def test_closing_in_mid_render_leaves_no_process(self, at_darktable):
        desk, window = at_darktable, at_darktable.window
        desk.drag(window.panel.row("exposure"), 0.65)
        desk.qtbot.waitUntil(lambda: bool(running()), timeout=WAIT)
        window.close()
        assert running() == []
        assert window.darkroom.darktable_thread.isFinished()


def test_a_change_stops_its_render_and_a_failure_is_told_once(
    desk, raw, tmp_path, darktable, stand_in
):
    told = tmp_path / "told"
    stand_in(f'if [ -e {told} ]; then . {told}; fi\nexec {darktable} "$@"')
    window = desk.window
    desk.click("darktable")
    desk.take(raw)
    desk.rest_by_darktable()
    told.write_text("exec sleep 60")
    desk.drag(window.panel.row("exposure"), 0.6)
    desk.qtbot.waitUntil(lambda: bool(running("sleep")), timeout=WAIT)
    told.write_text("exit 1")
    desk.drag(window.panel.row("exposure"), 0.7)
    desk.qtbot.waitUntil(lambda: not running("sleep"), timeout=WAIT)
    desk.qtbot.waitUntil(lambda: bool(window.banner.sentence), timeout=WAIT)
    assert window.banner.sentence.startswith("darktable failed: ")
    desk.rest()
    assert desk.state.startswith("Preview of darktable")
    window.banner.hide()
    desk.drag(window.panel.row("exposure"), 0.8)
    desk.rest()
    assert window.canvas.frame.settled
    assert window.banner.sentence == ""  # it is not asked again


def test_where_it_cannot_read_the_photo_our_own_decode_is_shown(desk, raw, stand_in):
    stand_in("echo 'it has a headache'; exit 1")
    desk.click("darktable")
    desk.take(raw)
    sentence = desk.window.banner.sentence
    assert sentence.startswith("darktable failed: it has a headache. What is shown is a preview")
    assert desk.state.startswith("Preview of darktable, which cannot finish this photo")
    assert desk.window.canvas.frame.settled


def test_what_darktable_does_not_write_is_not_offered(qtbot) -> None:
    last = Wish(Path("/out/one.exr"), space="prophoto", linear=True, bits=32)
    dialog = ExportDialog(default_wish(Path("/raws/a.dng"), last), 4000, by_darktable=True)
    qtbot.addWidget(dialog)
    assert dialog.wish.out.suffix == ".jpg"
    assert (dialog.wish.space, dialog.wish.linear) == ("srgb", False)
    assert {dialog.space.itemData(i) for i in range(dialog.space.count())} == {
        *("srgb", "adobe-rgb", "rec2020"),
    }
    assert dialog.kind.findText("OpenEXR") < 0
    dialog.out.setText(str(Path.cwd() / "a.exr"))
    assert not dialog.go.isEnabled()
    assert dialog.complaint.text() == "darktable is asked for JPEG, PNG, TIFF here, not for .exr."


def running(name: str = "darktable") -> list[psutil.Process]:
    """The programs of that name that the test has started."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if name in process.name() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def its(window: Window, raw: Path, stage: str | None, long_side: int):
    """darktable's own tap, as the screen has it (3, H, W)."""
    photo = finish(open_photo(raw))
    settings, own_input = window.document.settings, window.document.opened.own_input
    tap = finish(tapped(raw, photo, settings, stage, long_side, own_input))
    return to_bytes(displayed(tap.image, tap.stage.space))


def pixels(image):
    """Planes (3, H, W) of a picture on the screen."""
    return np.moveaxis(byte_view(image, "little")[..., 2::-1], -1, 0).copy()


def colors(image) -> torch.Tensor:
    return torch.from_numpy(pixels(image))[None] / 255.0
