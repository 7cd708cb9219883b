"""Gradients: d(picture)/d(slider) of the chain, by forward mode, against the exact operators'.

These by central differences. What counts is the direction, so two gradients are compared by the
cosine between them, as pictures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from engine.benchmarks.draws import Fractions, fractions, placed
from engine.finisher import Finisher
from engine.photo import Photo
from engine.progress import Progress, Work
from engine.proxies.chain import Chain
from engine.renderer import Renderer, Tap
from engine.slider import Slider

STEP = 0.02
"""Share of a slider's range to either side."""

NOTHING = 1e-4
"""Change of encoded sRGB over a whole range below which a slider does nothing there."""

DIGITS = 4


def gradients(
    finisher: Finisher, photos: Sequence[tuple[str, Photo]], settings: int
) -> Work[dict[str, object]]:
    """Cosines over so many random settings, every slider at each: mean, worst, worst by slider."""
    found: dict[str, list[float]] = {}
    for seed in range(settings):
        name, photo = photos[seed % len(photos)]
        at = fractions(finisher, seed, margin=STEP)
        for i, (slider, cosine) in enumerate(_cosines(finisher, photo, at)):
            found.setdefault(slider.name, [])
            if cosine is not None:
                found[slider.name].append(cosine)
            count = len(finisher.sliders)
            yield Progress(seed * count + i, settings * count, f"Gradients on {name}")
    measured = {name: cosines for name, cosines in found.items() if cosines}
    every = [cosine for cosines in measured.values() for cosine in cosines]
    return {
        "settings": settings,
        "step": STEP,
        "mean_cosine": round(sum(every) / len(every), DIGITS),
        "worst_cosine": round(min(every), DIGITS),
        "worst_by_slider": {
            name: round(min(cosines), DIGITS) for name, cosines in sorted(measured.items())
        },
        "without_effect": sorted(set(found) - set(measured)),
    }


def _cosines(
    finisher: Finisher, photo: Photo, at: Fractions
) -> Iterator[tuple[Slider, float | None]]:
    """Each slider's cosine; None where it does nothing."""
    exact, settings = Renderer(photo, finisher), placed(finisher, at)
    taps = list(exact.render(settings))
    # from the last stage to the first, so that what is rendered before it stays true
    for place, stage in reversed(list(enumerate(finisher))):
        if not stage.sliders:
            continue
        before = photo if place == 0 else _behind(photo, taps[place - 1])
        rest = Chain(Finisher(finisher.name, finisher.stages[place:]))
        where = rest.fractions(settings, photo.metadata)
        for i, slider in enumerate(stage.sliders):
            difference = _difference(exact, slider, at)
            if float(difference.abs().max()) < NOTHING:
                yield slider, None
                continue
            unit = torch.zeros_like(where)
            unit[i] = 1.0
            tangent = torch.func.jvp(partial(rest, before), (where,), (unit,))[1]
            yield slider, float(_cosine(tangent, difference))


def _behind(photo: Photo, tap: Tap) -> Photo:
    """The photo as the stage after `tap` sees it."""
    return replace(photo, image=tap.image, metadata=tap.metadata, statistics=tap.statistics)


def _difference(exact: Renderer, slider: Slider, at: Fractions) -> Tensor:
    """d(picture)/d(fraction) by central differences."""
    beyond, before = (
        exact.picture(placed(exact.finisher, {**at, slider.name: at[slider.name] + step}))
        for step in (STEP, -STEP)
    )
    return (beyond - before) / (2.0 * STEP)


def _cosine(one: Tensor, other: Tensor) -> Tensor:
    return torch.nn.functional.cosine_similarity(
        one.flatten().double(), other.flatten().double(), dim=0
    )
