"""Fixtures of the darktable finisher's tests."""

import pytest

from engine.photo import open_photo
from engine.progress import finish
from tests.looks import write_look


@pytest.fixture(scope="session")
def metadata(raw):
    """M of the small raw."""
    return finish(open_photo(raw)).metadata


@pytest.fixture(scope="session")
def look(tmp_path_factory):
    """A .cube file of a made look."""
    return write_look(tmp_path_factory.mktemp("looks") / "made.cube")
