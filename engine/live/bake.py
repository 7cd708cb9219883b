"""Bake: a run of pointwise stages as one table over the colors of a picture.

The lattice's nodes go through the stages as a picture would, behind a prefix cache of their own: a
drag of vibrance runs vibrance and what follows it, on some thousand colors instead of millions of
pixels.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.finishers.basic import color_balance, color_conversion, color_tables, exposure
from engine.live import toning
from engine.live.color_tables import profiled
from engine.live.kernels import Planes, planes_of
from engine.live.table import Marks, Shaped, Table, Way, shaped, shaper_for
from engine.metadata import Metadata
from engine.slider import Setting
from engine.stage import Operator, Stage
from engine.statistics import Statistics

SIDES = (33, 41, 49, 57, 65, 81, 97, 113, 129)
"""Nodes along a side of the lattices to choose from."""

SAMPLE = 16, 4
"""Of every so many rows and columns, one is looked at for the choice."""

PIXELS = 48
"""Of so many pixels there is one node at most while they move: a frame is made for its pixels."""

SPARE = 2.0
"""How many times as many nodes as are wanted may be in use, from earlier frames of a drag."""

FAR_OFF = 8.0
"""How many times darker than the lightest channel of a white the darkest can be, to anchor to."""

GROWTH = 2.4
"""The power of the side with which the nodes in use grow, as it is with photos."""


@dataclass(frozen=True, eq=False)
class Step:
    """A stage that is to run, with its values, and M and H as it sees them."""

    stage: Stage
    values: Mapping[str, Setting]
    metadata: Metadata
    statistics: Statistics

    @cached_property
    def told(self) -> tuple[object, ...]:
        """All that its answer depends on beside the picture: equal where nothing has changed.

        Of one white there is one object while it is asked for again and again.
        """
        shift = float(self.statistics.shift)
        return (self.stage.name, tuple(self.values.items()), self.metadata.white, shift)


@dataclass(frozen=True)
class Baking:
    """How the pointwise stages of a finisher become a table.

    `way` leads from an image, which left the steps before, to the lattice of a run: it does the
    work of the stages `on_the_way`. `steady` makes of it one that a lattice is chosen by, which may
    stay while a slider is dragged; `anchor` one that loses nothing a drag of those stages could
    bring back, if there is one. `on_nodes`: what a node goes through in an exact operator's place,
    as clips before and after the table are made per pixel. `most_nodes` are what the colors of a
    picture's sample may use: of the coarsest lattice they may use all.
    """

    way: Callable[[Tensor, Sequence[Step], Sequence[Step]], Way]
    steady: Callable[[Way], Way]
    anchor: Callable[[Way], Way | None]
    on_the_way: Collection[Operator]
    on_nodes: Mapping[Operator, Operator]
    most_nodes: int


@dataclass(eq=False)
class _Lattice:
    """The places of `image` on a lattice at the end of `way`, which hangs on what was `told`.

    `most` nodes were to be used. `taps`: what their `colors` are before the first step and after
    each, with what that was told. `passing`: it was made in a drag, as fine as that began.
    """

    image: Tensor
    way: Way
    most: int
    shaped: Shaped
    colors: Tensor
    told: object
    taps: list[tuple[object, Tensor]]
    passing: bool = False

    @property
    def nodes(self) -> "_Nodes":
        """What of it may serve another picture."""
        on = self.shaped
        return _Nodes(on.nodes, self.way.top, on.cells, on.used, self.colors, self.taps)


class _Nodes(NamedTuple):
    """The nodes in use of a lattice with so many along a `side`, up to a `top`."""

    side: int
    top: float
    cells: Marks
    used: NDArray[np.int64]
    colors: Tensor
    taps: list[tuple[object, Tensor]]


class Baked:
    """The table of a run over one picture at a time; what stays true of the last one is kept."""

    def __init__(
        self, operators: Mapping[str, Operator], nodes: int | None, baking: Baking
    ) -> None:
        """`nodes` along a side of the lattice; None: as fine as the picture's colors allow."""
        self._operators, self._nodes, self._baking = operators, nodes, baking
        self._rest: _Lattice | None = None
        self._anchored: _Lattice | None = None

    def table(
        self,
        before: Sequence[Step],
        image: Tensor,
        run: Sequence[Step],
        held: Callable[[Tensor], Tensor] | None = None,
        *,
        moving: bool = False,
    ) -> Table:
        """The table of `run` over `image` (1, 3, H, W), which left `before`.

        It holds what leaves the run, between 0 and 1, or what `held` makes of that. `moving`: its
        pixels may keep their places while the stages on the way move, which go on the nodes then.
        """
        on_the_way = [step for step in run if step.stage.exact in self._baking.on_the_way]
        on_nodes = [step for step in run if step not in on_the_way]
        told = [step.told for step in (*before[-1:], *on_the_way)], on_nodes[0].stage.name
        through = [step.told for step in on_nodes] if moving else None
        lattice = self._lattice(image, told, lambda: self._baking.way(image, before, run), through)
        taps = lattice.taps
        for i, step in enumerate(on_nodes, 1):
            if i == len(taps) or taps[i][0] != step.told:
                taps[i:] = [(step.told, self._ran(step, taps[i - 1][1]))]
        del taps[len(on_nodes) + 1 :]
        colors = taps[-1][1]
        return Table(lattice.shaped, colors if held is None else held(colors))

    def _lattice(
        self, image: Tensor, told: object, find: Callable[[], Way], through: Sequence[object] | None
    ) -> _Lattice:
        """Where the pixels of `image` lie: at rest by their own way, in a drag as they lay before.

        Where areawise stages have made another image, they lie nowhere yet. `through`: what the
        steps are told that the nodes go through in a drag; None at rest.
        """
        most, rest, moving = self._baking.most_nodes, self._rest, through is not None
        if moving:
            most = min(most, image[0, 0].numel() // PIXELS)
        known = rest is not None and image is rest.image and (moving or not rest.passing)
        if rest is not None and known and told == rest.told and most <= rest.most:
            return rest
        way = find()
        anchor = self._baking.anchor(way)
        if anchor is None or (moving and not known):
            return self._at_rest(image, told, way, most, through)
        anchored = self._anchor(image, anchor, most)  # at rest too: it is there when a drag begins
        return self._moved(anchored, told, way) if moving else self._at_rest(image, told, way, most)

    def _at_rest(
        self,
        image: Tensor,
        told: object,
        way: Way,
        most: int,
        through: Sequence[object] | None = None,
    ) -> _Lattice:
        """The lattice of `image` at the end of its own way.

        In a drag it is as fine as the drag began; nodes that would go `through` the same stay, and
        others are added: what has been in use costs less than to find out what is.
        """
        before, steady = self._rest, self._baking.steady(way)
        side, known = self._nodes, None
        if before is not None and most == before.most:
            same = image is before.image and steady == self._baking.steady(before.way)
            if through is not None or (same and not before.passing):
                side = before.shaped.nodes
            lives_on = len(before.shaped.used) < SPARE * most
            if lives_on and [tap[0] for tap in before.taps[1:]] == through:
                known = before.nodes
        self._rest = before = None  # first: its memory is at hand for what takes its place
        side = side or _side(image, steady, most)
        self._rest = _lattice_of(image, way, side, most, told, known)
        self._rest.passing = through is not None
        return self._rest

    def _anchor(self, image: Tensor, anchor: Way, most: int) -> _Lattice:
        """The lattice of `image` at the end of the `anchor`, or of one near it."""
        lattice = self._anchored
        known = lattice is not None and image is lattice.image and most <= lattice.most
        if lattice is None or not known or not anchor.near(lattice.way):
            self._anchored = lattice = None  # first, as above
            side = self._nodes or _side(image, anchor, most)
            self._anchored = lattice = _lattice_of(image, anchor, side, most, None)
        return lattice

    def _moved(self, lattice: _Lattice, told: object, way: Way) -> _Lattice:
        """The same places, with the colors of the nodes at the end of `way`."""
        if told != lattice.told:
            lattice.told = told
            lattice.taps = [((), lattice.way.then(way, lattice.colors))]
        return lattice

    def _ran(self, step: Step, colors: Tensor) -> Tensor:
        operate = self._baking.on_nodes.get(step.stage.exact) or self._operators.get(
            step.stage.name, step.stage.exact
        )

        return operate(colors, step.metadata, step.statistics, **step.values)


def _lattice_of(
    image: Tensor, way: Way, side: int, most: int, told: object, known: _Nodes | None = None
) -> _Lattice:
    """A lattice with so many nodes along a side, where these are not `known` already.

    Of other nodes nothing but their colors is.
    """
    if known is not None and (known.side, known.top) != (side, way.top):
        known = None
    used = None if known is None else (known.cells, known.used)
    on = shaped(planes_of(image), shaper_for(way, side), side, used)
    if known is not None and on.used is known.used:
        return _Lattice(image, way, most, on, known.colors, told, known.taps)
    colors = on.colors()
    return _Lattice(image, way, most, on, colors, told, [((), colors)])


def sample(image: Tensor) -> Planes:
    """Some of the pixels (3, h, w) of `image` (1, 3, H, W)."""
    return np.ascontiguousarray(planes_of(image)[:, :: SAMPLE[0], :: SAMPLE[1]])


def _side(image: Tensor, way: Way, most: int) -> int:
    """Nodes along a side: the fewer colors a picture has, the finer they can be told apart."""
    least = SIDES[0]
    used = len(shaped(sample(image), shaper_for(way, least), least).used)
    able = [side for side in SIDES if used * (side / least) ** GROWTH <= most]
    return max(able, default=least)


def _way(image: Tensor, before: Sequence[Step], run: Sequence[Step]) -> Way:
    """To where colors clip, and back to ProPhoto.

    They clip in the camera's own RGB, balanced and exposed, on their way through the profile.
    """
    chosen = run[0].metadata.white
    if chosen is None or all(step.stage.exact is not color_tables.exact for step in run):
        return Way(np.eye(3), np.eye(3))
    in_camera = run[0].stage.exact is color_balance.exact
    start = (run[0] if in_camera else before[-1]).statistics.shift
    gain = 2.0 ** (float(run[-1].statistics.shift) - float(start))
    balanced = (chosen.camera_to_prophoto * chosen.camera_white[..., None, :]).numpy()
    if in_camera:
        camera_white = chosen.camera_white.numpy()
        return Way(np.diag(gain / camera_white), balanced, camera_white=camera_white)
    return Way(gain * np.linalg.inv(balanced), balanced)


def _steady(way: Way) -> Way:
    """As without the gain of exposure."""
    if way.camera_white is not None:
        return replace(way, to_camera=np.diag(1.0 / way.camera_white))
    return Way(np.asarray(np.linalg.inv(way.to_working), np.float64), way.to_working)


def _anchor(way: Way) -> Way | None:
    """To balanced camera RGB, as light as saturated channels get; not by a far-off white."""
    steady = _steady(way)
    if way.camera_white is None:
        return replace(steady, ceiling=math.inf)
    lightest = 1.0 / float(way.camera_white.min())
    if not 0.0 < lightest < FAR_OFF:
        return None
    return replace(steady, to_working=np.eye(3), ceiling=math.inf, top=lightest)


BASIC = Baking(
    _way,
    _steady,
    _anchor,
    (color_balance.exact, exposure.exact),
    {color_tables.exact: profiled, color_conversion.exact: toning.unclipped},
    most_nodes=24_000,
)
