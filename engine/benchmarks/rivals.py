"""Rivals: three ways to learn a finisher from the same tap-outs, in the same time.

The comparison of [Tseng et al., Neural Photo-Finishing, TOG 41(6), 2022, table 1 and fig. 7]: the
paper's own networks, a pixel's for stages that see a pixel alone and a cascade for the others; an
SRCNN for each stage; one U-Net from the picture to the finished picture. Where there are networks
for stages, they run one after the other, and what is known is left exact.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import EllipsisType
from typing import TypeAlias, TypeVar

import torch
from numpy.random import Generator, default_rng
from torch import Tensor, nn

from engine.benchmarks.draws import all_moved
from engine.benchmarks.networks import EncodedCascade, Srcnn, UNet
from engine.curves import total_exposure
from engine.finisher import Finisher
from engine.finishers import stand_ins
from engine.photo import Photo
from engine.progress import PARTS, Progress, Work, within
from engine.proxies.chain import Chain
from engine.proxies.encoding import compress
from engine.proxies.pointwise import PointwiseProxy
from engine.renderer import Renderer, Tap
from engine.settings import Settings
from engine.stage import Kind, Operator, Space, Stage
from engine.training.checkpoints import Run
from engine.training.losses import loss
from engine.training.sampling import random_settings
from engine.training.sources import Source
from engine.training.tap_folder import read_taps
from engine.training.tap_outs import TapOut
from engine.training.train_proxies import PICTURES, RATE, Budget, rate_at, take_step

KNOWN = ("color_balance", "exposure", "color_calibration", "creative_lut")
"""Stages with sliders that stay as they are: matrices, gains, and a table that no file is chosen
for."""

COUNT, SETTINGS, LONG_SIDE = 120, 4, 160
"""Photos, settings of each, and their long side in pixels: about 2 GB in memory. A stage with
many sliders needs many settings: with a third of these, the mixer's were learned by heart."""

MINUTES = 10.0
"""Of training, for each of the three."""

PATCH, THINNED = 64, 3
"""What a step takes of a picture, to meet more of them: a square of so many pixels; where a network
sees a pixel alone, every so many-th row and column."""

Finish: TypeAlias = Callable[[Photo, Settings], Tensor]
"""Gives the finished picture (1, 3, H, W), display RGB in [0, 1]."""

Lesson: TypeAlias = Callable[[Generator], Tensor]
"""Gives the loss on a tap-out drawn at random."""

Part: TypeAlias = tuple[EllipsisType, slice, slice]
"""What a step takes of a picture (1, 3, H, W)."""

Build: TypeAlias = Callable[[Stage], nn.Module]

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Example:
    """A photo at settings: the tap-outs of stages that were not idle, and the finished picture."""

    photo: Photo
    settings: Settings
    tap_outs: Mapping[str, TapOut]
    picture: Tensor


@dataclass(frozen=True, eq=False)
class Contender:
    """One that has learned: how it finishes a photo, and how long it was trained.

    `operators` are its networks by the name of their stage; one network for all has none.
    """

    finish: Finish
    operators: Mapping[str, Operator]
    runs: tuple[Run, ...]


def rivals(
    finisher: Finisher,
    learned_from: Work[list[Example]],
    *,
    budget: Budget | None = None,
    seed: int = 0,
) -> Work[dict[str, Contender]]:
    """Train "paper", "srcnn" and "unet" on the same examples.

    Each gets the minutes of `budget`, shared evenly among its networks; steps are of each network.
    """
    budget = budget or Budget(MINUTES)
    examples = yield from within(learned_from, 0, 4)
    paper = _stage_by_stage(finisher, examples, paper_network, budget, seed)
    srcnn = _stage_by_stage(finisher, examples, Srcnn, budget, seed)
    unet = _all_at_once(finisher, examples, budget, seed)
    return {
        "paper": (yield from within(paper, 1, 4, "paper")),
        "srcnn": (yield from within(srcnn, 2, 4, "srcnn")),
        "unet": (yield from within(unet, 3, 4, "unet")),
    }


def learned(finisher: Finisher) -> list[Stage]:
    """The stages that networks stand in for."""
    return [stage for stage in finisher if stage.sliders and stage.name not in KNOWN]


def paper_network(stage: Stage) -> nn.Module:
    """The paper's network for a stage, untrained."""
    return EncodedCascade(stage) if stage.kind is Kind.AREAWISE else PointwiseProxy(stage)


def examples_of(
    finisher: Finisher,
    source: Source,
    *,
    count: int = COUNT,
    long_side: int = LONG_SIDE,
    seed: int = 0,
) -> Work[list[Example]]:
    """`count` photos, finished exactly at settings with all sliders moved and at random ones.

    What a slider does alone is learned from those that have few moved.
    """
    examples = []
    for index in range(count):
        rng = default_rng([seed, index])
        photo = source(rng).reduced(long_side)
        for turn in range(SETTINGS):
            moved = all_moved(finisher, int(rng.integers(2**31)))
            settings = random_settings(finisher, rng) if turn % 2 else moved
            examples.append(_example(photo, settings, Renderer(photo, finisher).finish(settings)))
        yield Progress(index + 1, count, "tap-outs")
    return examples


def written_examples(finisher: Finisher, folders: Sequence[Path]) -> Work[list[Example]]:
    """The tap-outs in `folders`, one photo at settings in each. Raises PhotofinishError."""
    examples = []
    for index, folder in enumerate(folders):
        photo, taps = read_taps(folder, finisher)
        settings = Settings()
        for tap in taps:
            for control in tap.stage.controls:
                settings = settings.replace(control, tap.values[control.name])
        examples.append(_example(photo, settings, taps))
        yield Progress(index + 1, len(folders), "tap-outs")
    return examples


