"""EXIF for exported files: what the camera said, with the orientation normalised.

CIPA DC-008-2023 (Exif 3.0), tables 3 to 10; TIFF Revision 6.0, section 2.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine import __version__
from engine.metadata import Exif

SOFTWARE = f"Photofinish {__version__}"
EXIF_POINTER, GPS_POINTER = 34665, 34853

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SIGNED_RATIONAL = 1, 2, 3, 4, 5, 7, 10
_FORMS = {BYTE: "B", SHORT: "H", LONG: "I", RATIONAL: "II", SIGNED_RATIONAL: "ii"}

MAKE, MODEL, ORIENTATION, SOFTWARE_TAG, DATE_TIME = 271, 272, 274, 305, 306
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, YCBCR_POSITIONING = 282, 283, 296, 531
EXPOSURE_TIME, F_NUMBER, ISO, EXIF_VERSION, TAKEN = 33434, 33437, 34855, 36864, 36867
COMPONENTS, FOCAL_LENGTH, FLASHPIX_VERSION, COLOR_SPACE = 37121, 37386, 40960, 40961
WIDTH, HEIGHT, LENS_MODEL = 40962, 40963, 42036
SRGB, UNCALIBRATED = 1, 65535

_COPIED_MAIN = {270: ASCII, 315: ASCII, 33432: ASCII}  # description, artist, copyright
_COPIED = {
    **dict.fromkeys((36868, 36880, 36881, 36882, 37520, 37521, 37522), ASCII),  # more of the time
    **dict.fromkeys((34850, 34864, 37383, 37384, 37385, 41986, 41987, 41989, 41990), SHORT),
    **dict.fromkeys((34865, 34866), LONG),  # sensitivities
    **dict.fromkeys((37378, 37381, 37382, 41988, 42034), RATIONAL),
    **dict.fromkeys((37377, 37379, 37380), SIGNED_RATIONAL),
    **dict.fromkeys((42032, 42033, 42035, 42037), ASCII),  # owner, serial numbers, lens make
}
"""What is copied as it is, by tag: exposure program and bias, metering, flash, lens, ..."""

_GPS = {
    **dict.fromkeys((0, 5), BYTE),
    **dict.fromkeys((1, 3, 8, 9, 10, 12, 14, 16, 18, 19, 21, 23, 25, 29), ASCII),
    **dict.fromkeys((2, 4, 6, 7, 11, 13, 15, 17, 20, 22, 24, 26, 31), RATIONAL),
    30: SHORT,
}


@dataclass(frozen=True)
class Entry:
    """One tag: `content` is the value in little-endian bytes, `count` how many of its type."""

    tag: int
    kind: int
    count: int
    content: bytes


def main_entries(exif: Exif) -> list[Entry]:
    """The tags of the first directory."""
    known = {
        MAKE: _entry(MAKE, ASCII, exif.make),
        MODEL: _entry(MODEL, ASCII, exif.model),
        ORIENTATION: _entry(ORIENTATION, SHORT, 1),
        SOFTWARE_TAG: _entry(SOFTWARE_TAG, ASCII, SOFTWARE),
        DATE_TIME: _entry(DATE_TIME, ASCII, exif.taken),
    }
    return _sorted(known, _COPIED_MAIN, exif.tags)


def exif_entries(exif: Exif, *, srgb: bool) -> list[Entry]:
    """The tags of the Exif directory."""
    known = {
        EXPOSURE_TIME: _entry(EXPOSURE_TIME, RATIONAL, exif.shutter),
        F_NUMBER: _entry(F_NUMBER, RATIONAL, exif.aperture),
        ISO: _entry(ISO, SHORT, None if exif.iso is None else min(round(exif.iso), 65535)),
        EXIF_VERSION: Entry(EXIF_VERSION, UNDEFINED, 4, b"0232"),
        TAKEN: _entry(TAKEN, ASCII, exif.taken),
        FOCAL_LENGTH: _entry(FOCAL_LENGTH, RATIONAL, exif.focal_length),
        COLOR_SPACE: _entry(COLOR_SPACE, SHORT, SRGB if srgb else UNCALIBRATED),
        LENS_MODEL: _entry(LENS_MODEL, ASCII, exif.lens),
    }
    return _sorted(known, _COPIED, exif.tags)


def gps_entries(exif: Exif) -> list[Entry]:
    """The tags of the GPS directory; none where the camera did not know where it was."""
    gps = exif.tags.get(GPS_POINTER)
    return _sorted({}, _GPS, gps) if isinstance(gps, Mapping) else []


def block(exif: Exif, size: tuple[int, int], *, srgb: bool) -> bytes:
    """All of it as one little TIFF stream, for JPEG and PNG of `size` (width, height)."""
    first = [
        *main_entries(exif),
        Entry(X_RESOLUTION, RATIONAL, 1, struct.pack("<II", 72, 1)),
        Entry(Y_RESOLUTION, RATIONAL, 1, struct.pack("<II", 72, 1)),
        Entry(RESOLUTION_UNIT, SHORT, 1, struct.pack("<H", 2)),
        Entry(YCBCR_POSITIONING, SHORT, 1, struct.pack("<H", 1)),
    ]
    shot = [
        *exif_entries(exif, srgb=srgb),
        Entry(COMPONENTS, UNDEFINED, 4, b"\1\2\3\0"),
        Entry(FLASHPIX_VERSION, UNDEFINED, 4, b"0100"),
        Entry(WIDTH, LONG, 1, struct.pack("<I", size[0])),
        Entry(HEIGHT, LONG, 1, struct.pack("<I", size[1])),
    ]
    below = {EXIF_POINTER: shot, GPS_POINTER: gps_entries(exif)}
    below = {tag: entries for tag, entries in below.items() if entries}
    end = 8 + len(directory([*first, *(pointer(tag, 0) for tag in below)], 8))
    behind = b""
    for tag, entries in below.items():
        first.append(pointer(tag, end + len(behind)))
        behind += directory(entries, end + len(behind))
    return b"II*\0" + struct.pack("<I", 8) + directory(first, 8) + behind


def pointer(tag: int, offset: int) -> Entry:
    """The tag that leads to another directory."""
    return Entry(tag, LONG, 1, struct.pack("<I", offset))


def directory(entries: Sequence[Entry], offset: int) -> bytes:
    """A TIFF directory that will lie at `offset`, with the values that do not fit behind it."""
    table, values = struct.pack("<H", len(entries)), b""
    behind = offset + 2 + 12 * len(entries) + 4
    for entry in sorted(entries, key=lambda entry: entry.tag):
        content = entry.content
        if len(content) > 4:
            place = struct.pack("<I", behind + len(values))
            values += content + bytes(len(content) % 2)
        else:
            place = content + bytes(4 - len(content))
        table += struct.pack("<HHI", entry.tag, entry.kind, entry.count) + place
    return table + bytes(4) + values


def _sorted(
    known: dict[int, Entry | None], copied: Mapping[int, int], tags: Mapping[int, object]
) -> list[Entry]:
    for tag, kind in copied.items():
        if tag in tags:
            known[tag] = _entry(tag, kind, tags[tag])
    return [entry for _, entry in sorted(known.items()) if entry is not None]


def _entry(tag: int, kind: int, value: object) -> Entry | None:
    """The tag with `value`; None where that is missing or not of its kind."""
    if kind == ASCII:
        content = str(value or "").split("\0")[0].strip().encode() + b"\0"
        return Entry(tag, kind, len(content), content) if len(content) > 1 else None
    numbers = list(value) if isinstance(value, list | tuple | bytes) else [value]
    try:
        content = b"".join(_packed(number, kind) for number in numbers)
    except (struct.error, TypeError, ValueError, OverflowError):  # not of this type, or too large
        return None
    return Entry(tag, kind, len(numbers), content) if numbers else None


def _packed(number: object, kind: int) -> bytes:
    if not isinstance(number, int | float | Fraction):
        raise TypeError(number)
    if kind not in (RATIONAL, SIGNED_RATIONAL):
        return struct.pack(f"<{_FORMS[kind]}", int(number))
    if isinstance(number, float):
        number = Fraction(number).limit_denominator(1_000_000)
    return struct.pack(f"<{_FORMS[kind]}", number.numerator, number.denominator)
