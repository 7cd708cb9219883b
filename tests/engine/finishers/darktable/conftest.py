"""Fixtures of the darktable finisher's tests."""

import struct

import pytest

from engine.finishers.darktable.history import Item
from engine.finishers.darktable.operators import item
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


@pytest.fixture(scope="session")
def own_input():
    """What a user has made of every module on the way to color."""
    return (
        item("temperature", {"red": 2.0, "green": 1.0, "blue": 1.2, "g2": 1.0}),
        item("highlights", {"mode": 0, "clip": 0.7}),  # cut off
        Item("hotpixels", 1, struct.pack("<2f2i", 1.0, 0.01, 0, 1)),
        Item("demosaic", 4, struct.pack("<ifiiif", 0, 0.0, 0, 0, 1, 0.2)),  # PPG
        item("colorin", {"type": 11, "type_work": 4}),  # the camera's matrix, as published
    )
