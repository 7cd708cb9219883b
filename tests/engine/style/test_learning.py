"""Learning: what a folder has to hold, and what is said of one that does not."""

import shutil

import numpy as np
import platformdirs
import pytest
import torch
from PIL import Image

from engine.errors import PhotofinishError
from engine.finishers.basic import BASIC
from engine.progress import finish
from engine.settings import Settings
from engine.sidecar import Sidecar
from engine.style import learning
from engine.style.learning import learn_edits, learn_pictures, without_bars
from engine.training.rules import Rule
from resources.dng import write_dng
from tests.engine.style.conftest import RULE
from tests.photos import scene


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_: str(tmp_path / "cache"))


@pytest.fixture
def raws(tmp_path):
    """Eight raws, each edited by its light."""
    folder = tmp_path / "raws"
    folder.mkdir()
    for i in range(8):
        light = scene(96, 64, seed=i)[0].permute(1, 2, 0) * (0.2 + 0.08 * i)
        codes = np.round(light.clamp(0.0, 1.0).numpy() * 65535).astype(np.uint16)
        path = folder / f"{i}.dng"
        write_dng(path, codes, WhiteLevel=65535)
        edit = Settings().replace(BASIC.control("exposure"), 2.0 - 0.2 * i)
        Sidecar.for_raw(path, BASIC).write(edit)
    return folder


def test_three_pictures_are_too_few(shots, folder_of) -> None:
    folder = folder_of(shots[:3], RULE)
    with pytest.raises(PhotofinishError, match=r"at least 8 pictures, better fifty; .* holds 3"):
        finish(learn_pictures(folder, "few", BASIC))


def test_black_and_broken_pictures_are_left_out_and_told(shots, folder_of) -> None:
    folder = folder_of(shots[:10], RULE)
    Image.new("RGB", (60, 40)).save(folder / "black.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    learned = finish(learn_pictures(folder, "some", BASIC))
    assert learned.style.count == 10
    assert learned.notes[0].startswith("2 files were left out, the first because: black.png is of")


def test_black_pictures_alone_are_a_sentence(tmp_path) -> None:
    for i in range(9):
        Image.new("RGB", (60, 40)).save(tmp_path / f"{i}.png")
    with pytest.raises(PhotofinishError, match=r"holds 0\. 9 more cannot be used, .* single color"):
        finish(learn_pictures(tmp_path, "night", BASIC))


def test_two_looks_in_one_folder_are_told(shots, folder_of) -> None:
    grey = Rule(fixed={"saturation": -100.0})
    vivid = Rule(warmth=60.0, fixed={"vibrance": 60.0})
    folder = folder_of(shots[:20], grey)
    for path in folder_of(shots[20:], vivid).iterdir():
        shutil.copy(path, folder / f"vivid_{path.name}")
    notes = finish(learn_pictures(folder, "both", BASIC)).notes
    assert any("two looks" in note for note in notes)
    assert finish(learn_pictures(folder_of(shots, RULE), "one", BASIC)).notes == ()


def test_black_bars_are_no_part_of_a_film_still(shots, finished) -> None:
    picture = finished(shots[0], Settings()) * 0.9 + 0.1
    still = torch.zeros(1, 3, picture.shape[-2] + 30, picture.shape[-1])
    still[..., 15:-15, :] = picture
    assert torch.equal(without_bars(still), picture)
    assert torch.equal(without_bars(picture), picture)


def test_a_light_in_the_night_is_not_cut_out() -> None:
    night = torch.zeros(1, 3, 60, 90)
    night[..., 30:33, 40:44] = 1.0
    assert torch.equal(without_bars(night), night)


def test_raws_where_pictures_were_meant_are_told(raws) -> None:
    with pytest.raises(PhotofinishError, match="raws but no pictures"):
        finish(learn_pictures(raws, "raws", BASIC))


def test_no_folder_is_a_sentence(tmp_path) -> None:
    with pytest.raises(PhotofinishError, match="is no folder"):
        finish(learn_pictures(tmp_path / "nowhere", "none", BASIC))


def test_what_was_measured_is_not_measured_again(shots, folder_of, monkeypatch) -> None:
    folder = folder_of(shots[:12], RULE)
    first = learn_pictures(folder, "look", BASIC)
    for _ in range(6):
        next(first)
    first.close()  # cut off half way
    opened = []
    read = learning.read_target
    monkeypatch.setattr(learning, "read_target", lambda path: opened.append(path) or read(path))
    finish(learn_pictures(folder, "look", BASIC))
    assert len(opened) == 7
    finish(learn_pictures(folder, "look", BASIC))
    assert len(opened) == 7


def test_edits_beside_raws_are_learned(raws, operators) -> None:
    learned = finish(learn_edits(raws, "mine", BASIC, operators))
    assert learned.style.learned_from == "edits"
    assert learned.style.sliders == ("exposure",)
    assert learned.style.count == 8


def test_a_new_edit_of_a_known_raw_counts(raws, operators) -> None:
    finish(learn_edits(raws, "mine", BASIC, operators))
    contrast = Settings().replace(BASIC.control("contrast"), 30.0)
    sidecar = Sidecar.for_raw(raws / "0.dng", BASIC)
    sidecar.read()
    sidecar.write(contrast)
    assert finish(learn_edits(raws, "mine", BASIC, operators)).style.sliders == (
        "exposure",
        "contrast",
    )


def test_raws_without_edits_teach_nothing(raws, operators) -> None:
    for path in raws.glob("*.xmp"):
        path.unlink()
    with pytest.raises(PhotofinishError, match="at least 8 edited raws"):
        finish(learn_edits(raws, "mine", BASIC, operators))
