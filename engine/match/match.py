"""Match: the sliders move until a photo looks like another picture.

A target of the same scene is laid over the photo and matched pixel by pixel; of one of another
scene the spread of light and colors is matched. The answer is an ordinary edit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from torch import Tensor

from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.live.quick import Quick
from engine.match.candidate import Candidate, Render
from engine.match.free import Free
from engine.match.laid import Laid
from engine.match.least_squares import search
from engine.match.look import LONG_SIDE, UNIT, LookComparison, distance
from engine.match.registration import Registration, register
from engine.match.regress import LARGE, ROUNDED, Moved, Regression, regress
from engine.match.span import Nearness, difference, nearness
from engine.match.target import Target
from engine.photo import Photo, area_average, fitted
from engine.progress import Progress, Work
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import Slider

BASIC_SLIDERS = (
    *("temperature", "tint", "exposure", "contrast", "highlights", "shadows", "whites", "blacks"),
    *("texture", "clarity", "dehaze", "vibrance", "saturation"),
)
"""Tried first: where they suffice, the answer is one that a photographer reads at a glance."""

LEFT_OUT = (
    *("luminance_noise", "color_noise", "lut_amount"),
    *("sharpen_amount", "sharpen_radius", "sharpen_detail", "sharpen_masking"),
)
"""Not moved unless asked for: noise and sharpness of a target are not its look."""

DETAIL = ("texture", "clarity", "dehaze")
"""Not moved for a look unless asked for: how light and colors are spread says nothing of them."""

LARGEST, REGISTERED = 4096, 1200
"""Long sides in pixels: of the largest picture compared, and of the one a target is sought in."""

BLURRED = 0.4
"""Pixels of blur between photo and target from which on their finest detail is left alone."""

RESAMPLED = 2.0
"""Share of the pixels, along a side, that a target laid anew on the frame can tell of."""

LOOK_STEPS = 20
"""At most, on each of LOOK_WAYS."""

LOOK_WAYS = ((1.0, 0.35), (0.7, 0.4), (0.1, 0.0))
"""How much a slider moved over its range must better a look, and the share of the distance that may
be left: by the basic sliders, then by the others too, then by these however far they have to go."""

MOST_LOOKS = len(LOOK_WAYS) * (LOOK_STEPS + 1)


class Mode(Enum):
    """What is compared: pixels of one scene, the looks of two, or what the target allows."""

    AUTO = "auto"
    SCENE = "scene"
    LOOK = "look"


@dataclass(frozen=True, eq=False)
class Match:
    """What a match found.

    `picture`, `target` (1, 3, h, w) and the residual map `apart` (1, 1, h, w), CIEDE2000, lie on
    the photo's frame, where `found` says that the target lies. `psnr_db` and `near` are those of
    the exact finisher. Of a look, all but the picture is None; `look` is the distance of the looks
    before and after.
    """

    settings: Settings
    mode: Mode
    sentence: str
    iterations: int
    exact_renders: int
    picture: Tensor
    target: Tensor | None = None
    apart: Tensor | None = None
    found: Registration | None = None
    psnr_db: float | None = None
    near: Nearness | None = None
    look: tuple[float, float] | None = None


def match(
    photo: Photo,
    finisher: Finisher,
    quick: Quick,
    target: Target,
    *,
    start: Settings | None = None,
    sliders: Sequence[Slider] | None = None,
    mode: Mode = Mode.AUTO,
    truth: Render | None = None,
) -> Work[Match]:
    """Find the settings with which `photo` looks like `target`.

    `sliders` may move; without them those that make a look. All others stay as in `start`. Another
    program that finishes `photo` at its size may be the `truth`; `quick` stands in for it. Yields
    Moved. Raises PhotofinishError where a scene is asked for and the target shows another one.
    """
    start = start or Settings()
    yield Progress(0, 1, "Looking for the target in the photo")
    allowed = tuple(sliders) if sliders is not None else _usual(finisher)
    if not allowed:
        raise PhotofinishError("Choose at least one slider that may move.")
    neutral = start.reset(allowed)
    if mode is not Mode.LOOK:
        found = _registered(photo, finisher, quick, target, neutral)
        if found.same_scene:
            first = _basic(allowed) if sliders is None else allowed
            parts = _Parts(photo, finisher, quick, truth)
            return (yield from _scene(parts, target, found, (first, allowed), neutral))
        if mode is Mode.SCENE:
            raise PhotofinishError(
                f"{target.name} does not show this photo's scene; match its look instead."
            )
    if sliders is None:
        allowed = tuple(s for s in allowed if s.name not in DETAIL)
    return (yield from _look(photo, finisher, quick, target, allowed, neutral))


def _usual(finisher: Finisher) -> tuple[Slider, ...]:
    return tuple(slider for slider in finisher.sliders if slider.name not in LEFT_OUT)


def _basic(allowed: tuple[Slider, ...]) -> tuple[Slider, ...]:
    return tuple(slider for slider in allowed if slider.name in BASIC_SLIDERS) or allowed


def _registered(
    photo: Photo, finisher: Finisher, quick: Quick, target: Target, neutral: Settings
) -> Registration:
    picture = Renderer(photo.reduced(REGISTERED), finisher, quick.exact).picture(neutral)
    return register(target.image, picture)


@dataclass(frozen=True)
class _Parts:
    """What a picture is made by."""

    photo: Photo
    finisher: Finisher
    quick: Quick
    truth: Render | None


def _scene(
    parts: _Parts,
    target: Target,
    found: Registration,
    groups: tuple[tuple[Slider, ...], tuple[Slider, ...]],
    neutral: Settings,
) -> Work[Match]:
    """Match pixel by pixel: by the first sliders, and by the others where these do not suffice."""
    first, allowed = groups
    photo, finisher, quick, truth = parts.photo, parts.finisher, parts.quick, parts.truth
    pixels = max(target.image.shape[-2:])
    if truth is not None:  # it finishes the photo at the size that it has
        seen = None if found.in_place else round(max(photo.size) / RESAMPLED)
    elif found.in_place:
        photo, seen = photo.reduced(min(pixels, LARGEST)), None
    else:
        photo = photo.reduced(min(round(pixels * found.placement.scale), LARGE))
        seen = round(max(photo.size) / RESAMPLED)
    if abs(found.blur) > BLURRED:
        seen = round(max(photo.size) / (2.0 + 2.0 * abs(found.blur)))
    width, height = photo.size
    laid = Laid(photo, *found.place(target.image, (height, width)))
    free = Free(first, neutral, photo.metadata)
    answer = yield from regress(laid, finisher, quick, free, seen=seen, truth=truth)
    if answer.rms > ROUNDED and len(first) < len(allowed):
        free = Free(allowed, neutral, photo.metadata)
        more = yield from regress(laid, finisher, quick, free, answer.settings, seen, truth)
        answer = replace(
            more,
            iterations=answer.iterations + more.iterations,
            exact_renders=answer.exact_renders + more.exact_renders,
        )
    if truth is None:
        laid = laid.reduced(LARGE)
        truth = Renderer(laid.photo, finisher, quick.exact).picture
    return _told(laid, found, truth, neutral, answer)


def _told(
    laid: Laid, found: Registration, truth: Render, neutral: Settings, answer: Regression
) -> Match:
    """The figures of the exact finisher."""
    before, picture = truth(neutral), truth(answer.settings)
    goal, weight = laid.target, laid.weight
    squared = ((picture - goal).square() * weight).sum() / (3.0 * weight.sum())
    near = nearness(before, picture, goal, weight)
    return Match(
        answer.settings,
        Mode.SCENE,
        near.sentence,
        answer.iterations,
        answer.exact_renders + 2,
        picture,
        goal,
        difference(picture, goal, weight),
        found,
        -10.0 * math.log10(max(float(squared), 1e-12)),
        near,
    )


def _look(
    photo: Photo,
    finisher: Finisher,
    quick: Quick,
    target: Target,
    allowed: tuple[Slider, ...],
    neutral: Settings,
) -> Work[Match]:
    """Match the spread of light and colors: by the basic sliders, by all allowed where few do."""
    candidate = Candidate(photo.reduced(LONG_SIDE), finisher, quick.exact)
    small = area_average(target.image, fitted(target.image.shape[-2:], LONG_SIDE))
    first = _basic(allowed)
    distances: list[float] = []
    settings = neutral
    for way, (ridge, left) in enumerate(LOOK_WAYS):
        sliders = allowed if way else first
        free = Free(sliders, neutral, photo.metadata)
        comparison = LookComparison(small, free, candidate)
        home = free.fractions(neutral)
        for point in search(comparison, free.fractions(settings), LOOK_STEPS, home, ridge):
            distances.append(distance(point.residuals))
            decibels = 20.0 * math.log10(UNIT / max(distances[-1], 1e-6))
            settings = free.settings(point.at)
            yield Moved(len(distances), MOST_LOOKS, settings=settings, decibels=decibels)
        if distances[-1] <= left * distances[0]:
            break
    return Match(
        settings,
        Mode.LOOK,
        "This is the look of another scene: how light and colors are spread was"
        f" {distances[0]:.0f} apart and is {distances[-1]:.0f} now.",
        len(distances) - 1,
        candidate.renders,
        candidate.picture(free, point.at),
        look=(distances[0], distances[-1]),
    )
