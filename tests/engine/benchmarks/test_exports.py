"""Exports compared: who runs, in which order, and what is made of the times."""

import json
from pathlib import Path

import pytest

from engine.benchmarks import darktable, exports, rawtherapee
from engine.benchmarks.exports import at_preview_size, bench_export, moved, write_cube
from engine.benchmarks.programs import Measured
from engine.cube import load_cube
from engine.errors import PhotofinishError
from engine.finishers.basic import BASIC
from engine.progress import finish

SECONDS = {
    "render": [4.0, 2.0, 3.0],
    "darktable-cli": [8.0, 8.0, 3.0],
    "rawtherapee-cli": [1.0] * 3,
}


@pytest.fixture
def all_installed(monkeypatch):
    for program in (darktable, rawtherapee):
        monkeypatch.setattr(program, "found", lambda name=program.PROGRAM: f"/bin/{name}")


@pytest.fixture
def nothing_installed(monkeypatch):
    for program in (darktable, rawtherapee):
        monkeypatch.setattr(program, "found", lambda: None)


@pytest.fixture
def turns(monkeypatch):
    """Programs that write an empty picture and take the SECONDS; the order in which they ran."""
    order = []

    def run(command, environment=None):
        name = "render" if "render" in command else Path(command[0]).name
        next(Path(part) for part in command if part.endswith(".tif")).touch()
        order.append(name)
        turn = order.count(name) - 2  # the first is not counted
        seconds = 100.0 if turn < 0 else SECONDS[name][turn]
        pipeline = f"pixel pipeline processing took {seconds / 2:.3f} secs"
        return Measured(seconds, 10**9, pipeline if name == "darktable-cli" else "")

    monkeypatch.setattr(exports, "run_measured", run)
    return order


def test_the_programs_take_turns(raw, all_installed, turns):
    finish(bench_export(raw, 3))
    assert turns == ["render", "darktable-cli", "rawtherapee-cli"] * 4


def test_ratios_are_of_runs_that_follow_one_another(raw, all_installed, turns):
    said = finish(bench_export(raw, 3))
    assert json.loads(json.dumps(said)) == {
        "photo": "small.dng",
        "megapixels": 0.1,
        "ours": {"median_s": 3.0, "p95_s": 4.0, "peak_mb": 1000},
        "darktable": {"median_s": 8.0, "p95_s": 8.0, "peak_mb": 1000},
        "rawtherapee": {"median_s": 1.0, "p95_s": 1.0, "peak_mb": 1000},
        "faster_than_darktable": 2.0,
        "faster_than_rawtherapee": 0.33,
    }


def test_at_preview_size_only_the_others_run(raw, all_installed, turns):
    assert at_preview_size(raw, 160, 3) == {
        "darktable": 8000.0,
        "darktable_pipeline": 4000.0,
        "rawtherapee": 1000.0,
    }
    assert "render" not in turns


def test_nothing_installed_leaves_ourselves(raw, nothing_installed, turns):
    assert finish(bench_export(raw, 2)).keys() == {"photo", "megapixels", "ours"}
    assert turns == ["render"] * 3
    assert at_preview_size(raw, 160, 1) == {}


def test_a_program_that_writes_no_picture_is_told(raw, all_installed, monkeypatch):
    monkeypatch.setattr(exports, "run_measured", lambda *_: Measured(1.0, 1, ""))
    with pytest.raises(PhotofinishError, match="wrote no picture"):
        finish(bench_export(raw, 1))


def test_the_edit_moves_every_slider_of_every_stage(tmp_path):
    write_cube(tmp_path / "look.cube")
    settings = moved(BASIC, tmp_path / "look.cube")
    assert [s.name for s in BASIC.sliders if settings[s] == s.default] == []
    idle = [stage.name for stage in BASIC if stage.idle(stage.values(settings))]
    assert idle == []


def test_the_look_is_a_mild_one(tmp_path):
    write_cube(tmp_path / "look.cube")
    table = load_cube(tmp_path / "look.cube").table
    assert table.shape == (17, 17, 17, 3)
    assert table[0, 0, 16, 0] == 1.0  # red rises with the last index
    assert table.min() >= 0.0
    assert table.max() <= 1.0 + 1e-3


@pytest.mark.skipif(darktable.found() is None, reason="darktable-cli is not installed")
def test_both_programs_really_run(raw):
    said = finish(bench_export(raw, 1))
    assert said["faster_than_darktable"] > 0.0
    assert said["ours"]["median_s"] > 0.0
    assert said["darktable"]["peak_mb"] > 20
    times = at_preview_size(raw, 160, 1)
    assert 0.0 < times["darktable_pipeline"] < times["darktable"]
