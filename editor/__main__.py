"""Builds the application, its window and its one Document: `python -m editor [FILE ...]`."""

import gc
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from editor import theme
from editor.opening import opening
from editor.window import Window
from engine.finishers.basic import BASIC
from engine.finishers.darktable import DARKTABLE
from engine.strips import take_over

THREADS = 2
"""For a render; the rest of the machine stays free for the window and exports."""


TURNS = 5e-5
"""Seconds after which Python's threads take turns: no frame shall wait while the window paints."""


def share_the_machine() -> None:
    """Set how threads share processor and interpreter; before the first render."""
    take_over(THREADS)
    sys.setswitchinterval(TURNS)


def main(files: list[str]) -> int:
    """Open the window, with `files` if there are any; returns the exit status."""
    share_the_machine()
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Photofinish")
    theme.dress(application)
    window = Window(BASIC, opening, DARKTABLE)
    window.show()
    window.session.open([Path(file) for file in files])
    gc.freeze()  # what is loaded by now stays: looking through it again would cost a drag frames
    return application.exec()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
