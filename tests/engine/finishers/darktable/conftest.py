"""Fixtures of the darktable finisher's tests."""

import pytest

from engine.finishers.darktable.program import found
from engine.photo import open_photo
from engine.progress import finish


@pytest.fixture(scope="session")
def darktable():
    """The installed darktable; where there is none, the test is skipped."""
    if found() is None:
        pytest.skip("darktable is not installed")
    return found()


@pytest.fixture(scope="session")
def metadata(raw):
    """M of the small raw."""
    return finish(open_photo(raw)).metadata
