"""The command line: `photofinish VERB`. Every verb takes --json; bad input is one sentence.

What needs torch or the decoder is imported by the verb that uses it, so that help comes at once.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from engine.errors import PhotofinishError

if TYPE_CHECKING:
    from engine.finisher import Finisher
    from engine.photo import Photo
    from engine.progress import Work
    from engine.settings import Settings
    from engine.stage import Operator

T = TypeVar("T")

app = typer.Typer(
    name="photofinish",
    help="Finish raw photographs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

# readable=False everywhere: whether a file can be read is for the engine to find out and say
Raw = Annotated[
    Path,
    typer.Argument(metavar="RAW", help="The raw photograph; it is only read.", readable=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Set a control, by our name or Camera Raw's; repeat for more. exposure=0.5,"
        ' temperature=as-shot, tone_curve="0,0;128,140;255,255", lut=look.cube',
    ),
]
SidecarFile = Annotated[
    Path | None,
    typer.Option(
        "--sidecar",
        metavar="XMP",
        help="Start from the edit in this file. Without it the start is neutral, whatever lies"
        " beside the raw.",
        readable=False,
    ),
]
ProfileFile = Annotated[
    Path | None,
    typer.Option("--profile", metavar="DCP", help="Use this camera profile.", readable=False),
]
Operators = Annotated[
    str, typer.Option(metavar="exact|live", help="The stages themselves, or what a drag shows.")
]
LongSide = Annotated[
    int | None,
    typer.Option(metavar="PX", help="Reduce to this long side, in linear light, before finishing."),
]
SpaceName = Annotated[
    str, typer.Option(metavar="srgb|display-p3|adobe-rgb|rec2020|prophoto", help="Output space.")
]
Linear = Annotated[bool, typer.Option("--linear", help="Leave out the encoding of the space.")]
Bits = Annotated[int | None, typer.Option(metavar="8|16|32", help="Bits per channel; 32 is float.")]
Quality = Annotated[int, typer.Option(metavar="N", help="JPEG quality, 1 to 100.")]
FinisherName = Annotated[
    str,
    typer.Option(metavar="basic|darktable", help="Whose stages; darktable has to be installed."),
]
WriteSidecar = Annotated[
    Path | None,
    typer.Option(
        "--write-sidecar", metavar="XMP", help="Write the edit to this file too.", readable=False
    ),
]


@app.command()
def info(raw: Raw, as_json: Json = False) -> None:
    """Say what a raw file holds: camera, shot, size, white, profile, corrections."""
    from engine.raw.description import describe

    said = describe(raw)
    show(said, as_json=as_json)


@app.command()
def render(
    raw: Raw,
    out: Annotated[Path, typer.Argument(metavar="OUT.(jpg|png|tif|exr)", readable=False)],
    sets: Sets = None,
    sidecar: SidecarFile = None,
    profile: ProfileFile = None,
    finisher: FinisherName = "basic",
    operators: Operators = "exact",
    long_side: LongSide = None,
    space: SpaceName = "srgb",
    linear: Linear = False,
    bits: Bits = None,
    quality: Quality = 92,
    write_sidecar: WriteSidecar = None,
    as_json: Json = False,
) -> None:
    """Finish a raw and write it as a picture with color profile and EXIF."""
    from engine.export import check, export
    from engine.finishers.basic import BASIC

    start = time.perf_counter()
    refuse_to_replace(raw, out, write_sidecar)
    check(out, space=space, bits=bits, long_side=long_side, quality=quality)
    check_sidecar(write_sidecar, out)
    check_operators(operators, finisher)
    if finisher != BASIC.name:
        from engine.finishers.darktable import command

        only_ours(finisher, linear=linear, profile=profile)
        said = command.render(
            raw,
            out,
            sets=sets,
            sidecar=sidecar,
            long_side=long_side,
            space=space,
            bits=bits,
            quality=quality,
            write_sidecar=write_sidecar,
            live=operators == "live",
        )
        _show_timed(said, start, as_json=as_json, text=str(out))
        return
    settings, notes = wanted(sets, sidecar)
    photo = run(opened(raw, profile), "Opening")
    work = export(
        photo,
        settings,
        out,
        finisher=BASIC,
        live=operators == "live",
        long_side=long_side,
        space=space,
        linear=linear,
        bits=bits,
        quality=quality,
    )
    run(work, "Rendering")
    if write_sidecar is not None:
        write_sidecar_of(write_sidecar, settings, photo)
    said = {
        "file": str(out),
        "bytes": out.stat().st_size,
        "space": space,
        "operators": operators,
        "settings": {**settings.values},
        "notes": notes,
    }
    _show_timed(said, start, as_json=as_json, text=str(out))


@app.command()
def taps(
    raw: Raw,
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    sets: Sets = None,
    sidecar: SidecarFile = None,
    profile: ProfileFile = None,
    finisher: FinisherName = "basic",
    operators: Operators = "exact",
    long_side: LongSide = None,
    space: SpaceName = "srgb",
    linear: Linear = False,
    bits: Bits = None,
    quality: Quality = 92,
    write_sidecar: WriteSidecar = None,
    as_json: Json = False,
) -> None:
    """Write every stage's output as a float32 TIFF, with taps.json and the edit."""
    from engine.export import export_taps
    from engine.finishers.basic import BASIC

    start = time.perf_counter()
    refuse_to_replace(raw, write_sidecar)
    check_sidecar(write_sidecar)
    check_operators(operators, finisher)
    if operators == "live" and finisher != BASIC.name:
        raise PhotofinishError(f"Taps of the finisher {finisher} are exact.")
    if bits not in (None, 32):
        raise PhotofinishError(f"Taps are 32-bit float, not {bits}-bit.")
    del linear, quality  # taps are what the stages give, whatever these say
    if finisher != BASIC.name:
        from engine.finishers.darktable import command

        only_ours(finisher, linear=False, profile=profile)
        said = command.taps(
            raw,
            folder,
            sets=sets,
            sidecar=sidecar,
            long_side=long_side,
            write_sidecar=write_sidecar,
        )
        _show_timed(said, start, as_json=as_json, text=str(folder))
        return
    settings, notes = wanted(sets, sidecar)
    photo = run(opened(raw, profile), "Opening")
    work = export_taps(
        photo,
        settings,
        folder,
        finisher=BASIC,
        operators=_live(BASIC) if operators == "live" else None,
        long_side=long_side,
        space=space,
        name=raw.stem,
    )
    paths = run(work, "Rendering")
    if write_sidecar is not None:
        write_sidecar_of(write_sidecar, settings, photo)
    said = {
        "folder": str(folder),
        "files": [path.name for path in paths],
        "settings": {**settings.values},
        "notes": notes,
    }
    _show_timed(said, start, as_json=as_json, text="\n".join(str(path) for path in paths))


