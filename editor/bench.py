"""Benchmarks of what a user waits for: the first picture of a raw, and a slider's picture.

Both go through the real window, on a fixed edit that keeps every stage busy. Run them with nothing
else on the machine.
"""

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from qimage2ndarray import byte_view
from torch import Tensor

from editor import theme
from editor.__main__ import THREADS, share_the_machine
from editor.document import Opened
from editor.drags import Drag, Hand
from editor.opening import opening
from editor.window import Window
from engine.benchmarks.exports import at_preview_size
from engine.difference import delta_e_2000
from engine.finisher import Finisher
from engine.finishers import stand_ins
from engine.finishers.basic import BASIC
from engine.photo import Photo
from engine.progress import Work
from engine.proxies.pointwise import PointwiseProxy
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import Slider
from engine.stage import Kind, Operator

LONG_SIDE = 1600
EDITS = {
    "basic": {
        "temperature": 5500.0,
        "tint": 5.0,
        "exposure": 0.4,
        "dehaze": 10.0,
        "highlights": -40.0,
        "shadows": 30.0,
        "clarity": 15.0,
        "texture": 10.0,
        "contrast": 15.0,
        "hue_blue": -10.0,
        "vibrance": 20.0,
        "saturation": 5.0,
        "sharpen_amount": 40.0,
        "luminance_noise": 15.0,
        "color_noise": 25.0,
    },
    "darktable": {
        "temperature": 5500.0,
        "tint": 5.0,
        "exposure": 0.4,
        "black": 0.001,
        "highlights": -0.4,
        "shadows": 0.3,
        "texture": 20.0,
        "sharpen_amount": 0.5,
        "contrast": 15.0,
        "vibrance": 20.0,
        "saturation": 5.0,
        "view_contrast": 1.6,
        "clarity": 15.0,
    },
}
"""A thorough edit: no stage with sliders is idle but the LUT, which would take a file."""
EVERYWHERE = ("temperature", "exposure", "view_contrast")
"""Sliders of pointwise stages with areawise ones behind: dragged while all of these are active."""


STEADY, HERTZ = "exposure", 60.0
"""The slider that is dragged by the clock too, and how many inputs come a second."""
MLPS = ("rgb_toning", "color_mixer", "vibrance", "saturation")
"""Stages for which the paper trains an MLP [Tseng et al. 2022, table 1]."""
OTHERS = 2
"""Renders by each other program that is installed, at the same size; one more is not counted."""

PIXELS = 3
"""Of every so many rows and columns, one is compared for the jump."""


@dataclass(frozen=True, eq=False)
class Case:
    """A slider to drag from an edit, and how long its frames may take: pointwise or areawise."""

    kind: str
    name: str
    slider: Slider
    edit: Settings


def bench_open(raw: Path, repeats: int) -> dict[str, object]:
    """Milliseconds from a path to our own first picture of it; first_paint includes the decode."""
    with at_the_window(BASIC) as hand:
        hand.open(raw, LONG_SIDE)
        times = [hand.open_timed(raw) for _ in range(repeats)]
    return {
        "photo": raw.name,
        **_machine(),
        "first_paint": _summary([painted for _, painted in times]),
        "decode": _summary([decoded for decoded, _ in times]),
    }


def bench_drag(raw: Path, inputs: int, finisher: Finisher = BASIC) -> dict[str, object]:
    """Milliseconds from a slider to the picture, by kind of frame, and from release to exact.

    Drags every areawise slider and one of every other stage through `inputs` positions, each given
    when the picture of the one before is there; then some of them at HERTZ inputs a second. Stages
    that another program makes are shown by their proxies, as where it is not installed.
    """
    drags: dict[Case, Drag] = {}
    steady: dict[Case, Drag] = {}
    exact: dict[Case, float] = {}
    with at_the_window(finisher) as hand:
        hand.open(raw, LONG_SIDE)
        photo = hand.photo.reduced(LONG_SIDE)
        for case in cases(finisher):
            hand.set(case.edit)
            drags[case] = hand.drag(case.slider, inputs)
            exact[case] = _seconds(Renderer(photo, finisher, stand_ins(finisher)), case, 3)
        for case in cases(finisher):
            if case.slider.name == STEADY:
                hand.set(case.edit)
                steady[case] = hand.drag(case.slider, inputs, HERTZ)
    areawise = [drag for case, drag in drags.items() if case.kind == "areawise"]
    return {
        "photo": raw.name,
        **_machine(),
        "inputs": inputs,
        "pointwise": {
            **_frames(drags, exact, "pointwise"),
            **_beside_mlps(photo, finisher, drags),
        },
        "areawise": {
            **_frames(drags, exact, "areawise"),
            "smallest_long_side": min(min(drag.sides) for drag in areawise),
            "full_size_ms": _summary([drag.full for drag in areawise]),
        },
        "settle": {**_summary([drag.settle for drag in drags.values()]), **_jumps(drags.values())},
        "thumbnails_hz": round(min(drag.thumbnails_hz for drag in drags.values()), 1),
        "at_60_hz": {
            case.kind: {
                **_summary(drag.waits),
                "skipped_share": round(drag.skipped / inputs, 3),
                "thumbnails_hz": round(drag.thumbnails_hz, 1),
            }
            for case, drag in steady.items()
        },
        "other_programs_ms": at_preview_size(raw, LONG_SIDE, OTHERS),
        "sliders": {case.name: _one(drag, exact[case]) for case, drag in drags.items()},
    }


