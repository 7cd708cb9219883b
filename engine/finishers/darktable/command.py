"""`photofinish render|taps --finisher darktable`: darktable's pictures, by our sliders."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from engine import cli
from engine.assignments import assigned
from engine.errors import PhotofinishError
from engine.export import export as ours
from engine.export import export_tap
from engine.files import make_folder, write_bytes
from engine.finishers.darktable import DARKTABLE
from engine.finishers.darktable.edit import Read, history
from engine.finishers.darktable.input import only_darktables
from engine.finishers.darktable.program import found, program
from engine.finishers.darktable.proxies import entered, quick
from engine.finishers.darktable.sidecar import read_sidecar
from engine.finishers.darktable.whole import export, tap, truth
from engine.live.darktable.operators import live_operators
from engine.match.match import Match, Mode
from engine.match.match import match as matched
from engine.match.regress import LARGE
from engine.match.target import Target
from engine.photo import Photo, open_photo
from engine.renderer import Tap
from engine.settings import Settings
from engine.slider import Slider
from engine.stage import Space


def render(
    raw: Path,
    out: Path,
    *,
    sets: list[str] | None,
    sidecar: Path | None,
    long_side: int | None,
    space: str,
    bits: int | None,
    quality: int,
    write_sidecar: Path | None,
    live: bool,
) -> dict[str, object]:
    """Have darktable finish `raw`, or `live` the proxies, compiled; what is to be said of it.

    Raises PhotofinishError.
    """
    photo, read = _wanted(raw, sets, sidecar, write_sidecar)
    settings = read.settings
    if live:
        side = long_side or max(photo.metadata.full_size)
        first = cli.run(entered(raw, photo, side, read.own_input), "Opening")
        work = ours(
            first,
            settings,
            out,
            finisher=DARKTABLE,
            operators=live_operators(),
            space=space,
            bits=bits,
            quality=quality,
        )
    else:
        work = export(
            raw,
            photo.metadata,
            settings,
            out,
            long_side=long_side,
            space=space,
            bits=bits,
            quality=quality,
            own_input=read.own_input,
        )
    cli.run(work, "Rendering")
    return {
        "file": str(out),
        "bytes": out.stat().st_size,
        "space": space,
        "finisher": DARKTABLE.name,
        "operators": "live" if live else "exact",
        "settings": {**settings.values},
        "notes": [*read.notes],
    }


def taps(
    raw: Path,
    folder: Path,
    *,
    sets: list[str] | None,
    sidecar: Path | None,
    long_side: int | None,
    write_sidecar: Path | None,
) -> dict[str, object]:
    """Write what enters the first stage and leaves each of them; what is to be said of it.

    Raises PhotofinishError.
    """
    photo, read = _wanted(raw, sets, sidecar, write_sidecar)
    settings = read.settings
    make_folder(folder)
    files, told = [], []
    stages = [stage for stage in DARKTABLE if stage.space is not Space.DISPLAY]
    for i, stage in enumerate((None, *stages)):
        name = "input" if stage is None else stage.name
        until = "" if stage is None else name
        work = tap(raw, photo.metadata, settings, until, long_side, read.own_input)
        image = cli.run(work, f"Rendering {name}")
        values = {} if stage is None else stage.values(settings)
        path = folder / f"{i:02d}_{name}.tif"
        shown = stage or stages[0]
        export_tap(Tap(shown, values, image, photo.metadata, photo.statistics), path)
        files.append(path.name)
        told.append(
            {"file": path.name, "stage": name, "space": shown.space.value, "values": values}
        )
    about = {"finisher": DARKTABLE.name, "taps": told}
    write_bytes(folder / "taps.json", json.dumps(about, indent=1).encode())
    return {
        "folder": str(folder),
        "files": files,
        "settings": {**settings.values},
        "notes": [*read.notes],
    }


def match(
    raw: Path,
    goal: Target,
    sliders: Sequence[Slider] | None,
    mode: Mode,
    *,
    sets: list[str] | None,
    sidecar: Path | None,
    out: Path | None,
    picture: Path | None,
) -> tuple[Match, float, list[str]]:
    """Match by darktable: the answer, in how many seconds, and notes.

    The proxies tell the way and darktable where it leads; without darktable they tell both. The
    edit is written to `out`, the picture to `picture`. Raises PhotofinishError.
    """
    _check_free(out)
    if picture is not None:
        program()  # which makes it: not told only after the match
    photo, read = _wanted(raw, sets, sidecar, None)
    own_input = read.own_input
    side = min(max(goal.image.shape[-2:]), max(photo.metadata.full_size), LARGE)
    first = cli.run(entered(raw, photo, side, own_input), "Opening")
    means = cli.run(quick(), "Getting ready")
    began = time.perf_counter()
    renders = truth(raw, photo.metadata, side, own_input) if found() else None
    work = matched(
        *(first, DARKTABLE, means, goal),
        start=read.settings,
        sliders=sliders,
        mode=mode,
        truth=renders,
    )
    answer = cli.run(work, "Matching")
    seconds = time.perf_counter() - began
    if out is not None:
        edit = history(answer.settings, photo.metadata, own_input=own_input)
        write_bytes(out, edit.to_bytes())
    if picture is not None:
        shown = export(raw, photo.metadata, answer.settings, picture, own_input=own_input)
        cli.run(shown, "Rendering")
    return answer, seconds, [*read.notes]


def _wanted(
    raw: Path, sets: list[str] | None, sidecar: Path | None, write: Path | None
) -> tuple[Photo, Read]:
    """The photo, and the edit asked for, which is written to `write`."""
    _check_free(write)
    read = Read(Settings(), ())
    for text in sets or ():
        # what cannot be set is told before anything is opened
        assigned(read.settings, text, DARKTABLE)
    photo = cli.run(open_photo(raw, half=found() is not None), "Opening")
    if sidecar is not None:
        read = read_sidecar(sidecar, photo.metadata)
    settings, notes = read.settings, read.notes
    if found() is None:
        notes = (*notes, *only_darktables(read.own_input, photo.metadata))
    for text in sets or ():
        settings = assigned(settings, text, DARKTABLE)
    if write is not None:
        edit = history(settings, photo.metadata, own_input=read.own_input)
        write_bytes(write, edit.to_bytes())
    return photo, Read(settings, notes, read.own_input)


def _check_free(sidecar: Path | None) -> None:
    """Raise PhotofinishError where an edit would be written over another."""
    if sidecar is not None and sidecar.exists():
        raise PhotofinishError(f"{sidecar} is there already; darktable's edits are kept.")
