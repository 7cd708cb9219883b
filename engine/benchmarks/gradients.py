"""Gradients: d(picture)/d(slider) of the chain, by forward mode, against the exact operators'.

These by central differences, in double precision: in single, what a step of a faint slider changes
would drown in rounding. What counts is the direction, so two gradients are compared by the cosine
between them, as pictures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count

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
"""Cosine below which the differences are taken again, with this share of the step: where the finer
ones agree with the gradient and the coarse ones do not, the picture bends within a step."""

NOTHING = 2e-5
"""Root mean square of the change of encoded sRGB over a whole range, below which a slider does
nothing there: a two-hundredth of a code of 8 bits."""

ROUNDED = 1e-4
"""How near to black or white counts as clipped: by matrices and curves white rounds to less than
1."""

BOUNDED = (Space.PROFILE, Space.DISPLAY)
DIGITS = 4
_STEPS = "at_the_step", "at_a_tenth"


def gradients(
    finisher: Finisher, photos: Sequence[tuple[str, Photo]], settings: int
) -> Work[dict[str, object]]:
    """Cosines over so many random settings, every slider at each: mean, worst, worst by slider."""
    found: dict[str, list[float]] = {}
    bent: dict[str, dict[str, float]] = {}
    seeds = count()
    for turn in range(settings):
        name, photo = photos[turn % len(photos)]
        draws = (fractions(finisher, seed, margin=STEP) for seed in seeds)
        at = next(at for at in draws if not _clips(finisher, photo, at))
        for i, (slider, cosines) in enumerate(_cosines(finisher, photo, at)):
            found.setdefault(slider.name, []).extend(cosines[:1])
            if len(cosines) > 1:
                bent[f"{slider.name}, {name}"] = dict(zip(_STEPS, cosines, strict=True))
            sliders = len(finisher.sliders)
            yield Progress(turn * sliders + i, settings * sliders, f"Gradients on {name}")
    measured = {name: own for name, own in found.items() if own}
    every = [cosine for own in measured.values() for cosine in own]
    return {
        "settings": settings,
        "clipped_and_left_out": next(seeds) - settings,
        "step": STEP,
        "mean_cosine": round(sum(every) / len(every), DIGITS),
        "worst_cosine": round(min(every), DIGITS),
        "worst_by_slider": {
            name: round(min(own), DIGITS) for name, own in sorted(measured.items())
        },
        "below_0.9": bent,
        "without_effect": sorted(set(found) - set(measured)),
    }


def _clips(finisher: Finisher, photo: Photo, at: Fractions) -> bool:
    """Whether so much of the picture is clipped that its direction would be that of the rest.

    By whichever stage: a later one may darken what an earlier one has clipped.
    """
    taps = Renderer(photo, finisher).render(placed(finisher, at))
    return any(clips(tap.image, ROUNDED) for tap in taps if tap.stage.space in BOUNDED)


def _cosines(
    finisher: Finisher, photo: Photo, at: Fractions
) -> Iterator[tuple[Slider, list[float]]]:
    """Each slider's cosine, unless it does nothing, and that at a finer step where it is LOW."""
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
            difference = _difference(exact, slider, at)
            if float(difference.square().mean().sqrt()) < NOTHING:
                yield slider, []
                continue
            unit = torch.zeros_like(where)
            unit[i] = 1.0
            tangent = torch.func.jvp(partial(rest, before), (where,), (unit,))[1]
            cosines = [_cosine(tangent, difference)]
            if cosines[0] < LOW:
                finer = _difference(exact, slider, at, FINER * STEP)
                cosines.append(_cosine(tangent, finer))
            yield slider, cosines


def _behind(photo: Photo, tap: Tap) -> Photo:
    """The photo as the stage after `tap` sees it."""
    return replace(photo, image=tap.image, metadata=tap.metadata, statistics=tap.statistics)


def _difference(exact: Renderer, slider: Slider, at: Fractions, step: float = STEP) -> Tensor:
    """d(picture)/d(fraction) by central differences."""
    beyond, before = (
        exact.picture(placed(exact.finisher, {**at, slider.name: at[slider.name] + by}))
        for by in (step, -step)
    )
    return (beyond - before) / (2.0 * step)


def _cosine(one: Tensor, other: Tensor) -> float:
    pictures = one.flatten().double(), other.flatten().double()
    return round(float(torch.nn.functional.cosine_similarity(*pictures, dim=0)), DIGITS)
