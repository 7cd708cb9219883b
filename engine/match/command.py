"""`photofinish match`: the sliders with which a raw looks like another picture."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine import cli
from engine.errors import PhotofinishError

if TYPE_CHECKING:
    from engine.finisher import Finisher
    from engine.match.match import Match, Mode
    from engine.match.target import Target
    from engine.slider import Slider

DIGITS = 3


def match(
    raw: cli.Raw,
    target: Annotated[
        Path,
        typer.Argument(
            metavar="TARGET",
            help="The picture to match: JPEG, HEIC, PNG, TIFF, WebP, AVIF; a raw stands for the"
            " picture that its camera embedded.",
            readable=False,
        ),
    ],
    sliders: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="The sliders that may move; else all of a look."),
    ] = None,
    mode: Annotated[
        str,
        typer.Option(metavar="auto|scene|look", help="Match pixels of one scene, or a look."),
    ] = "auto",
    finisher: cli.FinisherName = "basic",
    sets: cli.Sets = None,
    sidecar: cli.SidecarFile = None,
    profile: cli.ProfileFile = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="XMP", help="Write the edit to this file.", readable=False),
    ] = None,
    render: Annotated[
        Path | None,
        typer.Option(
            "--render", metavar="OUT", help="Write the finished picture here.", readable=False
        ),
    ] = None,
    as_json: cli.Json = False,
) -> None:
    """Move the sliders until a raw looks like another picture, and say how near that came."""
    from engine.export import check
    from engine.finishers import finisher_named
    from engine.match.target import read_target

    house = finisher_named(finisher)
    chosen = _sliders(sliders, house)
    by = _mode(mode)
    cli.refuse_to_replace(raw, out, render)
    if target.exists():
        cli.refuse_to_replace(target, out, render)
    cli.check_sidecar(out, render)
    if render is not None:
        check(render)
    goal = read_target(target)
    if finisher == "basic":
        answer, seconds, notes = _matched(
            raw, goal, chosen, by, sets, sidecar, profile, out, render
        )
    else:
        from engine.finishers.darktable import command

        cli.only_ours(finisher, linear=False, profile=profile)
        answer, seconds, notes = command.match(
            raw, goal, chosen, by, sets=sets, sidecar=sidecar, out=out, picture=render
        )
    said = _said(answer, seconds) | {"notes": [*notes, *goal.notes]}
    moved = [f"  {name} {value:g}" for name, value in _numbers(answer).items()]
    text = "\n".join([answer.sentence, *moved])
    cli.show(said, as_json=as_json, text=text, notes=[*notes, *goal.notes])


def _matched(
    raw: Path,
    goal: "Target",
    chosen: "tuple[Slider, ...] | None",
    mode: "Mode",
    sets: list[str] | None,
    sidecar: Path | None,
    profile: Path | None,
    out: Path | None,
    render: Path | None,
) -> "tuple[Match, float, list[str]]":
    """Match by our own finisher: the answer, in how many seconds, and notes."""
    from engine.export import export
    from engine.finishers.basic import BASIC
    from engine.live.quick import quick
    from engine.match.match import match as matched

    start, notes = cli.wanted(sets, sidecar)
    means = cli.run(quick(BASIC), "Getting ready")
    photo = cli.run(cli.opened(raw, profile), "Opening")
    began = time.perf_counter()
    work = matched(photo, BASIC, means, goal, start=start, sliders=chosen, mode=mode)
    answer = cli.run(work, "Matching")
    seconds = time.perf_counter() - began
    if out is not None:
        cli.write_sidecar_of(out, answer.settings, photo)
    if render is not None:
        cli.run(export(photo, answer.settings, render, finisher=BASIC), "Rendering")
    return answer, seconds, notes


def _sliders(names: str | None, finisher: "Finisher") -> "tuple[Slider, ...] | None":
    """The sliders of these names. Raises PhotofinishError."""
    if names is None:
        return None
    known = {slider.name: slider for slider in finisher.sliders}
    chosen = []
    for name in (part.strip() for part in names.split(",")):
        if name not in known:
            raise PhotofinishError(f"There is no slider named {name!r}.")
        chosen.append(known[name])
    return tuple(dict.fromkeys(chosen))


def _mode(name: str) -> "Mode":
    from engine.match.match import Mode

    try:
        return Mode(name)
    except ValueError:
        raise PhotofinishError(f"The mode is auto, scene or look, not {name!r}.") from None


def _said(answer: "Match", seconds: float) -> dict[str, object]:
    near, look = answer.near, answer.look
    return {
        "settings": {**answer.settings.values},
        "mode": answer.mode.value,
        "psnr_db": answer.psnr_db and round(answer.psnr_db, DIGITS),
        "delta_e": near and round(near.answer, DIGITS),
        "neutral_delta_e": near and round(near.before, DIGITS),
        "affine_delta_e": near and round(near.affine, DIGITS),
        "look_distance": look and round(look[1], DIGITS),
        "neutral_look_distance": look and round(look[0], DIGITS),
        "iterations": answer.iterations,
        "exact_renders": answer.exact_renders,
        "seconds": round(seconds, DIGITS),
        "sentence": answer.sentence,
    }


def _numbers(answer: "Match") -> dict[str, float]:
    values = answer.settings.values.items()
    return {name: value for name, value in values if isinstance(value, float | int)}
