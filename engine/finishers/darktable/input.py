"""Input: darktable's modules from the sensor to the first stage, and the user's own of them.

A user's own are run as they are, byte for byte: darktable itself makes what enters the first stage
from them. Where it is not installed, our own decode does the white balance, and no other.

Whatever the user's own multipliers make neutral takes the place of the white as shot: what comes
after them, the temperature slider first of all, begins at the picture that they have balanced.
"""

import math

import numpy as np
import torch
from torch import Tensor

from engine.errors import PhotofinishError
from engine.finishers.darktable.history import History, Item, opacity_of
from engine.finishers.darktable.layouts import layout
from engine.finishers.darktable.module import Parameters, agree
from engine.finishers.darktable.operators import LINEAR_REC2020, item
from engine.metadata import Metadata
from engine.white import as_shot, of_chromaticity

D65 = torch.tensor([0.3127, 0.3290], dtype=torch.float64)
"""CIE x y of the light of darktable's matrices."""

ENHANCED_MATRIX = 12
"""darktable's own matrix of the camera."""

FROM_FILE = 0
"""A profile in a file of the user's, which darktable finds among his settings only."""

INPAINT_OPPOSED = 5
"""How darktable 4.2 and newer fill clipped highlights unless told otherwise."""

INPUT = ("temperature", "highlights", "colorin")
"""What leads from the sensor to the first stage, beside what darktable adds to every raw."""

RAW = ("rawprepare", "invert", "cacorrect", "hotpixels", "rawdenoise", "demosaic")
"""What else darktable runs on the sensor's data: before color in every order of its own."""

ADDED = ("rawprepare", "demosaic")
"""Those that it adds to every raw."""


def input_items(metadata: Metadata) -> tuple[Item, ...]:
    """White as shot and clipped highlights filled, on the sensor's data; the camera's profile.

    All three are written, as darktable fills highlights otherwise where none is said to.
    """
    return tuple(item(name, parameters) for name, parameters in _input(metadata).items())


def _input(metadata: Metadata) -> dict[str, Parameters]:
    red, green, blue = 1.0, 1.0, 1.0
    if metadata.as_shot_neutral is not None:
        red, green, blue = (float(1.0 / value) for value in metadata.as_shot_neutral)
    return {
        "temperature": {"red": red / green, "green": 1.0, "blue": blue / green, "g2": 1.0},
        "highlights": {"mode": INPAINT_OPPOSED},
        "colorin": {"type": ENHANCED_MATRIX, "type_work": LINEAR_REC2020},
    }


def own_items(history: History) -> tuple[Item, ...]:
    """Those items of a user's history that are run in place of ours, switched off ones too."""
    return tuple(i for i in history.items if i.instance == (i.module, "0") and _is_run(i))


def _is_run(found: Item) -> bool:
    """Whether darktable makes of `found` what the stages can go on with.

    Drawn masks are not ours to hand on, and a newer darktable's parameters are not read.
    """
    if found.module not in (*INPUT, *RAW) or not _whole(found):
        return False
    if found.module in RAW:
        return True
    known = layout(found.module)
    if found.module == "highlights":
        return found.version <= known.version
    if (found.version, len(found.parameters)) != (known.version, known.size):
        return False
    if found.module == "temperature":
        return all(math.isfinite(each) and each > 0.0 for each in _multipliers(found))
    numbers = known.values(found.parameters)
    profile, working = numbers["type"][0], numbers["type_work"][0]
    return found.enabled and profile != FROM_FILE and working == LINEAR_REC2020


def _whole(found: Item) -> bool:
    """Whether what leaves the module is all that goes on."""
    try:
        return opacity_of(found) == 1.0
    except PhotofinishError:
        return False


def _multipliers(found: Item) -> tuple[float, float, float]:
    """Of red, green and blue by a `temperature` item of the known version."""
    if not found.enabled:
        return 1.0, 1.0, 1.0
    numbers = layout(found.module).values(found.parameters)
    return numbers["red"][0], numbers["green"][0], numbers["blue"][0]


def differs(found: Item, metadata: Metadata) -> bool:
    """Whether `found`, one of INPUT, is not what every picture has that is balanced as shot."""
    known = layout(found.module)
    if not found.enabled or (found.version, len(found.parameters)) != (known.version, known.size):
        return True
    # g2 is of a fourth color, which hardly any sensor has: darktable writes anything
    wanted = {n: v for n, v in _input(metadata)[found.module].items() if n != "g2"}
    return not agree(known.values(found.parameters), wanted)


def balanced(metadata: Metadata, own_input: tuple[Item, ...]) -> Metadata:
    """`metadata` with what the user's own multipliers make neutral as the white of the shot."""
    found = _temperature(own_input)
    if found is None or not differs(found, metadata):
        return metadata
    neutral = 1.0 / np.array(_multipliers(found))
    shot = metadata.replace(as_shot_neutral=neutral / neutral.max())
    return shot.replace(white=as_shot(shot))


def camera_to_prophoto(metadata: Metadata, own_input: tuple[Item, ...]) -> Tensor:
    """(3, 3) float64 from camera RGB to linear ProPhoto, balanced as shot or by the user's own.

    Whatever the multipliers are, darktable's matrix is that of daylight.
    """
    found = _temperature(own_input)
    if found is None or not differs(found, metadata):
        multipliers = 1.0 / as_shot(metadata).camera_white
    else:
        multipliers = torch.tensor(_multipliers(found), dtype=torch.float64)
    daylight = of_chromaticity(metadata, D65)
    return daylight.camera_to_prophoto * (daylight.camera_white * multipliers)


def only_darktables(own_input: tuple[Item, ...], metadata: Metadata) -> tuple[str, ...]:
    """A note on those of the user's own that our decode cannot do; none where there are none."""
    named = {i.module for i in own_input if i.enabled and i.module in RAW and i.module not in ADDED}
    others = [i for i in own_input if i.module in INPUT and i.module != "temperature"]
    named |= {i.module for i in others if differs(i, metadata)}
    if not named:
        return ()
    return (f"Kept, but not shown without darktable: its {', '.join(sorted(named))}.",)


def _temperature(own_input: tuple[Item, ...]) -> Item | None:
    return next((i for i in own_input if i.module == "temperature"), None)
