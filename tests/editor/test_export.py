"""Export by the window: what is written is what the engine finishes; cancelling leaves nothing."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from editor.export_dialog import ExportDialog, default_wish
from editor.exporting import Wish
from engine.renderer import Renderer
from tests.editor.conftest import SMALL
from tests.editor.hands import LEFT, WAIT, Hands


def _dialog(hands: Hands) -> ExportDialog:
    hands.control(Qt.Key.Key_E)
    dialog = hands.window.findChild(ExportDialog)
    assert dialog is not None
    return dialog


def test_the_dialog_exports_the_picture_as_edited(hands: Hands, tmp_path: Path) -> None:
    window = hands.window
    hands.drag(window.panel.row("gain"), 0.6)
    dialog = _dialog(hands)
    dialog.out.setText(str(tmp_path / "a.png"))
    dialog.bits.setCurrentIndex(dialog.bits.findData(16))
    with hands.qtbot.waitSignal(window.session.exported, timeout=WAIT):
        hands.qtbot.mouseClick(dialog.go, LEFT)
    from PIL import Image

    with Image.open(tmp_path / "a.png") as written:
        assert written.size == (240, 160)
    assert str(tmp_path / "a.png") in window.banner.sentence
    assert not window.status.running.isVisible()


def test_kind_and_name_follow_each_other_and_bits_fit(hands: Hands, tmp_path: Path) -> None:
    dialog = _dialog(hands)
    dialog.out.setText(str(tmp_path / "a.tif"))
    assert dialog.kind.currentText() == "TIFF"
    assert not dialog.quality.isEnabled()
    assert {dialog.bits.itemData(i) for i in range(dialog.bits.count())} == {8, 16, 32}
    dialog.kind.setCurrentIndex(dialog.kind.findText("JPEG"))
    assert dialog.out.text().endswith("a.jpg")
    assert dialog.quality.isEnabled()
    assert dialog.bits.currentData() == 8
    dialog.reject()


@pytest.mark.parametrize("name", ["nowhere/a.jpg", "a.doc", "a.dng"])
def test_a_wish_that_cannot_be_met_is_refused_in_words(hands: Hands, tmp_path: Path, name) -> None:
    dialog = _dialog(hands)
    dialog.out.setText(str(tmp_path / name))
    assert not dialog.go.isEnabled()
    assert dialog.complaint.text().endswith(".")
    dialog.reject()


def test_the_next_export_is_offered_as_the_last_was() -> None:
    last = Wish(Path("/out/one.tif"), space="rec2020", bits=32)
    assert default_wish(Path("/raws/two.dng"), last) == Wish(
        Path("/out/two.tif"), "rec2020", bits=32
    )
    assert default_wish(Path("/raws/two.dng")).out == Path("/raws/two.jpg")


def test_cancel_ends_an_export_and_leaves_no_file(hands: Hands, tmp_path: Path) -> None:
    session = hands.window.session
    session.progressed.connect(lambda _, progress: progress and progress.done and session.cancel())
    with hands.qtbot.waitSignal(session.progressed, timeout=WAIT, check_params_cb=_nothing_runs):
        session.export(Wish(tmp_path / "a.tif"))
    assert list(tmp_path.iterdir()) == []
    assert hands.window.banner.sentence == ""


def _nothing_runs(_title: str, progress: object) -> bool:
    return progress is None


def test_a_tap_is_exported_as_its_own_floats(hands: Hands, tmp_path: Path, monkeypatch) -> None:
    window, out = hands.window, tmp_path / "gain.tif"
    hands.drag(window.panel.row("gain"), 0.8)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    hands.qtbot.mouseClick(window.strip.buttons["gain"], LEFT)
    with hands.qtbot.waitSignal(window.session.exported, timeout=WAIT):
        hands.control(Qt.Key.Key_E, shift=True)
    taps = Renderer(window.document.photo, SMALL).render(window.document.settings)
    tap = next(tap for tap in taps if tap.stage.name == "gain")
    assert np.array_equal(tifffile.imread(out), tap.image[0].permute(1, 2, 0).numpy())


def test_export_decodes_the_full_size_first(hands: Hands, drawer, tmp_path: Path) -> None:
    from editor.exporting import Exporter
    from engine.progress import finish

    half = finish(drawer.opening(Path("b.dng"), SMALL, True))
    assert max(half.photo.size) == 120
    exporter = Exporter(half, hands.window.document.settings, drawer.opening)
    finish(exporter.picture(Wish(tmp_path / "b.tif")))
    assert tifffile.imread(tmp_path / "b.tif").shape == (240, 160, 3)
