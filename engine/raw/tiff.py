"""Read the directories of TIFF-like files: DNG and most other raws, and .dcp camera profiles.

TIFF Revision 6.0, sections 2 and 8; BigTIFF; Adobe, Digital Negative Specification 1.7.1, chapter 7
(.dcp: the header's magic number reads "RC"). Never trusts the file: every offset and count is
checked against its length. Needs neither torch nor numpy, so that the decoder starts fast.
"""

import os
import struct
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import BinaryIO, TypeAlias

from engine.errors import PhotofinishError

Value: TypeAlias = str | list[int] | list[float] | list[list[int]]
"""Bytes and text as Latin-1 text, numbers as a list, rationals as pairs: what JSON can carry."""

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES |= {16: 8, 17: 8, 18: 8}
FORMATS = {3: "H", 4: "I", 5: "I", 6: "b", 8: "h", 9: "i", 10: "i", 11: "f", 12: "d", 13: "I"}
FORMATS |= {16: "Q", 17: "q", 18: "Q"}
TEXT, RATIONALS = (1, 2, 7), (5, 10)
MAGIC = {42: "TIFF", 43: "BigTIFF", 0x4352: "DCP", 0x4F52: "ORF", 0x5352: "ORF", 0x55: "RW2"}

SUB_IFDS, EXIF_IFD, GPS_IFD = 330, 34665, 34853
LARGEST_VALUE = 1 << 26
MOST_DIRECTORIES = 64


class DamagedError(PhotofinishError):
    """The file does not hold what its format promises."""

    def __init__(self) -> None:
        super().__init__("This file is damaged or incomplete.")


class Tags(dict[int, Value]):
    """One directory: values by tag number. Lookups of the wrong kind answer as if absent."""

    def text(self, tag: int) -> str:
        """The value of an ASCII or UTF-8 tag, "" where absent."""
        value = self.get(tag, "")
        if not isinstance(value, str):
            return ""
        raw = value.split("\0")[0].encode("latin-1")
        return raw.decode("utf-8", errors="replace").strip()

    def blob(self, tag: int) -> bytes:
        """The bytes of a BYTE or UNDEFINED tag, b"" where absent."""
        value = self.get(tag, "")
        return value.encode("latin-1") if isinstance(value, str) else b""

    def numbers(self, tag: int) -> list[float]:
        """The numbers of a tag, [] where absent; a rational x/0 reads as 0."""
        value = self.get(tag, [])
        if isinstance(value, str):
            return [float(byte) for byte in value.encode("latin-1")]
        return [(v[0] / v[1] if v[1] else 0.0) if isinstance(v, list) else float(v) for v in value]

    def integers(self, tag: int) -> list[int]:
        """The numbers of a tag, rounded; [] where absent or not finite."""
        try:
            return [round(number) for number in self.numbers(tag)]
        except (OverflowError, ValueError):
            return []

    def number(self, tag: int, default: float) -> float:
        """The first number of a tag."""
        return next(iter(self.numbers(tag)), default)

    def integer(self, tag: int, default: int) -> int:
        """The first number of a tag, rounded."""
        return next(iter(self.integers(tag)), default)

    def fraction(self, tag: int) -> Fraction | None:
        """The first rational of a tag, as written."""
        value = self.get(tag, [])
        first = value[0] if isinstance(value, list) and value else None
        if not isinstance(first, list) or not first[1]:
            return None
        return Fraction(first[0], first[1])

    def to_json(self) -> dict[str, Value]:
        """These tags as JSON carries them."""
        return {str(tag): value for tag, value in self.items()}

    @classmethod
    def from_json(cls, written: Mapping[str, Value]) -> "Tags":
        """The tags that `to_json` wrote."""
        return cls({int(tag): value for tag, value in written.items()})


class Tiff:
    """An open TIFF-like file. Raises DamagedError where it is none or cannot be read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.length = file.seek(0, os.SEEK_END)
        start = self._read(0, 4)
        if start[:2] not in (b"II", b"MM"):
            raise DamagedError
        self.order = "<" if start[:2] == b"II" else ">"
        magic = self._unpack("H", start[2:])[0]
        if magic not in MAGIC:
            raise DamagedError
        self.kind = MAGIC[magic]
        self._big = magic == 43
        self._first = self._unpack("Q", self._read(8, 8))[0] if self._big else self._long(4)

    def directories(self) -> Iterator[Tags]:
        """Yield the main directories, in the file's order."""
        offset, seen = self._first, set[int]()
        while offset and offset not in seen and len(seen) < MOST_DIRECTORIES:
            seen.add(offset)
            tags, offset = self.directory(offset)
            yield tags

    def below(self, tags: Tags, tag: int) -> Iterator[Tags]:
        """Yield the directories that `tag` (SubIFDs, ExifIFD, GPS) of a directory points to."""
        for offset in tags.integers(tag)[:MOST_DIRECTORIES]:
            yield self.directory(offset)[0]

    def directory(self, offset: int) -> tuple[Tags, int]:
        """The directory at `offset`, and the offset of the next one, 0 for none."""
        head, entry_size, inline = ("Q", 20, 8) if self._big else ("H", 12, 4)
        head_size = struct.calcsize("=" + head)
        (count,) = self._unpack(head, self._read(offset, head_size))
        if count > 4096:
            raise DamagedError
        block = self._read(offset + head_size, count * entry_size + inline)
        tags = Tags()
        for at in range(0, count * entry_size, entry_size):
            tag, kind = self._unpack("HH", block[at : at + 4])
            (length,) = self._unpack("Q" if self._big else "I", block[at + 4 : at + 4 + inline])
            value = self._value(kind, length, block[at + 4 + inline : at + 4 + 2 * inline])
            if value is not None:
                tags.setdefault(tag, value)
        (following,) = self._unpack("Q" if self._big else "I", block[count * entry_size :])
        return tags, following

    def read(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset`. Raises DamagedError where the file ends before."""
        return self._read(offset, count)

    def _value(self, kind: int, count: int, field: bytes) -> Value | None:
        if kind not in SIZES or count * SIZES[kind] > LARGEST_VALUE:
            return None
        size = count * SIZES[kind]
        if size > len(field):
            (offset,) = self._unpack("Q" if self._big else "I", field)
            if offset + size > self.length:
                raise DamagedError
            field = self._read(offset, size)
        field = field[:size]
        if kind in TEXT:
            return field.decode("latin-1")
        numbers = list(
            self._unpack(f"{size // struct.calcsize(FORMATS[kind])}{FORMATS[kind]}", field)
        )
        if kind in RATIONALS:
            return [numbers[i : i + 2] for i in range(0, len(numbers), 2)]
        return numbers

    def _long(self, offset: int) -> int:
        return int(self._unpack("I", self._read(offset, 4))[0])

    def _read(self, offset: int, count: int) -> bytes:
        if offset < 0 or count < 0 or offset + count > self.length:
            raise DamagedError
        self._file.seek(offset)
        block = self._file.read(count)
        if len(block) != count:
            raise DamagedError
        return block

    def _unpack(self, form: str, block: bytes) -> tuple[int, ...]:
        return struct.unpack(self.order + form, block)
