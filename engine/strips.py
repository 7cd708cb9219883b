"""Strips: an operator over a large picture, several strips of rows at a time.

A strip's temporaries stay in the cache, and each worker runs torch on its one thread: faster than
torch's own threads, which meet after every small operation, and far steadier when other programs
want the cores too.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from queue import SimpleQueue
from threading import Barrier, Lock, Thread, current_thread
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor
from torch.autograd import forward_ad

STRIP_PIXELS = 1 << 17

_WORKER = "strip"
"""How the names of the workers begin."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def take_over(threads: int) -> None:
    """Have `threads` workers from now on, and torch on one thread wherever it is called.

    Its own threads meet after every small operation: where a window paints beside them, each
    meeting may cost milliseconds. To be called before anything else of this module.
    """
    torch.set_num_threads(threads)
    _workers()
    _helpers()
    torch.set_num_threads(1)


def in_strips(
    operator: Callable[[Tensor, int], Tensor], image: Tensor, halo: int = 0, shrink: int = 1
) -> Tensor:
    """Apply `operator(strip, first row)` to strips of `image` (B, C, H, W).

    The operator keeps the rows, or leaves one for each `shrink` (1 or 2). To compute a pixel it may
    look at `halo` rows above and below: it sees as many more as there are, and what it returns for
    them is dropped. Every strip begins at an even row. Where gradients are wanted, the whole image
    is one strip.
    """
    height, width = image.shape[-2:]
    rows = max(2, STRIP_PIXELS // width // 2 * 2)
    halo += halo % 2
    if height <= 2 * rows or gradients_wanted():
        return operator(image, 0)

    def run(top: int) -> Tensor:
        above = max(0, top - halo)
        result = operator(image[..., above : top + rows + halo, :], above)
        start, stop = top - above, min(top + rows, height) - above
        return result[..., start // shrink : -(-stop // shrink), :]

    def place(top: int) -> None:
        out[..., top // shrink : (top + rows) // shrink, :] = run(top)

    first = run(0)
    out = first.new_empty((*first.shape[:-2], -(-height // shrink), first.shape[-1]))
    out[..., : rows // shrink, :] = first
    del first
    side_by_side(place, range(rows, height, rows))
    return out


def side_by_side(run: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """`run` of each item, on as many workers as torch has threads; in turn for gradients."""
    if gradients_wanted():
        return [run(item) for item in items]
    return list(_workers().map(torch.no_grad()(run), items))


def at_once(run: Callable[[_Item], object], items: Iterable[_Item]) -> None:
    """`run` of each item, here and on helpers, for work that is not torch's.

    A helper that wakes too late to find an item left is not waited for. In turn if this is one of
    the workers. No gradient can follow it, so it asks for no mode.
    """
    if current_thread().name.startswith(_WORKER):
        for item in items:
            run(item)
        return
    job = _Job(run, items)
    offers = _helpers()
    for _ in range(_count() - 1):
        offers.put(job)
    job.lead()


class _Job(Generic[_Item]):
    """Items to be run: the leader ends with the last of them, whoever runs it.

    Dozens of these make a frame: a future of the standard library costs ten times as much.
    """

    def __init__(self, run: Callable[[_Item], object], items: Iterable[_Item]) -> None:
        self._run = run
        self._left = iter(list(items))  # a list's iterator gives each item once, whoever asks
        self._busy, self._closed = 0, False
        self._lock, self._ended = Lock(), Lock()
        self._ended.acquire()
        self._error: BaseException | None = None

    def lead(self) -> None:
        """Run items until none is left and no helper is at one. Raises what they raised."""
        try:
            self._work()
        finally:
            with self._lock:
                self._closed = True
                waits = self._busy > 0
            if waits:
                self._ended.acquire()
        if self._error is not None:
            raise self._error

    def help(self) -> None:
        """Run items until none is left."""
        with self._lock:
            if self._closed:
                return
            self._busy += 1
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - it is the leader's to raise
            self._error = error
        with self._lock:
            self._busy -= 1
            if self._closed and not self._busy:
                self._ended.release()

    def _work(self) -> None:
        for item in self._left:
            self._run(item)


@cache
def _helpers() -> "SimpleQueue[_Job[Any]]":
    """Where helpers wait for jobs."""
    offers: SimpleQueue[_Job[Any]] = SimpleQueue()

    def serve() -> None:
        while True:
            offers.get().help()

    for i in range(_count() - 1):
        Thread(target=serve, name=f"{_WORKER}-helper-{i}", daemon=True).start()
    return offers


def alone(run: Callable[[], _Result]) -> _Result:
    """`run()` where torch uses one thread, so that only `side_by_side` shares out the work."""
    if gradients_wanted():
        return run()
    _workers()
    return _foreman().submit(torch.no_grad()(run)).result()


def gradients_wanted() -> bool:
    """Whether torch may be following gradients: its modes are a thread's own, so no worker can."""
    return (
        torch.is_grad_enabled()
        or forward_ad._current_level >= 0
        or torch._C._functorch.maybe_current_level() is not None
    )


@cache
def _workers() -> ThreadPoolExecutor:
    """As many threads as torch has at first, each of them running torch on itself alone."""
    return _lone_threads(_count(), _WORKER)


@cache
def _count() -> int:
    """How many threads torch has at first: in the foreman's thread, and in ours later, it is 1."""
    return torch.get_num_threads()


@cache
def _foreman() -> ThreadPoolExecutor:
    """A thread on which torch uses one, for what comes before and after the strips."""
    return _lone_threads(1, "foreman")


def _lone_threads(count: int, name: str) -> ThreadPoolExecutor:
    before = torch.get_num_threads()
    ready = Barrier(count + 1)
    threads = ThreadPoolExecutor(count, name, _work_alone)
    for _ in range(count):
        threads.submit(ready.wait)
    ready.wait()
    torch.set_num_threads(before)  # for threads to come: what a thread sets, those after it inherit
    return threads


def _work_alone() -> None:
    torch.set_num_threads(1)
    torch.get_num_threads()  # the first look fixes it for this thread
