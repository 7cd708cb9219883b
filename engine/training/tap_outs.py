"""Tap-outs: what enters and what leaves a stage, at known values, M and H.

A supply gives, for a number, something that gives tap-outs of one photo at random values; a pool
keeps the last few hundred of these. All follows from seeds and numbers alone, so a run that is
resumed sees what it would have seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import torch
from numpy.random import Generator, default_rng
from torch import Tensor

from engine.finisher import Finisher
from engine.metadata import Metadata
from engine.photo import Photo
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import Setting
from engine.stage import Kind, Operator, Space, Stage
from engine.statistics import Statistics
from engine.training.sampling import random_settings, random_values
from engine.training.sources import Source

Values: TypeAlias = Mapping[str, Tensor | Setting]

COLORS = (64, 64)
"""Height and width of a picture of colors that a pointwise stage learns on."""

DARKEST = -12.0
"""log2 of the darkest of these colors."""


@dataclass(frozen=True, eq=False)
class TapOut:
    """One picture (1, 3, H, W) that entered a stage, and the S pictures that left it.

    `values` hold numbers, or tensors (S, 1, 1, 1): one for each of the pictures in `output`
    (S, 3, H, W). `metadata` and `statistics` are as the stage sees them.
    """

    input: Tensor
    metadata: Metadata
    statistics: Statistics
    values: Values
    output: Tensor

    def to(self, device: torch.device) -> "TapOut":
        """The same on another device."""
        values = {n: v.to(device) if isinstance(v, Tensor) else v for n, v in self.values.items()}
        h = self.statistics
        statistics = replace(
            h,
            histogram=h.histogram.to(device),
            quantiles=h.quantiles.to(device),
            mean_camera=h.mean_camera.to(device),
            clipped=h.clipped.to(device),
            shift=h.shift.to(device) if isinstance(h.shift, Tensor) else h.shift,
        )
        return replace(
            self,
            input=self.input.to(device),
            statistics=statistics,
            values=values,
            output=self.output.to(device),
        )


Item: TypeAlias = Callable[[Generator], TapOut]
"""One photo in front of a stage: gives tap-outs at random values."""

Supply: TypeAlias = Callable[[int], Item]
"""The item of a number; always the same one."""


def exact_supply(
    finisher: Finisher,
    stage: Stage,
    source: Source,
    *,
    seed: int,
    settings: int,
    operators: Mapping[str, Operator] | None = None,
) -> Supply:
    """Tap-outs as they are needed, by the stage's own operator, `settings` of them at a time."""

    def item(index: int) -> Item:
        rng = default_rng([seed, index])
        photo, upstream = source(rng), random_settings(finisher, rng, stage)
        image, metadata, statistics = _entering(photo, finisher, stage, upstream, operators)
        if stage.kind is not Kind.AREAWISE:
            image = _colors(image, stage, rng)
        operate = _operator(stage, image, metadata, statistics, (operators or {}).get(stage.name))

        def tap_out(rng: Generator) -> TapOut:
            return operate(random_values(stage, settings, rng))

        return tap_out

    return item


class Pool:
    """The last `size` items of a supply, of which every step picks some and meets new ones.

    What a step picks depends on its number alone.
    """

    def __init__(self, supply: Supply, *, size: int, seed: int, fresh: float = 0.5) -> None:
        self._supply = supply
        self._size, self._seed, self._fresh = size, seed, fresh
        self._items: dict[int, Item] = {}

    def pick(self, step: int, count: int) -> list[TapOut]:
        """`count` tap-outs for a step."""
        newest = min(self._size, 4 * count) + int(step * self._fresh)
        oldest = max(0, newest - self._size)
        self._items = {i: item for i, item in self._items.items() if i >= oldest}
        rng = default_rng([self._seed, step])
        return [self._item(int(i))(rng) for i in rng.integers(oldest, newest, count)]

    def _item(self, index: int) -> Item:
        if index not in self._items:
            self._items[index] = self._supply(index)
        return self._items[index]


@torch.no_grad()
def _entering(
    photo: Photo,
    finisher: Finisher,
    stage: Stage,
    settings: Settings,
    operators: Mapping[str, Operator] | None,
) -> tuple[Tensor, Metadata, Statistics]:
    """The picture in front of `stage`, with M and H."""
    image, metadata, statistics = photo.image, photo.metadata, photo.statistics
    for tap in Renderer(photo, finisher, operators).finish(settings):
        if tap.stage == stage:
            break
        image, metadata, statistics = tap.image, tap.metadata, tap.statistics
    return image, metadata, statistics


def _operator(
    stage: Stage,
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    operator: Operator | None,
) -> Callable[[Values], TapOut]:
    """The stage on one picture: what does not depend on the sliders is done once."""
    maps: list[Tensor] = []

    @torch.no_grad()
    def operate(values: Values) -> TapOut:
        m, h = stage.carry(metadata, statistics, **values)
        if operator is None and stage.analysis is not None:
            a = stage.analysis
            if not maps:
                maps.append(a.maps(a.features(image, m, h, a.grid(image.shape[-2:]))))
            output = a.apply(image, maps[0], m, h, **values)
        else:
            count = max((len(v) for v in values.values() if isinstance(v, Tensor)), default=1)
            pictures = image.expand(count, -1, -1, -1)
            output = (operator or stage.exact)(pictures, m, h, **values)
        return TapOut(image, m, h, values, output)

    return operate


def _colors(image: Tensor, stage: Stage, rng: Generator) -> Tensor:
    """A picture (1, 3, *COLORS) of colors: all, near-greys, and those of the photo `image`."""
    count = COLORS[0] * COLORS[1]
    third = count // 3
    brightest = 0.0 if stage.space in (Space.PROFILE, Space.DISPLAY) else 3.0
    anywhere = np.exp2(rng.uniform(DARKEST, brightest, (third, 3)))
    grey = np.exp2(rng.uniform(DARKEST, brightest, (third, 1)))
    greys = np.clip(grey * np.exp2(rng.normal(0.0, 0.25, (third, 3))), 0.0, 2.0**brightest)
    pixels = image[0].flatten(1).mT.numpy()
    photo = pixels[rng.integers(0, len(pixels), count - 2 * third)]
    colors = torch.from_numpy(np.concatenate([anywhere, greys, photo]).astype(np.float32))
    return colors.mT.reshape(1, 3, *COLORS).contiguous()
