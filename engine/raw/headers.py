"""EXIF of raws that are no DNG, wherever their maker keeps it.

Most are TIFF-like as a whole. Fujifilm's RAF holds a JPEG with an EXIF segment [CIPA DC-008];
Canon's CR3 has a TIFF for each directory in boxes CMT1 (main), CMT2 (EXIF) and CMT4 (GPS)
[L. Clévy, Describing the Canon Raw v3 file format, github.com/lclevy/canon_cr3].
"""

import io
from pathlib import Path

from engine.raw.tiff import EXIF_IFD, GPS_IFD, DamagedError, Tags, Tiff

_SEGMENT = b"Exif\0\0"
_BOXES = b"CMT1", b"CMT2", b"CMT4"
_REACH = 1 << 20  # bytes from the start of the file within which they lie


def directories(path: Path) -> tuple[Tags, Tags, Tags]:
    """Main, EXIF and GPS directories; empty ones where there are none to be read."""
    with path.open("rb") as file:
        try:
            return _below(Tiff(file))
        except DamagedError:
            file.seek(0)
            start = file.read(_REACH)
    try:
        if start[4:8] == b"ftyp":
            main, exif, gps = (_main(_embedded(start, box)) for box in _BOXES)
            return main, exif, gps
        return _below(_embedded(start, _SEGMENT))
    except DamagedError:
        return Tags(), Tags(), Tags()


def _below(tiff: Tiff) -> tuple[Tags, Tags, Tags]:
    main = _main(tiff)
    return main, _first(tiff, main, EXIF_IFD), _first(tiff, main, GPS_IFD)


def _main(tiff: Tiff) -> Tags:
    return next(tiff.directories(), Tags())


def _first(tiff: Tiff, tags: Tags, tag: int) -> Tags:
    try:
        return next(tiff.below(tags, tag), Tags())
    except DamagedError:
        return Tags()


def _embedded(start: bytes, mark: bytes) -> Tiff:
    """The TIFF behind `mark`."""
    _, found, behind = start.partition(mark)
    if not found:
        raise DamagedError
    return Tiff(io.BytesIO(behind))
