"""Stage f_i: its controls, its exact operator, and how metadata and statistics pass it."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from torch import Tensor

from engine.metadata import Metadata
from engine.settings import Settings
from engine.slider import Control, Setting, Slider
from engine.statistics import Statistics

ABBREVIATIONS = {"Rgb": "RGB", "rgb": "RGB", "lut": "LUT"}


class Operator(Protocol):
    """Anything called like a stage: (B, 3, H, W) float32 in, the same out.

    `*_` is never passed: with it, type checkers accept any keyword-only values.
    """

    def __call__(
        self, image: Tensor, metadata: Metadata, statistics: Statistics, *_: Any, **values: Any
    ) -> Tensor:
        """Return the image leaving the stage."""
        ...


class Carry(Protocol):
    """How M and H reach a stage and all after it, given the stage's own values."""

    def __call__(
        self, metadata: Metadata, statistics: Statistics, *_: Any, **values: Any
    ) -> tuple[Metadata, Statistics]:
        """Return M and H as the stage and all after it see them."""
        ...


class Apply(Protocol):
    """Called like a stage, with the maps (B, K, h, w) that its analysis has made."""

    def __call__(
        self,
        image: Tensor,
        maps: Tensor,
        metadata: Metadata,
        statistics: Statistics,
        *_: Any,
        **values: Any,
    ) -> Tensor:
        """Return the image leaving the stage."""
        ...


@dataclass(frozen=True)
class Analysis:
    """How an areawise stage sees the surroundings of a pixel: from a small picture of the frame.

    `grid` gives the height and width of the small picture for those of the frame; `features`
    (B, F, h, w) what the stage looks at on a grid of some size; `maps` (B, K, h, w) what it learns
    from them, whatever the sliders are; `apply` needs the maps, at any size, and each pixel alone.
    """

    grid: Callable[[Sequence[int]], tuple[int, int]]
    features: Callable[[Tensor, Metadata, Statistics, Sequence[int]], Tensor]
    maps: Callable[[Tensor], Tensor]
    apply: Apply

    def exact(
        self, image: Tensor, metadata: Metadata, statistics: Statistics, **values: Any
    ) -> Tensor:
        """The stage: its maps, applied."""
        features = self.features(image, metadata, statistics, self.grid(image.shape[-2:]))
        return self.apply(image, self.maps(features), metadata, statistics, **values)


class Kind(Enum):
    """What an operator needs to see to compute a pixel."""

    PROGRAM = "program"  # the pixel alone: a formula or a lookup, its own proxy
    POINTWISE = "pointwise"  # the pixel alone; an MLP may stand in
    AREAWISE = "areawise"  # its neighbourhood; needs the whole frame


class Space(Enum):
    """The color space of a tap."""

    CAMERA = "linear camera RGB, unclipped"
    SCENE = "linear ProPhoto RGB, unclipped"
    PROFILE = "linear ProPhoto RGB, 0 to 1"
    WORKING = "linear Rec. 2020, unclipped"
    VIEWED = "linear Rec. 2020, 0 to 1"
    DISPLAY = "display RGB"


def unchanged(metadata: Metadata, statistics: Statistics, **_: Any) -> tuple[Metadata, Statistics]:
    """Carry M and H past a stage that changes neither."""
    return metadata, statistics


@dataclass(frozen=True)
class Stage:
    """One step of a finisher.

    `exact` takes the controls' values as keyword-only arguments, in the order of `controls`.
    `space` is that of its tap. `carry` runs before `exact`, so a stage sees what it has resolved
    itself. A stage with a `profile_part` runs at neutral too; any other is the identity there. One
    that is not `differentiable`, a program that is only run, needs a proxy for gradients. An
    areawise stage that is nothing but an `analysis` names it: a proxy may learn its maps.
    """

    name: str
    controls: tuple[Control, ...]
    exact: Operator
    kind: Kind
    space: Space
    carry: Carry = unchanged
    profile_part: bool = False
    differentiable: bool = True
    analysis: Analysis | None = None

    def __post_init__(self) -> None:
        parameters = inspect.signature(self.exact).parameters.values()
        takes = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
        if takes != [control.name for control in self.controls]:
            raise TypeError(f"stage {self.name!r}: its operator takes {takes}")

    @property
    def sliders(self) -> tuple[Slider, ...]:
        """The controls that are numbers."""
        return tuple(c for c in self.controls if isinstance(c, Slider))

    @property
    def title(self) -> str:
        """The name as the window shows it."""
        words = self.name.replace("_", " ").capitalize().split()
        return " ".join(ABBREVIATIONS.get(word, word) for word in words)

    def values(self, settings: Settings) -> dict[str, Setting]:
        """This stage's values: as set, or neutral where it is switched off."""
        if self.name in settings.off:
            return self.neutral()
        return {control.name: settings[control] for control in self.controls}

    def neutral(self) -> dict[str, Setting]:
        """Each control's default."""
        return {control.name: control.default for control in self.controls}

    def idle(self, values: Mapping[str, Setting]) -> bool:
        """Whether the stage, at `values`, may be left out."""
        return not self.profile_part and values == self.neutral()
