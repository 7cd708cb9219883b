"""darktable's picture: the same from our sidecar, from hand-written parameters, stage by stage."""

import shutil
import struct
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from engine.benchmarks.quality import decibels
from engine.errors import PhotofinishError
from engine.finishers.darktable import DARKTABLE
from engine.finishers.darktable.edit import history
from engine.finishers.darktable.history import History, Item, history_of
from engine.finishers.darktable.input import input_items
from engine.finishers.darktable.layouts import told_by
from engine.finishers.darktable.operators import read_pfm
from engine.finishers.darktable.program import program
from engine.finishers.darktable.proxies import PROXIES, entered
from engine.finishers.darktable.sidecar import read_beside, read_sidecar, write_sidecar
from engine.finishers.darktable.whole import export, tap, tapped
from engine.photo import Photo, open_photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings

SETTINGS = Settings()
for name, value in {
    "exposure": 0.7,
    "clarity": 40.0,
    "contrast": 20.0,
    "temperature": 7000.0,
}.items():
    SETTINGS = SETTINGS.replace(DARKTABLE.control(name), value)


@pytest.fixture
def copied(raw, tmp_path, darktable):
    """A copy of the raw, alone in a folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    return Path(shutil.copy(raw, folder))


def plain(raw, out, *more):
    """What the user's own darktable makes of what lies in the folder."""
    own = ["--configdir", out.parent / "fresh", "--cachedir", out.parent / "cache"]
    command = ["darktable-cli", raw, *more, out, "--core", *own, "--disable-opencl"]
    subprocess.run(command, check=True, capture_output=True)
    return cv2.imread(str(out), cv2.IMREAD_UNCHANGED)


def test_a_fresh_darktable_makes_our_picture_from_the_sidecar(copied, metadata, tmp_path) -> None:
    write_sidecar(copied, SETTINGS, metadata)
    theirs = plain(copied, tmp_path / "theirs.png")
    ours = finish(export(copied, metadata, SETTINGS, tmp_path / "ours.png"))
    assert np.array_equal(theirs, cv2.imread(str(ours), cv2.IMREAD_UNCHANGED))
    neutral = finish(export(copied, metadata, Settings(), tmp_path / "neutral.png"))
    assert not np.array_equal(theirs, cv2.imread(str(neutral), cv2.IMREAD_UNCHANGED))


@pytest.mark.parametrize("order", ["2", "3"])
def test_a_users_own_way_to_color_makes_the_picture_and_stays(
    copied, metadata, tmp_path, own_input, order
) -> None:
    first = copied.with_name(f"{copied.name}.xmp")
    first.write_bytes(History(own_input, {"iop_order_version": order}).to_bytes())
    read = read_beside(copied, metadata)
    assert read.own_input == history_of(first.read_bytes()).items
    sidecar = write_sidecar(copied, SETTINGS, metadata, read.own_input)
    kept = {i.module: (i.version, i.parameters, i.enabled) for i in own_input}
    after = history_of(sidecar.read_bytes()).items
    written = {i.module: (i.version, i.parameters, i.enabled) for i in after}
    assert written.items() >= kept.items()
    theirs = plain(copied, tmp_path / "theirs.png", sidecar)
    out, shot = tmp_path / "ours.png", tmp_path / "shot.png"
    finish(export(copied, metadata, SETTINGS, out, own_input=read.own_input))
    assert np.array_equal(theirs, cv2.imread(str(out), cv2.IMREAD_UNCHANGED))
    finish(export(copied, metadata, SETTINGS, shot))
    assert not np.array_equal(theirs, cv2.imread(str(shot), cv2.IMREAD_UNCHANGED))


