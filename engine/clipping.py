"""Clipping, and slopes that see over its edges.

At a point, a clip has the slope of one side and says nothing of the other, although a slider's next
small step may take much of a picture across: half of a cyan sky, where a display runs out of red.
Whoever asks what a step changes can have what crosses an edge count by how far it goes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor

from engine.color import encode
from engine.metadata import ColorSpace

Bent: TypeAlias = Callable[[Tensor], Tensor]

_step: ContextVar[float] = ContextVar("step", default=0.0)


def clipped(image: Tensor, low: float | None = 0.0, high: float = 1.0) -> Tensor:
    """`image`, any shape, from `low`, if any, to `high`."""
    return _seen(image, partial(torch.clamp, min=low, max=high))


def displayed(linear: Tensor, space: ColorSpace) -> Tensor:
    """Display values in [0, 1] of `linear` ones of `space` (any shape), clipped to [0, 1]."""
    return _seen(linear, lambda values: encode(values.clamp(0.0, 1.0), space))


@contextmanager
def seen_over(step: float) -> Iterator[None]:
    """Have forward mode tell, of what is clipped, the slope over a step and not that at the point.

    The step is from `step` tangents before the point to as many behind.
    """
    token = _step.set(step)
    try:
        yield
    finally:
        _step.reset(token)


def _seen(image: Tensor, bent: Bent) -> Tensor:
    step = _step.get()
    if not step:
        return bent(image)
    seen: Tensor = _OverAStep.apply(image, bent, step)
    return seen


class _OverAStep(torch.autograd.Function):
    """`bent`, a function of each number by itself, with its slope over a step."""

    @staticmethod
    def forward(image: Tensor, bent: Bent, _: float) -> Tensor:
        return bent(image)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], _: Tensor) -> None:
        image, ctx.bent, ctx.step = inputs
        ctx.save_for_forward(image)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> Tensor:
        (image,) = ctx.saved_tensors
        # in single precision what a faint slider changes would drown in rounding
        at, by = image.double(), ctx.step * tangent.double()
        risen: Tensor = ctx.bent(at + by) - ctx.bent(at - by)
        return (risen / (2.0 * ctx.step)).to(image)
