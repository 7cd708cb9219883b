"""`photofinish bench`: figures of the engine; the editor adds what needs a window."""

import shlex
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine import cli
from engine.errors import PhotofinishError

if TYPE_CHECKING:
    from engine.benchmarks.fidelity import Score
    from engine.benchmarks.rivals import Contender
    from engine.finisher import Finisher
    from engine.photo import Photo
    from engine.progress import Work

bench = typer.Typer(help="Measure what a user gets, and how fast.", no_args_is_help=True)

Photos = Annotated[
    list[Path] | None,
    typer.Option(
        "--photos", metavar="DIR", help="A folder of raws and photographs; else scenes are made."
    ),
]
Write = Annotated[
    Path | None,
    typer.Option(
        "--write", metavar="FILE.md", help="Put the figures into this page too, under their name."
    ),
]

MADE_SHOWN = 60
"""Made scenes that a style is learned from where there are no photos."""

OF_FIDELITY, OF_RIVALS, OF_GRADIENTS, OF_MATCHES = 640, 320, 192, 1155
"""Long sides of the photos in pixels."""

TAP_OUTS = 240
"""That rivals of darktable's proxies learn from where none are given: about 2 GB in memory."""

SINGLY = 10
"""Of every so many settings, at one each stage is judged by itself, and are the rivals."""


