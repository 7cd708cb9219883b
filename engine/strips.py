"""Strips: a pointwise operator over a large picture, several strips at a time.

A strip's temporaries stay in the cache, and each worker runs torch on its one thread: faster than
torch's own threads, which meet after every small operation, and far steadier when other programs
want the cores too.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier

import torch
from torch import Tensor

STRIP_PIXELS = 1 << 17


def in_strips(operator: Callable[[Tensor, int], Tensor], image: Tensor) -> Tensor:
    """Apply `operator(strip, first row)` to strips of `image` (B, C, H, W), without gradients.

    The operator must treat each pixel by itself and return as many channels as all other strips.
    """
    height, width = image.shape[-2:]
    rows = max(1, STRIP_PIXELS // width)
    if height <= 2 * rows:
        return operator(image, 0)

    @torch.no_grad()  # of the worker: torch keeps it per thread
    def run(top: int) -> Tensor:
        return operator(image[..., top : top + rows, :], top)

    first = run(0)
    out = first.new_empty((*first.shape[:-2], height, width))
    out[..., :rows, :] = first

    def place(top: int) -> None:
        out[..., top : top + rows, :] = run(top)

    for _ in _workers(torch.get_num_threads()).map(place, range(rows, height, rows)):
        pass
    return out


@cache
def _workers(count: int) -> ThreadPoolExecutor:
    """`count` threads on each of which torch uses one; elsewhere it keeps using `count`."""
    ready = Barrier(count + 1)
    workers = ThreadPoolExecutor(count, "strip", _work_alone)
    for _ in range(count):
        workers.submit(ready.wait)
    ready.wait()
    torch.set_num_threads(count)  # for threads to come: what a thread sets, those after it inherit
    return workers


def _work_alone() -> None:
    torch.set_num_threads(1)
    torch.get_num_threads()  # the first look fixes it for this thread
