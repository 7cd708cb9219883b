"""The verbs that need the window: they answer in both forms, and run on any raw."""

import json
from pathlib import Path

import numpy as np
import pytest

from editor import bench
from editor.cli import cli
from engine.finishers.basic import BASIC
from engine.finishers.darktable import DARKTABLE
from engine.stage import Kind
from resources.dng import write_dng

every_finisher = pytest.mark.parametrize(
    "finisher", [BASIC, DARKTABLE], ids=lambda finisher: finisher.name
)


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("raw") / "small.dng"
    light = np.random.default_rng(0).integers(200, 60000, (48, 64, 3)).astype(np.uint16)
    write_dng(path, light, WhiteLevel=65535)
    return path


@every_finisher
def test_the_edit_keeps_every_stage_with_sliders_busy(finisher):
    edit = bench.EDITS[finisher.name]
    assert {c.name for c in finisher.controls} >= edit.keys()
    for stage in finisher:
        busy = any(slider.name in edit for slider in stage.sliders)
        assert busy or not stage.sliders or stage.name == "creative_lut"  # that takes a file


def test_bench_open(raw, capsys, qapp):
    assert cli.main(["bench", "open", str(raw), "--repeats", "2", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert 0 < said["decode"]["median_ms"] < said["first_paint"]["median_ms"]
    assert said["first_paint"]["median_ms"] <= said["first_paint"]["p95_ms"]


@every_finisher
def test_every_areawise_slider_and_one_of_every_other_stage_is_dragged(finisher):
    dragged = {case.slider.name for case in bench.cases(finisher)}
    for stage in finisher:
        names = {slider.name for slider in stage.sliders}
        if stage.kind is Kind.AREAWISE:
            assert names <= dragged
        else:
            assert names & dragged or not names or stage.name == "creative_lut"
    for case in bench.cases(finisher):
        active = [s.kind for s in finisher if not s.idle(s.values(case.edit))]
        assert (Kind.AREAWISE in active) or case.kind == "pointwise"


@every_finisher
def test_bench_drag(finisher, raw, capsys, qapp, monkeypatch):
    few = [case for case in bench.cases(finisher) if case.slider.name in ("exposure", "clarity")]
    monkeypatch.setattr(bench, "cases", lambda _: few)
    # long enough for thumbnails, which come every tenth of a second, however fast the machine is
    arguments = ["--finisher", finisher.name, "--frames", "80", "--json"]
    assert cli.main(["bench", "drag", str(raw), *arguments]) == 0
    said = json.loads(capsys.readouterr().out)
    for kind in ("pointwise", "areawise"):
        assert 0 < said[kind]["median_ms"] <= said[kind]["p95_ms"]
        assert said[kind]["long_side"] == 1600
        assert 0 <= said[kind]["reduced_share"] <= 1
        assert said["at_60_hz"][kind]["median_ms"] > 0
    assert said["areawise"]["full_size_ms"]["median_ms"] > 0
    assert said["settle"]["median_ms"] > 0
    assert said["settle"]["jump_mean"] <= said["settle"]["jump_p99"]
    assert said["thumbnails_hz"] > 0
    assert set(said["sliders"]) == {"exposure", "exposure, all areawise", "clarity"}
    assert not list(raw.parent.glob("*.xmp"))


@pytest.mark.parametrize("verb", [["edit"], ["bench", "open"], ["bench", "drag"]])
def test_a_file_that_is_not_there_is_one_sentence(verb, tmp_path, capsys):
    assert cli.main([*verb, str(tmp_path / "no.dng"), "--json"]) == 1
    printed = capsys.readouterr()
    assert "no.dng" in json.loads(printed.out)["error"]
    assert printed.err.count("\n") == 1
