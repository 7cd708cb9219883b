"""Opened: how near the proxies of darktable's stages are to it, and where matches by them lead.

On raws, with every slider moved at random over its full range; PSNR of float sRGB, from the same
picture that enters the first stage. A stage by itself: darktable's picture before it goes through
the proxy, and both that and darktable's own through the proxies behind it. A match is scored by
darktable's picture beside that of the hidden settings.
"""

import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from engine.benchmarks.draws import all_moved
from engine.benchmarks.matches import DRAWN_AT, SEED, hidden_settings
from engine.benchmarks.quality import DIGITS, decibels, mean, summary
from engine.benchmarks.rivals import Contender
from engine.benchmarks.searches import evolved, modeled
from engine.errors import PhotofinishError
from engine.finishers.darktable import DARKTABLE, MODULES
from engine.finishers.darktable.proxies import PROXIES, entered, entered_by_us, quick
from engine.finishers.darktable.whole import tap, truth
from engine.match.candidate import Render
from engine.match.free import Free
from engine.match.match import Mode, match
from engine.match.target import Target
from engine.photo import Photo, area_average, open_photo
from engine.progress import Progress, Work, finish
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import CubeFile
from engine.stage import Operator

TEN = (
    *("temperature", "tint", "exposure", "highlights", "shadows", "whites", "blacks"),
    *("contrast", "saturation", "clarity"),
)
"""The sliders that are drawn and found again."""

RENDERS, RIVALS_SIDE = 200, 400
"""darktable's pictures that a search without slopes may ask for, and their long side in pixels."""


def opened(
    raws: Sequence[Path],
    settings: int,
    singly: int,
    long_side: int,
    rivals: Mapping[str, Contender] | None = None,
) -> Work[dict[str, object]]:
    """Scores of the whole chain, of each photo and of each stage, and of our own input.

    At the first `singly` of the settings each stage is judged by itself; `rivals` are only there.
    """
    whole: list[float] = []
    by_photo: dict[str, object] = {}
    rivals, ours = rivals or {}, _Judged(PROXIES)
    others = {name: _Judged(contender.operators) for name, contender in rivals.items()}
    inputs: list[float] = []
    left_out: dict[str, object] = {}
    seconds: dict[str, list[float]] = {"darktable": [], "proxies": []}
    for i, raw in enumerate(raws):
        yield Progress(i * settings, len(raws) * settings, raw.name)
        photo = finish(open_photo(raw))
        try:
            first = _first(raw, photo, long_side)
        except PhotofinishError as error:  # not every raw is one that darktable reads
            left_out[raw.stem] = str(error)
            continue
        inputs.append(_input(raw, photo, long_side))
        live = Renderer(first, DARKTABLE, PROXIES)
        mine = []
        for seed in range(settings):
            yield Progress(i * settings + seed, len(raws) * settings, raw.name)
            chosen = all_moved(DARKTABLE, seed)
            began = time.perf_counter()
            viewed = finish(tap(raw, photo.metadata, chosen, None, long_side))
            seconds["darktable"].append(time.perf_counter() - began)
            began = time.perf_counter()
            seen = live.picture(chosen)
            seconds["proxies"].append(time.perf_counter() - began)
            truth = _shown(first, viewed)
            mine.append(decibels(seen, truth))
            if seed < singly:
                for name, contender in rivals.items():
                    others[name].whole.append(decibels(contender.finish(first, chosen), truth))
                _judge(raw, first, chosen, long_side, (ours, *others.values()))
        by_photo[raw.stem] = summary(mine)
        whole += mine
    return {
        "photos": len(by_photo),
        "settings": settings,
        "long_side": long_side,
        "chain": summary(whole),
        "stages": ours.stages(),
        "by_photo": by_photo,
        "our_own_input": summary(inputs),
        "seconds": {name: round(statistics.median(each), DIGITS) for name, each in seconds.items()},
        "left_out": left_out,
        **{name: summary(judged.whole) for name, judged in others.items()},
        **{f"{name}_stages": stages for name, j in others.items() if (stages := j.stages())},
    }


