"""Running other programs: what is measured is theirs, and a failure is one sentence."""

import sys
import time

import pytest

from engine.benchmarks.programs import run_measured
from engine.errors import PhotofinishError

MEGABYTE = 1 << 20


def python(code):
    return [sys.executable, "-c", code]


def test_seconds_are_those_of_the_clock():
    start = time.perf_counter()
    measured = run_measured(python("import time; time.sleep(0.4)"))
    assert 0.4 <= measured.seconds <= time.perf_counter() - start


HOLD = "import time; held = b'x' * (200 << 20); time.sleep(0.3)"


@pytest.mark.parametrize(
    "code",
    [HOLD, f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])"],
    ids=["its own", "its child's"],
)
def test_memory_is_its_own_and_its_children_s(code):
    peak = run_measured(python(code)).peak_bytes
    assert 200 * MEGABYTE < peak < 260 * MEGABYTE


def test_the_memory_of_this_process_does_not_count():
    held = b"x" * (300 * MEGABYTE)
    assert run_measured(python("import time; time.sleep(0.2)")).peak_bytes < len(held)


def test_what_it_says_is_kept_and_the_environment_is_added_to(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setenv("ONE", "1")
    code = "import os; print([os.environ.get(n) for n in ('ONE', 'TWO', 'OMP_WAIT_POLICY')])"
    said = run_measured(python(code), {"TWO": "2"}).said
    assert said.strip() == "['1', '2', None]"


def test_a_failure_is_told_by_its_last_line():
    with pytest.raises(PhotofinishError, match=r"^python\S* failed: the disk is full\.$"):
        run_measured(python("import sys; print('Reading'); sys.exit('the disk is full.\\n')"))


def test_a_silent_failure_is_told_too():
    with pytest.raises(PhotofinishError, match=r"^python\S* failed\.$"):
        run_measured(python("raise SystemExit(3)"))


def test_a_missing_program_is_told(tmp_path):
    with pytest.raises(PhotofinishError, match=r"^nothing cannot be started\.$"):
        run_measured([str(tmp_path / "nothing")])
