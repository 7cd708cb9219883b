"""Fixtures of the darktable finisher's tests."""

import pytest

from engine.photo import open_photo
from engine.progress import finish


@pytest.fixture(scope="session")
def metadata(raw):
    """M of the small raw."""
    return finish(open_photo(raw)).metadata
