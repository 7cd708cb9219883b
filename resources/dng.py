"""Write DNG files: the sample photo, and raws with known contents for tests.

Tags, types and opcode layouts: Adobe, Digital Negative Specification 1.7.1; the container: TIFF
revision 6.0. Little-endian, uncompressed, one strip. Tags go by the specification's names:

    write_dng(path, mosaic, cfa="RGGB", BlackLevel=512, WhiteLevel=16383, AsShotNeutral=[.5, 1, .7])

A value may be a number, text, bytes or an array, which is written in C order; None leaves a tag
out, also one of DEFAULTS. With a `preview`, the raw moves to a SubIFD, as in cameras' own files.
"""

import io
import math
import struct
from collections.abc import Iterable, Mapping
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

XTRANS = "GBGGRGRGRBGBGBGGRGGRGGBGBGBRGRGRGGBG"
"""The 6x6 pattern of Fujifilm's X-Trans sensors, row by row."""

CFA_COLORS = "RGBCMYW"  # TIFF/EP codes 0 to 6


class Type(Enum):
    """A TIFF field type: its code and, where numbers are stored as they are, their dtype."""

    BYTE = 1, "<u1"
    ASCII = 2, ""
    SHORT = 3, "<u2"
    LONG = 4, "<u4"
    RATIONAL = 5, ""
    UNDEFINED = 7, "<u1"
    SRATIONAL = 10, ""
    FLOAT = 11, "<f4"
    DOUBLE = 12, "<f8"

    def encode(self, value: Any) -> tuple[int, bytes]:
        """Return the number of values and their bytes."""
        if self is Type.ASCII:
            text = str(value).encode() + b"\0"
            return len(text), text
        if isinstance(value, str | bytes):
            content = value.encode() if isinstance(value, str) else value
            return len(content), content
        numbers = np.ravel(value)
        if self in (Type.RATIONAL, Type.SRATIONAL):
            return len(numbers), b"".join(_rational(x) for x in numbers)
        return len(numbers), numbers.astype(self.value[1]).tobytes()


class Place(Enum):
    """The directory that a tag belongs to."""

    MAIN = "IFD0"
    RAW = "the raw picture's IFD"
    EXIF = "EXIF"


Field = tuple[Type, Any]
Tag = tuple[int, Type, Place]


def _tags(place: Place, **tags: tuple[int, Type]) -> dict[str, Tag]:
    return {name: (number, kind, place) for name, (number, kind) in tags.items()}


