"""Make a screenshot of the window on a real raw: `python packaging/screenshot.py RAW OUT.png`.

Runs without a screen. The raw is copied first, so that no sidecar appears beside it; `--set
NAME=VALUE` moves sliders, `--size WxH` and `--scale N` choose the window and its pixel density.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Open, edit, wait until all is rendered, save what is on the screen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("raw", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--size", default="1600x1000")
    parser.add_argument("--scale", default="1")
    parser.add_argument("--tap", help="show this stage's output")
    parser.add_argument("--zoom", type=float, help="1 is 100 %%")
    parser.add_argument("--styles", action="store_true", help="show the styles beside the photo")
    parser.add_argument("--scroll", type=int, default=0, help="of the panel, in pixels")
    wanted = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["QT_SCALE_FACTOR"] = wanted.scale
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(shutil.copy(wanted.raw, folder))
        if (sidecar := wanted.raw.with_suffix(".xmp")).exists():
            shutil.copy(sidecar, folder)
        _shoot(raw, wanted)


def _shoot(raw: Path, wanted: argparse.Namespace) -> None:
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtWidgets import QApplication, QToolButton

    from editor import theme
    from editor.opening import opening
    from editor.window import Window
    from engine.finishers.basic import BASIC
    from engine.finishers.darktable import DARKTABLE

    application = QApplication(sys.argv[:1])
    theme.dress(application)
    window = Window(BASIC, opening, DARKTABLE)
    width, height = wanted.size.split("x")
    window.resize(int(width), int(height))
    window.show()

    def edit() -> None:
        document = window.document
        for name, value in (pair.split("=", 1) for pair in wanted.set):
            document.set(BASIC.control(name), float(value))
            document.settle()
        if wanted.styles:
            window.styles_button.trigger()
        if wanted.tap:
            window.show_tap(wanted.tap)
        if wanted.zoom:
            window.canvas.zoom_to(wanted.zoom)
        window.panel.verticalScrollBar().setValue(wanted.scroll)

    def save() -> None:
        styling = window.styling
        if wanted.styles and len(styling.known) < len(styling.styles):
            done.start()
            return
        for button in window.toolbar.findChildren(QToolButton):  # no pointer rests on them
            button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
        window.grab().save(str(wanted.out))
        window.close()
        application.quit()

    done = QTimer(window, interval=1500, singleShot=True)
    done.timeout.connect(save)
    window.document.photo_changed.connect(edit)
    window.session.failed.connect(lambda sentence: (print(sentence), application.exit(1)))
    for busy in (window.darkroom.framed, window.darkroom.detailed, window.darkroom.progressed):
        busy.connect(done.stop)
    for rest in (window.darkroom.render_thread.rested, window.darkroom.detailed):
        rest.connect(lambda: None if window.session.busy else done.start())
    window.session.open([raw])
    sys.exit(application.exec())


if __name__ == "__main__":
    main()
