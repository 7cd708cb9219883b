"""From tags to Exif: what the window says about the shot, and what an export takes along.

CIPA DC-008, Exif 2.32.
"""

from collections.abc import Mapping
from fractions import Fraction

from engine.metadata import Exif
from engine.raw.tiff import GPS_IFD, Tags

DESCRIPTION, MAKE, MODEL, DATE_TIME, ARTIST, COPYRIGHT = 270, 271, 272, 306, 315, 33432
EXPOSURE_TIME, F_NUMBER, ISO, EXPOSURE_INDEX, TAKEN = 33434, 33437, 34855, 34866, 36867
FOCAL_LENGTH, LENS_MODEL, LENS_INFO, UNIQUE_CAMERA_MODEL = 37386, 42036, 50736, 50708
MAKER_NOTE, INTEROPERABILITY, WIDTH, HEIGHT = 37500, 40965, 40962, 40963
UNDEFINED = (36864, 37121, 37510, 40960, 41728, 41729, 41730)
ISO_OVERFLOW = 65535
NOT_COPIED = (MAKER_NOTE, INTEROPERABILITY, WIDTH, HEIGHT)


def exif(main: Tags, shot: Tags, gps: Tags) -> Exif:
    """Exif from the main, the EXIF and the GPS directory."""
    iso = shot.number(ISO, 0.0)
    if iso in (0.0, ISO_OVERFLOW):
        iso = shot.number(EXPOSURE_INDEX, iso)
    tags = {
        tag: _copied(main, tag) for tag in (DESCRIPTION, MAKE, MODEL, DATE_TIME, ARTIST, COPYRIGHT)
    }
    tags |= {tag: _copied(shot, tag) for tag in shot if tag not in NOT_COPIED}
    if gps:
        tags[GPS_IFD] = {tag: _copied(gps, tag) for tag in gps}
    return Exif(
        make=main.text(MAKE),
        model=main.text(MODEL) or main.text(UNIQUE_CAMERA_MODEL),
        lens=shot.text(LENS_MODEL) or _lens(main),
        iso=iso or None,
        shutter=_shutter(shot),
        aperture=shot.number(F_NUMBER, 0.0) or None,
        focal_length=shot.number(FOCAL_LENGTH, 0.0) or None,
        taken=shot.text(TAKEN) or main.text(DATE_TIME),
        tags={tag: value for tag, value in tags.items() if value not in ("", (), b"", None)},
    )


def _shutter(shot: Tags) -> Fraction | None:
    seconds = shot.fraction(EXPOSURE_TIME)
    if seconds is None and shot.number(EXPOSURE_TIME, 0.0) > 0:
        seconds = Fraction(shot.number(EXPOSURE_TIME, 0.0)).limit_denominator(100_000)
    return seconds if seconds and seconds > 0 else None


def _lens(main: Tags) -> str:
    numbers = main.numbers(LENS_INFO)
    if len(numbers) < 2 or not numbers[0] > 0:
        return ""
    short, long = numbers[:2]
    return f"{short:g} mm" if short == long else f"{short:g}-{long:g} mm"


def _copied(tags: Mapping[int, object], tag: int) -> object:
    """A value as exports take it: text, bytes, or a tuple of int, float or Fraction."""
    value = tags.get(tag)
    if isinstance(value, str):
        if tag in UNDEFINED:
            return value.encode("latin-1")
        return value.split("\0")[0].encode("latin-1").decode("utf-8", "replace").strip()
    if not isinstance(value, list):
        return None
    pairs = [Fraction(*v) if isinstance(v, list) and v[1] else v for v in value]
    return None if any(isinstance(v, list) for v in pairs) else tuple(pairs)
