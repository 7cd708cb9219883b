"""darktable with modules comparable to ours: a sidecar for its command line, and the command.

Each module's parameters are its C struct, little endian, as darktable 4.2 has them (GPL-3; nothing
of it is used here but its documented file format). Newer versions upgrade older structs.
"""

import re
import struct
from pathlib import Path

from engine.finishers.darktable import program
from engine.finishers.darktable.history import History, Item
from engine.metadata import Metadata

PROGRAM = program.NAME

BANDS = 8
NODES = 20  # that a curve of color zones has room for
WAVELETS = 7  # scales of a curve of denoise (profiled)
EQUALIZER = 6  # nodes of a curve of the contrast equalizer
WORK_PROFILE = 4  # linear Rec. 2020

TIFF = ("bpp=16", "compress=2", "compresslevel=4")  # as ours: deflated at level 4, with a predictor
PIPELINE = re.compile(r"pixel pipeline processing took (\d+)[.,](\d+) secs")


def found() -> str | None:
    """The path of darktable's command line, if it is installed."""
    path = program.found()
    return None if path is None else str(path)


def command(raw: Path, out: Path, sidecar: Path, folder: Path, long_side: int | None) -> list[str]:
    """Finish `raw` as `sidecar` says, to `out`, which must not be there yet: it replaces nothing.

    `folder` takes what darktable leaves behind. It tells how long its pixel pipeline took.
    """
    size = [] if long_side is None else ["--width", str(long_side), "--height", str(long_side)]
    tiff = [part for wish in TIFF for part in ("--conf", f"plugins/imageio/format/tiff/{wish}")]
    return [
        found() or PROGRAM,
        str(raw),
        str(sidecar),
        str(out),
        *size,
        *("--hq", "0", "--icc-type", "SRGB", "--apply-custom-presets", "0"),
        *("--core", *_own(folder), *tiff, "--disable-opencl", "-d", "perf"),
    ]


def default_command(raw: Path, out: Path, folder: Path, long_side: int | None = None) -> list[str]:
    """Finish `raw` as darktable does by itself, to `out`, which must not be there yet.

    With a `long_side` it is reduced before it is finished, as our taps are.
    """
    size: list[str] = []
    if long_side is not None:
        size = ["--width", str(long_side), "--height", str(long_side), "--hq", "0"]
    core = ["--core", *_own(folder), "--disable-opencl"]
    return [found() or PROGRAM, str(raw), str(out), *size, "--icc-type", "SRGB", *core]


def _own(folder: Path) -> list[str]:
    """Where it keeps its settings: in `folder`, not among the user's own."""
    return ["--configdir", str(folder / "settings"), "--cachedir", str(folder / "cache")]


def pipeline_seconds(said: str) -> float | None:
    """How long the pixel pipeline took, from what the command said; without start and files."""
    told = PIPELINE.search(said)
    return None if told is None else float(f"{told[1]}.{told[2]}")


def write_sidecar(path: Path, metadata: Metadata) -> None:
    """Write an edit that moves what corresponds to every stage of ours."""
    items = [Item(*module) for module in _modules(metadata)]
    path.write_bytes(History(tuple(items), {"iop_order_version": "2"}).to_bytes())


def _modules(metadata: Metadata) -> list[tuple[str, int, bytes]]:
    """Name, version and parameters of each module."""
    red, green, blue = 1.0, 1.0, 1.0
    if metadata.as_shot_neutral is not None:
        red, green, blue = (float(1.0 / n) for n in metadata.as_shot_neutral)
    return [
        ("temperature", 3, struct.pack("<4f", red / green, 1.0, blue / green, 1.0)),
        ("denoiseprofile", 11, _denoise()),
        ("colorin", 7, struct.pack("<i512siiii512s", 12, b"", 0, 0, 0, WORK_PROFILE, b"")),
        ("hazeremoval", 1, struct.pack("<2f", 0.2, 0.2)),
        ("exposure", 6, struct.pack("<i4fi", 0, 0.0, 0.5, 50.0, -4.0, 0)),
        ("toneequal", 2, _tone_equalizer()),
        ("bilat", 3, struct.pack("<i4f", 1, 1.0, 1.0, 0.4, 0.5)),
        ("atrous", 2, _equalizer()),
        ("colorbalancergb", 5, _color_balance()),
        ("sigmoid", 1, struct.pack("<4fif", 1.6, 0.0, 100.0, 0.0152, 0, 100.0)),
        ("colorzones", 5, _color_zones()),
        ("sharpen", 1, struct.pack("<3f", 1.0, 0.5, 0.5)),
    ]


def _denoise() -> bytes:
    """Wavelets, the camera's own noise profile (a = -1: by its ISO)."""
    settings = struct.pack("<8f", 1.0, 7.0, 0.8, 1.0, 0.0, 0.0, 0.1, 1.0)
    noise = struct.pack("<6fi", -1.0, -1.0, -1.0, 0.0, 0.0, 0.0, 1)
    line = [i / (WAVELETS - 1) for i in range(WAVELETS)]
    curves = struct.pack(f"<{12 * WAVELETS}f", *line * 6, *[0.5] * (6 * WAVELETS))
    return settings + noise + curves + struct.pack("<4i", 1, 1, 1, 1)


def _tone_equalizer() -> bytes:
    shadows, highlights = (0.3,) * 4, (-0.3,) * 4
    return struct.pack(
        "<15f3i", *shadows, 0.1, *highlights, 5.0, 2.0**0.5, 1.0, 0.0, 0.0, 0.0, 4, 4, 1
    )


def _equalizer() -> bytes:
    """Medium details of luminance raised, as texture does."""
    line = [i / (EQUALIZER - 1) for i in range(EQUALIZER)]
    level = [[0.5, 0.5, 0.55, 0.6, 0.55, 0.5], *[[0.5] * EQUALIZER] * 2, *[[0.0] * EQUALIZER] * 2]
    flat = [y for curve in level for y in curve]
    return struct.pack(f"<i{10 * EQUALIZER}ff", 4, *line * 5, *flat, 1.0)


def _color_balance() -> bytes:
    """Contrast, vibrance and saturation."""
    values = [0.0] * 32
    values[12] = values[14] = 1.0  # how shadows and highlights fall off
    values[19] = 0.1  # saturation
    values[28] = values[30] = 0.1845  # middle grey
    values[29], values[31] = 0.2, 0.1  # vibrance, contrast
    return struct.pack("<32fi", *values, 1)


def _color_zones() -> bytes:
    """Lightness, chroma and hue in eight bands of hue; smoothly, so greys have no part in it."""
    curves: list[float] = []
    for offset in (0.05, 0.08, -0.04):
        for node in range(NODES):
            inside = node < BANDS
            up = offset if node % 2 else -offset
            curves += [node / BANDS if inside else 0.0, 0.5 + up if inside else 0.0]
    head = struct.pack("<i", 2)
    tail = struct.pack("<6ifii", *[BANDS] * 3, *[2] * 3, 0.0, 0, 1)
    return head + struct.pack(f"<{len(curves)}f", *curves) + tail
