"""Chain: the operators of a finisher composed, to be differentiated.

From picture and sliders to the finished picture, exactly where a stage is differentiable, by its
proxy elsewhere; forward and reverse mode both pass, to every slider and to every pixel.
"""

from collections.abc import Iterator, Mapping
from functools import partial

import torch
from torch import Tensor

from engine.clipping import seen_over
from engine.finisher import Finisher
from engine.fractions import fractions_of, settings_at
from engine.metadata import Metadata
from engine.photo import Photo
from engine.proxies.weights import shipped
from engine.settings import Settings
from engine.slider import Slider
from engine.stage import Operator, Stage


class Chain:
    """The stages of `finisher` one after the other.

    `operators` by the name of their stage go before the exact ones; None stands for the proxies
    that ship of stages that are not differentiable.
    """

    def __init__(self, finisher: Finisher, operators: Mapping[str, Operator] | None = None) -> None:
        self.finisher = finisher
        self.sliders: tuple[Slider, ...] = finisher.sliders
        chosen = _needed(finisher) if operators is None else operators
        self._operators = {stage.name: chosen.get(stage.name, stage.exact) for stage in finisher}

    def __call__(
        self, photo: Photo, where: Settings | Tensor, rest: Settings | None = None
    ) -> Tensor:
        """The finished picture (B, 3, H, W) of `photo`, display RGB.

        `where` are settings, or the sliders' fractions (n,), or (B, n) for B pictures; with
        fractions `rest` says what curves and files are, and which stages are off.
        """
        image, metadata, statistics = photo.image, photo.metadata, photo.statistics
        if isinstance(where, Settings):
            rest, columns = where, None
        else:
            rest, columns = rest or Settings(), iter(where.unbind(-1))
        for stage in self.finisher:
            values = stage.values(rest)
            idle = columns is None and stage.idle(values)
            moved = {} if columns is None else _moved(stage, columns)
            given = {**values, **({} if stage.name in rest.off else moved)}
            metadata, statistics = stage.carry(metadata, statistics, **given)
            if not idle:
                image = self._operators[stage.name](image, metadata, statistics, **given)
        return image

    def slope(self, photo: Photo, where: Tensor, along: Tensor, step: float) -> Tensor:
        """What a step along `along` (n,) from the fractions `where` (n,) changes, per fraction.

        That is the derivative (1, 3, H, W) in forward mode. But where the picture is clipped, what
        the step, `step` of each slider's range to either side, takes across an edge counts by how
        far it goes; 0 for the derivative at the point.
        """
        with seen_over(step):
            slope: Tensor = torch.func.jvp(partial(self, photo), (where,), (along,))[1]
        return slope

    def fractions(self, settings: Settings, metadata: Metadata) -> Tensor:
        """Where each slider stands (n,), from 0 to 1; *as shot* is what it is for this photo."""
        return fractions_of(self.sliders, settings, metadata).float()

    def settings(self, fractions: Tensor, rest: Settings | None = None) -> Settings:
        """Settings with the sliders where `fractions` (n,) say, within their ranges."""
        return settings_at(self.sliders, fractions, rest or Settings())


def _needed(finisher: Finisher) -> Mapping[str, Operator]:
    needed = [stage.name for stage in finisher if not stage.differentiable]
    proxies = shipped(finisher) if needed else {}
    return {name: proxies[name] for name in needed}


def _moved(stage: Stage, columns: Iterator[Tensor]) -> dict[str, Tensor]:
    """The values of a stage's sliders, from the next fractions, () or (B,)."""
    fractions = {slider: next(columns) for slider in stage.sliders}
    # a tangent of no dimension would be widened to float64 by any factor
    return {
        slider.name: torch.as_tensor(slider.denormalize(fraction.reshape(-1, 1, 1, 1)))
        for slider, fraction in fractions.items()
    }
