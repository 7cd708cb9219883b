"""Styles by the window: the photo in each, one click to have it so, one step to undo."""

from dataclasses import replace

import numpy as np
import platformdirs
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog

from engine.finishers.basic import BASIC
from engine.renderer import Renderer
from engine.settings import Settings
from engine.sidecar import Sidecar
from engine.style import library
from engine.style.style import write_style
from engine.training.rules import Rule
from resources.dng import write_dng
from tests.editor.hands import LEFT, WAIT
from tests.photos import photo_of, scene


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_data_dir", lambda *_: str(tmp_path / "data"))
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_: str(tmp_path / "cache"))


@pytest.fixture
def desk(windows):
    hands, hands.drawer = windows(BASIC)
    hands.open("a.dng", "b.dng")
    hands.qtbot.waitUntil(lambda: hands.window.darkroom.is_live, timeout=120_000)
    hands.control(Qt.Key.Key_T)
    shown(hands)
    return hands


def shown(hands) -> None:
    styling = hands.window.styling
    hands.qtbot.waitUntil(lambda: len(styling.known) == len(styling.styles), timeout=WAIT)


def click(hands, name: str) -> None:
    tiles = hands.window.styles.tiles
    (item,) = hands.window.styles._items(name)
    tiles.scrollToItem(item)
    hands.qtbot.mouseClick(tiles.viewport(), LEFT, pos=tiles.visualItemRect(item).center())


@pytest.fixture
def pictures(tmp_path):
    """Ten pictures without color."""
    folder = tmp_path / "grey"
    folder.mkdir()
    rule = Rule(fixed={"saturation": -100.0})
    for seed in range(10):
        photo = photo_of(scene(96, 64, seed=seed))
        picture = Renderer(photo, BASIC).picture(rule.settings(photo, BASIC))
        codes = (picture[0].permute(1, 2, 0) * 255.0).round().byte().numpy()
        Image.fromarray(np.ascontiguousarray(codes)).save(folder / f"{seed}.png")
    return folder


def test_a_click_gives_the_style_as_one_step(desk) -> None:
    document = desk.window.document
    click(desk, "Monochrome")
    assert document.settings.values["saturation"] < -40.0
    assert document.undo_stack.undoText() == "Style Monochrome"
    assert document.undo_stack.count() == 1
    document.undo()
    assert document.settings == Settings()


def test_one_style_after_the_other_is_as_the_last_alone(desk) -> None:
    document = desk.window.document
    click(desk, "Golden")
    golden = document.settings
    click(desk, "Moody")
    click(desk, "Golden")
    assert document.settings == golden


def test_what_the_style_is_not_about_stays(desk) -> None:
    document = desk.window.document
    document.set(BASIC.control("sharpen_amount"), 40.0)
    document.settle()
    click(desk, "Airy")
    assert document.settings.values["sharpen_amount"] == 40.0


def test_strength_is_how_much_of_it(desk) -> None:
    document, panel = desk.window.document, desk.window.styles
    click(desk, "Airy")
    whole = document.settings.values["exposure"]
    for percent in (80, 60, 50):
        panel.strength.setValue(percent)
    assert document.settings.values["exposure"] == pytest.approx(whole / 2.0, abs=0.02)
    panel.strength.setValue(0)
    assert document.settings == Settings()
    assert panel.percent.text() == "0 %"


def test_each_photo_gets_its_own_sliders(desk) -> None:
    click(desk, "Auto")
    first = desk.window.document.settings
    desk.open("b.dng")
    shown(desk)
    click(desk, "Auto")
    assert desk.window.document.settings.values["exposure"] != first.values["exposure"]


def test_the_tiles_show_the_photo_in_each_style(desk) -> None:
    panel = desk.window.styles
    pictures = [
        panel.tiles.item(row).icon().pixmap(96, 64).toImage() for row in range(panel.tiles.count())
    ]
    assert len(pictures) == 6
    assert not any(picture.isNull() for picture in pictures)
    assert all(a != b for i, a in enumerate(pictures) for b in pictures[i + 1 :])


def test_a_folder_of_pictures_becomes_a_style(desk, pictures, monkeypatch) -> None:
    panel, styling = desk.window.styles, desk.window.styling
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(pictures))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, text: (text.title(), True))
    with desk.qtbot.waitSignal(styling.learned, timeout=WAIT) as learned:
        desk.qtbot.mouseClick(panel.new, LEFT)
    assert learned.args == ["Grey"]
    assert panel.name == "Grey"
    shown(desk)
    click(desk, "Grey")
    assert desk.window.document.settings.values["saturation"] < -25.0
    assert panel.bar.isHidden()


def test_too_few_pictures_are_told(desk, pictures, monkeypatch) -> None:
    for path in list(pictures.iterdir())[3:]:
        path.unlink()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(pictures))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, text: (text, True))
    with desk.qtbot.waitSignal(desk.window.styling.failed, timeout=WAIT):
        desk.qtbot.mouseClick(desk.window.styles.new, LEFT)
    desk.qtbot.waitUntil(lambda: not desk.window.banner.isHidden())
    assert len(desk.window.styling.styles) == 6


def test_a_style_comes_from_a_file_gets_a_name_and_goes(desk, tmp_path, monkeypatch) -> None:
    panel = desk.window.styles
    file = tmp_path / "theirs.style.safetensors"
    write_style(replace(library.named("Golden"), name="Theirs"), file)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    panel._import()
    shown(desk)
    click(desk, "Theirs")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("Mine", True))
    panel._rename()
    assert [style.name for style in library.own()[0]] == ["Mine"]
    shown(desk)
    click(desk, "Mine")
    out = tmp_path / "again.style.safetensors"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    panel._export()
    assert library.named(str(out)).name == "Mine"
    panel._remove()
    assert library.own()[0] == []
    assert panel.tiles.count() == 6


def test_other_photos_at_hand_get_it_unless_they_have_an_edit(desk, tmp_path) -> None:
    files = []
    for i in range(2):
        path = tmp_path / f"{i}.dng"
        codes = np.round(scene(96, 64, seed=i)[0].permute(1, 2, 0).clamp(0, 1).numpy() * 65535)
        write_dng(path, codes.astype(np.uint16), WhiteLevel=65535)
        files.append(path)
    mine = Settings().replace(BASIC.control("contrast"), 40.0)
    Sidecar.for_raw(files[1], BASIC).write(mine)
    styling = desk.window.styling
    with desk.qtbot.waitSignal(styling.said, timeout=WAIT) as said:
        styling.give_all("Auto", 1.0, files)
    assert said.args == [
        "1 photos have got the style Auto. 1 that had an edit were left as they are."
    ]
    assert Sidecar.for_raw(files[0], BASIC).read().settings != Settings()
    assert Sidecar.for_raw(files[1], BASIC).read().settings == mine
