"""Module: one of darktable's as a stage of ours: sliders to its parameters, and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from engine.finishers.darktable.layouts import Parameter
from engine.metadata import Metadata
from engine.slider import Setting
from engine.stage import Operator, Stage

Parameters: TypeAlias = Mapping[str, Parameter]
Numbers: TypeAlias = Mapping[str, tuple[float, ...]]
Nearest: TypeAlias = Callable[[Metadata, Metadata, Numbers | None], dict[str, Setting]]
"""Of the photo as balanced, the photo as shot, and the parameters where they can be read."""


class ToParameters(Protocol):
    """From the sliders' values to those parameters that are not at their default.

    `*_` is never passed: with it, type checkers accept any keyword-only values.
    """

    def __call__(self, metadata: Metadata, *_: Any, **values: Any) -> Parameters:
        """Return the parameters by darktable's names."""
        ...


@dataclass(frozen=True)
class Module:
    """A stage that is run by darktable's module `name`.

    `settings` reads all parameters back as values of the sliders; None where no sliders make them.
    `nearest` is asked then for those that come nearest, at its balance and as shot; all else rests.
    `proxy` does what the module does, and can be differentiated. `opacity` names the slider, in
    percent, by which darktable blends what leaves the module with what enters it; "" for none.
    """

    stage: Stage
    name: str
    parameters: ToParameters
    settings: Callable[[Metadata, Numbers], dict[str, Setting] | None]
    proxy: Operator
    opacity: str = ""
    nearest: Nearest | None = None


def first(numbers: Numbers, name: str) -> float:
    """The parameter `name`, without what float32 adds to its decimals."""
    return round(numbers[name][0], 6)


def agree(numbers: Numbers, parameters: Parameters) -> bool:
    """Whether `numbers` are what `parameters` say, as far as these say it, to float32."""
    for name, value in parameters.items():
        wanted = (value,) if isinstance(value, int | float) else tuple(value)
        if any(
            abs(a - b) > 1e-5 * max(1.0, abs(b)) for a, b in zip(numbers[name], wanted, strict=True)
        ):
            return False
    return True
