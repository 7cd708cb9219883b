"""Real files in the window: opened, edited, left, and found again as they were."""

import shutil
from pathlib import Path

import pytest
from qimage2ndarray import byte_view

from editor.opening import opening
from editor.window import Window
from engine.finishers.basic import BASIC
from engine.settings import Settings
from tests.editor.hands import WAIT, Hands
from tests.editor.raws import write_raw

RAWS = (
    "bmpcc_cinemadng_frame",
    "canon_eos_6d_lossy_linear",
    "canon_kissx4_magiclantern_frame",
    "gopro_fusion_front_GPFR7066",
    "gopro_hero6_GOPR0024",
    "infiniteisp_Indoor1_8bit_wrapped",
    "infiniteisp_Outdoor1_8bit_wrapped",
    "infiniteisp_Outdoor2_8bit_wrapped",
    "nikon_rose_crop_14bit_wrapped",
)


@pytest.fixture
def window(qtbot, dressed):
    opened = []

    def make() -> Hands:
        window = Window(BASIC, opening)
        opened.append(window)
        window.resize(800, 640)
        window.darkroom.largest_preview = 400
        window.show()
        return Hands(qtbot, window)

    yield make
    for each in opened:
        each.close()
        each.deleteLater()


def edit(hands: Hands, raw: Path) -> Settings:
    """Open `raw` and drag Exposure up; return what was saved."""
    window = hands.window
    with hands.qtbot.waitSignal(window.document.photo_changed, timeout=WAIT):
        window.session.open([raw])
    hands.rest()
    before = byte_view(hands.picture()).copy()
    with hands.qtbot.waitSignal(window.session.saved, timeout=WAIT):
        hands.drag(window.panel.row("exposure"), 0.62)
    hands.rest()
    assert byte_view(hands.picture()).mean() != before.mean()
    return window.document.settings


def test_a_photo_reopens_as_it_was_left(window, qtbot, tmp_path):
    raw = write_raw(tmp_path / "shot.dng")
    settings = edit(window(), raw)
    again = window()
    with qtbot.waitSignal(again.window.document.photo_changed, timeout=WAIT):
        again.window.session.open([raw])
    assert again.window.document.settings == settings
    assert again.window.document.undo_stack.count() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shot.dng", "shot.xmp"]


def test_as_shot_is_the_photos_own_white(window, tmp_path):
    hands = window()
    edit(hands, write_raw(tmp_path / "shot.dng"))
    document = hands.window.document
    temperature = document.as_shot(BASIC.control("temperature"))
    assert hands.window.panel.row("temperature").number.text() == f"{temperature:.0f}"
    assert 4500 < temperature < 5500  # the made scene is lit by D50


@pytest.mark.parametrize("content", [b"", b"a letter to a friend", b"II*\0\x08\0\0\0\0\0"])
def test_a_file_that_is_no_raw_is_told_in_a_sentence(window, qtbot, tmp_path, content):
    bad = tmp_path / "bad.dng"
    bad.write_bytes(content)
    hands = window()
    with qtbot.waitSignal(hands.window.session.failed, timeout=WAIT):
        hands.window.session.open([bad])
    assert hands.window.banner.sentence.endswith(".")
    assert "inside Photofinish" not in hands.window.banner.sentence
    assert bad.read_bytes() == content
    assert list(tmp_path.iterdir()) == [bad]


@pytest.mark.parametrize("name", RAWS)
def test_every_camera_opens_and_follows_a_drag(window, shared_data, tmp_path, name):
    raw = Path(shutil.copy(shared_data / "raws" / f"{name}.dng", tmp_path))
    hands = window()
    settings = edit(hands, raw)
    assert "exposure" in settings
    assert hands.window.status.shot.text()
    assert all(button.image for button in hands.window.strip.buttons.values())
