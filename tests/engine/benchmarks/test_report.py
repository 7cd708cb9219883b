"""The page of benchmarks: a section each, the others left as they are."""

from pathlib import Path

import pytest

from engine.benchmarks import report
from engine.errors import PhotofinishError

SAID = {"photo": "a.dng", "chain": {"mean_db": 45.1}, "stages": {"dehaze": {"mean_db": 60.0}}}


def test_a_section_says_command_machine_and_figures(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    report.write(page, "proxies", "photofinish bench proxies", SAID)
    text = page.read_text("utf-8")
    assert "\n## proxies\n" in text
    assert "    photofinish bench proxies\n" in text
    assert "cores" in text
    assert "| 45.1 |" in text
    assert "| dehaze | 60.0 |" in text


def test_only_its_own_section_is_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    report.write(page, "open", "photofinish bench open", {"decode": {"median_ms": 300.0}})
    report.write(page, "proxies", "photofinish bench proxies", SAID)
    before = page.read_text("utf-8")
    report.write(page, "proxies", "photofinish bench proxies", {"chain": {"mean_db": 46.2}})
    after = page.read_text("utf-8")
    assert "45.1" not in after
    assert "46.2" in after
    assert after.split("## proxies")[0] == before.split("## proxies")[0]
    assert after.count("## ") == 2


def test_figures_of_different_columns_stay_under_their_own(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    report.write(page, "x", "x", {"rows": {"a": {"one": 1.0}, "b": {"two": 2.0}}})
    assert "|  | one | two |" in page.read_text("utf-8")
    assert "| b |  | 2.0 |" in page.read_text("utf-8")


def test_more_figures_than_a_page_is_wide_stand_below_each_other(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    sliders = {f"slider_{i}": 0.9 for i in range(report.WIDEST + 1)}
    said = {"gradients": {"at_the_point": {"mean": 0.8}, "worst": sliders, "below": {}}}
    report.write(page, "x", "x", said)
    text = page.read_text("utf-8")
    assert "|  | mean |\n| --- | --- |\n| at the point | 0.8 |\n" in text
    assert "| worst |  |\n| --- | --- |\n| slider 0 | 0.9 |\n" in text
    assert "below" not in text


def test_a_file_that_is_no_page_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "picture.md"
    page.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(PhotofinishError, match="cannot be read"):
        report.write(page, "open", "photofinish bench open", SAID)
    assert page.read_bytes() == b"\xff\xd8\xff\xe0"
