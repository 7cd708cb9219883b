"""Sessions to be killed: a window on a raw, a slider dragged again and again by mouse events.

`python -m tests.editor.driven RAW LOG SEED COUNT` runs COUNT sessions, each in a fork that is
killed (SIGKILL) at a seeded random moment after its photo is open. Each line of LOG is on the disk
before the session goes on: what it opened with, each release before it happens, each
acknowledged save.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import TextIO

import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from editor.opening import opening
from editor.slider_row import TICKS, SliderRow
from editor.window import Window
from engine.finishers.basic import BASIC
from engine.settings import Settings

SLIDERS = ("exposure", "contrast", "temperature", "vibrance", "hue_red")
LONGEST = 0.8
"""Seconds that a session lasts at most, once its photo is open."""
LEFT = Qt.MouseButton.LeftButton


def drive(raw: Path, log: TextIO, seed: int) -> None:
    """Open `raw` and drag sliders until killed."""
    application = QApplication(["driven"])
    window = Window(BASIC, opening)
    window.resize(1024, 700)
    window.show()

    def note(what: str, settings: Settings) -> None:
        line = {"what": what, "settings": dict(settings.values), "time": time.monotonic()}
        log.write(json.dumps(line) + "\n")
        log.flush()
        os.fsync(log.fileno())

    window.session.saved.connect(lambda settings: note("saved", settings))
    window.session.open([raw])
    while window.document.photo is None:
        application.processEvents()
    note("opened", window.document.settings)
    chance = random.Random(seed)
    while True:
        row = window.panel.row(chance.choice(SLIDERS))
        window.panel.groups["color_mixer"].show_row(row)
        _drag(application, row, chance)
        note("released", window.document.settings)
        QTest.mouseRelease(row.track, LEFT)
        for _ in range(chance.randrange(12)):
            application.processEvents()
            time.sleep(0.005)


def _drag(application: QApplication, row: SliderRow, chance: random.Random) -> None:
    def at(tick: float) -> QPoint:
        return QPoint(round(row.track.x_of(tick)), row.track.height() // 2)

    QTest.mousePress(row.track, LEFT, pos=at(row.track.value()))
    for _ in range(3):
        QTest.mouseMove(row.track, at(chance.random() * TICKS))
        application.processEvents()


def main(raw: Path, log: Path, seed: int, count: int) -> None:
    """Run and kill `count` sessions, one after the other."""
    torch.set_num_threads(1)
    chance = random.Random(seed)
    for session in range(count):
        mine = log.with_name(f"{log.name}.{session}")
        child = os.fork()
        if child == 0:
            with mine.open("w") as file:
                drive(raw, file, seed + session)
        while not (mine.exists() and '"opened"' in mine.read_text()):
            time.sleep(0.01)
            assert os.waitpid(child, os.WNOHANG) == (0, 0), "a session ended by itself"
        time.sleep(chance.random() * LONGEST)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
