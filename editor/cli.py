"""The whole command line: the engine's verbs, and those that need the window."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from engine import cli
from engine.errors import PhotofinishError


@cli.app.command()
def edit(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE ...]")] = None,
    as_json: cli.Json = False,
) -> None:
    """Open the editor, with these photos if there are any."""
    for file in files or ():
        if not file.exists():
            raise PhotofinishError(f"{file} does not exist.")
    from editor.__main__ import main as open_window

    status = open_window([str(file) for file in files or ()])
    if as_json:
        cli.show({"status": status}, as_json=True)
    raise typer.Exit(status)


def main() -> None:
    """Run `photofinish`."""
    sys.exit(cli.main())
