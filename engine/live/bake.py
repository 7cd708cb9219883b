"""Bake: a run of pointwise stages as one table over the colors of a picture.

The lattice's nodes go through the stages as a picture would, behind a prefix cache of their own: a
drag of vibrance runs vibrance and what follows it, on some thousand colors instead of millions of
pixels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.finishers.basic import color_conversion, color_tables, exposure
from engine.live import toning
from engine.live.color_tables import profiled
from engine.live.kernels import Planes, planes_of
from engine.live.table import Shaped, Table, shaped, shaper_for
from engine.metadata import Matrix, Metadata
from engine.slider import Setting
from engine.stage import Operator, Stage
from engine.statistics import Statistics

SIDES = (33, 41, 49, 57, 65, 81, 97, 113, 129)
"""Nodes along a side of the lattices to choose from."""

MOST_NODES = 30_000
"""That the colors of a picture may use: most of what the coarsest lattice has."""

SAMPLE = 8, 2
"""Of every so many rows and columns, one is looked at for the choice."""

GROWTH = 2.4
"""The power of the side with which the nodes in use grow, as it is with photos."""

_ON_NODES: Mapping[Operator, Operator] = {
    color_tables.exact: profiled,
    color_conversion.exact: toning.unclipped,
}
"""What a node goes through in a stage's place: the clips before and after are made per pixel."""


@dataclass(frozen=True, eq=False)
class Step:
    """A stage that is to run, with its values, and M and H as it sees them."""

    stage: Stage
    values: Mapping[str, Setting]
    metadata: Metadata
    statistics: Statistics

    @property
    def told(self) -> tuple[object, ...]:
        """All that its answer depends on beside the picture: equal where nothing has changed."""
        chosen = self.metadata.white
        white = () if chosen is None else (*chosen.xy.tolist(), *chosen.camera_white.tolist())
        shift = float(torch.as_tensor(self.statistics.shift))
        return (self.stage.name, tuple(self.values.items()), white, shift)


class Baked:
    """The table of a run over one picture at a time; what stays true of the last one is kept."""

    def __init__(self, operators: Mapping[str, Operator], nodes: int | None) -> None:
        """`nodes` along a side of the lattice; None: as fine as the picture's colors allow."""
        self._operators, self._nodes = operators, nodes
        self._image: Tensor | None = None
        self._side = 0
        self._to_camera: Matrix = np.zeros((3, 3))
        self._shaped: Shaped | None = None
        self._taps: list[tuple[object, Tensor]] = []

    def table(self, before: Step, image: Tensor, run: Sequence[Step]) -> Table:
        """The table of `run` over `image` (1, 3, H, W), which left `before`: to display RGB."""
        on = self._on(image, *_axes(before, run))
        # a gain is part of the way to the lattice
        run = [step for step in run if step.stage.exact is not exposure.exact]
        for i, step in enumerate(run, 1):
            told = step.told
            if i == len(self._taps) or self._taps[i][0] != told:
                self._taps[i:] = [(told, self._ran(step, self._taps[i - 1][1]))]
        del self._taps[len(run) + 1 :]
        return Table(on, self._taps[-1][1])

    def _on(self, image: Tensor, to_camera: Matrix, to_working: Matrix) -> Shaped:
        """The places of `image`; with other places, no node is known."""
        if image is not self._image:
            self._image, self._shaped = image, None
            # as without the gain of exposure, so that it stays while that is dragged
            free = np.asarray(np.linalg.inv(to_working), np.float64)
            self._side = self._nodes or _side(planes_of(image), free, to_working)
        if self._shaped is None or not np.array_equal(to_camera, self._to_camera):
            shaper = shaper_for(to_camera, to_working, self._side)
            self._shaped = shaped(planes_of(image), shaper, self._side)
            self._to_camera, self._taps = to_camera, [((), self._shaped.colors())]
        return self._shaped

    def _ran(self, step: Step, colors: Tensor) -> Tensor:
        operate = _ON_NODES.get(step.stage.exact) or self._operators.get(
            step.stage.name, step.stage.exact
        )

        return operate(colors, step.metadata, step.statistics, **step.values)


def _side(planes: Planes, to_camera: Matrix, to_working: Matrix) -> int:
    """Nodes along a side: the fewer colors a picture has, the finer they can be told apart."""
    some = np.ascontiguousarray(planes[:, :: SAMPLE[0], :: SAMPLE[1]])
    least = SIDES[0]
    used = len(shaped(some, shaper_for(to_camera, to_working, least), least).used)
    able = [side for side in SIDES if used * (side / least) ** GROWTH <= MOST_NODES]
    return max(able, default=least)


def _axes(before: Step, run: Sequence[Step]) -> tuple[Matrix, Matrix]:
    """Matrices (3, 3): from what leaves `before` to where it clips, and back to ProPhoto.

    It clips in the camera's own RGB, balanced and exposed, on its way through the profile.
    """
    white = before.metadata.white
    if white is None or all(step.stage.exact is not color_tables.exact for step in run):
        return np.eye(3), np.eye(3)
    shift = torch.as_tensor(run[-1].statistics.shift) - torch.as_tensor(before.statistics.shift)
    balanced = (white.camera_to_prophoto * white.camera_white[..., None, :]).numpy()
    return np.asarray(2.0 ** float(shift) * np.linalg.inv(balanced)), balanced
