"""Fixtures that all tests share: real files where they are at hand, made photos everywhere."""

from pathlib import Path

import pytest

import engine  # noqa: F401 - before torch: it says how torch's threads wait

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real raws, goldens and photos; a test that needs it skips without it."""
    if not SHARED.is_dir():
        pytest.skip(f"real files are not at hand: no folder {SHARED}")
    return SHARED
