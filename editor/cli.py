"""The whole command line: the engine's verbs, and those that need the window."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from engine import cli
from engine.benchmarks.command import Write, bench, told
from engine.errors import PhotofinishError
from engine.match.command import match
from engine.style.command import sequence, style
from engine.training.command import train


@cli.app.command()
def edit(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE ...]")] = None,
    as_json: cli.Json = False,
) -> None:
    """Open the editor, with these photos if there are any."""
    for file in files or ():
        if not file.exists():
            raise PhotofinishError(f"{file} does not exist.")
    from editor.__main__ import main as open_window

    status = open_window([str(file) for file in files or ()])
    if as_json:
        cli.show({"status": status}, as_json=True)
    raise typer.Exit(status)


cli.app.command("match")(match)
cli.app.add_typer(style, name="style")
cli.app.command("sequence")(sequence)
cli.app.add_typer(bench, name="bench")
cli.app.add_typer(train, name="train")

Sample = Annotated[
    Path | None, typer.Argument(metavar="[RAW]", help="The raw to use; without it, the sample.")
]


@bench.command("open")
def bench_open(
    raw: Sample = None,
    repeats: Annotated[int, typer.Option(metavar="N", min=1)] = 7,
    write: Write = None,
    as_json: cli.Json = False,
) -> None:
    """From a path to our own first picture: half-size decode, render, QImage."""
    from editor import bench as measure

    with _given(raw) as photo:
        said = measure.bench_open(photo, repeats)
        told(said, "open", ["bench", "open", photo.name], (), write=write, as_json=as_json)


@bench.command("drag")
def bench_drag(
    raw: Sample = None,
    frames: Annotated[int, typer.Option(metavar="N", min=1)] = 200,
    finisher: cli.FinisherName = "basic",
    write: Write = None,
    as_json: cli.Json = False,
) -> None:
    """From a slider to the picture, over one slider of every stage."""
    from editor import bench as measure
    from engine.finishers import finisher_named
    from engine.finishers.basic import BASIC

    chosen = finisher_named(finisher)
    basic = chosen is BASIC
    command = ["bench", "drag", *(() if basic else ("--finisher", finisher))]
    with _given(raw) as photo:
        said = measure.bench_drag(photo, frames, chosen)
        name = "drag" if basic else f"{finisher} drag"
        told(said, name, [*command, photo.name], (), write=write, as_json=as_json)


@contextmanager
def _given(raw: Path | None) -> Iterator[Path]:
    """The raw, or the sample in a folder that goes when the block ends."""
    if raw is not None:
        yield raw
        return
    from editor.bench import sample

    with sample() as folder:
        yield Path(folder) / "sample.dng"


def main() -> None:
    """Run `photofinish`."""
    sys.exit(cli.main())
