"""LiveRenderer: the finished picture of one photo, as fast as a hand moves.

Areawise stages run by their live operators, behind a prefix cache. The pointwise stages after the
last of them are one table; idle stages are left out, so with areawise stages at rest the whole
finisher is one table.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.finisher import Finisher
from engine.live import color_balance, sharpening
from engine.live.analysed import Analysed
from engine.live.bake import BASIC, Baked, Baking, Step
from engine.live.operators import live_operators
from engine.live.room import room
from engine.live.sights import Sights
from engine.live.table import Packed, Table
from engine.photo import Photo
from engine.progress import finish
from engine.renderer import Renderer, run_stage
from engine.settings import Settings
from engine.stage import Kind, Operator, Space, Stage


@dataclass(frozen=True, eq=False)
class _Tap:
    """What left a pass, and what that was told. `fresh`: it went by no earlier picture."""

    told: object
    image: Tensor
    fresh: bool

    def holds(self, told: object, *, fleeting: bool) -> bool:
        """Whether it is still what leaves the pass, or nearly, which will do for a moment."""
        return self.told == told and (self.fresh or fleeting)


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
        self._taps: list[_Tap] = []
        self._sights = Sights()
        self._known: list[tuple[object, Step]] = []  # by what each was made of
        self._looked_up: tuple[object, Tensor] = ((), photo.image)

    @property
    def sights(self) -> Mapping[str, Any]:
        """What the stages have last seen that holds at any size, by their names."""
        return {
            name: seen
            for name, seen in self._sights.last().items()
            if isinstance(operator := self._operators[name], Analysed) and operator.at_any_size
        }

    def render(
        self,
        settings: Settings,
        out: Packed | None = None,
        *,
        moving: bool = False,
        fleeting: bool = False,
    ) -> Generator[Stage, None, Packed]:
        """Yield each stage that is about to run; return the picture (H, W), 0xffRRGGBB.

        It is written to `out` if given. `moving`: a slider is dragged; its pixels may stay where
        they are on a table's lattice, at some loss near clips. `fleeting`: a better picture follows
        at once; of the areawise stages that run, one looks at its picture again, and the others go
        by what they saw a few frames ago. To cancel, stop iterating; what is kept stays true.
        """
        if out is None:
            out = room(self.photo.image.shape[-2:], np.uint32)
        if self.photo.image.device.type != "cpu":
            yield self.finisher.stages[0]
            _copy(Renderer(self.photo, self.finisher, self._operators).picture(settings), out)
            return out
        before, run, after = self._parted(self._steps(settings))
        image = yield from self._scene(before, fleeting=fleeting)
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

    def _scene(
        self, steps: Sequence[Step], *, fleeting: bool = False
    ) -> Generator[Stage, None, Tensor]:
        """What leaves the steps that run one by one, from the first whose values changed."""
        image, passes, begun = self.photo.image, self._passes(steps), False
        for i, together in enumerate(passes):
            told = [step.told for step in together]
            if i == len(self._taps) or not self._taps[i].holds(told, fleeting=fleeting):
                yield together[0].stage
                if not begun:
                    self._sights.begin([step for step, *_ in passes[i:]], fleeting=fleeting)
                    begun = True
                del self._taps[i:]  # first: their memory is at hand for what takes their place
                self._taps.append(self._tap(told, steps, together, image))
            image = self._taps[i].image
        del self._taps[len(passes) :]
        return image

    def _tap(
        self, told: object, steps: Sequence[Step], together: Sequence[Step], image: Tensor
    ) -> _Tap:
        """What leaves a pass, `together`, of the `steps`."""
        step, *exposed = together
        operator = self._operators.get(step.stage.name)
        if not isinstance(operator, Analysed):
            return _Tap(told, self._ran(step, *exposed, image=image), fresh=True)
        seen, fresh = self._sights.of(operator, step, steps[: steps.index(step)], image)
        image = operator.use(image, seen, step.metadata, step.statistics, **step.values)
        return _Tap(told, image, fresh)

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
