"""DarktableRenderer: darktable's finished picture of one photo, as fast as a hand moves.

The pointwise modules from the last areawise one on, through the view transform, are one table. Of
the local contrast that follows it, what hangs on the clarity is one pass, to the screen.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.color import SRGB
from engine.finishers.darktable import DARKTABLE, local_contrast
from engine.live import sharpening
from engine.live.bake import Step
from engine.live.darktable import bake
from engine.live.darktable.local_contrast import added
from engine.live.darktable.operators import live_operators
from engine.live.darktable.roots import LIGHTNESS, rooted, unrooted, write
from engine.live.kept import Kept
from engine.live.kernels import Plane, planes_of
from engine.live.renderer import LiveRenderer
from engine.live.table import Packed, Table
from engine.live.toning import LIKE_SRGB
from engine.photo import Photo
from engine.stage import Kind, Operator, Space


class DarktableRenderer(LiveRenderer):
    """Finishes one photo at one size for the screen, rerunning only what a change touches."""

    baking = bake.DARKTABLE

    def __init__(
        self,
        photo: Photo,
        operators: Mapping[str, Operator] | None = None,
        nodes: int | None = None,
    ) -> None:
        super().__init__(photo, DARKTABLE, operators or live_operators(), nodes)
        self._kept = Kept()

    def _parted(self, steps: Sequence[Step]) -> tuple[list[Step], list[Step], list[Step]]:
        end = len(steps)
        for i, step in enumerate(steps):
            if step.stage.exact is local_contrast.exact:
                end = i
        start = end
        while start and steps[start - 1].stage.kind is not Kind.AREAWISE:
            start -= 1
        return list(steps[:start]), list(steps[start:end]), list(steps[end:])

    def _table(
        self, before: Sequence[Step], image: Tensor, run: Sequence[Step], *, moving: bool = False
    ) -> Table:
        held = None if run[-1].stage.space is Space.DISPLAY else rooted
        return self._baked.table(before, image, run, held, moving=moving)

    def _finished(self, after: Sequence[Step], image: Tensor) -> Tensor:
        if not after:
            return image
        contrast, conversion = after
        seen = unrooted(image, self._added(image), _clarity(contrast))
        return self._ran(conversion, image=seen)

    def _write(self, after: Sequence[Step], image: Tensor, out: Packed) -> None:
        contrast, conversion = after
        space = conversion.metadata.output or SRGB
        if space in LIKE_SRGB:
            write(image, self._added(image), _clarity(contrast), space, out)
        else:
            sharpening.pixels(self._finished(after, image), out)

    def _added(self, roots: Tensor) -> Plane:
        """What a clarity of 1 adds to L* of the picture with these roots."""

        def make() -> Tensor:
            return torch.from_numpy(added(planes_of(roots)[1], *LIGHTNESS))[None, None]

        return planes_of(self._kept.of(roots, None, make))[0]


def _clarity(step: Step) -> float:
    values: Mapping[str, Any] = step.values
    return float(values["clarity"])
