"""`photofinish train`: proxies, and the tap-outs that they are trained on."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from engine import cli
from engine.errors import PhotofinishError

if TYPE_CHECKING:
    from engine.finisher import Finisher
    from engine.progress import Work
    from engine.stage import Stage

T = TypeVar("T")

train = typer.Typer(help="Train the proxies of stages.", no_args_is_help=True)

Photos = Annotated[
    list[Path] | None,
    typer.Option(
        "--photos",
        metavar="DIR",
        help="A folder of raws and photographs to learn on, beside made scenes; repeat for more."
        " Every fourth file is kept apart, to validate on.",
    ),
]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="What all random choices follow from.")]

TOLD_SECONDS = 20.0
"""How often a run that is watched through a file says where it is."""


@train.command("proxies")
def train_proxies(
    finisher: cli.FinisherName = "basic",
    stages: Annotated[
        list[str] | None,
        typer.Option(
            "--stage", metavar="S", help="A stage to learn; repeat for more. Else all that ship."
        ),
    ] = None,
    minutes: Annotated[
        float, typer.Option(metavar="M", min=0.01, help="For all stages together.")
    ] = 30.0,
    steps: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Steps of each stage, instead of minutes."),
    ] = None,
    device: Annotated[str, typer.Option(metavar="cpu|cuda|mps")] = "cpu",
    photos: Photos = None,
    tap_outs: Annotated[
        Path | None,
        typer.Option(
            "--tap-outs",
            metavar="DIR",
            help="Learn from these pictures, as `taps` and `train tap-outs` write them.",
        ),
    ] = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the weights go; else where the program's own lie."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that was interrupted.")
    ] = False,
    as_json: cli.Json = False,
) -> None:
    """Learn stages from what enters and leaves them; write weights and their manifest."""
    from engine.finishers import finisher_named, stand_ins
    from engine.proxies.weights import shipped_folder
    from engine.training import train_proxies as training

    start = time.perf_counter()
    chosen = finisher_named(finisher)
    if stand_ins(chosen):
        raise PhotofinishError(
            f"The stages of {chosen.name} need no training: their proxies are programs."
        )
    work = training.train_proxies(
        chosen,
        _stages(chosen, stages) or training.learnable(chosen),
        out or shipped_folder(),
        photos=photos or (),
        tap_outs=tap_outs,
        budget=training.Budget(minutes, steps),
        device=device,
        seed=seed,
        resume=resume,
    )
    trained = cli.run(_told(work), "Training")
    said: dict[str, object] = {
        "folder": str(out or shipped_folder()),
        "stages": {
            one.stage: {
                "file": one.file.name,
                "steps": one.steps,
                "mean_db": round(one.score.mean_db, 2),
                "worst_db": round(one.score.worst_db, 2),
                "without_db": round(one.score.without_db, 2),
            }
            for one in trained
        },
        "seconds": round(time.perf_counter() - start, 1),
    }
    lines = [f"{one.file}  {one.stage}: {one.score}" for one in trained]
    cli.show(said, as_json=as_json, text="\n".join(lines))


@train.command("tap-outs")
def train_tap_outs(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    count: Annotated[int, typer.Option(metavar="N", min=1, help="How many photos.")] = 16,
    finisher: cli.FinisherName = "basic",
    photos: Photos = None,
    seed: Seed = 0,
    as_json: cli.Json = False,
) -> None:
    """Write what enters and leaves every stage of photos at random settings, a folder each.

    What an interrupted run has written is kept. darktable's stages are run by darktable itself.
    """
    from engine.finishers import finisher_named
    from engine.training import darktable
    from engine.training.sources import photos_in, source_of
    from engine.training.tap_folder import write_random

    chosen = finisher_named(finisher)
    opened = chosen.name == "darktable"
    sides = darktable.LONG_SIDES if opened else None
    source = source_of(photos_in(photos or ()), apart=False, long_sides=sides)
    by = darktable.write if opened else None
    work = write_random(folder, count, finisher=chosen, source=source, seed=seed, by=by)
    written = cli.run(work, "Writing")
    said: dict[str, object] = {"folder": str(folder), "photos": [path.name for path in written]}
    cli.show(said, as_json=as_json, text="\n".join(str(path) for path in written))


def _stages(finisher: "Finisher", names: list[str] | None) -> "list[Stage]":
    stages = []
    for name in dict.fromkeys(names or ()):
        try:
            stage = finisher.stage(name)
        except KeyError as error:
            known = ", ".join(stage.name for stage in finisher)
            raise PhotofinishError(
                f"{finisher.name} has no stage {name!r}; it has {known}."
            ) from error
        if any(slider.default is None for slider in stage.sliders) or not stage.sliders:
            raise PhotofinishError(f"{stage.title} has no sliders that a proxy could learn.")
        stages.append(stage)
    return stages


def _told(work: "Work[T]") -> "Work[T]":
    """`work`, telling now and then where it is, where no terminal shows it."""
    told = 0.0
    while True:
        try:
            step = next(work)
        except StopIteration as done:
            answer: T = done.value
            return answer
        if not sys.stderr.isatty() and time.monotonic() - told > TOLD_SECONDS:
            told = time.monotonic()
            print(f"{step.done}/{step.total} {step.note}", file=sys.stderr, flush=True)
        yield step
