"""Quick: what is fast enough for a drag, once its kernels are compiled.

Compiling takes seconds the first time on a machine and is kept on the disk. It happens beside the
window's work; until it is done, drags are shown by the exact stages, smaller where need be.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch

from engine.finisher import Finisher
from engine.live.operators import compiled_operators, live_operators
from engine.live.renderer import LiveRenderer
from engine.live.table import Packed
from engine.metadata import Calibration, Metadata, Profile
from engine.photo import Photo, canonical_statistics
from engine.progress import Progress, Work
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import Slider
from engine.stage import Kind, Operator, Stage

PATCH = (48, 64)


class Live(Protocol):
    """Renders the finished picture of one photo at one size, for the screen."""

    def render(
        self,
        settings: Settings,
        out: Packed | None = None,
        *,
        moving: bool = False,
        fleeting: bool = False,
    ) -> Generator[Stage, None, Packed]:
        """Yield each stage that runs next; return the picture (H, W), in `out` if given.

        `moving`: a slider is dragged; what is quicker then may be less exact. `fleeting`: a larger
        picture follows at once; its surroundings may be those of frames before.
        """
        ...

    @property
    def sights(self) -> Mapping[str, Any]:
        """What stages saw in it that holds for the photo at any size, by their names."""
        ...


@dataclass(frozen=True)
class Quick:
    """A live renderer for any photo, live operators by their stage's name, and compiled exact ones.

    The last are the stages themselves, but for rounding, in a third of the time.
    """

    renderer: Callable[[Photo], Live]
    operators: Mapping[str, Operator]
    exact: Mapping[str, Operator] = field(default_factory=dict)


def quick(finisher: Finisher) -> Work[Quick]:
    """What is fast enough for a drag with `finisher`, warm: run on a tiny photo, all kernels."""
    yield Progress(0, 3, "Loading")
    operators = live_operators(finisher)
    exact = compiled_operators(finisher)
    answer = Quick(lambda photo: LiveRenderer(photo, finisher, operators), operators, exact)
    return (yield from warm(answer, finisher, patch()))


def warm(answer: Quick, finisher: Finisher, photo: Photo) -> Work[Quick]:
    """`answer`, when it has finished a tiny `photo`: with all its kernels compiled."""
    live, floats = answer.renderer(photo), Renderer(photo, finisher, answer.operators)
    moved = _moved(finisher)
    areawise = [stage for stage in finisher if stage.kind is Kind.AREAWISE]
    pointwise = moved.reset(control for stage in areawise for control in stage.controls)
    passes = (
        live.render(Settings()),
        live.render(pointwise, moving=True),
        floats.render(Settings()),
        live.render(moved),
        floats.render(moved),
    )
    for done, steps in enumerate(passes):
        for _ in steps:
            yield Progress(done, len(passes), "Compiling")
    return answer


def patch() -> Photo:
    """A tiny photo: noise around middle grey, by a camera that sees XYZ."""
    height, width = PATCH
    noise = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
    about = Metadata(
        profile=Profile("XYZ", (Calibration(23, np.eye(3)),)),
        full_size=(width, height),
        as_shot_neutral=np.array([0.9642, 1.0, 0.8251]),
    )
    return Photo(noise, about, canonical_statistics(noise, about))


def _moved(finisher: Finisher) -> Settings:
    """Every slider off its neutral."""
    settings = Settings()
    for slider in finisher.sliders:
        settings = settings.replace(slider, _off_neutral(slider))
    return settings


def _off_neutral(slider: Slider) -> float:
    value = float(slider.denormalize(0.6))
    return value if value != slider.default else float(slider.denormalize(0.4))
