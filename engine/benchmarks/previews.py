"""Previews: how near matches by darktable's modules come to what cameras embed in their raws.

Beside them darktable's own default, by a fresh configuration. Both are darktable's pictures, of one
size, and both are compared where the embedded picture was found to lie; mean CIEDE2000.
"""

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from engine.benchmarks import darktable
from engine.benchmarks.programs import run_measured
from engine.benchmarks.quality import DIGITS
from engine.benchmarks.references import cameras_own
from engine.errors import PhotofinishError
from engine.finishers.darktable import DARKTABLE
from engine.finishers.darktable.operators import read_pfm
from engine.finishers.darktable.program import program
from engine.finishers.darktable.proxies import entered, quick
from engine.finishers.darktable.whole import truth
from engine.live.quick import Quick
from engine.match.match import Match, Mode, match
from engine.match.regress import LARGE
from engine.match.span import difference
from engine.match.target import Target
from engine.photo import open_photo
from engine.progress import Progress, Work, finish

HALF = 0.5
"""Share of the default's difference that a match is to leave at most."""

Row = dict[str, object]


def previews(raws: Sequence[Path]) -> Work[dict[str, object]]:
    """A row for each raw with a picture of its camera's, and how many differences are halved.

    Raises PhotofinishError where there is no darktable.
    """
    program()
    means = yield from quick()
    rows: dict[str, Row] = {}
    left_out: dict[str, object] = {}
    for i, raw in enumerate(raws):
        yield Progress(i, len(raws), raw.name)
        try:
            goal = cameras_own(raw)
            if goal is None:
                left_out[raw.stem] = "It holds no picture of its camera's."
                continue
            rows[raw.stem] = _row(raw, goal, means)
        except PhotofinishError as error:
            left_out[raw.stem] = str(error)
    return {
        "photos": len(rows),
        "halved": sum(row["halved"] is True for row in rows.values()),
        "previews": rows,
        "left_out": left_out,
    }


def _row(raw: Path, goal: Target, means: Quick) -> Row:
    photo = finish(open_photo(raw))
    side = min(max(goal.image.shape[-2:]), max(photo.metadata.full_size), LARGE)
    first = finish(entered(raw, photo, side))
    began = time.perf_counter()
    by_darktable = truth(raw, photo.metadata, side)
    answer = finish(match(first, DARKTABLE, means, goal, mode=Mode.SCENE, truth=by_darktable))
    seconds = time.perf_counter() - began
    default = _apart(_default(raw, side), answer, goal)
    ours = _apart(answer.picture, answer, goal)
    return {
        "long_side": side,
        "default": round(default, DIGITS),
        "neutral": None if answer.near is None else round(answer.near.before, DIGITS),
        "ours": round(ours, DIGITS),
        "ratio": round(ours / default, 3),
        "halved": ours <= HALF * default,
        "renders": answer.exact_renders,
        "seconds": round(seconds, DIGITS),
    }


def _default(raw: Path, long_side: int) -> Tensor:
    """What darktable makes of `raw` by its defaults, sRGB (1, 3, H, W). Raises PhotofinishError."""
    with tempfile.TemporaryDirectory() as name:
        # away from a sidecar that may lie beside it
        alone, out = Path(shutil.copy(raw, name)), Path(name) / "default.pfm"
        run_measured(darktable.default_command(alone, out, Path(name), long_side))
        return read_pfm(out).clamp(0.0, 1.0)


def _apart(picture: Tensor, answer: Match, goal: Target) -> float:
    """Mean difference to `goal`, laid where the match has found it. Raises PhotofinishError."""
    if answer.found is None or picture.shape != answer.picture.shape:
        raise PhotofinishError("darktable's default shows another part of the photo.")
    height, width = picture.shape[-2:]
    target, weight = answer.found.place(goal.image, (height, width))
    return float(difference(picture, target, weight)[weight > 0.0].mean())
