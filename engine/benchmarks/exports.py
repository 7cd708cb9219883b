"""Export against other programs: the same photo, every slider moved, a 16-bit TIFF at full size.

The programs take turns, so that what else the machine does falls on all of them alike. Each is run
as its user would run it: from the command line, start of the program included.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from engine.benchmarks import darktable, draws, rawtherapee
from engine.benchmarks.programs import Measured, run_measured
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.finishers.basic import BASIC
from engine.metadata import Metadata
from engine.photo import open_photo
from engine.progress import Progress, Work, finish
from engine.settings import Settings

OURS = "ours"
RUN = "import sys; from engine.cli import main; sys.exit(main())"
"""Our command line, by the Python that this runs on."""

TRAVEL = 0.6
"""Where every slider stands on its way: off its neutral, and moderate."""

WARM_UP = 512
"""Long side in pixels of a first picture that is not counted: caches fill, kernels compile."""

NODES = 17


@dataclass(frozen=True)
class Program:
    """What renders the photo to a file, and what it wants to find in its environment."""

    command: Callable[[Path, int | None], list[str]]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, out: Path, long_side: int | None = None) -> Measured:
        """Render to `out`, measured. Raises PhotofinishError where no picture comes of it."""
        out.unlink(missing_ok=True)
        command = self.command(out, long_side)
        measured = run_measured(command, self.environment)
        if not out.exists():
            raise PhotofinishError(f"{Path(command[0]).name} wrote no picture.")
        return measured


def bench_export(raw: Path, repeats: int) -> Work[dict[str, object]]:
    """Seconds and memory of exports by us and by what else is installed, and who is faster.

    Each ratio is the median over the pairs of runs that follow one another.
    """
    yield Progress(0, 1, "Opening")
    metadata = finish(open_photo(raw, half=True)).metadata
    with tempfile.TemporaryDirectory() as folder:
        programs = _programs(raw, metadata, Path(folder))
        left_out = yield from _warm_up(programs, Path(folder))
        runs: dict[str, list[Measured]] = {name: [] for name in programs}
        for done, (_, name) in enumerate(product(range(repeats), programs)):
            yield Progress(done, len(programs) * repeats, name)
            runs[name].append(programs[name].run(Path(folder) / f"{name}.tif"))
    width, height = metadata.full_size
    return {
        "photo": raw.name,
        "megapixels": round(width * height / 1e6, 1),
        **{name: _summary(measured) for name, measured in runs.items()},
        **{
            f"faster_than_{name}": _ratio(measured, runs[OURS])
            for name, measured in runs.items()
            if name != OURS
        },
        **left_out,
    }


def at_preview_size(raw: Path, long_side: int, repeats: int) -> dict[str, object]:
    """Median milliseconds that other programs take for a picture of that size, each by its name.

    `darktable_pipeline` is its pixel pipeline alone, without start, reading and writing. Empty
    where none is installed; one that cannot read the photo says so under its name.
    """
    if not (darktable.found() or rawtherapee.found()):
        return {}
    metadata = finish(open_photo(raw, half=True)).metadata
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        programs = _programs(raw, metadata, Path(folder))
        del programs[OURS]
        left_out = finish(_warm_up(programs, Path(folder)))
        for _, (name, program) in product(range(repeats), programs.items()):
            measured = program.run(Path(folder) / f"{name}.tif", long_side)
            seconds.setdefault(name, []).append(measured.seconds)
            pipeline = darktable.pipeline_seconds(measured.said)
            if pipeline is not None:
                seconds.setdefault(f"{name}_pipeline", []).append(pipeline)
    medians = {name: round(1e3 * statistics.median(each), 1) for name, each in seconds.items()}
    return {**medians, **left_out}


def _warm_up(programs: dict[str, Program], folder: Path) -> Work[dict[str, str]]:
    """A small picture by each; others than ours that fail are taken out, with what they say."""
    left_out = {}
    for done, (name, program) in enumerate(list(programs.items())):
        yield Progress(done, len(programs), name)
        try:
            program.run(folder / f"{name}.tif", WARM_UP)
        except PhotofinishError as error:
            if name == OURS:
                raise
            left_out[name] = str(error)
            del programs[name]
    return left_out


def moved(finisher: Finisher, cube: Path) -> Settings:
    """Every slider of `finisher` at TRAVEL, with `cube` as the creative LUT."""
    settings = draws.placed(finisher, dict.fromkeys((s.name for s in finisher.sliders), TRAVEL))
    return settings.replace(finisher.control("lut"), str(cube))


def write_cube(path: Path) -> None:
    """Write a table of a mild look: warmer lights, cooler shadows."""
    steps = [i / (NODES - 1) for i in range(NODES)]
    rows = [
        f"{red + 0.04 * red * (1 - red):.5f} {green:.5f} {blue + 0.04 * (0.5 - blue) ** 3:.5f}"
        for blue, green, red in product(steps, repeat=3)
    ]
    path.write_text("\n".join([f"LUT_3D_SIZE {NODES}", *rows, ""]), "ascii")


def _programs(raw: Path, metadata: Metadata, folder: Path) -> dict[str, Program]:
    """By name: us, and what is installed. What they need to find lies in `folder`."""
    cube = folder / "look.cube"
    write_cube(cube)
    sets = [f"--set={name}={value}" for name, value in moved(BASIC, cube).values.items()]

    def by_us(out: Path, long_side: int | None) -> list[str]:
        size = [] if long_side is None else ["--long-side", str(long_side)]
        render = ["render", str(raw), str(out), "--bits", "16"]
        return [sys.executable, "-c", RUN, *render, *sets, *size]

    programs = {OURS: Program(by_us)}
    if darktable.found():
        sidecar = folder / "darktable.xmp"
        darktable.write_sidecar(sidecar, metadata)
        programs["darktable"] = Program(
            lambda out, long_side: darktable.command(raw, out, sidecar, folder, long_side)
        )
    if rawtherapee.found():

        def by_rawtherapee(out: Path, long_side: int | None) -> list[str]:
            profile = folder / "rawtherapee.pp3"
            rawtherapee.write_profile(profile, long_side)
            return rawtherapee.command(raw, out, profile)

        its_folder = folder / "rawtherapee"
        programs["rawtherapee"] = Program(by_rawtherapee, rawtherapee.environment(its_folder))
    return programs


def _summary(runs: Sequence[Measured]) -> dict[str, float]:
    seconds = sorted(run.seconds for run in runs)
    return {
        "median_s": round(statistics.median(seconds), 2),
        "p95_s": round(seconds[round(0.95 * (len(seconds) - 1))], 2),
        "peak_mb": round(max(run.peak_bytes for run in runs) / 1e6),
    }


def _ratio(others: Sequence[Measured], ours: Sequence[Measured]) -> float:
    """How many times longer the others take."""
    pairs = zip(others, ours, strict=True)
    return round(statistics.median(other.seconds / own.seconds for other, own in pairs), 2)
