"""Opened: how near the proxies of another program's stages are to that program.

On raws, with every slider moved at random over its full range; PSNR of float sRGB, from the same
picture that enters the first stage. A stage by itself: darktable's picture before it goes through
the proxy, and both that and darktable's own through the proxies behind it.
"""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from engine.benchmarks.draws import all_moved
from engine.benchmarks.quality import DIGITS, decibels, mean, summary
from engine.finishers.darktable import DARKTABLE, MODULES
from engine.finishers.darktable.proxies import PROXIES, entered_by_us
from engine.finishers.darktable.whole import tap
from engine.photo import Photo, open_photo
from engine.progress import Progress, Work, finish
from engine.renderer import Renderer
from engine.settings import Settings


def opened(
    raws: Sequence[Path], settings: int, singly: int, long_side: int
) -> Work[dict[str, object]]:
    """Scores of the whole chain, of each photo and of each stage, and of our own input."""
    whole: list[float] = []
    by_photo: dict[str, object] = {}
    by_stage: dict[str, tuple[list[float], list[float]]] = {}
    inputs: list[float] = []
    seconds: dict[str, list[float]] = {"darktable": [], "proxies": []}
    for i, raw in enumerate(raws):
        yield Progress(i * settings, len(raws) * settings, raw.name)
        photo = finish(open_photo(raw))
        entered = finish(tap(raw, photo.metadata, Settings(), "", long_side))
        scale = max(entered.shape[-2:]) / max(photo.metadata.full_size)
        first = Photo(entered, photo.metadata.replace(scale=scale), photo.statistics)
        inputs.append(_input(photo, first))
        live = Renderer(first, DARKTABLE, PROXIES)
        mine = []
        for seed in range(settings):
            yield Progress(i * settings + seed, len(raws) * settings, raw.name)
            chosen = all_moved(DARKTABLE, seed)
            began = time.perf_counter()
            truth = finish(tap(raw, photo.metadata, chosen, None, long_side))
            seconds["darktable"].append(time.perf_counter() - began)
            began = time.perf_counter()
            seen = live.picture(chosen)
            seconds["proxies"].append(time.perf_counter() - began)
            mine.append(decibels(seen, _shown(first, truth)))
            if seed < singly:
                _judge(raw, first, chosen, long_side, by_stage)
        by_photo[raw.stem] = summary(mine)
        whole += mine
    return {
        "photos": len(raws),
        "settings": settings,
        "long_side": long_side,
        "chain": summary(whole),
        "stages": {
            name: {**summary(by), "without_db": mean(without)}
            for name, (by, without) in by_stage.items()
        },
        "by_photo": by_photo,
        "our_own_input": summary(inputs),
        "seconds": {name: round(statistics.median(each), DIGITS) for name, each in seconds.items()},
    }


def _judge(
    raw: Path,
    first: Photo,
    chosen: Settings,
    long_side: int,
    by_stage: dict[str, tuple[list[float], list[float]]],
) -> None:
    """Add each stage's score at `chosen`."""
    before = first.image
    for place, module in enumerate(MODULES):
        stage = module.stage
        after = finish(tap(raw, first.metadata, chosen, stage.name, long_side))
        values, neutral = stage.values(chosen), stage.neutral()
        with torch.no_grad():
            by = module.proxy(before, first.metadata, first.statistics, **values).float()
            without = before
            if not stage.idle(neutral):
                without = module.proxy(before, first.metadata, first.statistics, **neutral).float()
        truth = _behind(first, after, chosen, place + 1)
        marks = by_stage.setdefault(stage.name, ([], []))
        for found, image in zip(marks, (by, without), strict=True):
            found.append(decibels(_behind(first, image, chosen, place + 1), truth))
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


def _input(photo: Photo, first: Photo) -> float:
    """PSNR between the pictures at neutral of our own input and of darktable's."""
    own = entered_by_us(photo.reduced(max(first.size)))
    if own.image.shape != first.image.shape:  # one rounds a side up
        height = min(own.image.shape[-2], first.image.shape[-2])
        width = min(own.image.shape[-1], first.image.shape[-1])
        own = Photo(own.image[..., :height, :width], own.metadata, own.statistics)
        first = Photo(first.image[..., :height, :width], first.metadata, first.statistics)
    pictures = [Renderer(p, DARKTABLE, PROXIES).picture(Settings()) for p in (own, first)]
    return decibels(*pictures)