def test_a_users_own_view_transform_makes_his_darktables_picture_until_ours_is_moved(
    copied, metadata, tmp_path
) -> None:
    items = {i.module: i for i in history(SETTINGS, metadata).items}
    told = told_by(program(), "filmicrgb")
    items["filmicrgb"] = Item("filmicrgb", told.version, told.packed({}))
    del items["sigmoid"]
    first = copied.with_name(f"{copied.name}.xmp")
    first.write_bytes(History(tuple(items.values())).to_bytes())
    his = plain(copied, tmp_path / "his.png")
    read = read_sidecar(first, metadata)
    ours = write_sidecar(copied, read.settings, metadata)
    kept = plain(copied, tmp_path / "kept.png", ours)
    assert np.abs(kept.astype(int) - his).max() <= 2  # the temperature is read back to some kelvin
    moved = read.settings.replace(DARKTABLE.control("view_contrast"), 2.0)
    ours = write_sidecar(copied, moved, metadata)
    theirs = plain(copied, tmp_path / "moved.png", ours)
    ours = finish(export(copied, metadata, moved, tmp_path / "ours.png"))
    assert np.array_equal(theirs, cv2.imread(str(ours), cv2.IMREAD_UNCHANGED))


@pytest.mark.parametrize("module", ["temperature", "highlights", "demosaic", "hotpixels"])
def test_each_of_a_users_own_changes_what_enters(copied, metadata, own_input, module) -> None:
    alone = tuple(i for i in own_input if i.module == module)
    first = finish(tap(copied, metadata, Settings(), "", own_input=alone))
    assert not torch.equal(first, finish(tap(copied, metadata, Settings(), "")))


def test_what_enters_by_a_users_own_is_what_his_darktable_makes(
    copied, metadata, own_input, tmp_path
) -> None:
    sidecar = tmp_path / "theirs.xmp"
    sidecar.write_bytes(History(own_input, {"iop_order_version": "2"}).to_bytes())
    out = tmp_path / "theirs.pfm"
    plain(copied, out, sidecar, "--hq", "0", "--icc-type", "LIN_REC2020")
    photo = finish(open_photo(copied))
    first = finish(entered(copied, photo, max(metadata.full_size), own_input))
    assert torch.equal(first.image, read_pfm(out))
    assert first.metadata.as_shot_neutral == pytest.approx([0.5, 1.0, 1.0 / 1.2])


def test_the_stages_go_on_from_what_a_users_own_makes(copied, own_input) -> None:
    photo = finish(open_photo(copied))
    side = max(photo.metadata.full_size)
    first = finish(entered(copied, photo, side, own_input))
    live = Renderer(first, DARKTABLE, PROXIES).picture(SETTINGS)
    own = finish(tapped(copied, first, SETTINGS, None, own_input=own_input)).image
    assert decibels(live, own) > 40.0
    shot = finish(tapped(copied, photo, SETTINGS, None)).image
    assert decibels(live, shot) < 30.0


def test_parameters_written_by_hand_make_the_same_picture(copied, metadata, tmp_path) -> None:
    settings = Settings()
    for name, value in (("exposure", 0.5), ("black", 0.01), ("clarity", 60.0), ("skew", 0.2)):
        settings = settings.replace(DARKTABLE.control(name), value)
    by_hand = (
        Item("exposure", 6, struct.pack("<i4fi", 0, 0.01, 0.5, 50.0, -4.0, 0)),
        Item("sigmoid", 1, struct.pack("<4fif", 1.5, 0.2, 100.0, 0.0152, 0, 100.0)),
        Item("bilat", 3, struct.pack("<i4f", 1, 1.0, 1.0, 0.6, 0.5)),
    )
    sidecar = tmp_path / "hand.xmp"
    sidecar.write_bytes(History((*input_items(metadata), *by_hand)).to_bytes())
    theirs = plain(copied, tmp_path / "theirs.png", sidecar)
    ours = finish(export(copied, metadata, settings, tmp_path / "ours.png"))
    assert np.array_equal(theirs, cv2.imread(str(ours), cv2.IMREAD_UNCHANGED))


def test_the_stages_one_by_one_make_the_picture_of_the_whole(copied, metadata) -> None:
    entered = finish(tap(copied, metadata, SETTINGS, until=""))
    assert entered.shape[-2:] == metadata.full_size[::-1]
    renderer = Renderer(Photo(entered, metadata, None), DARKTABLE)
    *_, viewed, shown = renderer.render(SETTINGS)
    whole = finish(tap(copied, metadata, SETTINGS))
    assert float((viewed.image - whole).abs().mean()) < 1e-3
    assert 0.0 <= float(shown.image.min()) < float(shown.image.max()) <= 1.0


