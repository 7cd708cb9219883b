"""Creative LUT: darktable's own answer, where the file is found, and what is told where not."""

import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from engine.benchmarks.quality import decibels
from engine.color import srgb_encode
from engine.cube import load_cube
from engine.errors import PhotofinishError
from engine.finishers.darktable import DARKTABLE, creative_lut, luts
from engine.finishers.darktable.edit import history, settings_of
from engine.finishers.darktable.history import UNBLENDED, History, blended, packed, unpacked
from engine.finishers.darktable.operators import item
from engine.finishers.darktable.proxies import PROXIES, entered
from engine.finishers.darktable.sidecar import write_sidecar
from engine.finishers.darktable.whole import export, tap
from engine.photo import open_photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from tests.looks import write_look


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """The folder that the user's darktable has for tables."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    folder, kept = tmp_path / "tables", tmp_path / "own" / "darktable" / "darktablerc"
    folder.mkdir()
    kept.parent.mkdir(parents=True)
    kept.write_text(f"a=b\n{luts.FOLDER}={folder}\n")
    return folder


def looking(path: Path, amount: float = 100.0) -> Settings:
    settings = Settings().replace(DARKTABLE.control("lut"), str(path))
    return settings.replace(DARKTABLE.control("lut_amount"), amount)


def colors() -> torch.Tensor:
    """What leaves the view transform, and a little beyond it."""
    generator = torch.Generator().manual_seed(3)
    return 1.08 * torch.rand(1, 3, 64, 96, generator=generator) ** 2.0 - 0.03


@pytest.mark.parametrize(("side", "amount"), [(2, 100.0), (17, 100.0), (17, 35.0), (33, 80.0)])
def test_the_program_is_darktables_module(side, amount, tmp_path, darktable) -> None:
    told = {"lut": str(write_look(tmp_path / "a.cube", side)), "lut_amount": amount}
    truth = creative_lut.exact(colors(), None, None, **told)
    found = creative_lut.proxy(colors(), None, None, **told)
    assert float((truth - colors()).abs().mean()) > 0.02
    assert decibels(*(srgb_encode(p.clamp(0.0, 1.0)) for p in (found, truth))) > 55.0


def test_in_its_place_the_chain_is_darktables_picture(raw, look, darktable) -> None:
    first = finish(entered(raw, finish(open_photo(raw)), 384))
    settings = looking(look, 70.0)
    for name, value in (("clarity", 60.0), ("exposure", 0.5), ("view_contrast", 2.0)):
        settings = settings.replace(DARKTABLE.control(name), value)
    truth = finish(tap(raw, first.metadata, settings, None, 384))
    shown = DARKTABLE.stages[-1].exact(truth, first.metadata, first.statistics)
    assert decibels(Renderer(first, DARKTABLE, PROXIES).picture(settings), shown) > 45.0


def test_a_fresh_darktable_finds_the_table_of_our_sidecar(
    raw, metadata, tmp_path, monkeypatch, darktable
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    copied = Path(shutil.copy(raw, tmp_path))
    settings = looking(write_look(tmp_path / "a look.cube"), 60.0)
    write_sidecar(copied, settings, metadata)
    theirs = tmp_path / "theirs.png"
    own = ["--configdir", tmp_path / "fresh", "--cachedir", tmp_path / "cache"]
    command = ["darktable-cli", copied, theirs, "--core", *own, "--disable-opencl"]
    subprocess.run(command, check=True, capture_output=True)
    ours = finish(export(copied, metadata, settings, tmp_path / "ours.png"))
    pictures = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (theirs, ours)]
    assert np.array_equal(*pictures)
    plain = finish(export(copied, metadata, Settings(), tmp_path / "plain.png"))
    assert not np.array_equal(pictures[0], cv2.imread(str(plain), cv2.IMREAD_UNCHANGED))


def test_the_folder_of_the_users_darktable_is_where_paths_begin(chosen, tmp_path) -> None:
    assert luts.folder() == chosen
    assert luts.told(str(chosen / "film" / "a.cube")) == "film/a.cube"
    assert luts.found("film/a.cube") == str(chosen / "film" / "a.cube")
    assert luts.told(str(tmp_path / "b.cube")) == "../b.cube"
    assert luts.found("../b.cube") == str(tmp_path.resolve() / "b.cube")


def test_without_a_choice_it_is_the_home_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert luts.folder() == Path.home()
    assert luts.told(str(Path.home() / "a.cube")) == "a.cube"


def test_a_path_that_darktable_has_no_room_for(chosen) -> None:
    with pytest.raises(PhotofinishError, match=r"darktable cannot use .*: its path is too long\."):
        luts.told(str(chosen / ("x" * 250) / ("y" * 250) / ("z" * 20)))


@pytest.mark.parametrize("amount", [100.0, 35.0, 0.0])
def test_the_same_read_back(amount, chosen, metadata) -> None:
    settings = looking(chosen / "sommer ü.cube", amount)
    read = settings_of(history(settings, metadata), metadata)
    assert read.notes == ()
    assert read.settings[DARKTABLE.control("lut")] == str(chosen / "sommer ü.cube")
    assert read.settings[DARKTABLE.control("lut_amount")] == pytest.approx(amount, abs=1e-3)


def test_what_the_controls_cannot_show_is_said(chosen, metadata) -> None:
    told = creative_lut.parameters(metadata, lut=str(chosen / "a.cube"), lut_amount=100.0)
    path = np.array(told["filepath"])
    path[:5] = np.frombuffer(b"a.png", np.int8)
    path[5:] = 0
    masked = bytearray(unpacked(blended(0.5)["blendop_params"]))
    struct.pack_into("<I", masked, 0, 5)
    drawn = {**UNBLENDED, "blendop_params": packed(bytes(masked))}
    for other in (
        item("lut3d", {**told, "colorspace": 1}),
        item("lut3d", {**told, "interpolation": 1}),
        item("lut3d", {**told, "filepath": path.tolist()}),
        replace(item("lut3d", told), kept=drawn),
    ):
        read = settings_of(History((other,)), metadata)
        said = "darktable's creative lut does what these sliders cannot show."
        assert said in [note for note in read.notes if "lut" in note]
        assert dict(read.settings.values) == {}


def test_another_module_that_is_blended_in_is_said(metadata) -> None:
    half = item("exposure", {"exposure": 1.0}, 0.5)
    read = settings_of(History((half,)), metadata)
    assert "darktable's exposure does what these sliders cannot show." in read.notes
    assert "exposure" not in read.settings.values


def test_a_table_that_is_not_there_is_told_before_darktable_leaves_it_out(
    raw, metadata, tmp_path
) -> None:
    settings = looking(tmp_path / "gone.cube")
    works = (tap(raw, metadata, settings), export(raw, metadata, settings, tmp_path / "a.jpg"))
    for work in works:
        with pytest.raises(
            PhotofinishError, match=r"The \.cube file .*gone\.cube cannot be read\."
        ):
            finish(work)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.cube", "LUT_1D_SIZE 2\n0 0 0\n1 1 1\n", "its table is one-dimensional"),
        ("a.txt", "", "its name does not end in .cube"),
        ("a.cube", "DOMAIN_MAX 2 2 2\n", "its table does not run from 0 to 1"),
        ("a.cube", "LUT_3D_INPUT_RANGE 0 1\n", "it says LUT_3D_INPUT_RANGE"),
    ],
)
def test_a_table_that_darktable_cannot_read(name, text, why, tmp_path) -> None:
    path = write_look(tmp_path / name, 2)
    path.write_text(text if "1D" in text else path.read_text() + text)
    with pytest.raises(PhotofinishError, match=f"darktable cannot read {name}: {why}"):
        creative_lut.cube_of(str(path))


def test_the_answer_has_the_slope_of_the_table(look) -> None:
    cube = load_cube(look)
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, 4, 5, generator=generator, dtype=torch.float64)
    image.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: creative_lut.tetrahedral(cube, x), image)


def test_the_entries_themselves_are_read_exactly(look) -> None:
    cube = load_cube(look)
    side = len(cube.table)
    places = np.stack(np.indices((side,) * 3)[::-1], 0).reshape(1, 3, side, -1) / (side - 1)
    seen = creative_lut.tetrahedral(cube, torch.from_numpy(places))
    assert torch.allclose(
        seen[0].reshape(3, -1).T.float(), torch.from_numpy(cube.table).view(-1, 3)
    )
