"""Camera profiles in .dcp files: a TIFF-like file with one directory of DNG profile tags.

Adobe, Digital Negative Specification 1.7.1, chapter 6, "Camera Profiles" and its file format.
"""

from pathlib import Path

from engine.errors import PhotofinishError
from engine.metadata import Profile
from engine.raw.process import check_readable
from engine.raw.profile import gain_table_map, profile
from engine.raw.tiff import DamagedError, Tiff

LARGEST = 1 << 27


def read_dcp(path: Path) -> Profile:
    """The profile in a .dcp file. Raises PhotofinishError where it is none."""
    check_readable(path)
    if path.stat().st_size > LARGEST:
        raise PhotofinishError(f"{path.name} is too large to be a camera profile.")
    with path.open("rb") as file:
        try:
            tiff = Tiff(file)
            tags = next(tiff.directories())
        except (DamagedError, StopIteration) as error:
            raise PhotofinishError(f"{path.name} is no camera profile (.dcp).") from error
    gains = gain_table_map(tags, tiff.order, 1)
    found = profile(tags, gain_table_map=gains, order=tiff.order)
    if not found.calibrations:
        raise PhotofinishError(f"{path.name} holds no camera profile for three colors.")
    return found
