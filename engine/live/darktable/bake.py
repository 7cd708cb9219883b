"""Bake, for darktable: from scene light, which has no white, to the display's."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from engine.finishers.darktable import color_calibration, color_conversion, exposure, sigmoid
from engine.live.bake import Baking, Step, sample
from engine.live.darktable.color_calibration import TO_WORKING, to_xyz
from engine.live.darktable.color_conversion import unclipped
from engine.live.darktable.exposure import line
from engine.live.table import Way
from engine.metadata import Matrix

SPARE = 1.0
"""EV above the lightest color that was looked at."""

MOST = 8.0
"""EV above white at which a lattice ends at the latest: to a view transform, all is white there."""


def _way(image: Tensor, before: Sequence[Step], run: Sequence[Step]) -> Way:
    """Exposure, and color calibration by way of XYZ."""
    there, back, added = np.eye(3), np.eye(3), np.zeros(3)
    lit = False
    for step in run:
        values: Mapping[str, Any] = step.values
        if step.stage.exact is exposure.exact:
            gain, offset = line(**values)
            there, added = gain * there, gain * added + offset
        elif step.stage.exact is color_calibration.exact:
            turn = to_xyz(step.metadata, **values)
            there, added = turn @ there, turn @ added
            back, lit = TO_WORKING, True
    first = next(step.stage for step in run if step.stage.exact not in _ON_THE_WAY)
    return Way(
        there,
        back,
        added,
        ceiling=math.inf,
        top=_top(image, back @ there),
        lit=lit,
        drawn=first.exact is sigmoid.exact,
    )


def _top(image: Tensor, to_working: Matrix) -> float:
    """Where the lattice ends: at a power of 2, so that a drag moves it in few places."""
    lightest = np.nan_to_num(sample(image)).reshape(3, -1).max(1)
    reached = float((to_working.clip(0.0) @ lightest).max())
    return float(2.0 ** min(max(math.ceil(math.log2(max(reached, 1e-9)) + SPARE), 0.0), MOST))


_ON_THE_WAY = (exposure.exact, color_calibration.exact)

DARKTABLE = Baking(
    _way,
    lambda way: way,
    lambda way: replace(way, added=np.zeros(3)),
    _ON_THE_WAY,
    {color_conversion.exact: unclipped},
    most_nodes=48_000,  # its modules turn colors farther, and are quicker
)
