"""Layouts: darktable's parameters of a module as bytes, laid out as the installed one has them.

Those of SHIPPED came with the program, told by that darktable itself: an edit can be kept where
none is installed, and every newer one reads it.
"""

import json
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TypeAlias

from engine.errors import PhotofinishError
from engine.finishers.darktable import introspection, program

Parameter: TypeAlias = float | Sequence[float]

SHIPPED = program.OLDEST
"""The version whose layouts are known without it."""


@dataclass(frozen=True)
class Field:
    """`count` numbers of a kind (as `struct` calls it) from byte `offset` on, and what they are."""

    kind: str
    offset: int
    count: int
    default: float


@dataclass(frozen=True)
class Layout:
    """The parameters of a module's `version`: `size` bytes, little endian."""

    version: int
    size: int
    fields: Mapping[str, Field]

    def packed(self, values: Mapping[str, Parameter]) -> bytes:
        """The parameters with `values`, and defaults for those not named.

        Raises PhotofinishError where darktable has no such parameter.
        """
        out = bytearray(self.size)
        for name, field in self.fields.items():
            self._write(out, field, values.get(name, (field.default,) * field.count))
        unknown = values.keys() - self.fields.keys()
        if unknown:
            raise PhotofinishError(
                f"This darktable has no parameter {sorted(unknown)[0]}; it is not supported."
            )
        return bytes(out)

    def values(self, packed: bytes) -> dict[str, tuple[float, ...]]:
        """The numbers of each parameter in `packed`. Raises PhotofinishError."""
        if len(packed) != self.size:
            raise PhotofinishError(f"The parameters are {len(packed)} bytes, not {self.size}.")
        return {
            name: struct.unpack_from(f"<{field.count}{field.kind}", packed, field.offset)
            for name, field in self.fields.items()
        }

    @staticmethod
    def _write(out: bytearray, field: Field, value: Parameter) -> None:
        numbers = [value] if isinstance(value, int | float) else list(value)
        if field.kind != "f":
            numbers = [round(number) for number in numbers]
        struct.pack_into(f"<{field.count}{field.kind}", out, field.offset, *numbers)


def layout(module: str) -> Layout:
    """That of `module` in the installed darktable, or in SHIPPED. Raises PhotofinishError."""
    if program.missing() or program.version(program.program()) == SHIPPED:
        return _shipped()[module]
    return told_by(program.program(), module)


@cache
def told_by(path: Path, module: str) -> Layout:
    """What the darktable whose command line is at `path` says itself. Raises PhotofinishError."""
    command = [sys.executable, "-m", introspection.__name__, str(_library(path)), module]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise PhotofinishError(
            f"darktable does not tell how it keeps the parameters of {module}."
        ) from error
    return _read(said.stdout)[module]


@cache
def _shipped() -> dict[str, Layout]:
    name = f"layouts_{'.'.join(map(str, SHIPPED))}.json"
    return _read((resources.files("resources") / "darktable" / name).read_text())


def _read(text: str) -> dict[str, Layout]:
    """By module, as `introspection` prints them."""
    return {
        module: Layout(
            told["version"],
            told["size"],
            {name: Field(*field) for name, field in told["fields"].items()},
        )
        for module, told in json.loads(text).items()
    }


def _library(path: Path) -> Path:
    """The folder of the library that belongs to the command line at `path`."""
    prefix = path.resolve().parent.parent
    for pattern in ("lib/darktable", "lib64/darktable", "lib/*/darktable"):
        for folder in sorted(prefix.glob(pattern)):
            if (folder / "libdarktable.so").exists():
                return folder
    raise PhotofinishError(f"The library of the darktable at {path} was not found.")
