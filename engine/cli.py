"""The command line: `photofinish VERB`. Every verb takes --json; bad input is one sentence."""

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False)


def main() -> None:
    """Run the command line."""
    app()
