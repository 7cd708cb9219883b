"""Exports as work for a Job: they take the photo at its full size, decoding it where need be."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from editor.document import Opened, Opening
from editor.opening import full_size
from engine.export import export, export_tap
from engine.finisher import Finisher
from engine.progress import Progress, Work
from engine.renderer import Renderer
from engine.settings import Settings
from engine.stage import Operator


@dataclass(frozen=True)
class Wish:
    """What the user wants exported, in the terms of `engine.export.export`."""

    out: Path
    space: str = "srgb"
    linear: bool = False
    bits: int | None = None
    quality: int = 92
    long_side: int | None = None


@dataclass(frozen=True)
class Exporter:
    """Exports one photo as it is now."""

    opened: Opened
    settings: Settings
    finisher: Finisher
    opening: Opening
    operators: Mapping[str, Operator] | None = None
    """The stages, compiled, where they are."""

    def picture(self, wish: Wish) -> Work[Path]:
        """Write the finished picture."""
        photo = yield from full_size(self.opened, self.opening, self.finisher)
        return (
            yield from export(
                photo,
                self.settings,
                wish.out,
                finisher=self.finisher,
                operators=self.operators,
                long_side=wish.long_side,
                space=wish.space,
                linear=wish.linear,
                bits=wish.bits,
                quality=wish.quality,
            )
        )

    def tap(self, stage: str, out: Path) -> Work[Path]:
        """Write a stage's output as a float32 TIFF."""
        photo = yield from full_size(self.opened, self.opening, self.finisher)
        stages = [s.name for s in self.finisher]
        total = stages.index(stage) + 2
        for done, tap in enumerate(Renderer(photo, self.finisher).finish(self.settings), 1):
            yield Progress(done, total, tap.stage.title)
            if tap.stage.name == stage:
                export_tap(tap, out)
                break
        return out
