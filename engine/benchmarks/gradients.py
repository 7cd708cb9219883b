"""Gradients: d(picture)/d(slider) of the chain, by forward mode, against the exact operators'.

These by central differences, in double precision: in single, what a step of a faint slider changes
would drown in rounding. What counts is the direction, so two gradients are compared by the cosine
between them, as pictures. The chain is asked for the slope over the same step, which sees over the
edges of clips, and for that at the point, which does not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import NamedTuple

import torch
from torch import Tensor

from engine.benchmarks.draws import Fractions, clips, fractions, placed
from engine.finisher import Finisher
from engine.photo import Photo
from engine.progress import Progress, Work
from engine.proxies.chain import Chain
from engine.renderer import Renderer, Tap
from engine.slider import Slider
from engine.stage import Space

STEP = 0.02
"""Share of a slider's range to either side."""

LOW, FINER = 0.9, 0.1
"""Cosine below which both are taken again, with this share of the step: where these agree and those
over the whole step do not, the picture bends within it."""

NOTHING = 2e-5
"""Root mean square of the change of encoded sRGB over a whole range, below which a slider does
nothing there: a two-hundredth of a code of 8 bits."""

ROUNDED = 1e-4
"""How near to black or white counts as clipped: by matrices and curves white rounds to less than
1."""

BOUNDED = (Space.PROFILE, Space.DISPLAY)
DIGITS = 4


class Cosines(NamedTuple):
    """With the slopes over the step and at the point; where the first is LOW, over a finer step."""

    step: float
    point: float
    finer: float | None


def gradients(
    finisher: Finisher, photos: Sequence[tuple[str, Photo]], settings: int
) -> Work[dict[str, object]]:
    """Cosines over so many random settings, every slider at each: mean, worst, worst by slider."""
    found: dict[str, list[Cosines]] = {}
    bent: dict[str, dict[str, float]] = {}
    seeds = count()
    for turn in range(settings):
        name, photo = photos[turn % len(photos)]
        draws = (fractions(finisher, seed, margin=STEP) for seed in seeds)
        at = next(at for at in draws if not _clips(finisher, photo, at))
        for i, (slider, cosines) in enumerate(_cosines(finisher, photo, at)):
            own = found.setdefault(slider.name, [])
            if cosines is not None:
                own.append(cosines)
                if cosines.finer is not None:
                    both = {"at_the_step": cosines.step, "at_a_tenth": cosines.finer}
                    bent[f"{slider.name}, {name}, setting {turn}"] = both
            sliders = len(finisher.sliders)
            yield Progress(turn * sliders + i, settings * sliders, f"Gradients on {name}")
    measured = {name: own for name, own in found.items() if own}
    every = [cosines for own in measured.values() for cosines in own]
    return {
        "settings": settings,
        "clipped_and_left_out": next(seeds) - settings,
        "step": STEP,
        **_spread([cosines.step for cosines in every]),
        "at_the_point": _spread([cosines.point for cosines in every]),
        "worst_by_slider": {
            name: min(cosines.step for cosines in own) for name, own in sorted(measured.items())
        },
        "below_0.9": bent,
        "without_effect": sorted(set(found) - set(measured)),
    }


def _spread(cosines: Sequence[float]) -> dict[str, object]:
    mean = round(sum(cosines) / len(cosines), DIGITS)
    return {"pairs": len(cosines), "mean_cosine": mean, "worst_cosine": min(cosines)}


def _clips(finisher: Finisher, photo: Photo, at: Fractions) -> bool:
    """Whether so much of the picture is clipped that its direction would be that of the rest.

    By whichever stage: a later one may darken what an earlier one has clipped.
    """
    taps = Renderer(photo, finisher).render(placed(finisher, at))
    return any(clips(tap.image, ROUNDED) for tap in taps if tap.stage.space in BOUNDED)


def _cosines(
    finisher: Finisher, photo: Photo, at: Fractions
) -> Iterator[tuple[Slider, Cosines | None]]:
    """Each slider's cosines, unless it does nothing."""
    settings = placed(finisher, at)
    taps = list(Renderer(photo, finisher).render(settings))
    exact = Renderer(replace(photo, image=photo.image.double()), finisher)
    # from the last stage to the first, so that what is rendered before it stays true
    for place, stage in reversed(list(enumerate(finisher))):
        if not stage.sliders:
            continue
        before = photo if place == 0 else _behind(photo, taps[place - 1])
        rest = Chain(Finisher(finisher.name, finisher.stages[place:]))
        where = rest.fractions(settings, photo.metadata)
        for i, slider in enumerate(stage.sliders):
            difference = _difference(exact, slider, at, STEP)
            if float(difference.square().mean().sqrt()) < NOTHING:
                yield slider, None
                continue
            along = torch.zeros_like(where)
            along[i] = 1.0
            slope = partial(rest.slope, before, where, along)
            over, point = (_cosine(slope(step), difference) for step in (STEP, 0.0))
            finer = None
            if over < LOW:
                step = FINER * STEP
                finer = _cosine(slope(step), _difference(exact, slider, at, step))
            yield slider, Cosines(over, point, finer)


def _behind(photo: Photo, tap: Tap) -> Photo:
    """The photo as the stage after `tap` sees it."""
    return replace(photo, image=tap.image, metadata=tap.metadata, statistics=tap.statistics)


def _difference(exact: Renderer, slider: Slider, at: Fractions, step: float) -> Tensor:
    """d(picture)/d(fraction) by central differences."""
    beyond, before = (
        exact.picture(placed(exact.finisher, {**at, slider.name: at[slider.name] + by}))
        for by in (step, -step)
    )
    return (beyond - before) / (2.0 * step)


def _cosine(one: Tensor, other: Tensor) -> float:
    pictures = one.flatten().double(), other.flatten().double()
    return round(float(torch.nn.functional.cosine_similarity(*pictures, dim=0)), DIGITS)