@bench.command("proxies")
def bench_proxies(
    photos: Photos = None,
    finisher: cli.FinisherName = "basic",
    settings: Annotated[
        int, typer.Option(metavar="N", min=1, help="Random settings for each photo.")
    ] = 50,
    gradients: Annotated[
        int, typer.Option(metavar="N", min=0, help="Settings at which gradients are compared.")
    ] = 20,
    minutes: Annotated[
        float,
        typer.Option(metavar="M", min=0.0, help="Of training for each rival network; 0: none."),
    ] = 10.0,
    tap_outs: Annotated[
        Path | None,
        typer.Option(
            "--tap-outs",
            metavar="DIR",
            help="What the rival networks learn from, of other photos: as `train tap-outs`"
            " writes it; else scenes are made.",
        ),
    ] = None,
    write: Write = None,
    as_json: cli.Json = False,
) -> None:
    """How near live pictures are to exact ones, beside networks of the literature."""
    from engine.benchmarks.photos import photos as opened
    from engine.finishers import check_name
    from engine.finishers.basic import BASIC

    check_name(finisher)
    if finisher != BASIC.name:
        from engine.benchmarks import opened as other
        from engine.finishers.darktable.program import program

        program()  # or its absence would be told only after the training
        raws = _raws(photos or [])
        singly = -(-settings // SINGLY)
        trained, learning = _opened_rivals(tap_outs, minutes) if minutes else ({}, {})
        work = other.opened(raws, settings, singly, OF_MATCHES, trained)
        said = cli.run(work, "Finishing") | learning
        command = ["bench", "proxies", "--finisher", finisher, "--settings", str(settings)]
        command += ["--minutes", f"{minutes:g}", *_learned_from(tap_outs)]
        told(said, finisher, command, photos or (), write=write, as_json=as_json)
        return
    chosen = cli.run(opened(photos or (), OF_FIDELITY), "Opening")
    said = cli.run(_fidelity(BASIC, chosen, settings), "Finishing")
    if gradients:
        from engine.benchmarks.gradients import gradients as compared

        small = [(name, photo.reduced(OF_GRADIENTS)) for name, photo in chosen]
        said["gradients"] = cli.run(compared(BASIC, small, gradients), "Differentiating")
    if minutes:
        small = [(name, photo.reduced(OF_RIVALS)) for name, photo in chosen]
        work = _rivals(BASIC, small, -(-settings // SINGLY), minutes, tap_outs)
        said |= cli.run(work, "Training")
    command = ["bench", "proxies", "--settings", str(settings), "--minutes", f"{minutes:g}"]
    command += _learned_from(tap_outs)
    told(said, "proxies", command, photos or (), write=write, as_json=as_json)


@bench.command("export")
def bench_export(
    raw: Annotated[Path, typer.Argument(metavar="RAW", readable=False)],
    repeats: Annotated[int, typer.Option(metavar="N", min=1)] = 5,
    write: Write = None,
    as_json: cli.Json = False,
) -> None:
    """A full-size export with every slider moved, beside other programs if they are installed."""
    from engine.benchmarks import exports

    said = cli.run(exports.bench_export(raw, repeats), "Exporting")
    told(said, "export", ["bench", "export", raw.name], (), write=write, as_json=as_json)


@bench.command("match")
def bench_match(
    photos: Photos = None,
    finisher: cli.FinisherName = "basic",
    targets: Annotated[int, typer.Option(metavar="N", min=1, help="Targets for each photo.")] = 3,
    rivals: Annotated[
        int, typer.Option(metavar="N", min=0, help="Targets that other searches get too.")
    ] = 10,
    write: Write = None,
    as_json: cli.Json = False,
) -> None:
    """How near a match comes to hidden settings, and how soon."""
    from engine.benchmarks.matches import matches
    from engine.benchmarks.photos import photos as opened
    from engine.finishers import check_name
    from engine.finishers.basic import BASIC
    from engine.live.quick import quick

    missing = [name for name in ("cma", "bayes_opt") if find_spec(name) is None]
    if rivals and missing:
        raise PhotofinishError(
            f"Other searches need {' and '.join(missing)}, which come with the development"
            " tools; --rivals 0 leaves them out."
        )
    check_name(finisher)
    if finisher != BASIC.name:
        from engine.benchmarks.opened import opened_matches

        work = opened_matches(_raws(photos or []), rivals, OF_MATCHES)
        command = ["bench", "match", "--finisher", finisher, "--rivals", str(rivals)]
        said = cli.run(work, "Matching")
        told(said, f"{finisher} match", command, photos or (), write=write, as_json=as_json)
        return
    means = cli.run(quick(BASIC), "Getting ready")
    chosen = cli.run(opened(photos or (), OF_MATCHES), "Opening")
    said = cli.run(matches(BASIC, means, chosen, targets, rivals), "Matching")
    command = ["bench", "match", "--targets", str(targets), "--rivals", str(rivals)]
    told(said, "match", command, photos or (), write=write, as_json=as_json)


@bench.command("styles")
def bench_styles(
    photos: Photos = None,
    apart: Annotated[
        list[Path] | None,
        typer.Option("--apart", metavar="DIR", help="Photos that no style has seen."),
    ] = None,
    luts: Annotated[
        Path | None,
        typer.Option("--luts", metavar="DIR", help="Looks to tell apart: .cube files in folders."),
    ] = None,
    write: Write = None,
    as_json: cli.Json = False,
) -> None:
    """How near styles come to rules hidden in pictures, and to which of eight looks."""
    from engine.benchmarks.photos import made_photos
    from engine.benchmarks.photos import photos as opened
    from engine.benchmarks.styles import PICTURE_SIDE, sorted_looks, styles
    from engine.finishers.basic import BASIC
    from engine.live.operators import compiled_operators

    if bool(photos) != bool(apart):
        raise PhotofinishError("Photos to learn from need others to be judged on: --apart.")
    looks = [] if luts is None else sorted_looks(luts)
    if photos and apart:
        shown = [p for _, p in cli.run(opened(photos, PICTURE_SIDE), "Opening")]
        judged = [p for _, p in cli.run(opened(apart, PICTURE_SIDE), "Opening")]
    else:
        shown, judged = made_photos(MADE_SHOWN, PICTURE_SIDE, 0), made_photos(20, PICTURE_SIDE, 1)
    work = styles(BASIC, compiled_operators(BASIC), shown, judged, looks)
    said = cli.run(work, "Learning")
    command = ["bench", "styles"]
    for folder in apart or ():
        command += ["--apart", folder.name]
    if luts is not None:
        command += ["--luts", luts.name]
    told(said, "styles", command, photos or (), write=write, as_json=as_json)


@bench.command("references")
def bench_references(
    photos: Annotated[
        list[Path], typer.Option("--photos", metavar="DIR", help="A folder of raws.")
    ],
    finisher: cli.FinisherName = "basic",
    write: Write = None,
    as_json: cli.Json = False,
) -> None:
    """How near a match comes to what other programs, and cameras, make of the same raws.

    By darktable's stages: to the cameras' own pictures, beside darktable's default.
    """
    from engine.benchmarks.references import references
    from engine.finishers import check_name
    from engine.finishers.basic import BASIC
    from engine.live.quick import quick

    check_name(finisher)
    raws = _raws(photos)
    if finisher != BASIC.name:
        from engine.benchmarks.previews import previews

        said = cli.run(previews(raws), "Matching")
        command = ["bench", "references", "--finisher", finisher]
        told(said, f"{finisher} references", command, photos, write=write, as_json=as_json)
        return
    means = cli.run(quick(BASIC), "Getting ready")
    said = cli.run(references(BASIC, means, raws), "Matching")
    told(said, "references", ["bench", "references"], photos, write=write, as_json=as_json)


def _learned_from(tap_outs: Path | None) -> list[str]:
    return [] if tap_outs is None else ["--tap-outs", tap_outs.name]


def _opened_rivals(
    tap_outs: Path | None, minutes: float
) -> "tuple[dict[str, Contender], dict[str, object]]":
    """Rivals of darktable's proxies, and what they were trained on for how long."""
    from engine.benchmarks.rivals import rivals, written_examples
    from engine.finishers.darktable import DARKTABLE
    from engine.training.darktable import LONG_SIDES, write
    from engine.training.sources import source_of
    from engine.training.tap_folder import folders_in, write_random
    from engine.training.train_proxies import Budget

    said: dict[str, object] = {"rival_minutes": minutes}
    with tempfile.TemporaryDirectory() as name:
        if tap_outs is None:
            tap_outs, began = Path(name), time.perf_counter()
            source = source_of((), apart=False, long_sides=LONG_SIDES)
            work = write_random(
                tap_outs, TAP_OUTS, finisher=DARKTABLE, source=source, seed=0, by=write
            )
            cli.run(work, "Writing")
            said["tap_out_seconds"] = round(time.perf_counter() - began, 1)
        folders = folders_in(tap_outs)
        said["tap_outs"] = len(folders)
        examples = written_examples(DARKTABLE, folders)
        return cli.run(rivals(DARKTABLE, examples, budget=Budget(minutes)), "Training"), said


def _raws(folders: list[Path]) -> list[Path]:
    """The raws in `folders`. Raises PhotofinishError where there is none."""
    from engine.sidecar import RAW_SUFFIXES
    from engine.training.sources import photos_in

    raws = [path for path in photos_in(folders) if path.suffix.lower() in RAW_SUFFIXES]
    if not raws:
        raise PhotofinishError("Give a folder of raws with --photos.")
    return raws


def told(
    said: dict[str, object],
    name: str,
    command: list[str],
    folders: "list[Path] | tuple[()]",
    *,
    write: Path | None,
    as_json: bool,
) -> None:
    """Print the figures, and put them into the page `write` if there is one."""
    if write is not None:
        from engine.benchmarks import report

        on = [part for folder in folders for part in ("--photos", folder.name)]
        report.write(write, name, shlex.join(["photofinish", *command, *on]), said)
    cli.show(said, as_json=as_json)


def _fidelity(
    finisher: "Finisher", photos: "list[tuple[str, Photo]]", settings: int
) -> "Work[dict[str, object]]":
    from engine.benchmarks.fidelity import fidelity
    from engine.benchmarks.tables import tables

    singly = -(-settings // SINGLY)
    chain, stages, by_photo = yield from fidelity(finisher, photos, settings, singly)
    table = yield from tables(finisher, photos, singly)
    return {
        "photos": len(photos),
        "settings": settings,
        "settings_singly": singly,
        "chain": chain,
        "stages": stages,
        "by_photo": by_photo,
        "table": table,
    }


def _rivals(
    finisher: "Finisher",
    photos: "list[tuple[str, Photo]]",
    settings: int,
    minutes: float,
    tap_outs: Path | None,
) -> "Work[dict[str, object]]":
    """Each rival's score as a whole, and of its stages by themselves."""
    from engine.benchmarks.fidelity import finished_by, stand_ins
    from engine.benchmarks.rivals import examples_of, rivals, written_examples
    from engine.training.sources import source_of
    from engine.training.tap_folder import folders_in
    from engine.training.train_proxies import Budget

    if tap_outs is None:
        examples = examples_of(finisher, source_of((), apart=False))
    else:
        examples = written_examples(finisher, folders_in(tap_outs))
    trained: dict[str, Contender] = yield from rivals(finisher, examples, budget=Budget(minutes))
    said: dict[str, object] = {"rival_minutes": minutes}
    for name, contender in trained.items():
        whole: Score = yield from finished_by(finisher, photos, settings, contender.finish)
        said[name] = whole
        if contender.operators:
            said[f"{name}_stages"] = yield from stand_ins(
                finisher, photos, settings, contender.operators
            )
    return said
