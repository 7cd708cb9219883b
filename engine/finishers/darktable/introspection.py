"""Introspection: how the installed darktable lays out its modules' parameters, told by itself.

Run as a process of its own, with the folder of darktable's library and names of modules: a foreign
library is loaded here, and what it does to the process is nobody else's. Each module carries a
table of its parameters (dt_introspection_t, version 8): name, kind, place and default of each.
"""

import ctypes
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

API = 8
"""The version of the table that is known here; others are refused."""

KINDS = {2: "f", 5: "b", 6: "b", 7: "B", 8: "h", 9: "H", 10: "i", 11: "I", 14: "i", 16: "i"}
"""Kinds of numbers in the table, as `struct` calls them; a choice is the number of its value."""

YES_OR_NO, ARRAY, CHOICE = 14, 15, 16


class _Header(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int),
        ("type_name", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("field_name", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
        ("size", ctypes.c_size_t),
        ("offset", ctypes.c_size_t),
        ("module", ctypes.c_void_p),
    )


class _Field(ctypes.Structure):
    """A header, and up to 24 bytes that hang on its kind: lowest, highest and default, mostly."""

    _fields_ = (("header", _Header), ("rest", ctypes.c_ubyte * 24))


class _Table(ctypes.Structure):
    _fields_ = (
        ("api", ctypes.c_int),
        ("version", ctypes.c_int),
        ("type_name", ctypes.c_char_p),
        ("size", ctypes.c_size_t),
    )


def main(library: Path, modules: list[str]) -> None:
    """Print the layouts of `modules` as JSON."""
    ctypes.CDLL(str(library / "libdarktable.so"), mode=ctypes.RTLD_GLOBAL)
    print(json.dumps({name: _layout(library, name) for name in modules}))


def _layout(library: Path, name: str) -> dict[str, Any]:
    plugin = ctypes.CDLL(str(library / "plugins" / f"lib{name}.so"))
    plugin.get_introspection.restype = ctypes.POINTER(_Table)
    plugin.get_introspection_linear.restype = ctypes.POINTER(_Field)
    table = plugin.get_introspection().contents
    if table.api != API:
        raise SystemExit(f"darktable's table of {name} has version {table.api}, not {API}")
    listed = list(_fields(plugin.get_introspection_linear()))
    arrays = {f.header.name: f.header.size for f in listed if f.header.kind == ARRAY}
    fields = {}
    for field in listed:
        header = field.header
        if header.kind in KINDS:
            whole = header.name.split(b"[")[0]  # an array tells of its first number
            count = arrays.get(whole, header.size) // header.size
            fields[whole.decode()] = (KINDS[header.kind], header.offset, count, _default(field))
    return {"version": table.version, "size": table.size, "fields": fields}


def _fields(table: Any) -> Iterator[_Field]:
    """Those before the one that ends the table, which has no kind."""
    at = 0
    while table[at].header.kind:
        yield table[at]
        at += 1


def _default(field: _Field) -> float:
    """Of a choice behind how many there are and where; of a yes or no alone; else the third."""
    header, rest = field.header, bytes(field.rest)
    code = KINDS[header.kind]
    if code not in "fiI":
        return 0
    place = {CHOICE: 16, YES_OR_NO: 0}.get(header.kind, 8)
    return float(struct.unpack_from(f"<{code}", rest, place)[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