def wanted(sets: list[str] | None, sidecar: Path | None) -> tuple["Settings", list[str]]:
    """The settings asked for, and what is to be said about them. --set goes over --sidecar."""
    from engine.assignments import assigned
    from engine.finishers.basic import BASIC
    from engine.settings import Settings
    from engine.sidecar import read_edit

    settings, notes = Settings(), list[str]()
    if sidecar is not None:
        edit = read_edit(sidecar, BASIC)
        settings, notes = edit.settings, list(edit.notes)
    for text in sets or ():
        settings = assigned(settings, text, BASIC)
    return settings, notes


def check_operators(name: str, finisher: str) -> None:
    """Raise PhotofinishError where there is no such finisher, or there are no such operators."""
    from engine.finishers import check_name

    check_name(finisher)
    if name not in ("exact", "live"):
        raise PhotofinishError(f"Operators are exact or live, not {name!r}.")


def only_ours(finisher: str, *, linear: bool, profile: Path | None) -> None:
    """Raise PhotofinishError where something is wished that only our own finisher does."""
    if linear or profile is not None:
        wish = "--linear" if linear else "--profile"
        raise PhotofinishError(f"{wish} is not for the finisher {finisher}.")


def _show_timed(said: dict[str, object], start: float, *, as_json: bool, text: str) -> None:
    """Print what was done, and in how many seconds since `start`."""
    notes = said["notes"]
    assert isinstance(notes, list)
    timed = said | {"seconds": round(time.perf_counter() - start, 3)}
    show(timed, as_json=as_json, text=text, notes=notes)