def opened_matches(raws: Sequence[Path], rivals: int, long_side: int) -> Work[dict[str, object]]:
    """Matches to darktable's pictures at hidden settings of ten sliders, one for each raw.

    Beside them the proxies alone, and on `rivals` of the raws searches that know no slope.
    """
    scores: dict[str, list[float]] = {"ours": [], "proxies_alone": []}
    renders, seconds = [], []
    means = yield from quick()
    left_out: dict[str, object] = {}
    free_sliders = tuple(slider for slider in DARKTABLE.sliders if slider.name in TEN)
    for i, raw in enumerate(raws):
        yield Progress(i, len(raws), raw.name)
        photo = finish(open_photo(raw))
        try:
            first = _first(raw, photo, long_side)
        except PhotofinishError as error:
            left_out[raw.stem] = str(error)
            continue
        chosen = hidden_settings(
            free_sliders,
            Renderer(first.reduced(DRAWN_AT), DARKTABLE, PROXIES),
            torch.Generator().manual_seed(SEED + i),
        )
        render = truth(raw, photo.metadata, long_side)
        goal = render(chosen)
        target = Target((goal * 255.0).round() / 255.0, raw.stem)
        began = time.perf_counter()
        answer = finish(
            match(
                first, DARKTABLE, means, target, sliders=free_sliders, mode=Mode.SCENE, truth=render
            )
        )
        seconds.append(time.perf_counter() - began)
        renders.append(answer.exact_renders)
        scores["ours"].append(decibels(answer.picture, goal))
        proxies = Renderer(first, DARKTABLE, PROXIES).picture
        alone = finish(
            match(
                first,
                DARKTABLE,
                means,
                target,
                sliders=free_sliders,
                mode=Mode.SCENE,
                truth=proxies,
            )
        )
        scores["proxies_alone"].append(decibels(render(alone.settings), goal))
        if len(scores["ours"]) <= rivals:
            yield Progress(i, len(raws), f"{raw.name}, rivals")
            free = Free(free_sliders, Settings(), first.metadata)
            for name, search in (("cma_es", evolved), ("bayesian", modeled)):
                counted = _Counted(truth(raw, photo.metadata, RIVALS_SIDE), free, goal)
                found = search(counted, free.fractions(Settings()), counted.over)
                score = decibels(render(free.settings(found)), goal)
                scores.setdefault(f"{name}_{RENDERS}_renders", []).append(score)
    ordered = sorted(scores["ours"])
    return {
        "photos": len(ordered),
        "sliders": len(free_sliders),
        "median_db": {n: round(statistics.median(s), DIGITS) for n, s in scores.items()},
        "ours": {
            "tenth_percentile_db": round(ordered[len(ordered) // 10], DIGITS),
            "worst_db": round(ordered[0], DIGITS),
            "most_renders": max(renders),
            "median_renders": statistics.median(renders),
            "median_seconds": round(statistics.median(seconds), DIGITS),
        },
        "left_out": left_out,
    }


class _Counted:
    """A loss by darktable's pictures, small ones, over after so many."""

    def __init__(self, render: Render, free: Free, goal: Tensor) -> None:
        self._render, self._free, self._goal = render, free, goal
        self._done = 0

    def __call__(self, at: Tensor) -> float:
        self._done += 1
        picture = self._render(self._free.settings(at))
        height, width = picture.shape[-2:]
        return float((picture - area_average(self._goal, (height, width))).square().mean())

    def over(self) -> bool:
        """Whether RENDERS were made."""
        return self._done >= RENDERS


def _first(raw: Path, photo: Photo, long_side: int) -> Photo:
    """What enters darktable's first stage."""
    return finish(entered(raw, photo, long_side))


class _Judged:
    """What some operators have got so far: as a whole, and by stage, also without the stage."""

    def __init__(self, operators: Mapping[str, Operator]) -> None:
        self.operators = operators
        self.whole: list[float] = []
        self.by_stage: dict[str, tuple[list[float], list[float]]] = {}

    def stages(self) -> dict[str, object]:
        """Scores by the name of the stage."""
        return {
            name: {**summary(by), "without_db": mean(without)}
            for name, (by, without) in self.by_stage.items()
        }


def _judge(
    raw: Path, first: Photo, chosen: Settings, long_side: int, contenders: Sequence[_Judged]
) -> None:
    """Add each stage's score at `chosen`."""
    before = first.image
    for place, module in enumerate(MODULES):
        stage = module.stage
        if any(isinstance(c, CubeFile) and not chosen[c] for c in stage.controls):
            continue  # without a file it has nothing to do
        after = finish(tap(raw, first.metadata, chosen, stage.name, long_side))
        values, neutral = stage.values(chosen), stage.neutral()
        with torch.no_grad():
            without = before
            if not stage.idle(neutral):
                without = module.proxy(before, first.metadata, first.statistics, **neutral).float()
        truth = _behind(first, after, chosen, place + 1)
        left_out = decibels(_behind(first, without, chosen, place + 1), truth)
        for judged in contenders:
            if stage.name in judged.operators:
                operator = judged.operators[stage.name]
                with torch.no_grad():
                    by = operator(before, first.metadata, first.statistics, **values).float()
                marks = judged.by_stage.setdefault(stage.name, ([], []))
                marks[0].append(decibels(_behind(first, by, chosen, place + 1), truth))
                marks[1].append(left_out)
        before = after


def _behind(first: Photo, image: Tensor, chosen: Settings, place: int) -> Tensor:
    """`image` through the stages from `place` on, for the display."""
    for module in MODULES[place:]:
        values = module.stage.values(chosen)
        if not module.stage.idle(values):
            with torch.no_grad():
                image = module.proxy(image, first.metadata, first.statistics, **values).float()
    return _shown(first, image)


def _shown(first: Photo, viewed: Tensor) -> Tensor:
    return DARKTABLE.stages[-1].exact(viewed, first.metadata, first.statistics)


def _input(raw: Path, photo: Photo, long_side: int) -> float:
    """PSNR between the pictures at neutral of our own input and of darktable's.

    Both come at full size: where darktable reduces a mosaic it moves it by up to half a pixel.
    """
    first = _first(raw, photo, max(photo.metadata.full_size)).reduced(long_side)
    own = entered_by_us(photo).reduced(long_side)
    pictures = [Renderer(p, DARKTABLE, PROXIES).picture(Settings()) for p in (own, first)]
    return decibels(*pictures)
