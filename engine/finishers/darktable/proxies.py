"""Proxies: the finisher without darktable: programs in its modules' places, and their input.

They do what the modules do, to float32 for most, and can be differentiated; darktable itself stays
the truth.
"""

from collections.abc import Mapping
from pathlib import Path

from engine.color import PROPHOTO, REC2020, between, transform
from engine.finishers.darktable import DARKTABLE, MODULES
from engine.finishers.darktable.history import Item
from engine.finishers.darktable.input import balanced, camera_to_prophoto
from engine.finishers.darktable.program import found
from engine.finishers.darktable.whole import tap
from engine.live.darktable.creative_lut import IDENTITY, looked_up
from engine.live.darktable.operators import live_operators
from engine.live.darktable.renderer import DarktableRenderer
from engine.live.quick import Quick, patch, warm
from engine.photo import Photo, fitted
from engine.progress import Progress, Work
from engine.settings import Settings
from engine.stage import Operator

PROXIES: Mapping[str, Operator] = {module.stage.name: module.proxy for module in MODULES}
"""By the name of their stage."""


def quick() -> Work[Quick]:
    """What stands in for darktable where that would take too long, warm: the proxies, compiled."""
    yield Progress(0, 3, "Loading")
    operators = live_operators()
    answer = Quick(lambda photo: DarktableRenderer(photo, operators), operators, operators)
    small = entered_by_us(patch())
    looked_up(small.image, IDENTITY, 1.0)  # which no slider gets to run
    return (yield from warm(answer, DARKTABLE, small))


def entered(
    raw: Path, photo: Photo, long_side: int, own_input: tuple[Item, ...] = ()
) -> Work[Photo]:
    """What enters the first stage, at most `long_side` pixels long: linear Rec. 2020.

    It is balanced as shot, or as `own_input` of a user's sidecar says: the metadata's white is that
    from then on. darktable's own where it is installed, else ours of `photo`. Raises
    PhotofinishError.
    """
    height, width = fitted(photo.metadata.full_size[::-1], long_side)
    if found() is None:
        return entered_by_us(photo.reduced(max(height, width)), own_input)
    metadata = balanced(photo.metadata, own_input)
    side = max(height, width)
    image = yield from tap(raw, metadata, Settings(), "", side, own_input)
    scale = max(image.shape[-2:]) / max(metadata.full_size)
    return Photo(image, metadata.replace(scale=scale), photo.statistics)


def entered_by_us(photo: Photo, own_input: tuple[Item, ...] = ()) -> Photo:
    """The same from our own decode: by darktable's matrix, clipped highlights filled as shot."""
    to_prophoto = camera_to_prophoto(photo.metadata, own_input).numpy()
    image = transform(photo.image, between(PROPHOTO, REC2020) @ to_prophoto)
    return Photo(image, balanced(photo.metadata, own_input), photo.statistics)