TAGS: Mapping[str, Tag] = {
    **_tags(
        Place.MAIN,
        ImageDescription=(270, Type.ASCII),
        Make=(271, Type.ASCII),
        Model=(272, Type.ASCII),
        Orientation=(274, Type.SHORT),
        Software=(305, Type.ASCII),
        DateTime=(306, Type.ASCII),
        Artist=(315, Type.ASCII),
        XMP=(700, Type.BYTE),
        Copyright=(33432, Type.ASCII),
        DNGVersion=(50706, Type.BYTE),
        DNGBackwardVersion=(50707, Type.BYTE),
        UniqueCameraModel=(50708, Type.ASCII),
        ColorMatrix1=(50721, Type.SRATIONAL),
        ColorMatrix2=(50722, Type.SRATIONAL),
        ColorMatrix3=(52531, Type.SRATIONAL),
        CameraCalibration1=(50723, Type.SRATIONAL),
        CameraCalibration2=(50724, Type.SRATIONAL),
        CameraCalibration3=(52530, Type.SRATIONAL),
        AnalogBalance=(50727, Type.RATIONAL),
        AsShotNeutral=(50728, Type.RATIONAL),
        AsShotWhiteXY=(50729, Type.RATIONAL),
        BaselineExposure=(50730, Type.SRATIONAL),
        BaselineNoise=(50731, Type.RATIONAL),
        BaselineSharpness=(50732, Type.RATIONAL),
        LinearResponseLimit=(50734, Type.RATIONAL),
        CameraSerialNumber=(50735, Type.ASCII),
        LensInfo=(50736, Type.RATIONAL),
        ShadowScale=(50739, Type.RATIONAL),
        CalibrationIlluminant1=(50778, Type.SHORT),
        CalibrationIlluminant2=(50779, Type.SHORT),
        CalibrationIlluminant3=(52529, Type.SHORT),
        IlluminantData1=(52533, Type.UNDEFINED),
        IlluminantData2=(52534, Type.UNDEFINED),
        IlluminantData3=(52535, Type.UNDEFINED),
        CameraCalibrationSignature=(50931, Type.ASCII),
        ProfileCalibrationSignature=(50932, Type.ASCII),
        ProfileName=(50936, Type.ASCII),
        ProfileHueSatMapDims=(50937, Type.LONG),
        ProfileHueSatMapData1=(50938, Type.FLOAT),
        ProfileHueSatMapData2=(50939, Type.FLOAT),
        ProfileHueSatMapData3=(52537, Type.FLOAT),
        ProfileHueSatMapEncoding=(51107, Type.LONG),
        ProfileToneCurve=(50940, Type.FLOAT),
        ProfileEmbedPolicy=(50941, Type.LONG),
        ProfileCopyright=(50942, Type.ASCII),
        ProfileDynamicRange=(52551, Type.UNDEFINED),
        ProfileGainTableMap2=(52544, Type.UNDEFINED),
        ForwardMatrix1=(50964, Type.SRATIONAL),
        ForwardMatrix2=(50965, Type.SRATIONAL),
        ForwardMatrix3=(52532, Type.SRATIONAL),
        PreviewColorSpace=(50970, Type.LONG),
        ProfileLookTableDims=(50981, Type.LONG),
        ProfileLookTableData=(50982, Type.FLOAT),
        ProfileLookTableEncoding=(51108, Type.LONG),
        BaselineExposureOffset=(51109, Type.SRATIONAL),
        DefaultBlackRender=(51110, Type.LONG),
    ),
    **_tags(
        Place.RAW,
        LinearizationTable=(50712, Type.SHORT),
        BlackLevelRepeatDim=(50713, Type.SHORT),
        BlackLevel=(50714, Type.RATIONAL),
        BlackLevelDeltaH=(50715, Type.SRATIONAL),
        BlackLevelDeltaV=(50716, Type.SRATIONAL),
        WhiteLevel=(50717, Type.LONG),
        DefaultScale=(50718, Type.RATIONAL),
        DefaultCropOrigin=(50719, Type.RATIONAL),
        DefaultCropSize=(50720, Type.RATIONAL),
        BayerGreenSplit=(50733, Type.LONG),
        AntiAliasStrength=(50738, Type.RATIONAL),
        ActiveArea=(50829, Type.LONG),
        MaskedAreas=(50830, Type.LONG),
        OpcodeList1=(51008, Type.UNDEFINED),
        OpcodeList2=(51009, Type.UNDEFINED),
        OpcodeList3=(51022, Type.UNDEFINED),
        NoiseProfile=(51041, Type.DOUBLE),
        DefaultUserCrop=(51125, Type.RATIONAL),
        ProfileGainTableMap=(52525, Type.UNDEFINED),
    ),
    **_tags(
        Place.EXIF,
        ExposureTime=(33434, Type.RATIONAL),
        FNumber=(33437, Type.RATIONAL),
        ISOSpeedRatings=(34855, Type.SHORT),
        ExifVersion=(36864, Type.UNDEFINED),
        DateTimeOriginal=(36867, Type.ASCII),
        ExposureBiasValue=(37380, Type.SRATIONAL),
        LightSource=(37384, Type.SHORT),
        FocalLength=(37386, Type.RATIONAL),
        BodySerialNumber=(42033, Type.ASCII),
        LensSpecification=(42034, Type.RATIONAL),
        LensMake=(42035, Type.ASCII),
        LensModel=(42036, Type.ASCII),
    ),
}

DEFAULTS: Mapping[str, Any] = {
    "DNGVersion": (1, 6, 0, 0),
    "DNGBackwardVersion": (1, 4, 0, 0),
    "Make": "Photofinish",
    "Model": "Test Camera",
    "UniqueCameraModel": "Photofinish Test Camera",
    "Orientation": 1,
    "CalibrationIlluminant1": 21,  # D65
    # XYZ to linear sRGB of IEC 61966-2-1: a camera whose raw colors are sRGB's
    "ColorMatrix1": (3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570),
    "AsShotNeutral": (1.0, 1.0, 1.0),
    "ExifVersion": b"0231",
}


