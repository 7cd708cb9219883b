"""What long work yields."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """`done` of `total` steps; `note` says in a few words what is being done."""

    done: int
    total: int
    note: str = ""


PARTS = 1000
"""Steps that a part of a longer work counts as."""

Work = Generator[Progress, None, T]
"""A long task: yields Progress, returns its answer; close it between two yields to cancel."""


def within(work: Work[T], index: int, count: int, title: str = "") -> Work[T]:
    """`work` as part `index` of `count` equal ones; `title` goes before its notes."""
    while True:
        try:
            step = next(work)
        except StopIteration as done:
            answer: T = done.value
            return answer
        note = ": ".join(filter(None, (title, step.note)))
        yield Progress(index * PARTS + PARTS * step.done // step.total, count * PARTS, note)


def finish(work: Generator[object, None, T]) -> T:
    """Run `work` to its end on this thread and return its answer."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            answer: T = done.value
            return answer
