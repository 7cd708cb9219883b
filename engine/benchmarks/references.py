"""References: the pictures that others make of a raw, and how near a match comes to them.

Other programs finish each raw by their defaults, LibRaw in its own colors; the picture that a raw
carries is one more. The photo is opened at its full size, as for a user.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import rawpy
from PIL import Image

from engine.benchmarks import darktable, rawtherapee
from engine.benchmarks.programs import run_measured
from engine.benchmarks.quality import DIGITS
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.live.quick import Quick
from engine.match.match import Match, match
from engine.match.span import BEYOND
from engine.match.target import Target, embedded_preview, read_target
from engine.photo import open_photo
from engine.progress import Progress, Work, finish, within

HALF = 0.5
"""A match is near that leaves at most so much of neutral's difference, or BEYOND times what the
best affine color map leaves, whichever is more."""

ICON = 500
"""Pixels on the long side below which an embedded picture is none to match."""

Row = dict[str, object]


def references(finisher: Finisher, quick: Quick, raws: Sequence[Path]) -> Work[dict[str, object]]:
    """A row for each raw and each picture of it, and how many matches are near."""
    rows: dict[str, Row] = {}
    for i, raw in enumerate(raws):
        rows |= yield from within(_rows(finisher, quick, raw), i, len(raws), raw.stem)
    matched = [row for row in rows.values() if "near" in row]
    return {
        "photos": len(raws),
        "matches": len(matched),
        "near": sum(row["near"] is True for row in matched),
        "references": rows,
    }


def _rows(finisher: Finisher, quick: Quick, raw: Path) -> Work[dict[str, Row]]:
    """One for each picture of `raw`."""
    rows: dict[str, Row] = {}
    yield Progress(0, 1, "opening")
    photo = finish(open_photo(raw))
    with tempfile.TemporaryDirectory() as folder:
        for name, target in _targets(raw, Path(folder)):
            yield Progress(len(rows), 4, name)
            if isinstance(target, str):
                rows[f"{raw.stem}, {name}"] = {"left out": target}
                continue
            began = time.perf_counter()
            answer = finish(match(photo, finisher, quick, target))
            rows[f"{raw.stem}, {name}"] = _row(answer, time.perf_counter() - began)
    return rows


def _row(answer: Match, seconds: float) -> Row:
    near = answer.near
    if near is None:  # taken for another scene
        return {"near": False, "seconds": round(seconds, DIGITS)}
    bound = max(HALF * near.before, BEYOND * near.affine)
    return {
        "neutral": round(near.before, DIGITS),
        "affine": round(near.affine, DIGITS),
        "ours": round(near.answer, DIGITS),
        "near": near.answer <= bound,
        "inside_span": near.inside,
        "seconds": round(seconds, DIGITS),
    }


def cameras_own(raw: Path) -> Target | None:
    """The picture that the camera has embedded in `raw`; None where it is but an icon."""
    embedded = finish(embedded_preview(raw))
    large = embedded is not None and max(embedded.image.shape[-2:]) >= ICON
    return embedded if large else None


def _targets(raw: Path, folder: Path) -> Iterator[tuple[str, Target | str]]:
    """Each picture of `raw` by its name, or why there is none."""
    embedded = cameras_own(raw)
    if embedded is not None:
        yield "embedded", embedded
    for name, render in CONVERTERS.items():
        out = folder / f"{name}.jpg"
        try:
            render(raw, out)
            yield name, read_target(out)
        except PhotofinishError as error:
            yield name, str(error)


def _libraw(raw: Path, out: Path) -> None:
    try:
        with rawpy.imread(str(raw)) as file:
            pixels = file.postprocess(use_camera_wb=True)
    except rawpy.LibRawError as error:
        raise PhotofinishError(f"LibRaw cannot read {raw.name}.") from error
    Image.fromarray(pixels).save(out, quality=95)


def _darktable(raw: Path, out: Path) -> None:
    run_measured(darktable.default_command(raw, out, out.parent))


def _rawtherapee(raw: Path, out: Path) -> None:
    run_measured(rawtherapee.default_command(raw, out), rawtherapee.environment(out.parent))


CONVERTERS: dict[str, Callable[[Path, Path], None]] = {
    "libraw": _libraw,
    "darktable": _darktable,
    "rawtherapee": _rawtherapee,
}
"""Each renders a raw to a JPEG by its defaults."""
