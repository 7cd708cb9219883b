"""RGB toning: the profile's tone curve."""

from torch import Tensor

from engine.curves import apply_tone, profile_tone_table
from engine.metadata import Metadata
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics


def exact(image: Tensor, metadata: Metadata, statistics: Statistics) -> Tensor:
    """Return `image` (B, 3, H, W), linear ProPhoto in [0, 1], toned."""
    return apply_tone(image, profile_tone_table(metadata).to(image))


STAGE = Stage("rgb_toning", (), exact, Kind.PROGRAM, Space.PROFILE, profile_part=True)