def cases(finisher: Finisher) -> list[Case]:
    """What is dragged: pointwise sliders, areawise ones, and those before all areawise stages."""
    areawise = [stage for stage in finisher if stage.kind is Kind.AREAWISE]
    values = EDITS[finisher.name]
    busy = _edit(finisher, values)
    neutral = busy.reset(control for stage in areawise for control in stage.controls)
    last_but_one = finisher.stages.index(areawise[-2])
    upstream = busy.reset(areawise[-1].controls)
    answer = []
    for place, stage in enumerate(finisher):
        edited = [slider for slider in stage.sliders if slider.name in values]
        if stage.kind is Kind.AREAWISE:
            answer += [Case("areawise", s.name, s, busy) for s in stage.sliders]
        elif edited:
            slider = edited[0]
            answer.append(Case("pointwise", slider.name, slider, neutral))
            if place > last_but_one:
                name = f"{slider.name}, areawise upstream"
                answer.append(Case("pointwise", name, slider, upstream))
            if slider.name in EVERYWHERE:
                answer.append(Case("areawise", f"{slider.name}, all areawise", slider, busy))
    return answer


@contextmanager
def at_the_window(finisher: Finisher) -> Iterator[Hand]:
    """A window on the screen, or on none, that leaves no sidecar behind."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    share_the_machine()
    application = QApplication.instance() or QApplication(["photofinish"])
    assert isinstance(application, QApplication)
    theme.dress(application)
    window = Window(finisher, _opening_unsaved)
    window.show()
    gc.freeze()  # as the program does
    try:
        yield Hand(window)
    finally:
        window.close()


def sample() -> tempfile.TemporaryDirectory[str]:
    """A folder, gone when closed, that holds the project's own photo, sample.dng."""
    folder = tempfile.TemporaryDirectory()
    out = str(Path(folder.name) / "sample.dng")
    subprocess.run([sys.executable, "-m", "resources.sample", out], check=True)
    return folder


def _opening_unsaved(path: Path, finisher: Finisher, half: bool) -> Work[Opened]:
    """The photo as it comes, whatever edit lies beside it; nothing is saved, and no other asked."""
    opened = yield from opening(path, finisher, half)
    absent = "is left out" if opened.by_darktable else opened.absent
    return replace(opened, settings=Settings(), store=None, notes=(), absent=absent)


def _edit(finisher: Finisher, values: dict[str, float]) -> Settings:
    settings = Settings()
    for name, value in values.items():
        settings = settings.replace(finisher.control(name), value)
    return settings


def _seconds(renderer: Renderer, case: Case, count: int) -> float:
    """What `renderer` takes for a frame of the same drag, at full size."""
    renderer.picture(case.edit)
    seconds = []
    for i in range(count):
        value = float(case.slider.denormalize(0.4 + 0.1 * i))
        start = time.perf_counter()
        renderer.picture(case.edit.replace(case.slider, value))
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def _beside_mlps(photo: Photo, finisher: Finisher, drags: Mapping[Case, Drag]) -> dict[str, object]:
    """How many times longer the paper's pointwise proxies take, for the stages it trains."""
    if finisher is not BASIC:
        return {}
    by_mlp = Renderer(photo, BASIC, _mlps())
    mlp = {case: _seconds(by_mlp, case, 1) for case in drags if case.kind == "pointwise"}
    return {"faster_than_mlp": _ratio(drags, mlp)}


def _mlps() -> dict[str, Operator]:
    """The paper's pointwise proxies, pixel by pixel. Untrained: the time is the same."""
    return {name: PointwiseProxy(BASIC.stage(name)).eval() for name in MLPS}


def _frames(drags: dict[Case, Drag], exact: dict[Case, float], kind: str) -> dict[str, object]:
    mine = {case: drag for case, drag in drags.items() if case.kind == kind}
    waits = [wait for drag in mine.values() for wait in drag.waits]
    sides = [side for drag in mine.values() for side in drag.sides]
    return {
        **_summary(waits),
        "long_side": LONG_SIDE,
        "reduced_share": round(sum(side < max(sides) for side in sides) / len(sides), 3),
        "faster_than_exact": _ratio(drags, {case: exact[case] for case in mine}),
    }


def _ratio(drags: Mapping[Case, Drag], others: Mapping[Case, float]) -> float:
    """How many times longer the others take: the median over the cases."""
    ratios = [seconds / statistics.median(drags[case].waits) for case, seconds in others.items()]
    return round(statistics.median(ratios), 1)


def _one(drag: Drag, exact: float) -> dict[str, object]:
    return {
        **_summary(drag.waits),
        "smallest_long_side": min(drag.sides),
        "full_size_ms": round(1e3 * drag.full, 1),
        "settle_ms": round(1e3 * drag.settle, 1),
        "exact_ms": round(1e3 * exact, 1),
        "thumbnails_hz": round(drag.thumbnails_hz, 1),
        **_jumps([drag]),
    }


def _jumps(drags: Iterable[Drag]) -> dict[str, float]:
    """CIEDE2000 between each drag's last live picture and its exact one; the worst of the drags."""
    means, tails = [0.0], [0.0]
    for drag in drags:
        if drag.live is not None and drag.exact is not None:
            differences = delta_e_2000(_picture(drag.live.image), _picture(drag.exact.image))
            means.append(float(differences.mean()))
            tails.append(float(differences.flatten().quantile(0.99)))
    return {"jump_mean": round(max(means), 2), "jump_p99": round(max(tails), 2)}


def _picture(image: QImage) -> Tensor:
    """A part of the pixels, (1, 3, h, w) in [0, 1]."""
    pixels = byte_view(image, "little")[::PIXELS, ::PIXELS, 2::-1]
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255.0


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {
        "median_ms": round(1e3 * statistics.median(ordered), 1),
        "p95_ms": round(1e3 * p95, 1),
    }


def _machine() -> dict[str, object]:
    return {"cores": os.cpu_count(), "threads": THREADS}
