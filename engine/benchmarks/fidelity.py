"""Fidelity: how near the live picture is to the exact one, whole and stage by stage.

On photos never trained on, with every slider moved at random over its full range; PSNR of float
sRGB. A stage by itself: it alone is live, all others are exact, before and behind it.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from engine.benchmarks.draws import all_moved
from engine.benchmarks.quality import decibels, mean, summary
from engine.finisher import Finisher
from engine.live.operators import live_operators
from engine.live.renderer import LiveRenderer
from engine.photo import Photo
from engine.progress import Progress, Work
from engine.renderer import Renderer, Tap, run_stage
from engine.settings import Settings
from engine.stage import Operator

Score = dict[str, float]
"""mean_db, worst_db; of a stage, without_db too: the mean where it is left out."""


def fidelity(
    finisher: Finisher, photos: Sequence[tuple[str, Photo]], settings: int, singly: int
) -> Work[tuple[Score, dict[str, Score], dict[str, Score]]]:
    """Scores of the whole live picture, of each live stage, and of the whole by photo.

    Every photo is finished at so many `settings`; at the first `singly` of them each stage is
    judged by itself too.
    """
    operators = live_operators(finisher)
    whole: list[float] = []
    by_photo: dict[str, Score] = {}
    moved = [stage.name for stage in finisher if stage.sliders and stage.name in operators]
    by_stage = {name: Marks() for name in moved}
    for i, (name, photo) in enumerate(photos):
        exact, live = Renderer(photo, finisher), LiveRenderer(photo, finisher, operators)
        mine = []
        for seed in range(settings):
            yield Progress(i * settings + seed, len(photos) * settings, name)
            chosen = all_moved(finisher, seed)
            taps = list(exact.render(chosen))
            mine.append(decibels(live.picture(chosen), taps[-1].image))
            if seed < singly:
                for stage, marks in by_stage.items():
                    marks.judge(photo, taps, stage, operators[stage])
        by_photo[name] = summary(mine)
        whole += mine
    return summary(whole), {name: marks.score() for name, marks in by_stage.items()}, by_photo


class Marks:
    """What one stage has got so far: dB with its stand-in, and without it."""

    def __init__(self) -> None:
        self._with: list[float] = []
        self._without: list[float] = []

    def judge(self, photo: Photo, taps: Sequence[Tap], stage: str, operator: Operator) -> None:
        """Compare the finished pictures with `operator` in the place of `stage`."""
        place = next(i for i, tap in enumerate(taps) if tap.stage.name == stage)
        tap = taps[place]
        before = photo.image if place == 0 else taps[place - 1].image
        with torch.no_grad():
            image = operator(before, tap.metadata, tap.statistics, **tap.values)
        finished = taps[-1].image
        self._with.append(decibels(_finished(taps[place + 1 :], image), finished))
        left_out = self._left_out(before, tap)
        self._without.append(decibels(_finished(taps[place + 1 :], left_out), finished))

    def _left_out(self, before: Tensor, tap: Tap) -> Tensor:
        """The picture with the stage's sliders at neutral; what the profile does stays."""
        neutral = tap.stage.neutral()
        if tap.stage.idle(neutral):
            return before
        resolved = tap.metadata.replace(white=None) if "temperature" in neutral else tap.metadata
        metadata, _ = tap.stage.carry(resolved, tap.statistics, **neutral)
        return run_stage(tap.stage, tap.stage.exact, before, metadata, tap.statistics, neutral)

    def score(self) -> Score:
        """Mean and worst dB, and the mean without the stage."""
        if not self._with:
            return {}
        return {**summary(self._with), "without_db": mean(self._without)}


def stand_ins(
    finisher: Finisher,
    photos: Sequence[tuple[str, Photo]],
    settings: int,
    operators: Mapping[str, Operator],
) -> Work[dict[str, Score]]:
    """Scores of stages by themselves with these `operators` in their places."""
    by_stage = {name: Marks() for name in operators}
    for i, (name, photo) in enumerate(photos):
        exact = Renderer(photo, finisher)
        for seed in range(settings):
            yield Progress(i * settings + seed, len(photos) * settings, name)
            taps = list(exact.render(all_moved(finisher, seed)))
            for stage, marks in by_stage.items():
                marks.judge(photo, taps, stage, operators[stage])
    return {name: marks.score() for name, marks in by_stage.items()}


def finished_by(
    finisher: Finisher,
    photos: Sequence[tuple[str, Photo]],
    settings: int,
    finish: Callable[[Photo, Settings], Tensor],
) -> Work[Score]:
    """Score of whatever else finishes photos."""
    found = []
    for i, (name, photo) in enumerate(photos):
        exact = Renderer(photo, finisher)
        for seed in range(settings):
            yield Progress(i * settings + seed, len(photos) * settings, name)
            chosen = all_moved(finisher, seed)
            found.append(decibels(finish(photo, chosen), exact.picture(chosen)))
    return summary(found)


def _finished(behind: Sequence[Tap], image: Tensor) -> Tensor:
    """`image` through the stages `behind`, as they were told."""
    for tap in behind:
        if not tap.stage.idle(tap.values):
            stage, m, h = tap.stage, tap.metadata, tap.statistics
            image = run_stage(stage, stage.exact, image, m, h, tap.values)
    return image
