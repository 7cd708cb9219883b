"""Say what a file is by its first bytes, before anything tries to decode it."""

import os
from typing import BinaryIO

from engine.errors import PhotofinishError
from engine.raw.tiff import DamagedError, Tiff

PICTURES = {
    b"\xff\xd8\xff": "a JPEG",
    b"\x89PNG": "a PNG",
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"%PDF": "a PDF",
    b"RIFF": "a RIFF file",
    b"\x76\x2f\x31\x01": "an OpenEXR picture",
    b"\xff\x0a": "a JPEG XL",
    b"PK\x03\x04": "a ZIP archive",
}
KNOWN_NOT_TIFF = (b"FUJIFILMCCD-RAW", b"FOVb", b"IIII", b"\0MRM", b"RED1", b"ARRI", b"HEAPCCDR")
SHORTEST = 64


def open_tiff(file: BinaryIO) -> Tiff | None:
    """The file as TIFF; None where only LibRaw may know it. Raises PhotofinishError for others."""
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(32)
    if not length:
        raise PhotofinishError("This file is empty.")
    for magic, name in PICTURES.items():
        if start.startswith(magic):
            raise PhotofinishError(f"This is {name}, not a raw photo.")
    if length < SHORTEST:
        raise DamagedError
    if start[:2] in (b"II", b"MM") and not start.startswith(b"IIII"):
        try:
            return Tiff(file)
        except DamagedError:
            if start[6:14] == b"HEAPCCDR":  # Canon CRW
                return None
            raise
    if start[4:8] == b"ftyp" or any(magic in start for magic in KNOWN_NOT_TIFF):
        return None
    raise PhotofinishError("This is no raw file that Photofinish knows.")
