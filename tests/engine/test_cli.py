"""The command line: its answers in both forms, and one sentence for bad input."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from engine import cli
from engine.finishers.basic import BASIC
from engine.settings import Settings
from engine.sidecar import read_edit, write_edit
from resources.dng import write_dng

BRIGHT = Settings().replace(BASIC.control("exposure"), 1.0)


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("raw") / "small.dng"
    y, x = np.mgrid[0:48, 0:64]
    light = np.stack([x / 64, y / 48, (x + y) / 112], -1) * 0.5
    write_dng(path, np.round(light * 65535).astype(np.uint16), WhiteLevel=65535, LensModel="50 mm")
    return path


class TestRender:
    def test_writes_what_was_asked_for(self, raw, tmp_path, ask):
        neutral, bright = tmp_path / "neutral.tif", tmp_path / "bright.tif"
        assert ask("render", raw, neutral) == (0, f"{neutral}\n", "")
        status, answer, _ = ask("render", raw, bright, "--set", "exposure=1", "--json")
        said = json.loads(answer)
        assert status == 0
        assert said["file"] == str(bright)
        assert said["settings"] == {"exposure": 1.0}
        assert tifffile.imread(bright).mean() > 1.2 * tifffile.imread(neutral).mean()

    def test_live_operators_give_nearly_the_exact_picture(self, raw, tmp_path, ask):
        pictures = []
        for operators in ("exact", "live"):
            out = tmp_path / f"{operators}.tif"
            sets = ("--set", "dehaze=40", "--set", "vibrance=30", "--bits", 32)
            assert ask("render", raw, out, *sets, "--operators", operators)[0] == 0
            pictures.append(tifffile.imread(out))
        apart = np.abs(pictures[0] - pictures[1])
        assert apart.max() > 0.0
        assert apart.mean() < 0.005

    def test_a_sidecar_beside_the_raw_is_not_used_unasked(self, raw, tmp_path, ask):
        write_edit(raw.with_suffix(".xmp"), BRIGHT, BASIC)
        plain, edited = tmp_path / "plain.tif", tmp_path / "edited.tif"
        ask("render", raw, plain)
        ask("render", raw, edited, "--sidecar", raw.with_suffix(".xmp"))
        raw.with_suffix(".xmp").unlink()
        ask("render", raw, tmp_path / "neutral.tif")
        ask("render", raw, tmp_path / "bright.tif", "--set", "exposure=1")
        pictures = {path.stem: tifffile.imread(path) for path in tmp_path.glob("*.tif")}
        assert np.array_equal(pictures["plain"], pictures["neutral"])
        assert np.array_equal(pictures["edited"], pictures["bright"])

    def test_set_goes_over_the_sidecar_and_both_are_written(self, raw, tmp_path, ask):
        write_edit(tmp_path / "in.xmp", BRIGHT, BASIC)
        status, _, _ = ask(
            *("render", raw, tmp_path / "a.jpg", "--sidecar", tmp_path / "in.xmp"),
            *("--set", "contrast=20", "--write-sidecar", tmp_path / "out.xmp"),
        )
        assert status == 0
        edit = read_edit(tmp_path / "out.xmp", BASIC)
        assert edit.settings.values == {"exposure": 1.0, "contrast": 20.0}

    def test_what_a_foreign_sidecar_says_beyond_us_is_told(self, raw, tmp_path, ask):
        foreign = tmp_path / "foreign.xmp"
        foreign.write_text(
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"'
            ' crs:GrainAmount="20" crs:HasSettings="True"/></rdf:RDF>'
        )
        _, _, notes = ask("render", raw, tmp_path / "a.jpg", "--sidecar", foreign)
        assert "note: Grain was ignored (GrainAmount 20).\n" in notes
        _, answer, _ = ask("render", raw, tmp_path / "a.jpg", "--sidecar", foreign, "--json")
        assert "Grain was ignored (GrainAmount 20)." in json.loads(answer)["notes"]

    def test_the_raw_stays_as_it_is(self, raw, tmp_path, ask):
        before = raw.read_bytes()
        ask("render", raw, tmp_path / "a.jpg")
        assert raw.read_bytes() == before


class TestOtherVerbs:
    def test_info(self, raw, ask):
        status, answer, _ = ask("info", raw, "--json")
        said = json.loads(answer)
        assert status == 0
        assert said["size"] == [64, 48]
        assert said["lens"] == "50 mm"
        status, answer, _ = ask("info", raw)
        assert status == 0
        assert "64, 48" in answer

    def test_a_name_that_the_terminal_cannot_show(self, raw, tmp_path, monkeypatch):
        named = tmp_path / "ö.dng"
        named.write_bytes(raw.read_bytes())
        terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr("sys.stdout", terminal)
        assert cli.main(["info", str(named)]) == 0
        terminal.seek(0)
        assert "\\xf6.dng" in terminal.read()

    def test_taps(self, raw, tmp_path, ask):
        folder = tmp_path / "taps"
        status, answer, _ = ask("taps", raw, folder, "--set", "exposure=1", "--json")
        assert status == 0
        assert json.loads(answer)["files"] == sorted(p.name for p in folder.glob("*.tif"))
        assert len(list(folder.glob("*.tif"))) == len(BASIC)
        assert read_edit(folder / "small.xmp", BASIC).settings == BRIGHT

    def test_help_needs_no_torch(self):
        program = (
            "import sys; from engine import cli; status = cli.main(['render', '--help']);"
            "sys.exit(status or 'torch' in sys.modules or 'numpy' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
        assert done.returncode == 0
        assert b"--long-side" in done.stdout


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (("render", "RAW", "OUT.gif"), "must end in .jpg"),
            (("render", "RAW", "OUT.jpg", "--bits", "16"), "JPEG holds 8 bits"),
            (("render", "RAW", "OUT.jpg", "--set", "exposure=9"), "between -5 and 5"),
            (("render", "RAW", "OUT.jpg", "--set", "glow=1"), "no control named 'glow'"),
            (("render", "RAW", "OUT.jpg", "--sidecar", "no.xmp"), "no.xmp does not exist"),
            (("render", "RAW", "OUT.jpg", "--sidecar", "RAW"), "no sound XMP"),
            (("render", "RAW", "OUT.jpg", "--operators", "best"), "exact or live"),
            (("render", "RAW", "OUT.jpg", "--space", "cmyk"), "is none of srgb"),
            (("render", "RAW", "OUT.jpg", "--write-sidecar", "RAW"), "is the raw itself"),
            (("render", "RAW", "OUT.jpg", "--write-sidecar", "OUT.jpg"), "both the picture and"),
            (("render", "RAW", "OUT.jpg", "--write-sidecar", "OUT/a.xmp"), "does not exist"),
            (("render", "RAW", "OUT.jpg", "--profile", "no.dcp"), "no.dcp"),
            (("render", "no.dng", "OUT.jpg"), "no.dng"),
            (("render", "TEXT", "OUT.jpg"), ""),
            (("info", "TEXT"), ""),
            (("taps", "RAW", "TEXT"), "cannot be made"),
            (("taps", "RAW", "OUT", "--bits", "8"), "32-bit float"),
            (("taps", "RAW", "OUT", "--long-side", "0"), "long side must be"),
            (("taps", "RAW", "OUT", "--write-sidecar", "OUT/a.xmp"), "does not exist"),
        ],
    )
    def test_is_one_sentence(self, raw, tmp_path, ask, arguments, sentence):
        text = tmp_path / "text.dng"
        text.write_text("no raw at all")
        places = {"RAW": str(raw), "TEXT": str(text)}
        given = [places.get(a, str(tmp_path / a) if a.startswith("OUT") else a) for a in arguments]
        before = raw.read_bytes()
        status, printed, complaint = ask(*given)
        assert status == 1
        assert printed == ""
        assert complaint.count("\n") == 1
        assert complaint.endswith(".\n")
        assert sentence in complaint
        status, printed, _ = ask(*given, "--json")
        assert status == 1
        assert json.loads(printed) == {"error": complaint.strip()}
        assert not list(tmp_path.glob("OUT*"))
        assert raw.read_bytes() == before

    def test_unreadable_is_told_by_the_engine(self, raw, monkeypatch, ask):
        monkeypatch.setattr("os.access", lambda *_: False)  # as typer would ask, also for root
        status, _, _ = ask("info", raw)
        assert status == 0  # it is the opening that decides

    @pytest.mark.parametrize(
        "arguments",
        [
            ("render",),
            ("render", "a", "b", "--glow"),
            ("shine",),
            ("render", "a", "b", "--bits", "x"),
        ],
    )
    def test_bad_usage_is_told_plainly(self, ask, arguments):
        status, printed, complaint = ask(*arguments)
        assert status == 2
        assert printed == ""
        assert complaint.count("\n") == 1
