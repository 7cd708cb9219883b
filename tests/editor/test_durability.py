"""Edits survive kill -9 at any moment: what was acknowledged as saved is there, or a newer edit."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from lxml import etree

from engine.finishers.basic import BASIC
from engine.settings import Settings
from engine.sidecar import Sidecar, with_values
from tests.editor.raws import write_raw

KILLS = 20
SEED = 7


def _settings(line: dict[str, object]) -> Settings:
    return with_values(Settings(), line["settings"], BASIC)


def test_edits_survive_being_killed_at_any_moment(tmp_path):
    raw = write_raw(tmp_path / "shot.dng")
    digest = hashlib.sha256(raw.read_bytes()).digest()
    command = [sys.executable, "-m", "tests.editor.driven", raw, tmp_path / "log", SEED, KILLS]
    root = Path(__file__).parents[2]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}
    subprocess.run([*map(str, command)], check=True, cwd=root, env=environment, timeout=280)

    sessions = [
        [json.loads(line) for line in (tmp_path / f"log.{i}").read_text().splitlines()]
        for i in range(KILLS)
    ]
    after = [_settings(lines[0]) for lines in sessions[1:]]
    after.append(Sidecar.for_raw(raw, BASIC).read().settings)
    acknowledged = 0
    for lines, found in zip(sessions, after, strict=True):
        newest = _settings(lines[0])
        may_be = [newest]
        for line in lines[1:]:
            if line["what"] == "released":
                may_be.append(_settings(line))
            else:
                acknowledged += 1
                newest = _settings(line)
                may_be = may_be[len(may_be) - 1 - may_be[::-1].index(newest) :]
        assert found in may_be
    assert acknowledged > KILLS // 2  # else little was put to the test

    etree.parse(raw.with_suffix(".xmp"))
    assert hashlib.sha256(raw.read_bytes()).digest() == digest
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith("log")}
    unfinished = {name for name in left if name.startswith(".shot.xmp.")}  # swept when they are old
    assert left - unfinished == {"shot.dng", "shot.xmp"}
