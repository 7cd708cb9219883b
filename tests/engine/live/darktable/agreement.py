"""How nearly a live stage of darktable's is its program, as a screen would show what leaves it."""

from functools import cache

import torch
from torch import Tensor

from engine.benchmarks.draws import all_moved
from engine.color import srgb_encode
from engine.finishers.darktable import DARKTABLE
from engine.finishers.darktable.proxies import PROXIES, entered_by_us
from engine.photo import Photo
from engine.settings import Settings
from engine.slider import Slider
from engine.stage import Kind, Operator, Stage
from tests.engine.live.agreement import decibels, made, real

AREAWISE = tuple(
    slider for stage in DARKTABLE if stage.kind is Kind.AREAWISE for slider in stage.sliders
)


def first(width: int, height: int, full: int = 6000) -> Photo:
    """The made scene, or a corner of it, as it enters darktable: reduced from `full` pixels."""
    photo = made(width, height)
    entered = entered_by_us(photo)
    size = (full, max(1, round(full * height / width)))
    about = photo.metadata.replace(full_size=size, scale=width / full)
    return Photo(entered.image, about, photo.statistics)


@cache
def first_of(name: str, long_side: int) -> Photo:
    """A real photo as it enters darktable. Skips where it is not at hand."""
    return entered_by_us(real(name, long_side))


def moved(seed: int, *, but: tuple[Slider, ...] = (), share: float = 1.0) -> Settings:
    """Every slider somewhere within a `share` of its way, those of `but` at rest."""
    drawn = all_moved(DARKTABLE, seed)
    settings = Settings()
    for slider in DARKTABLE.sliders:
        at = 0.5 + share * (float(slider.normalize(drawn[slider])) - 0.5)
        value = float(slider.denormalize(at))
        settings = settings.replace(slider, min(max(value, slider.low), slider.high))
    return settings.reset(but)


def both(stage: Stage, operator: Operator, photo: Photo, seed: int) -> tuple[Tensor, Tensor]:
    """What leaves the live stage, and the program in its place."""
    values = stage.values(moved(seed))
    told = photo.image, photo.metadata, photo.statistics
    with torch.no_grad():
        return operator(*told, **values), PROXIES[stage.name](*told, **values).float()


def agreement(stage: Stage, operator: Operator, photo: Photo, seed: int) -> float:
    """PSNR of both, encoded."""
    return decibels(*(srgb_encode(p.clamp(0.0, 1.0)) for p in both(stage, operator, photo, seed)))
