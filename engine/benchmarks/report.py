"""The report: what benchmarks have measured, as a page with one section for each of them.

A section is written anew by the command that measured it; the others stay as they are.
"""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from engine import __version__
from engine.errors import PhotofinishError
from engine.files import write_bytes

TITLE = """# Benchmarks

Each section is written by the command in it, `--write` and this file's path added.
"""

WIDEST = 16
"""Columns of a table at most."""


def write(path: Path, name: str, command: str, said: Mapping[str, object]) -> None:
    """Put what `command` said into the section `name` of the page at `path`.

    Raises PhotofinishError where it cannot be read or written.
    """
    try:
        page = path.read_text("utf-8") if path.exists() else TITLE
    except (OSError, UnicodeDecodeError) as error:
        raise PhotofinishError(f"{path} cannot be read as a page of benchmarks.") from error
    head, *sections = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    by_name = {section.splitlines()[0].removeprefix("## "): section for section in sections}
    by_name[name] = _section(name, command, said)
    body = "\n".join(by_name[key].strip() + "\n" for key in sorted(by_name))
    write_bytes(path, f"{head.strip()}\n\n{body}".encode())


def _section(name: str, command: str, said: Mapping[str, object]) -> str:
    parts = [f"## {name}", f"    {command}", f"{date.today().isoformat()}; {_machine()}."]
    numbers = {key: value for key, value in said.items() if not isinstance(value, Mapping)}
    if numbers:
        parts.append(_rows([("", "")] + [(_words(k), _cell(v)) for k, v in numbers.items()]))
    for key, value in said.items():
        if isinstance(value, Mapping) and value:
            parts.append(f"**{_words(key)}**")
            parts.append(_table(value))
    return "\n\n".join(parts) + "\n"


def _table(said: Mapping[str, object]) -> str:
    """A row per entry: of one number each, or of the same numbers each.

    An entry of more numbers than a page is wide is a table by itself, downwards.
    """
    nested = {key: value for key, value in said.items() if isinstance(value, Mapping) and value}
    alone = {key: value for key, value in said.items() if not isinstance(value, Mapping)}
    wide = {key: nested.pop(key) for key in list(nested) if len(nested[key]) > WIDEST}
    columns = list(dict.fromkeys(column for value in nested.values() for column in value))
    tables = []
    if nested:
        rows: list[tuple[str, ...]] = [("", *map(_words, columns))]
        for key, value in nested.items():
            rows.append((_words(key), *(_cell(value.get(column, "")) for column in columns)))
        tables.append(_rows(rows))
    if alone:
        tables.append(_rows([tuple(map(_words, alone)), tuple(map(_cell, alone.values()))]))
    for key, value in wide.items():
        down = ((_words(each), _cell(number)) for each, number in value.items())
        tables.append(_rows([(_words(key), ""), *down]))
    return "\n\n".join(tables)


def _rows(rows: Sequence[tuple[str, ...]]) -> str:
    head, *rest = rows
    lines = [head, ("---",) * len(head), *rest]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _words(key: object) -> str:
    return str(key).replace("_", " ")


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(key)} {_cell(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_cell(each) for each in value)
    return str(value)


def _machine() -> str:
    """Processor, cores, system and version: what the figures hang on."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}, Photofinish {__version__}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