def write_dng(
    path: Path | str,
    pixels: NDArray[Any],
    *,
    cfa: str | None = None,
    preview: NDArray[np.uint8] | None = None,
    fields: Mapping[int, Field] | None = None,
    **tags: Any,
) -> None:
    """Write `pixels`, uint8, uint16 or float32, as a DNG.

    `pixels` (H, W) with a `cfa`, a square pattern row by row such as "RGGB" or XTRANS, is a mosaic;
    without one it is monochrome, and (H, W, 3) is linear RGB. `preview` (h, w, 3) sRGB is embedded
    as JPEG. `tags` are named as in TAGS. `fields` go to the raw picture's IFD by number, as they
    are, for what TAGS does not know or would not allow. Raises TypeError for an unknown tag.
    """
    unknown = sorted(tags.keys() - TAGS.keys())
    if unknown:
        raise TypeError(f"no tag is named {', '.join(unknown)}")
    places: dict[Place, dict[int, Field]] = {place: {} for place in Place}
    for name, value in {**DEFAULTS, **tags, **_levels(pixels, tags)}.items():
        number, kind, place = TAGS[name]
        if value is not None:
            places[place][number] = kind, value

    writer = _Writer()
    main, raw = places[Place.MAIN], places[Place.RAW]
    raw |= _picture(writer, np.atleast_3d(pixels), cfa) | dict(fields or {})
    main[34665] = Type.LONG, writer.directory(places[Place.EXIF])
    if preview is None:
        main |= raw
    else:
        main |= _jpeg(writer, preview) | {330: (Type.LONG, writer.directory(raw))}
    Path(path).write_bytes(writer.finish(writer.directory(main)))


def _levels(pixels: NDArray[Any], tags: Mapping[str, Any]) -> dict[str, Any]:
    """Levels written out for each sample of a pixel, with the repeat pattern of the black one.

    A level may be one number, one per sample, or for a mosaic (rows, columns) of its pattern.
    """
    samples = np.atleast_3d(pixels).shape[2]
    levels: dict[str, Any] = {}
    if tags.get("WhiteLevel") is not None:
        levels["WhiteLevel"] = np.broadcast_to(tags["WhiteLevel"], samples)
    if tags.get("BlackLevel") is not None and "BlackLevelRepeatDim" not in tags:
        black = np.asarray(tags["BlackLevel"])
        black = black[:, :, None] if black.ndim == 2 else np.broadcast_to(black, (1, 1, samples))
        levels |= {"BlackLevelRepeatDim": black.shape[:2], "BlackLevel": black}
    return levels


def _picture(writer: "_Writer", pixels: NDArray[Any], cfa: str | None) -> dict[int, Field]:
    height, width, samples = pixels.shape
    floating = pixels.dtype.kind == "f"
    content = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    picture: dict[int, Field] = {
        254: (Type.LONG, 0),  # NewSubfileType: the main picture
        256: (Type.LONG, width),
        257: (Type.LONG, height),
        258: (Type.SHORT, [8 * pixels.itemsize] * samples),
        259: (Type.SHORT, 1),  # Compression: none
        262: (Type.SHORT, 32803 if cfa else 34892),  # PhotometricInterpretation: CFA, LinearRaw
        273: (Type.LONG, writer.block(content)),
        277: (Type.SHORT, samples),
        278: (Type.LONG, height),
        279: (Type.LONG, len(content)),
        284: (Type.SHORT, 1),  # PlanarConfiguration: interleaved
        339: (Type.SHORT, [3 if floating else 1] * samples),  # SampleFormat
    }
    if cfa:
        colors = sorted(set(cfa), key=CFA_COLORS.index)
        picture |= {
            33421: (Type.SHORT, [math.isqrt(len(cfa))] * 2),  # CFARepeatPatternDim
            33422: (Type.BYTE, [CFA_COLORS.index(color) for color in cfa]),  # CFAPattern
            50710: (Type.BYTE, [CFA_COLORS.index(color) for color in colors]),  # CFAPlaneColor
            50711: (Type.SHORT, 1),  # CFALayout: square
        }
    return picture


def _jpeg(writer: "_Writer", preview: NDArray[np.uint8]) -> dict[int, Field]:
    encoded = io.BytesIO()
    Image.fromarray(preview).save(encoded, "JPEG", quality=90, subsampling="4:2:0")
    height, width = preview.shape[:2]
    return {
        254: (Type.LONG, 1),  # NewSubfileType: a preview
        256: (Type.LONG, width),
        257: (Type.LONG, height),
        258: (Type.SHORT, [8, 8, 8]),
        259: (Type.SHORT, 7),  # Compression: JPEG
        262: (Type.SHORT, 6),  # PhotometricInterpretation: YCbCr
        273: (Type.LONG, writer.block(encoded.getvalue())),
        277: (Type.SHORT, 3),
        278: (Type.LONG, height),
        279: (Type.LONG, len(encoded.getvalue())),
        284: (Type.SHORT, 1),
        530: (Type.SHORT, [2, 2]),  # YCbCrSubSampling
        531: (Type.SHORT, 1),  # YCbCrPositioning: centered
        532: (Type.RATIONAL, [0, 255, 128, 255, 128, 255]),  # ReferenceBlackWhite
        50970: (Type.LONG, 2),  # PreviewColorSpace: sRGB
    }