def refuse_to_replace(raw: Path, *outs: Path | None) -> None:
    """The raw is never written to, whatever it is called."""
    for out in outs:
        if out is not None and out.exists() and raw.exists() and out.samefile(raw):
            raise PhotofinishError(f"{out} is the raw itself; choose another name.")


def check_sidecar(path: Path | None, out: Path | None = None) -> None:
    """Tell at once, not after the rendering, where the edit cannot be written."""
    if path is None:
        return
    if out is not None and path.resolve() == out.resolve():
        raise PhotofinishError(f"{path} cannot be both the picture and the edit.")
    if not path.parent.is_dir():
        raise PhotofinishError(f"The folder {path.parent} does not exist.")


def run(work: "Work[T]", what: str) -> T:
    """Run `work` to its end; on a terminal, tell how far it is."""
    telling = sys.stderr.isatty()
    try:
        while True:
            try:
                step = next(work)
            except StopIteration as done:
                answer: T = done.value
                return answer
            if telling:
                print(
                    f"\r\033[K{what} {step.done}/{step.total} {step.note}", end="", file=sys.stderr
                )
    finally:
        work.close()
        if telling:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def show(
    said: dict[str, object], *, as_json: bool, text: str | None = None, notes: Iterable[str] = ()
) -> None:
    """Print an answer: one JSON object, or `text` (else a line per fact) and `notes`."""
    if as_json:
        print(json.dumps(said, indent=1, default=str))
        return
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    if text is not None:
        print(text)
        return
    width = max(len(name) for name in said)
    for name, fact in said.items():
        if fact not in (None, "", []):
            print(f"{name.replace('_', ' '):{width}}  {_plain(fact)}")


def main(arguments: list[str] | None = None, commands: Callable[..., Any] = app) -> int:
    """Run the command line and return its exit status: 0, 1 bad input, 2 bad usage, 130 cut off."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if isinstance(sys.stdout, TextIOWrapper):  # names may hold what the terminal cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = commands(arguments, prog_name="photofinish", standalone_mode=False)
    except PhotofinishError as error:
        return _complain(str(error), arguments, 1)
    except OSError as error:
        return _complain(f"{error.filename or 'A file'}: {error.strerror}.", arguments, 1)
    except MemoryError:
        return _complain("There is not enough memory for this picture.", arguments, 1)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except typer.TyperException as error:
        text: str = getattr(error, "format_message", error.__str__)()
        return _complain(text if "\n" in text else f"{text.rstrip('.')}.", arguments, 2)
    return status if isinstance(status, int) else 0


def _complain(sentence: str, arguments: list[str], status: int) -> int:
    if "--json" in arguments:
        print(json.dumps({"error": sentence}))
    print(sentence, file=sys.stderr)
    return status


def opened(raw: Path, profile: Path | None) -> "Work[Photo]":
    """Open a raw, full size."""
    from engine.photo import open_photo

    return open_photo(raw, profile=profile)


def _live(finisher: "Finisher") -> "Mapping[str, Operator]":
    from engine.live.operators import live_operators  # and the compiler of their kernels

    return live_operators(finisher)


def write_sidecar_of(path: Path, settings: "Settings", photo: "Photo") -> None:
    """Write the edit of `photo` to `path`."""
    from engine.finishers.basic import BASIC
    from engine.sidecar import write_edit
    from engine.white import as_shot_temperature_tint

    write_edit(path, settings, BASIC, as_shot_temperature_tint(photo.metadata))


def _plain(fact: object) -> str:
    if isinstance(fact, dict):
        return "  ".join(f"{name} {_plain(part)}" for name, part in fact.items())
    if isinstance(fact, list):
        return ", ".join(_plain(part) for part in fact)
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return str(fact)
