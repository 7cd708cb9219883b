"""`photofinish style` and `photofinish sequence`: sliders for each photo, learned from a look."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine import cli
from engine.errors import PhotofinishError

if TYPE_CHECKING:
    from engine.photo import Photo
    from engine.settings import Settings
    from engine.style.style import Style

style = typer.Typer(help="Learn the look of a collection, and give it to photos.")

StyleFile = Annotated[
    str,
    typer.Argument(metavar="STYLE", help="A style's file, or the name of one that ships."),
]
Strength = Annotated[
    float, typer.Option(metavar="PERCENT", min=0.0, max=150.0, help="How much of the style.")
]
LONG_SIDE = 512


@style.command("train")
def train(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Pictures of one look.")],
    out: Annotated[Path, typer.Option("--out", metavar="STYLE", help="The file to write.")],
    edits: Annotated[
        bool, typer.Option("--edits", help="DIR holds raws with their edits beside them.")
    ] = False,
    as_json: cli.Json = False,
) -> None:
    """Learn a style from a folder of pictures that you like, or of your own edits."""
    from engine.finishers.basic import BASIC
    from engine.live.quick import quick
    from engine.style.learning import learn_edits, learn_pictures
    from engine.style.style import SUFFIX, write_style

    start = time.perf_counter()
    cli.check_sidecar(out)
    name = out.name.removesuffix(SUFFIX).removesuffix(".safetensors")
    work = (
        learn_edits(folder, name, BASIC, cli.run(quick(BASIC), "Getting ready").exact)
        if edits
        else learn_pictures(folder, name, BASIC)
    )
    learned = cli.run(work, "Learning")
    write_style(learned.style, out)
    said = _about(learned.style) | {
        "file": str(out),
        "notes": list(learned.notes),
        "seconds": round(time.perf_counter() - start, 2),
    }
    text = f"{out}: learned from {learned.style.count} {learned.style.learned_from}"
    cli.show(said, as_json=as_json, text=text, notes=learned.notes)


@style.command("apply")
def apply(
    file: StyleFile,
    raws: Annotated[list[Path], typer.Argument(metavar="RAW ...", readable=False)],
    out_dir: Annotated[
        Path | None,
        typer.Option(
            "--out-dir",
            metavar="DIR",
            help="Write finished pictures and edits here; without it the edit goes beside the raw.",
        ),
    ] = None,
    strength: Strength = 100.0,
    replace: Annotated[
        bool, typer.Option("--replace", help="Go over edits that are there already.")
    ] = False,
    long_side: cli.LongSide = None,
    as_json: cli.Json = False,
) -> None:
    """Give raws a style: each its own sliders, as an ordinary edit."""
    from engine.export import export
    from engine.files import make_folder
    from engine.finishers.basic import BASIC
    from engine.live.quick import quick
    from engine.photo import open_photo
    from engine.settings import Settings
    from engine.style.library import named

    chosen = named(file)
    if out_dir is not None:
        _check_names(raws, out_dir)
        make_folder(out_dir)
    operators = cli.run(quick(BASIC), "Getting ready").exact
    told = []
    for raw in raws:
        photo = cli.run(open_photo(raw, half=out_dir is None), f"Opening {raw.name}")
        began = time.perf_counter()
        settings = chosen.predict(photo.reduced(LONG_SIDE), BASIC, operators)
        settings = chosen.given(settings, Settings(), strength / 100.0, photo, BASIC)
        seconds = time.perf_counter() - began
        files = {}
        if out_dir is None:
            files["edit"] = str(_beside(raw, settings, photo, replace=replace))
        else:
            picture = out_dir / f"{raw.stem}.jpg"
            work = export(
                photo, settings, picture, finisher=BASIC, operators=operators, long_side=long_side
            )
            files["picture"] = str(cli.run(work, f"Rendering {raw.name}"))
            files["edit"] = str(out_dir / f"{raw.stem}.xmp")
            cli.write_sidecar_of(Path(files["edit"]), settings, photo)
        told.append(
            {
                "raw": str(raw),
                **files,
                "settings": {**settings.values},
                "seconds": round(seconds, 3),
            }
        )
    text = "\n".join(str(one.get("picture", one["edit"])) for one in told)
    cli.show({"style": chosen.name, "photos": told}, as_json=as_json, text=text)


@style.command("info")
def info(file: StyleFile, as_json: cli.Json = False) -> None:
    """Say what a style was learned from, and which sliders it sets."""
    from engine.style.library import named

    cli.show(_about(named(file)), as_json=as_json)


@style.command("list")
def listed(as_json: cli.Json = False) -> None:
    """List the styles at hand: those that ship, and your own."""
    from engine.style.library import own, shipped

    mine, refused = own()
    names = [one.name for one in (*shipped(), *mine)]
    cli.show({"styles": names}, as_json=as_json, text="\n".join(names), notes=refused)


def sequence(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Raw frames, one file each.")],
    file: Annotated[str, typer.Option("--style", metavar="STYLE", help="A style's file or name.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where finished frames go.")],
    suffix: Annotated[str, typer.Option("--format", metavar="jpg|png|tif|exr")] = "jpg",
    long_side: cli.LongSide = None,
    as_json: cli.Json = False,
) -> None:
    """Finish a sequence of raw frames in a style, without flicker."""
    from engine.files import make_folder
    from engine.finishers.basic import BASIC
    from engine.live.quick import quick
    from engine.style.library import named
    from engine.style.sequence import finish, frames_in, predict

    start = time.perf_counter()
    chosen = named(file)
    operators = cli.run(quick(BASIC), "Getting ready").exact
    files = frames_in(folder)
    if out.exists() and out.resolve() == folder.resolve():
        raise PhotofinishError("The finished frames need a folder of their own.")
    make_folder(out)
    frames = cli.run(predict(files, chosen, BASIC, operators), "Predicting")
    work = finish(files, frames, out, f".{suffix}", BASIC, operators, long_side)
    written = cli.run(work, "Rendering")
    said: dict[str, object] = {
        "folder": str(out),
        "frames": [path.name for path in written],
        "key_frames": [files[key].name for key in frames.keys],
        "seconds": round(time.perf_counter() - start, 1),
    }
    cli.show(said, as_json=as_json, text=f"{len(written)} frames in {out}")


def _about(chosen: "Style") -> dict[str, object]:
    return {
        "name": chosen.name,
        "finisher": chosen.finisher,
        "learned_from": chosen.learned_from,
        "count": chosen.count,
        "sliders": list(chosen.sliders),
    }


def _beside(raw: Path, settings: "Settings", photo: "Photo", *, replace: bool) -> Path:
    """Save `settings` as the edit of `raw`, and return where."""
    from engine.finishers.basic import BASIC
    from engine.settings import Settings as Neutral
    from engine.sidecar import Sidecar
    from engine.white import as_shot_temperature_tint

    sidecar = Sidecar.for_raw(raw, BASIC)
    if sidecar.read().settings != Neutral() and not replace:
        raise PhotofinishError(f"{raw.name} has an edit already; --replace goes over it.")
    return sidecar.write(settings, as_shot_temperature_tint(photo.metadata))


def _check_names(raws: list[Path], out_dir: Path) -> None:
    """Raise PhotofinishError where one edit or picture would be written over another."""
    taken: dict[str, Path] = {}
    for raw in raws:
        if out_dir.resolve() == raw.parent.resolve():
            raise PhotofinishError(
                f"{out_dir} holds {raw.name} and its edit; finished photos need another folder."
            )
        other = taken.setdefault(raw.stem, raw)
        if other.resolve() != raw.resolve():
            raise PhotofinishError(f"{other} and {raw} would get the same name in {out_dir}.")
