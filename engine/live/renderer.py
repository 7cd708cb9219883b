"""LiveRenderer: the finished picture of one photo, as fast as a hand moves.

Areawise stages run by their live operators, behind a prefix cache. The pointwise stages after the
last of them are one table; idle stages are left out, so with areawise stages at rest the whole
finisher is one table.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.finisher import Finisher
from engine.live import color_balance, sharpening
from engine.live.bake import BASIC, Baked, Baking, Step
from engine.live.operators import live_operators
from engine.live.room import room
from engine.live.table import Packed, Table
from engine.photo import Photo
from engine.progress import finish
from engine.renderer import Renderer, run_stage
from engine.settings import Settings
from engine.stage import Kind, Operator, Space, Stage


class LiveRenderer:
    """Finishes one photo at one size for the screen, rerunning only what a change touches.

    `operators` by the name of their stage go before the exact ones; without them, those of
    `live_operators`. `nodes` along a side of the table; without, as many as are in time. On another
    device than the processor the stages run one by one there, and only 8-bit pixels leave it.
    """

    baking: Baking = BASIC

    def __init__(
        self,
        photo: Photo,
        finisher: Finisher,
        operators: Mapping[str, Operator] | None = None,
        nodes: int | None = None,
    ) -> None:
        self.photo, self.finisher = photo, finisher
        self._operators = live_operators(finisher) if operators is None else operators
        self._baked = Baked(self._operators, nodes, self.baking)
        self._taps: list[tuple[object, Tensor]] = []
        self._known: list[tuple[object, Step]] = []  # by what each was made of
        self._looked_up: tuple[object, Tensor] = ((), photo.image)

    def render(
        self, settings: Settings, out: Packed | None = None, *, moving: bool = False
    ) -> Generator[Stage, None, Packed]:
        """Yield each stage that is about to run; return the picture (H, W), 0xffRRGGBB.

        It is written to `out` if given. `moving`: a slider is dragged; its pixels may stay where
        they are on a table's lattice, at some loss near clips. To cancel, stop iterating; what is
        kept stays true.
        """
        if out is None:
            out = room(self.photo.image.shape[-2:], np.uint32)
        if self.photo.image.device.type != "cpu":
            yield self.finisher.stages[0]
            _copy(Renderer(self.photo, self.finisher, self._operators).picture(settings), out)
            return out
        before, run, after = self._parted(self._steps(settings))
        image = yield from self._scene(before)
        yield (run or after or before)[-1].stage
        with torch.no_grad():
            table = self._table(before, image, run, moving=moving)
            if table is not None and not after:
                table.pixels(out)
                return out
            self._write(after, self._seen(table, image, [*before, *run]), out)
        return out

    def picture(self, settings: Settings) -> Tensor:
        """The same picture (1, 3, H, W) before it is rounded, display RGB in [0, 1]."""
        if self.photo.image.device.type != "cpu":
            return Renderer(self.photo, self.finisher, self._operators).picture(settings)
        before, run, after = self._parted(self._steps(settings))
        image = finish(self._scene(before))
        with torch.no_grad():
            table = self._table(before, image, run)
            return self._finished(after, self._seen(table, image, [*before, *run]))

    def _parted(self, steps: Sequence[Step]) -> tuple[list[Step], list[Step], list[Step]]:
        """What runs by itself, the run that becomes a table, and what follows it."""
        return _parted(steps)

    def _scene(self, steps: Sequence[Step]) -> Generator[Stage, None, Tensor]:
        """What leaves the steps that run one by one, from the first whose values changed."""
        image, passes = self.photo.image, self._passes(steps)
        for i, together in enumerate(passes):
            told = [step.told for step in together]
            if i == len(self._taps) or self._taps[i][0] != told:
                yield together[0].stage
                del self._taps[i:]  # first: their memory is at hand for what takes their place
                self._taps.append((told, self._ran(*together, image=image)))
            image = self._taps[i][1]
        del self._taps[len(passes) :]
        return image

    def _passes(self, steps: Sequence[Step]) -> list[list[Step]]:
        """Each of `steps` by itself, but color balance and exposure are one matrix."""
        passes: list[list[Step]] = []
        before: Operator | None = None
        for step in steps:
            operator = self._operators.get(step.stage.name)
            if before is color_balance.balanced and operator is color_balance.exposed:
                passes[-1].append(step)
            else:
                passes.append([step])
            before = operator
        return passes

    def _table(
        self, before: Sequence[Step], image: Tensor, run: Sequence[Step], *, moving: bool = False
    ) -> Table | None:
        return self._baked.table(before, image, run, moving=moving) if run else None

    def _seen(self, table: Table | None, image: Tensor, steps: Sequence[Step]) -> Tensor:
        """The picture that leaves the table, kept for what follows it."""
        if table is None:
            return image
        told = table.on, [step.told for step in steps]
        if self._looked_up[0] != told:
            self._looked_up = (told, table.picture())
        return self._looked_up[1]

    def _finished(self, after: Sequence[Step], image: Tensor) -> Tensor:
        """What follows the table."""
        for step in after:
            image = self._ran(step, image=image)
        return image

    def _write(self, after: Sequence[Step], image: Tensor, out: Packed) -> None:
        """The same rounded to 8 bit, in one pass with the last step where that is sharpening."""
        image = self._finished(after[:-1], image)
        for step in after[-1:]:
            if self._operators.get(step.stage.name) is sharpening.sharpened:
                values: Mapping[str, Any] = step.values
                sharpening.sharpened_pixels(image, step.metadata, out, **values)
                return
            image = self._ran(step, image=image)
        sharpening.pixels(image, out)

    @torch.no_grad()
    def _steps(self, settings: Settings) -> list[Step]:
        """The stages that are not idle, with what they are told: as before up to what changed."""
        metadata, statistics = self.photo.metadata, self.photo.statistics
        before, self._known = self._known, []
        for place, stage in enumerate(self.finisher):
            values, entered = stage.values(settings), (metadata, statistics)
            if place < len(before) and before[place][0] == (values, *entered):
                step = before[place][1]
            else:
                step = Step(stage, values, *stage.carry(metadata, statistics, **values))
            metadata, statistics = step.metadata, step.statistics
            self._known.append(((values, *entered), step))
        return [step for _, step in self._known if not step.stage.idle(step.values)]

    def _ran(self, step: Step, *exposed: Step, image: Tensor) -> Tensor:
        """`image` after a step, and the exposure that goes with it."""
        stage = step.stage
        if exposed:
            values: Mapping[str, Any] = {**step.values, **exposed[0].values}
            return color_balance.balanced_and_exposed(image, step.metadata, **values)
        operator = self._operators.get(stage.name, stage.exact)
        with torch.no_grad():
            return run_stage(stage, operator, image, step.metadata, step.statistics, step.values)


def _parted(steps: Sequence[Step]) -> tuple[list[Step], list[Step], list[Step]]:
    """What runs by itself, the run that becomes a table, and what follows on display RGB."""
    end = len(steps)
    while end and not _bakeable(steps[end - 1]):
        end -= 1
    # a table holds what lies between black and white
    if not end or steps[end - 1].stage.space is not Space.DISPLAY:
        return list(steps), [], []
    start, first = end, 0 if steps[0].stage.name == "color_balance" else 1
    while start > first and _bakeable(steps[start - 1]):
        start -= 1
    run = [step.stage.name for step in steps[start:end]]
    if "color_balance" in run and "color_tables" not in run:
        start += 1  # a table begins where colors clip, and nobody else does that
    return list(steps[:start]), list(steps[start:end]), list(steps[end:])


def _bakeable(step: Step) -> bool:
    """Whether a color is all that the stage looks at."""
    placed = step.stage.name == "color_tables" and step.metadata.profile.gain_table_map is not None
    return not (step.stage.kind is Kind.AREAWISE or placed)


def _copy(picture: Tensor, out: Packed) -> None:
    """Round `picture` (1, 3, H, W) where it is, and bring its bytes here."""
    rounded = (picture[0].clamp(0.0, 1.0) * 255.0 + 0.5).to(torch.int64)
    packed = 255 << 24 | rounded[0] << 16 | rounded[1] << 8 | rounded[2]
    out[:] = packed.cpu().numpy().astype(np.uint32)