def question(finisher: Finisher, photo: Photo, settings: Settings) -> tuple[Tensor, Tensor]:
    """What the U-Net is asked: `photo` (1, 3, H, W), and how far sliders are from neutral (1, n).

    The picture has the white and brightness that the camera chose, and is encoded: what M says
    about these need not be learned. One that is in color already has them.
    """
    image, metadata = photo.image, photo.metadata
    if finisher.enters is Space.CAMERA:
        stage = finisher.stage("color_balance")
        neutral = stage.neutral()
        metadata, statistics = stage.carry(metadata, photo.statistics, **neutral)
        with torch.no_grad():
            balanced = stage.exact(image, metadata, statistics, **neutral)
        image = balanced * 2.0 ** total_exposure(metadata)
    chain = Chain(finisher, {})
    moved = chain.fractions(settings, metadata) - chain.fractions(Settings(), metadata)
    return compress(image), moved[None]


def _example(photo: Photo, settings: Settings, taps: Iterable[Tap]) -> Example:
    image, tap_outs = photo.image, {}
    for tap in taps:
        if not tap.stage.idle(tap.values):
            tap_out = TapOut(image, tap.metadata, tap.statistics, tap.values, tap.image)
            tap_outs[tap.stage.name] = tap_out
        image = tap.image
    return Example(photo, settings, tap_outs, image)


def _stage_by_stage(
    finisher: Finisher, examples: Sequence[Example], build: Build, budget: Budget, seed: int
) -> Work[Contender]:
    """A network for each stage that is learned, trained on its own tap-outs."""
    stages = learned(finisher)
    operators: dict[str, nn.Module] = {}
    runs = []
    for i, stage in enumerate(stages):
        network = _seeded(partial(build, stage), seed)
        tap_outs = [e.tap_outs[stage.name] for e in examples if stage.name in e.tap_outs]
        lesson = _stage_lesson(network, stage, tap_outs)
        work = _train(network, lesson, budget.each(len(stages)), seed)
        runs.append((yield from within(work, i, len(stages), stage.title)))
        operators[stage.name] = network
    # the chain rather than the renderer, whose strips would show where a network sees neighbors
    chain = Chain(finisher, {**stand_ins(finisher), **operators})

    @torch.no_grad()
    def finish(photo: Photo, settings: Settings) -> Tensor:
        return chain(photo, settings).clamp(0.0, 1.0)

    return Contender(finish, operators, tuple(runs))


def _all_at_once(
    finisher: Finisher, examples: Sequence[Example], budget: Budget, seed: int
) -> Work[Contender]:
    """One network for all stages."""
    network = _seeded(lambda: UNet(len(finisher.sliders)), seed)
    questions = [question(finisher, e.photo, e.settings) for e in examples]
    last = finisher.stages[-1]

    def lesson(rng: Generator) -> Tensor:
        at = int(rng.integers(len(examples)))
        (picture, moved), example = questions[at], examples[at]
        part = _patch(picture, rng)
        answer = network(picture[part], moved)
        return loss(answer, example.picture[part], example.photo.metadata, last)

    run = yield from _train(network, lesson, budget, seed)

    @torch.no_grad()
    def finish(photo: Photo, settings: Settings) -> Tensor:
        picture: Tensor = network(*question(finisher, photo, settings))
        return picture.clamp(0.0, 1.0)

    return Contender(finish, {}, (run,))


def _stage_lesson(network: nn.Module, stage: Stage, tap_outs: Sequence[TapOut]) -> Lesson:
    """Of one stage."""
    part_of = _thinned if isinstance(network, PointwiseProxy) else _patch

    def lesson(rng: Generator) -> Tensor:
        t = tap_outs[int(rng.integers(len(tap_outs)))]
        part = part_of(t.input, rng)
        answer = network(t.input[part], t.metadata, t.statistics, **t.values)
        return loss(answer, t.output[part], t.metadata, stage)

    return lesson


def _patch(image: Tensor, rng: Generator) -> Part:
    """A square of PATCH pixels, or all there are."""
    top, left = (int(rng.integers(max(1, side - PATCH + 1))) for side in image.shape[-2:])
    return ..., slice(top, top + PATCH), slice(left, left + PATCH)


def _thinned(image: Tensor, rng: Generator) -> Part:  # noqa: ARG001 - as `_patch`
    """Every so many-th row and column."""
    top, left = (int(first) for first in rng.integers(0, THINNED, 2))
    return ..., slice(top, None, THINNED), slice(left, None, THINNED)


def _train(network: nn.Module, lesson: Lesson, budget: Budget, seed: int) -> Work[Run]:
    """Train `network` in place; the time of its steps counts, not what happens between them."""
    rate = float(getattr(network, "RATE", RATE))
    optimizer = torch.optim.Adam(network.parameters(), rate)
    run = Run()
    while budget.spent(run) < 1.0:
        start = time.perf_counter()
        # random numbers of its own: all networks meet the same pictures in the same order
        losses = (lesson(default_rng([seed, run.step, i])) for i in range(PICTURES))
        now = rate * rate_at(budget.spent(run))
        mean = take_step(network, optimizer, now, losses, PICTURES)
        run.moved(mean, time.perf_counter() - start)
        yield Progress(round(PARTS * budget.spent(run)), PARTS, str(run))
    return run


def _seeded(build: Callable[[], T], seed: int) -> T:
    """What `build` makes with this seed; the caller's random numbers go on as they were."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build()
