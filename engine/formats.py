"""Picture files: JPEG, PNG, TIFF and OpenEXR with color profile and EXIF.

PNG chunks: W3C, PNG Specification 3rd edition, sections 5 and 11.3; ICC in TIFF: ICC.1, annex B.4;
EXR attributes: OpenEXR, "Standard Optional Attributes".
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine import color, icc
from engine import exif as exif_writer
from engine.metadata import ColorSpace, Exif

Pixels: TypeAlias = (
    NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float16] | NDArray[np.float32]
)
"""(H, W, 3); integers span [0, 1]."""


@dataclass(frozen=True)
class Meaning:
    """What the numbers of a file are and where they come from; no `space`: camera RGB."""

    space: ColorSpace | None
    linear: bool
    exif: Exif

    @property
    def profile(self) -> bytes | None:
        """The ICC profile."""
        return None if self.space is None else icc.profile(self.space, linear=self.linear)

    @property
    def srgb(self) -> bool:
        """Whether EXIF may call it sRGB."""
        return self.space is color.SRGB and not self.linear

    def exif_block(self, pixels: Pixels) -> bytes:
        """The EXIF of a file with these pixels."""
        height, width = pixels.shape[:2]
        return exif_writer.block(self.exif, (width, height), srgb=self.srgb)


@dataclass(frozen=True)
class Format:
    """A kind of file: what it is called, how many bits it takes (first: the default)."""

    name: str
    bits: tuple[int, ...]
    write: Callable[[Path, Pixels, Meaning, int], None]
    linear: bool = False  # holds linear light by convention


def write_jpeg(path: Path, pixels: Pixels, meaning: Meaning, quality: int) -> None:
    """Write 8-bit `pixels`; color is halved in size only below the qualities one would print."""
    from PIL import Image

    exif = b"Exif\0\0" + meaning.exif_block(pixels)
    Image.fromarray(pixels).save(
        path,
        "JPEG",
        quality=quality,
        subsampling="4:4:4" if quality >= 85 else "4:2:0",
        optimize=True,
        icc_profile=meaning.profile,
        exif=exif,
    )


def write_png(path: Path, pixels: Pixels, meaning: Meaning, _: int) -> None:
    """Write 8- or 16-bit `pixels`."""
    import imagecodecs

    content = memoryview(imagecodecs.png_encode(pixels, level=4))
    header = 8 + 25  # signature and IHDR
    profile = b"ICC profile\0\0" + zlib.compress(meaning.profile or b"")
    with path.open("wb") as file:
        file.write(content[:header])
        if meaning.profile:
            file.write(_chunk(b"iCCP", profile))
        file.write(_chunk(b"eXIf", meaning.exif_block(pixels)))
        file.write(content[header:])


def write_tiff(path: Path, pixels: Pixels, meaning: Meaning, _: int) -> None:
    """Write 8-, 16-bit or float32 `pixels`, losslessly compressed."""
    import tifffile

    tifffile.imwrite(
        path,
        pixels,
        byteorder="<",
        photometric="rgb",
        compression="zlib",
        compressionargs={"level": 4},
        predictor=True,
        software=False,
        iccprofile=meaning.profile,
        metadata=None,
    )
    _attach_exif(path, meaning)


def write_exr(path: Path, pixels: Pixels, meaning: Meaning, _: int) -> None:
    """Write half or float32 `pixels`."""
    import OpenEXR

    exif = meaning.exif
    header: dict[str, object] = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "software": exif_writer.SOFTWARE,
    }
    if meaning.space is not None:
        red, green, blue, white = icc.CHROMATICITIES[meaning.space.name]
        header["chromaticities"] = (*red, *green, *blue, *white)
    facts = {
        "cameraMake": exif.make,
        "cameraModel": exif.model,
        "lensModel": exif.lens,
        "capDate": exif.taken,
        "isoSpeed": exif.iso,
        "expTime": None if exif.shutter is None else float(exif.shutter),
        "aperture": exif.aperture,
        "nominalFocalLength": exif.focal_length,
    }
    header |= {name: fact for name, fact in facts.items() if fact}
    OpenEXR.File(header, {"RGB": pixels}).write(str(path))


FORMATS = {
    ".jpg": Format("JPEG", (8,), write_jpeg),
    ".jpeg": Format("JPEG", (8,), write_jpeg),
    ".png": Format("PNG", (8, 16), write_png),
    ".tif": Format("TIFF", (16, 8, 32), write_tiff),
    ".tiff": Format("TIFF", (16, 8, 32), write_tiff),
    ".exr": Format("OpenEXR", (16, 32), write_exr, linear=True),
}


def _chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def _attach_exif(path: Path, meaning: Meaning) -> None:
    """Append directories for EXIF and GPS and a first directory that leads to them."""
    with path.open("r+b") as file:
        head, end = file.read(8), file.seek(0, 2)
        end += file.write(bytes(end % 2))
        first = _directory(file, struct.unpack("<I", head[4:])[0])
        first += exif_writer.main_entries(meaning.exif)
        for tag, entries in (
            (exif_writer.EXIF_POINTER, exif_writer.exif_entries(meaning.exif, srgb=meaning.srgb)),
            (exif_writer.GPS_POINTER, exif_writer.gps_entries(meaning.exif)),
        ):
            if entries:
                file.seek(end)
                first.append(exif_writer.pointer(tag, end))
                end += file.write(exif_writer.directory(entries, end))
        file.seek(end)
        file.write(exif_writer.directory(first, end))
        file.seek(4)
        file.write(struct.pack("<I", end))


def _directory(file: BinaryIO, offset: int) -> list[exif_writer.Entry]:
    """The entries of a TIFF directory, read back."""
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
    file.seek(offset)
    table = file.read(12 * struct.unpack("<H", file.read(2))[0])
    entries = []
    for tag, kind, count, place in struct.iter_unpack("<HHI4s", table):
        size = sizes[kind] * count
        content = place[:size]
        if size > len(place):
            file.seek(struct.unpack("<I", place)[0])
            content = file.read(size)
        entries.append(exif_writer.Entry(tag, kind, count, content))
    return entries
