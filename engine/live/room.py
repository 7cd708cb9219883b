"""Room for pictures: memory that is used again.

The system hands out fresh memory page by page as it is first written to, and takes large pieces
back when they are freed: a picture of megabytes can wait longer for its room than for its pixels.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LEAST, MOST = 1 << 16, 1 << 26
"""Bytes of a picture that gets such room; others are left to the system."""
KEPT = 1 << 28
"""Bytes that are kept for pictures to come."""
_ALIGNED = 64

_Memory = NDArray[np.uint8]

_returned: deque[_Memory] = deque()  # an object may go at any time, on any thread


def room(shape: Sequence[int], dtype: DTypeLike = np.float32) -> NDArray[Any]:
    """An array of this shape, holding anything; for others again when nobody refers to it."""
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    if not LEAST <= size <= MOST:
        return np.empty(shape, kind)
    step = 1 << size.bit_length() - 4  # what differs by an eighth may have the same room
    return np.asarray(_Lent(_spare.take(-(-size // step) * step), tuple(shape), kind))


class _Lent:
    """Memory that an array and its views look at; it comes back with the last of them."""

    def __init__(self, memory: _Memory, shape: tuple[int, ...], kind: np.dtype[Any]) -> None:
        self._memory = memory
        start = memory.__array_interface__["data"][0]
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": kind.str,
            "data": (start + -start % _ALIGNED, False),
        }

    def __del__(self, returned: "deque[_Memory]" = _returned) -> None:
        returned.append(self._memory)  # bound early: at the program's end its globals go first


class _Spare:
    """Memory that nobody refers to, by its size; the sizes that were wanted last stay longest."""

    def __init__(self) -> None:
        self._by_size: OrderedDict[int, list[_Memory]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def take(self, size: int) -> _Memory:
        """Memory for `size` bytes, aligned or with some to spare."""
        with self._lock:
            self._sort()
            found = self._by_size.setdefault(size, [])
            self._by_size.move_to_end(size)
            if found:
                self._bytes -= size
                return found.pop()
        return np.empty(size + _ALIGNED, np.uint8)

    def _sort(self) -> None:
        while _returned:
            memory = _returned.popleft()
            size = len(memory) - _ALIGNED
            self._by_size.setdefault(size, []).append(memory)
            self._bytes += size
        while self._bytes > KEPT:
            size, oldest = next(iter(self._by_size.items()))
            if oldest:
                oldest.pop()
                self._bytes -= size
            else:
                del self._by_size[size]


_spare = _Spare()
