"""Train the proxies of a finisher's stages on their tap-outs.

A run reads top to bottom: for each stage a network, photos that it learns on and others that it is
measured on, steps of Adam, the best weights kept, then the file that ships. It follows from its
seed; with a budget of steps instead of minutes to the bit, on one kind of machine.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from numpy.random import default_rng
from torch import Tensor, nn

from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.progress import PARTS, Progress, Work, within
from engine.proxies import weights
from engine.proxies.areawise import areawise_proxy, earns_its_place
from engine.proxies.pointwise import PointwiseProxy
from engine.stage import Kind, Stage
from engine.training import checkpoints
from engine.training.checkpoints import Run
from engine.training.losses import decibels, loss
from engine.training.sources import photos_in, source_of
from engine.training.tap_folder import folders_in, written_supply
from engine.training.tap_outs import Pool, Supply, TapOut, exact_supply

PICTURES, SETTINGS = 4, 2
"""Photos of a step, and settings of each."""

POOL, FRESH = 256, 0.25
"""Photos held at a time, and how many a step brings."""

RATE, WARM_UP, LEAST = 2e-3, 0.03, 0.01
"""Adam's rate at most, unless the network names its own; share of the run in which it rises; share
of it that is left in the end."""

VALIDATE_EVERY = 200
HELD, HELD_SETTINGS, HELD_SEED = 24, 4, 20_260_101
"""Photos to validate on, settings of each, and their seed, the same for all runs."""

NOT_SEEN = 80.0
"""dB between input and output from which on a setting has no effect to learn."""

CHECKPOINT_SECONDS = 30.0


@dataclass(frozen=True)
class Budget:
    """How long a stage is trained: in minutes, or in steps for runs that repeat exactly."""

    minutes: float = 10.0
    steps: int | None = None

    def spent(self, run: Run) -> float:
        """Share in [0, 1] of what a run may take."""
        if self.steps is not None:
            return min(1.0, run.step / self.steps)
        return min(1.0, run.seconds / (60.0 * self.minutes))

    def each(self, count: int) -> "Budget":
        """The same for one of `count` stages."""
        return Budget(self.minutes / count, self.steps)


@dataclass(frozen=True)
class Score:
    """dB on photos apart: mean and worst, and the mean where the stage is left out."""

    mean_db: float
    worst_db: float
    without_db: float

    def __str__(self) -> str:
        return f"{self.mean_db:.1f} dB, worst {self.worst_db:.1f}, without {self.without_db:.1f}"


@dataclass(frozen=True)
class Trained:
    """A stage, the file of its weights, and how well they do."""

    stage: str
    file: Path
    score: Score
    steps: int


def learnable(finisher: Finisher) -> list[Stage]:
    """The stages that a proxy ships for: those whose analysis it takes the place of."""
    return [stage for stage in finisher if earns_its_place(stage)]


def proxy_for(stage: Stage) -> nn.Module:
    """An untrained proxy of the kind that suits the stage."""
    return areawise_proxy(stage) if stage.kind is Kind.AREAWISE else PointwiseProxy(stage)


def train_proxies(
    finisher: Finisher,
    stages: Sequence[Stage],
    out: Path,
    *,
    photos: Sequence[Path] = (),
    tap_outs: Path | None = None,
    budget: Budget | None = None,
    device: str = "cpu",
    seed: int = 0,
    resume: bool = False,
    build: Callable[[Stage], nn.Module] = proxy_for,
) -> Work[list[Trained]]:
    """Train each of `stages` for its share of `budget` and write weights and manifest to `out`.

    `photos` are folders of raws and photographs; without any, scenes are made. `tap_outs` is a
    folder of written ones, to learn a renderer that cannot be run here. An interrupted run goes on
    where `resume` is given. Raises PhotofinishError.
    """
    budget, chosen = (budget or Budget()).each(len(stages)), device_of(device)
    files = photos_in(photos)
    written = folders_in(tap_outs) if tap_outs is not None else None

    def supply(stage: Stage, *, apart: bool) -> Supply:
        own = HELD_SEED if apart else seed
        if written is not None:
            return written_supply(written, finisher, stage, seed=own, apart=apart)
        settings = HELD_SETTINGS if apart else SETTINGS
        source = source_of(files, apart=apart)
        return exact_supply(finisher, stage, source, seed=own, settings=settings)

    trained = []
    for i, stage in enumerate(stages):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            proxy = build(stage).to(chosen)
        path = checkpoints.path_of(out, finisher.name, stage)
        started = checkpoints.Started(path, finisher.name, stage.name, seed)
        pool = Pool(supply(stage, apart=False), size=POOL, seed=seed, fresh=FRESH)
        work = train(proxy, stage, pool, supply(stage, apart=True), budget, started, resume=resume)
        run, score = yield from within(work, i, len(stages))
        about = {
            "trained_on": _words(files, written),
            "tap_outs": "written" if written is not None else "exact",
            "settings": "random, full ranges, stages upstream random too",
            "seed": seed,
            "steps": run.step,
            "minutes": round(run.seconds / 60.0, 2),
            "device": chosen.type,
            "validation": {
                "mean_db": round(score.mean_db, 2),
                "worst_db": round(score.worst_db, 2),
                "without_db": round(score.without_db, 2),
            },
        }
        file = weights.save(proxy, stage, out, finisher=finisher.name, about=about)
        trained.append(Trained(stage.name, file, score, run.step))
    checkpoints.remove(out, finisher.name, stages)
    return trained


def train(
    proxy: nn.Module,
    stage: Stage,
    pool: Pool,
    held: Supply,
    budget: Budget,
    started: checkpoints.Started,
    *,
    resume: bool,
) -> Work[tuple[Run, Score]]:
    """Train `proxy` in place; in the end it has the weights that did best on the photos held."""
    device = next(proxy.parameters()).device
    rate = float(getattr(proxy, "RATE", RATE))
    optimizer = torch.optim.Adam(proxy.parameters(), rate)
    run = Run()
    if resume and started.path.is_file():
        run = checkpoints.read(started, proxy, optimizer)
    yield Progress(round(PARTS * budget.spent(run)), PARTS, f"{stage.title}: photos to validate on")
    validation = [held(i)(default_rng([HELD_SEED, i])).to(device) for i in range(HELD)]
    saved = time.perf_counter()
    try:
        while budget.spent(run) < 1.0:
            start = time.perf_counter()
            tap_outs = (t.to(device) for t in pool.pick(run.step, PICTURES))
            losses = (loss(_answer(proxy, t), t.output, t.metadata, stage) for t in tap_outs)
            now = rate * rate_at(budget.spent(run))
            mean = take_step(proxy, optimizer, now, losses, PICTURES)
            run.moved(mean, time.perf_counter() - start)
            if run.step % VALIDATE_EVERY == 0 or budget.spent(run) >= 1.0:
                start = time.perf_counter()
                run.judged(proxy, score_of(proxy, stage, validation).mean_db)
                run.seconds += time.perf_counter() - start
            if time.perf_counter() - saved > CHECKPOINT_SECONDS:
                checkpoints.write(started, run, proxy, optimizer)
                saved = time.perf_counter()
            yield Progress(round(PARTS * budget.spent(run)), PARTS, f"{stage.title}: {run}")
    except GeneratorExit:
        checkpoints.write(started, run, proxy, optimizer)
        raise
    checkpoints.write(started, run, proxy, optimizer)
    proxy.load_state_dict(run.best)
    return run, score_of(proxy, stage, validation)


@torch.no_grad()
def score_of(proxy: nn.Module, stage: Stage, tap_outs: Sequence[TapOut]) -> Score:
    """How well `proxy` does on settings that have an effect."""
    with_proxy, without = [], []
    for t in tap_outs:
        without.append(decibels(t.input.expand_as(t.output), t.output, t.metadata, stage))
        with_proxy.append(decibels(_answer(proxy, t), t.output, t.metadata, stage))
    before, after = torch.cat(without), torch.cat(with_proxy)
    # where the slider does nothing, neither does the proxy: that would flatter it
    seen = before < NOT_SEEN if bool((before < NOT_SEEN).any()) else before < float("inf")
    before, after = before[seen], after[seen]
    return Score(float(after.mean()), float(after.min()), float(before.mean()))


def device_of(name: str) -> torch.device:
    """The device of that name. Raises PhotofinishError where there is none here."""
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name not in there:
        raise PhotofinishError(f"A device is cpu, cuda or mps, not {name!r}.")
    if not there[name]:
        raise PhotofinishError(f"There is no {name} device here; cpu is everywhere.")
    return torch.device(name)


def _answer(proxy: nn.Module, tap_out: TapOut) -> Tensor:
    """What the proxy makes of a tap-out's input, for all of its settings."""
    answer: Tensor = proxy(tap_out.input, tap_out.metadata, tap_out.statistics, **tap_out.values)
    return answer


def take_step(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    rate: float,
    losses: Iterable[Tensor],
    count: int,
) -> float:
    """Go down the gradient of the mean of `count` losses; returns that mean.

    Each is let go before the next is asked for.
    """
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    mean = 0.0
    for part in losses:
        (part / count).backward()
        mean += float(part.detach()) / count
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return mean


def rate_at(spent: float) -> float:
    """Share of the full rate: a short rise, then half a cosine."""
    return min(1.0, spent / WARM_UP + LEAST) * max(LEAST, 0.5 + 0.5 * math.cos(math.pi * spent))


def _words(files: Sequence[Path], written: Sequence[Path] | None) -> str:
    if written is not None:
        return f"{len(written)} written tap-outs"
    if not files:
        return "made scenes"
    return f"{len(files)} photographs of {_folders(files)}, every fourth apart, and made scenes"


def _folders(files: Sequence[Path]) -> str:
    return ", ".join(sorted({path.parent.name for path in files}))
