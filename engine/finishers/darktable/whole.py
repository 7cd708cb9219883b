"""Whole: darktable's picture of a raw, and what leaves each stage on the way to it.

`own_input` are items of the user's own sidecar on the way to the first stage, wherever it is named.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from torch import Tensor

from engine.color import SRGB
from engine.errors import PhotofinishError
from engine.files import replacing
from engine.finishers.darktable import DARKTABLE, creative_lut, program
from engine.finishers.darktable.color_conversion import shown
from engine.finishers.darktable.edit import history
from engine.finishers.darktable.history import Item
from engine.finishers.darktable.operators import PLAIN, read_pfm
from engine.metadata import Metadata
from engine.photo import Photo
from engine.progress import Work, finish
from engine.renderer import Tap
from engine.settings import Settings

SPACES = {"srgb": "SRGB", "adobe-rgb": "ADOBERGB", "rec2020": "LIN_REC2020"}
"""Ours by darktable's names; its Rec. 2020 is linear."""

TITLES = {"rec2020": "Rec. 2020, linear light"}
"""Spaces whose titles would be wrong otherwise."""

BITS = {".jpg": (), ".jpeg": (), ".png": (8, 16), ".tif": (8, 16, 32), ".tiff": (8, 16, 32)}
"""What its formats hold; JPEG has nothing to choose."""


def tap(
    raw: Path,
    metadata: Metadata,
    settings: Settings,
    until: str | None = None,
    long_side: int | None = None,
    own_input: tuple[Item, ...] = (),
) -> Work[Tensor]:
    """What leaves the stage `until` (1, 3, H, W), linear Rec. 2020; "": what enters the first.

    Raises PhotofinishError.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sidecar = _sidecar(folder, settings, metadata, own_input, until)
        out = folder / "tap.pfm"
        yield from program.run([raw.resolve(), sidecar, out, *_size(long_side), *PLAIN], folder)
        return read_pfm(out)


def tapped(
    raw: Path,
    photo: Photo,
    settings: Settings,
    stage: str | None,
    long_side: int | None = None,
    own_input: tuple[Item, ...] = (),
) -> Work[Tap]:
    """What leaves `stage` of the finisher, the last one for None. Raises PhotofinishError.

    Of `photo` only M and H are needed.
    """
    last = DARKTABLE.stages[-1]
    chosen = last if stage is None else DARKTABLE.stage(stage)
    until = None if chosen is last else chosen.name
    image = yield from tap(raw, photo.metadata, settings, until, long_side, own_input)
    if chosen is last:
        image = shown(image, photo.metadata.output or SRGB)
    return Tap(chosen, chosen.values(settings), image, photo.metadata, photo.statistics)


def truth(
    raw: Path, metadata: Metadata, long_side: int, own_input: tuple[Item, ...] = ()
) -> Callable[[Settings], Tensor]:
    """Finishes `raw` by darktable: from settings to sRGB (1, 3, H, W); the last one is kept."""
    last: list[tuple[Settings, Tensor]] = []

    def picture(settings: Settings) -> Tensor:
        if not last or last[0][0] != settings:
            viewed = finish(tap(raw, metadata, settings, None, long_side, own_input))
            last[:] = [(settings, shown(viewed, SRGB))]
        return last[0][1]

    return picture


def export(
    raw: Path,
    metadata: Metadata,
    settings: Settings,
    out: Path,
    *,
    long_side: int | None = None,
    space: str = "srgb",
    bits: int | None = None,
    quality: int = 92,
    own_input: tuple[Item, ...] = (),
) -> Work[Path]:
    """Have darktable finish `raw` and write it to `out`; return `out`.

    Until all is written a file that was there stays as it was. Raises PhotofinishError.
    """
    suffix = out.suffix.lower()
    if suffix not in BITS or space not in SPACES:
        raise PhotofinishError(
            f"darktable is asked for .jpg, .png or .tif in {', '.join(SPACES)}, not for"
            f" {suffix or out.name} in {space}."
        )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sidecar = _sidecar(folder, settings, metadata, own_input)
        with replacing(out) as temporary:
            made = temporary.with_name(f"{temporary.name}{suffix}")
            options = [
                *("--icc-type", SPACES[space], "--apply-custom-presets", "0", "--hq", "1"),
                *_size(long_side),
            ]
            try:
                yield from program.run(
                    [raw.resolve(), sidecar, made, *options], folder, _wishes(suffix, bits, quality)
                )
                if not made.exists():
                    raise PhotofinishError("darktable wrote no picture.")
                made.replace(temporary)
            finally:
                made.unlink(missing_ok=True)
    return out


def _sidecar(
    folder: Path,
    settings: Settings,
    metadata: Metadata,
    own_input: tuple[Item, ...],
    until: str | None = None,
) -> Path:
    """The edit in a file. Raises PhotofinishError where darktable would leave out a color table."""
    table = creative_lut.MODULE.stage.values(settings)["lut"]
    if table and until in (None, *_FROM_TABLE):
        creative_lut.cube_of(str(table))
    sidecar = folder / "edit.xmp"
    told = history(settings, metadata, until=until, own_input=own_input)
    sidecar.write_bytes(told.to_bytes())
    return sidecar


_NAMES = [stage.name for stage in DARKTABLE]
_FROM_TABLE = _NAMES[_NAMES.index(creative_lut.MODULE.stage.name) :]
"""The stages from the color table on."""


def _size(long_side: int | None) -> Sequence[str]:
    return [] if long_side is None else ["--width", str(long_side), "--height", str(long_side)]


def _wishes(suffix: str, bits: int | None, quality: int) -> dict[str, int]:
    """What the format is to be like, by darktable's names."""
    kind = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}.get(suffix, "tiff")
    if kind == "jpeg":
        return {"plugins/imageio/format/jpeg/quality": quality}
    return {f"plugins/imageio/format/{kind}/bpp": bits or BITS[suffix][0]}
