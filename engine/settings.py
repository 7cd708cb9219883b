"""Settings S: the values of all controls, immutable. What is at its default is left out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.slider import Control, Setting


@dataclass(frozen=True)
class Settings:
    """Moved controls by name, and the stages that are switched off.

    Built by `replace`, `switch` and `merge` from `Settings()`, which is neutral; each checks its
    values and raises PhotofinishError. Equal settings finish a photo alike.
    """

    values: Mapping[str, Setting] = field(default_factory=dict)
    off: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def __hash__(self) -> int:
        return hash((frozenset(self.values.items()), self.off))

    def __reduce__(self) -> tuple[type["Settings"], tuple[dict[str, Setting], frozenset[str]]]:
        return Settings, (dict(self.values), self.off)

    def __getitem__(self, control: Control) -> Setting:
        """The control's value: as set, or its default. None is *as shot*."""
        return self.values.get(control.name, control.default)

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    def replace(self, control: Control, value: Setting) -> "Settings":
        """Set one control; a default is stored as absence."""
        checked = control.check(value)
        values = {name: v for name, v in self.values.items() if name != control.name}
        if checked != control.default:
            values[control.name] = checked
        return Settings(values, self.off)

    def reset(self, controls: Iterable[Control]) -> "Settings":
        """Put these controls back to their defaults."""
        names = {control.name for control in controls}
        return Settings({n: v for n, v in self.values.items() if n not in names}, self.off)

    def switch(self, stage: str, *, on: bool) -> "Settings":
        """Switch a stage on or off; its controls keep their values."""
        return Settings(self.values, self.off - {stage} if on else self.off | {stage})