def test_the_tap_of_exposure_is_a_gain(copied, metadata) -> None:
    settings = Settings().replace(DARKTABLE.control("exposure"), 1.0)
    before = finish(tap(copied, metadata, settings, until=""))
    after = finish(tap(copied, metadata, settings, until="exposure"))
    assert float(before.max()) > 1.0
    assert torch.allclose(after, 2.0 * before, rtol=1e-3, atol=1e-3)


def test_the_white_that_is_chosen_becomes_neutral(copied, metadata) -> None:
    warm = Settings().replace(DARKTABLE.control("temperature"), 9000.0)
    entered = finish(tap(copied, metadata, warm, until="")).mean((0, 2, 3))
    seen = finish(tap(copied, metadata, warm, until="color_calibration")).mean((0, 2, 3))
    assert seen[0] / seen[2] > 1.2 * entered[0] / entered[2]


def test_a_format_that_darktable_is_not_asked_for(copied, metadata, tmp_path) -> None:
    with pytest.raises(PhotofinishError, match=r"\.jpg, \.png or \.tif"):
        finish(export(copied, metadata, SETTINGS, tmp_path / "out.exr"))


def test_a_render_that_fails_leaves_the_picture_that_was_there(
    metadata, tmp_path, darktable
) -> None:
    out = tmp_path / "out.jpg"
    out.write_bytes(b"a picture")
    with pytest.raises(PhotofinishError, match="darktable"):
        finish(export(tmp_path / "none.dng", metadata, SETTINGS, out))
    assert out.read_bytes() == b"a picture"
    assert list(tmp_path.glob("*.jpg*")) == [out]


def test_the_command_line_renders_writes_and_reads_back(copied, tmp_path, ask) -> None:
    out, sidecar = tmp_path / "out.jpg", tmp_path / "edit.xmp"
    status, said, _ = ask(
        *("render", copied, out, "--finisher", "darktable", "--long-side", "300"),
        *("--set", "exposure=0.5", "--set", "shadows=0.4", "--write-sidecar", sidecar),
    )
    assert (status, said.strip()) == (0, str(out))
    assert max(cv2.imread(str(out)).shape) == 300
    again = tmp_path / "again.jpg"
    arguments = ["--finisher", "darktable", "--long-side", "300", "--sidecar", sidecar]
    assert ask("render", copied, again, *arguments)[0] == 0
    assert np.array_equal(cv2.imread(str(out)), cv2.imread(str(again)))
    status, _, complaint = ask("render", copied, again, "--write-sidecar", sidecar, *arguments)
    assert (status, "is there already" in complaint) == (1, True)


def test_without_darktable_the_proxies_make_the_picture_and_the_sidecar_is_written(
    raw, tmp_path, ask, without_darktable, metadata
) -> None:
    out, sidecar = tmp_path / "out.jpg", tmp_path / "edit.xmp"
    status, _, _ = ask(
        *("render", raw, out, "--finisher", "darktable", "--operators", "live"),
        *("--set", "exposure=0.5", "--write-sidecar", sidecar),
    )
    assert status == 0
    assert cv2.imread(str(out)).shape[:2] == metadata.full_size[::-1]
    assert dict(read_sidecar(sidecar, metadata).settings.values) == {"exposure": 0.5}


def test_the_command_line_writes_taps(copied, tmp_path, ask) -> None:
    folder = tmp_path / "taps"
    status, _, _ = ask("taps", copied, folder, "--finisher", "darktable", "--set", "exposure=1")
    assert status == 0
    names = sorted(path.name for path in folder.glob("*.tif"))
    assert names[:2] == ["00_input.tif", "01_exposure.tif"]
    assert len(names) == len(DARKTABLE)


@pytest.mark.parametrize("wish", [("--linear",), ("--profile", "a.dcp"), ("--set", "glow=1")])
def test_what_darktable_does_not_do_is_told(wish, raw, tmp_path, ask) -> None:
    status, _, complaint = ask("render", raw, tmp_path / "a.jpg", "--finisher", "darktable", *wish)
    assert status == 1
    assert complaint.strip().endswith(".")


def test_a_finisher_that_there_is_not(raw, tmp_path, ask) -> None:
    status, _, complaint = ask("render", raw, tmp_path / "a.jpg", "--finisher", "magic")
    assert status == 1
    assert "There is no finisher 'magic'; there are basic and darktable." in complaint
