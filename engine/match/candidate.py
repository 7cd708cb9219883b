"""Candidate: what sliders make of one photo, seen at one size, and what each of them changes."""

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from engine.finisher import Finisher
from engine.match.free import Free
from engine.photo import Photo, area_average
from engine.renderer import Renderer
from engine.settings import Settings
from engine.stage import Operator

STEP = 0.004
"""Share of a slider's range by which it is moved to see what that changes."""


Render = Callable[[Settings], Tensor]
"""Finishes the photo at its size: from settings to encoded RGB (1, 3, H, W)."""


class Elsewhere:
    """A photo finished by another program, which tells pictures but no slopes."""

    def __init__(self, render: Render, seen: tuple[int, int]) -> None:
        """Pictures are averaged to `seen`, width and height."""
        self.renders = 0
        self._render, self._seen = render, seen[::-1]

    def picture(self, free: Free, at: Tensor) -> Tensor:
        """The picture (1, 3, h, w), display RGB, with the free sliders at fractions `at` (n,)."""
        self.renders += 1
        return area_average(self._render(free.settings(at)), self._seen)


class Candidate:
    """`photo` finished by `operators`, exactly where there are none, at one size.

    Pictures are averaged to `seen`, width and height. Every tap is kept, so that a slider is looked
    at by rerunning what comes after it. `renders` counts the pictures made.
    """

    def __init__(
        self,
        photo: Photo,
        finisher: Finisher,
        operators: Mapping[str, Operator] | None = None,
        seen: tuple[int, int] | None = None,
    ) -> None:
        self.finisher = finisher
        self.renders = 0
        width, height = seen or photo.size
        self._seen = height, width
        self._renderer = Renderer(photo, finisher, operators)

    def picture(self, free: Free, at: Tensor) -> Tensor:
        """The picture (1, 3, h, w), display RGB, with the free sliders at fractions `at` (n,)."""
        self.renders += 1
        return area_average(self._renderer.picture(free.settings(at)), self._seen)

    def slopes(self, free: Free, at: Tensor) -> Tensor:
        """The picture's derivatives (n, 3, h, w) by each slider's fraction, from differences."""
        base = self.picture(free, at)
        slopes = torch.empty(len(at), *base.shape[1:])
        for i, by, picture in self.moved(free, at):
            slopes[i] = (picture - base)[0] / by
        return slopes

    def moved(self, free: Free, at: Tensor) -> Iterator[tuple[int, float, Tensor]]:
        """Each free slider's index, by how much it is moved, and the picture then.

        From the last stage to the first: what is rendered before a slider's stage stays true.
        """
        places = [slider.name for slider in self.finisher.sliders]
        for i in sorted(range(len(at)), key=lambda i: -places.index(free.sliders[i].name)):
            by = STEP if at[i] <= 0.5 else -STEP
            to = at.clone()
            to[i] += by
            yield i, by, self.picture(free, to)
