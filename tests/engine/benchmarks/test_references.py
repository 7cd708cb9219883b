"""References: other programs' pictures of a raw are matched, and what they cannot do is told."""

from pathlib import Path

import cv2
import pytest

from engine.benchmarks import darktable, rawtherapee, references
from engine.errors import PhotofinishError
from engine.finishers.basic import BASIC
from engine.live.quick import quick
from engine.progress import finish


@pytest.fixture(scope="module")
def ready():
    return finish(quick(BASIC))


def refuse(raw: Path, out: Path) -> None:
    raise PhotofinishError("It is not installed.")


def test_a_row_for_each_program_and_what_it_could_not_do(raw, ready, monkeypatch) -> None:
    libraw = references.CONVERTERS["libraw"]
    monkeypatch.setattr(references, "CONVERTERS", {"libraw": libraw, "other": refuse})
    said = finish(references.references(BASIC, ready, [raw]))
    assert (said["photos"], said["matches"]) == (1, 1)
    row = said["references"][f"{raw.stem}, libraw"]
    assert row["ours"] < row["neutral"]
    assert row["near"] == (row["ours"] <= max(0.5 * row["neutral"], 1.3 * row["affine"]))
    assert said["near"] == row["near"]
    assert said["references"][f"{raw.stem}, other"] == {"left out": "It is not installed."}


@pytest.mark.parametrize(
    ("name", "program"), [("darktable", darktable), ("rawtherapee", rawtherapee)]
)
def test_a_program_that_is_installed_makes_a_picture(name, program, raw, tmp_path) -> None:
    if not program.found():
        pytest.skip(f"{name} is not installed")
    out = tmp_path / "out.jpg"
    references.CONVERTERS[name](raw, out)
    assert cv2.imread(str(out)).shape[1] > 100
