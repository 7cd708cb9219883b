"""Fixtures of the engine's tests."""

import pytest

from engine import cli


@pytest.fixture
def ask(capsys):
    """Run a command line; its status, what it printed and what it complained of."""

    def run(*arguments: object) -> tuple[int, str, str]:
        status = cli.main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run
