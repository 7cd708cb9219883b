"""Opened: the tables hold what was measured beside darktable, and tell what it cannot read."""

import shutil

import pytest

from engine.benchmarks import opened
from engine.errors import PhotofinishError
from engine.finishers.darktable import MODULES
from engine.finishers.darktable.program import found
from engine.progress import finish

pytestmark = pytest.mark.skipif(found() is None, reason="darktable is not installed")


def test_the_chain_and_every_stage_are_judged(raw) -> None:
    said = finish(opened.opened([raw], 2, 1, 256))
    assert said["photos"] == 1
    assert said["chain"]["worst_db"] > 35.0
    assert set(said["stages"]) == {module.stage.name for module in MODULES}
    for stage in said["stages"].values():
        assert stage["worst_db"] <= stage["mean_db"]
    assert said["stages"]["exposure"]["without_db"] < said["stages"]["exposure"]["mean_db"] - 15.0


def test_matches_are_scored_by_darktables_picture(raw) -> None:
    said = finish(opened.opened_matches([raw], 0, 256))
    assert said["median_db"]["ours"] > 40.0
    assert said["ours"]["most_renders"] <= 15
    assert set(said["median_db"]) == {"ours", "proxies_alone"}


def test_a_raw_that_darktable_cannot_read_is_left_out(raw, tmp_path, monkeypatch) -> None:
    other = tmp_path / "other.dng"
    shutil.copy(raw, other)
    first = opened._first

    def refuse(path, photo, long_side):
        if path == other:
            raise PhotofinishError("darktable failed: no such predictor.")
        return first(path, photo, long_side)

    monkeypatch.setattr(opened, "_first", refuse)
    said = finish(opened.opened([other, raw], 1, 0, 200))
    assert said["photos"] == 1
    assert said["left_out"] == {"other": "darktable failed: no such predictor."}
