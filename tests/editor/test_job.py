"""A job ends in exactly one of finished, cancelled, failed."""

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from editor.job import Job
from engine.errors import PhotofinishError
from engine.progress import Progress


class Endings(QObject):
    def __init__(self, job: Job) -> None:
        super().__init__()
        self.all: list[object] = []
        job.finished.connect(self._finished)
        job.cancelled.connect(self._cancelled)
        job.failed.connect(self._failed)

    def _finished(self, answer: object) -> None:
        self.all.append(("finished", answer))

    def _cancelled(self) -> None:
        self.all.append("cancelled")

    def _failed(self, sentence: str) -> None:
        self.all.append(("failed", sentence))


def counting(answer: object = 7, error: Exception | None = None):
    for step in range(3):
        yield Progress(step, 3)
    if error:
        raise error
    return answer


def endless(closed: list[bool]):
    try:
        while True:
            yield Progress(0, 0)
    finally:
        closed.append(True)


@pytest.fixture
def owner(qapp):
    return QObject()


def ending(qtbot: QtBot, job: Job) -> list[object]:
    endings = Endings(job)
    job.start()
    qtbot.waitUntil(lambda: bool(endings.all))
    job.wait()
    return endings.all


def test_an_answer_finishes(qtbot, owner):
    assert ending(qtbot, Job(counting(), owner)) == [("finished", 7)]


def test_an_error_for_the_user_fails_with_its_sentence(qtbot, owner):
    job = Job(counting(error=PhotofinishError("No.")), owner)
    assert ending(qtbot, job) == [("failed", "No.")]


def test_an_unexpected_error_fails_too(qtbot, owner):
    job = Job(counting(error=RuntimeError("boom")), owner)
    (outcome,) = ending(qtbot, job)
    assert outcome[0] == "failed"
    assert "boom" in outcome[1]


def test_cancel_stops_between_two_steps_and_closes_the_work(qtbot, owner):
    closed: list[bool] = []
    job = Job(endless(closed), owner)
    job.progressed.connect(job.cancel)
    assert ending(qtbot, job) == ["cancelled"]
    assert closed == [True]