class _Writer:
    """A TIFF file in the making; what is pointed to is written before what points to it."""

    def __init__(self) -> None:
        self._file = bytearray(8)

    def block(self, content: bytes) -> int:
        """Append `content` on an even offset and return that."""
        self._file += bytes(len(self._file) % 2)
        offset = len(self._file)
        self._file += content
        return offset

    def directory(self, tags: Mapping[int, Field]) -> int:
        """Append an IFD and what does not fit in it; return the IFD's offset."""
        entries = [struct.pack("<H", len(tags))]
        for number, (kind, value) in sorted(tags.items()):
            count, content = kind.encode(value)
            if len(content) > 4:
                content = struct.pack("<I", self.block(content))
            entries.append(
                struct.pack("<HHI", number, kind.value[0], count) + content.ljust(4, b"\0")
            )
        return self.block(b"".join(entries) + bytes(4))

    def finish(self, first: int) -> bytes:
        """The whole file, whose first IFD is at `first`."""
        self._file[:8] = struct.pack("<2sHI", b"II", 42, first)
        return bytes(self._file)


def _rational(number: float) -> bytes:
    """The closest fraction of two 31-bit integers; signed and unsigned ones are written alike."""
    limit = int((2**31 - 1) / max(1.0, abs(number)))
    nearest = Fraction(float(number)).limit_denominator(limit)
    return struct.pack("<iI", nearest.numerator, nearest.denominator)


def opcode_list(*opcodes: bytes) -> bytes:
    """The value of OpcodeList1, 2 or 3."""
    return struct.pack(">I", len(opcodes)) + b"".join(opcodes)


def opcode(number: int, content: bytes, *, optional: bool = False) -> bytes:
    """One opcode, big-endian as the specification asks in files of either order."""
    return struct.pack(">IIII", number, 0x01030000, int(optional), len(content)) + content


def gain_map(
    gains: ArrayLike,
    *,
    area: tuple[int, int, int, int],
    pitch: tuple[int, int] = (1, 1),
    planes: tuple[int, int] = (0, 1),
    spacing: tuple[float, float] | None = None,
    origin: tuple[float, float] = (0.0, 0.0),
) -> bytes:
    """GainMap (opcode 9): `gains` (rows, columns) or (rows, columns, map planes).

    `area` is (top, left, bottom, right) in pixels, of which every `pitch` (rows, columns)-th is
    touched, in `planes` (first, count). `spacing` and `origin` (v, h) place the map's points in
    fractions of the picture; by default they span it from edge to edge.
    """
    points = np.atleast_3d(np.asarray(gains, ">f4"))
    rows, columns, map_planes = points.shape
    spacing = spacing or (1.0 / max(rows - 1, 1), 1.0 / max(columns - 1, 1))
    content = struct.pack(">8I", *area, *planes, *pitch)
    content += struct.pack(">2I4dI", rows, columns, *spacing, *origin, map_planes)
    return opcode(9, content + points.tobytes())


def warp_rectilinear(coefficients: ArrayLike, *, center: tuple[float, float] = (0.5, 0.5)) -> bytes:
    """WarpRectilinear (opcode 1): `coefficients` (planes, 6) radial k0-k3, tangential k4-k5.

    `center` is (horizontal, vertical) in fractions of the picture.
    """
    numbers = np.atleast_2d(np.asarray(coefficients, ">f8"))
    content = struct.pack(">I", len(numbers)) + numbers.tobytes() + struct.pack(">2d", *center)
    return opcode(1, content)


def profile_gain_table_map(
    gains: ArrayLike,
    *,
    weights: Iterable[float],
    spacing: tuple[float, float],
    origin: tuple[float, float],
    gamma: float | None = None,
) -> bytes:
    """The value of ProfileGainTableMap, or with a `gamma` of ProfileGainTableMap2.

    `gains` (rows, columns, points); `weights` on (R, G, B, min, max); `spacing` and `origin` (v, h)
    in fractions of the picture.
    """
    table = np.asarray(gains, "<f4")
    content = struct.pack("<2I4dI5f", *table.shape[:2], *spacing, *origin, table.shape[2], *weights)
    if gamma is not None:
        # the second form adds: data type 3 (float), gamma, and the range of 8- and 16-bit gains
        content += struct.pack("<I3f", 3, gamma, float(table.min()), float(table.max()))
    return content + table.tobytes()
