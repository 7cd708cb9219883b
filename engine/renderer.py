"""Renderer: the taps of one photo, rerunning only what a change touches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.finisher import Finisher
from engine.metadata import Metadata
from engine.photo import Photo
from engine.settings import Settings
from engine.slider import Setting
from engine.stage import Kind, Operator, Stage
from engine.statistics import Statistics
from engine.strips import alone, in_strips


@dataclass(frozen=True, eq=False)
class Tap:
    """The image leaving a stage, with the values, M and H that made it."""

    stage: Stage
    values: Mapping[str, Setting]
    image: Tensor
    metadata: Metadata
    statistics: Statistics


class Renderer:
    """Finishes one photo at one size.

    Holds every tap of the last render and reruns from the first stage whose values changed. For one
    full-size picture use `finish`, which keeps only the image it works on.
    """

    def __init__(
        self, photo: Photo, finisher: Finisher, operators: Mapping[str, Operator] | None = None
    ) -> None:
        self.photo = photo
        self.finisher = finisher
        self._operators = {s.name: (operators or {}).get(s.name, s.exact) for s in finisher}
        self._taps: list[Tap] = []

    @torch.no_grad()
    def render(self, settings: Settings) -> Iterator[Tap]:
        """Yield each stage's tap, in order. To cancel, stop iterating; the cache stays true."""
        for i, stage in enumerate(self.finisher):
            values = stage.values(settings)
            if i == len(self._taps) or self._taps[i].values != values:
                before = self._taps[i - 1] if i else None
                self._taps[i:] = [self._tap(stage, values, before)]
            yield self._taps[i]

    @torch.no_grad()
    def finish(self, settings: Settings) -> Iterator[Tap]:
        """Yield each stage's tap without keeping any: for export, where memory is short."""
        tap = None
        for stage in self.finisher:
            tap = self._tap(stage, stage.values(settings), tap)
            yield tap

    def picture(self, settings: Settings) -> Tensor:
        """The finished picture (1, 3, H, W), display RGB in [0, 1]."""
        *_, last = self.render(settings)
        return last.image

    def _tap(self, stage: Stage, values: Mapping[str, Setting], before: Tap | None) -> Tap:
        source = self.photo if before is None else before
        metadata, statistics = stage.carry(source.metadata, source.statistics, **values)
        image = source.image
        if not stage.idle(values):
            operator = self._operators[stage.name]
            image = run_stage(stage, operator, image, metadata, statistics, values)
        return Tap(stage, values, image, metadata, statistics)


def run_stage(
    stage: Stage,
    operator: Operator,
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    values: Mapping[str, Setting],
) -> Tensor:
    """What leaves `stage` by its `operator`, shared out over the processor's cores.

    One that is not the exact one, live or learned, shares out its work itself.
    """
    if operator is not stage.exact:
        return operator(image, metadata, statistics, **values)
    if stage.kind is Kind.AREAWISE:
        return alone(lambda: operator(image, metadata, statistics, **values))

    def on_strip(strip: Tensor, top: int) -> Tensor:
        placed = metadata.replace(strip=(top, image.shape[-2]))
        return operator(strip, placed, statistics, **values)

    return in_strips(on_strip, image)
