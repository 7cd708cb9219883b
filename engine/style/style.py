"""Style: predicts sliders for a photo, from what a collection of one look has taught it.

Learned from pictures alone it is a Look: where features are to go, and the sliders that bring them
there. Learned from edits it is a Habit: sliders as they were set for photos like this one. Either
way the answer is an ordinary edit.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as tensors_as_bytes
from torch import Tensor

from engine import __version__
from engine.errors import PhotofinishError
from engine.files import reason, write_bytes
from engine.finisher import Finisher
from engine.fractions import fractions_of, settings_at
from engine.match.free import Free
from engine.photo import Photo
from engine.settings import Settings
from engine.slider import Slider
from engine.stage import Operator
from engine.style.descriptor import descriptor
from engine.style.features import COUNT
from engine.style.gaussian_process import GaussianProcess
from engine.style.toward import toward
from engine.style.transport import Spread, Transport

SUFFIX = ".style.safetensors"
KIND = "photofinish style"
LARGEST = 64 << 20
"""Bytes of a file that is read: a style takes some thousand numbers."""


@dataclass(frozen=True, eq=False)
class Look:
    """Learned from pictures: the features of a photo are carried into the collection's."""

    transport: Transport

    def settings(
        self,
        photo: Photo,
        finisher: Finisher,
        operators: Mapping[str, Operator],
        sliders: tuple[Slider, ...],
    ) -> Settings:
        """Return the settings whose picture has the features of the style."""
        return toward(self.transport, photo, finisher, operators, sliders)

    def tensors(self) -> dict[str, Tensor]:
        """All it has learned, by name."""
        parts = {"before": self.transport.before, "after": self.transport.after}
        return {
            f"{name}_{part}": getattr(spread, part)
            for name, spread in parts.items()
            for part in ("mean", "covariance")
        } | {f"{name}_count": torch.tensor(spread.count) for name, spread in parts.items()}

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> "Look":
        """The look that has these `tensors`."""
        before, after = (
            Spread(
                tensors[f"{name}_mean"].view(COUNT),
                tensors[f"{name}_covariance"].view(COUNT, COUNT),
                int(tensors[f"{name}_count"]),
            )
            for name in ("before", "after")
        )
        return cls(Transport(before, after))


@dataclass(frozen=True, eq=False)
class Habit:
    """Learned from edits: how far sliders were moved, as fractions, for photos as described."""

    process: GaussianProcess

    def settings(
        self,
        photo: Photo,
        finisher: Finisher,
        operators: Mapping[str, Operator],
        sliders: tuple[Slider, ...],
    ) -> Settings:
        """Return the settings that photos like this one were given."""
        free = Free(sliders, Settings(), photo.metadata)
        moved = self.process(descriptor(photo, finisher, operators))
        return free.settings((free.fractions(free.rest) + moved).clamp(0.0, 1.0))

    def tensors(self) -> dict[str, Tensor]:
        """All it has learned, by name."""
        return {part.name: getattr(self.process, part.name) for part in fields(self.process)}

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> "Habit":
        """The habit that has these `tensors`."""
        return cls(GaussianProcess(**tensors))


_WAYS: dict[str, type[Look] | type[Habit]] = {"pictures": Look, "edits": Habit}


@dataclass(frozen=True, eq=False)
class Style:
    """What a collection of `count` pictures or edits has taught, for one finisher.

    `sliders` by name may move; curves and files stand as in `rest`.
    """

    name: str
    finisher: str
    sliders: tuple[str, ...]
    way: Look | Habit
    count: int
    rest: Settings = field(default_factory=Settings)

    @property
    def learned_from(self) -> str:
        """`pictures` or `edits`."""
        return next(kind for kind, way in _WAYS.items() if isinstance(self.way, way))

    def predict(
        self, photo: Photo, finisher: Finisher, operators: Mapping[str, Operator]
    ) -> Settings:
        """The settings of `photo` in this style. Raises PhotofinishError."""
        if finisher.name != self.finisher:
            raise PhotofinishError(f"The style {self.name} is for the finisher {self.finisher}.")
        sliders = tuple(s for s in finisher.sliders if s.name in self.sliders)
        found = self.way.settings(photo, finisher, operators, sliders)
        return replace(found, values={**self.rest.values, **found.values}, off=self.rest.off)

    def given(
        self,
        predicted: Settings,
        start: Settings,
        strength: float,
        photo: Photo,
        finisher: Finisher,
    ) -> Settings:
        """`start` with what the style is about as `predicted`, by `strength`: 0 none, 1 all of it.

        Sliders go that share of the way; curves and files come with any strength but none.
        """
        if strength == 0.0:
            return start
        sliders = tuple(s for s in finisher.sliders if s.name in self.sliders)
        here, there = (fractions_of(sliders, s, photo.metadata) for s in (start, predicted))
        values = {**start.values, **self.rest.values}
        merged = replace(start, values=values, off=start.off | self.rest.off)
        if strength == 1.0:
            for slider in sliders:
                merged = merged.replace(slider, predicted[slider])
            return merged
        return settings_at(sliders, (here + strength * (there - here)).clamp(0.0, 1.0), merged)


def write_style(style: Style, path: Path) -> None:
    """Write `style` to one file. Raises PhotofinishError."""
    said = {
        "name": style.name,
        "finisher": style.finisher,
        "sliders": style.sliders,
        "learned_from": style.learned_from,
        "count": style.count,
        "rest": {"values": dict(style.rest.values), "off": sorted(style.rest.off)},
        "version": __version__,
    }
    tensors = {name: tensor.contiguous().clone() for name, tensor in style.way.tensors().items()}
    write_bytes(path, tensors_as_bytes(tensors, {KIND: json.dumps(said)}))


def read_style(path: Path) -> Style:
    """The style in the file at `path`. Raises PhotofinishError with a sentence."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise PhotofinishError(f"{path} cannot be read: {reason(error)}.") from error
    foreign = PhotofinishError(f"{path.name} is no style of Photofinish, or it is damaged.")
    if len(content) > LARGEST:
        raise foreign
    try:
        tensors = load_tensors(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        said: dict[str, Any] = json.loads(header["__metadata__"][KIND])
        if not all(bool(torch.isfinite(t).all()) for t in tensors.values()):
            raise foreign
        values = {name: _setting(value) for name, value in said["rest"]["values"].items()}
        return Style(
            str(said["name"]),
            str(said["finisher"]),
            tuple(str(name) for name in said["sliders"]),
            _WAYS[said["learned_from"]].of(tensors),
            int(said["count"]),
            Settings(values, frozenset(said["rest"]["off"])),
        )
    except (SafetensorError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise foreign from error


def _setting(value: Any) -> Any:
    """A curve's points, which JSON has as lists, as tuples."""
    return tuple(tuple(point) for point in value) if isinstance(value, list) else value
