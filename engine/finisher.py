"""Finisher: an ordered tuple of stages. Nothing above it knows which one it holds."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.slider import Control, Slider
from engine.stage import Space, Stage


@dataclass(frozen=True)
class Finisher:
    """Stages in the order light travels. Names of stages and of controls are unique.

    `enters` is the space of the picture that the first stage gets.
    """

    name: str
    stages: tuple[Stage, ...]
    enters: Space = Space.CAMERA

    def __post_init__(self) -> None:
        for names in ([s.name for s in self.stages], [c.name for c in self.controls]):
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise TypeError(f"finisher {self.name!r}: {sorted(twice)} named twice")

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages)

    def __len__(self) -> int:
        return len(self.stages)

    @property
    def controls(self) -> tuple[Control, ...]:
        """All controls, in the order of their stages."""
        return tuple(control for stage in self.stages for control in stage.controls)

    @property
    def sliders(self) -> tuple[Slider, ...]:
        """All controls that are numbers."""
        return tuple(slider for stage in self.stages for slider in stage.sliders)

    def stage(self, name: str) -> Stage:
        """The stage of that name. Raises KeyError."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    def control(self, name: str) -> Control:
        """The control of that name. Raises KeyError."""
        for control in self.controls:
            if control.name == name:
                return control
        raise KeyError(name)
