"""Exports as work for a Job: they take the photo at its full size, decoding it where need be.

Where darktable's stages finish the photo, it makes the file itself if it can be asked.
"""

from dataclasses import dataclass
from pathlib import Path

from editor.document import Opened, Opening
from editor.opening import full_size
from engine.export import export, export_tap
from engine.finishers import stand_ins
from engine.finishers.darktable import whole
from engine.live.quick import Quick
from engine.progress import Progress, Work
from engine.renderer import Renderer, Tap
from engine.settings import Settings


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
class Exported:
    """A file that was written; `by` says who made it where that is not plain."""

    path: Path
    by: str = ""


@dataclass(frozen=True)
class Exporter:
    """Exports one photo as it is now; by compiled stages once these are `quick`."""

    opened: Opened
    settings: Settings
    opening: Opening
    quick: Quick | None = None

    def picture(self, wish: Wish) -> Work[Exported]:
        """Write the finished picture."""
        yield from self._darktables(wish) if self.opened.by_darktable else self._ours(wish)
        return self._exported(wish.out)

    def tap(self, stage: str, out: Path) -> Work[Exported]:
        """Write a stage's output as a float32 TIFF."""
        export_tap((yield from self._tap(stage)), out)
        return self._exported(out)

    def _ours(self, wish: Wish) -> Work[Path]:
        finisher = self.opened.finisher
        photo = yield from full_size(self.opened, self.opening)
        return (
            yield from export(
                photo,
                self.settings,
                wish.out,
                finisher=finisher,
                operators=stand_ins(finisher) if self.quick is None else self.quick.exact,
                long_side=wish.long_side,
                space=wish.space,
                linear=wish.linear,
                bits=wish.bits,
                quality=wish.quality,
            )
        )

    def _darktables(self, wish: Wish) -> Work[Path]:
        return whole.export(
            self.opened.path,
            self.opened.photo.metadata,
            self.settings,
            wish.out,
            long_side=wish.long_side,
            space=wish.space,
            bits=wish.bits,
            quality=wish.quality,
            own_input=self.opened.own_input,
        )

    def _tap(self, stage: str) -> Work[Tap]:
        opened = self.opened
        if opened.by_darktable:
            work = whole.tapped(
                *(opened.path, opened.photo, self.settings, stage), own_input=opened.own_input
            )
            return (yield from work)
        photo = yield from full_size(opened, self.opening)
        renderer = Renderer(photo, opened.finisher, stand_ins(opened.finisher))
        total = len(opened.finisher)
        for done, tap in enumerate(renderer.finish(self.settings), 1):
            yield Progress(done, total, tap.stage.title)
            if tap.stage.name == stage:
                break
        return tap

    def _exported(self, path: Path) -> Exported:
        if self.opened.by_darktable:
            return Exported(path, "by darktable")
        if self.opened.absent:
            return Exported(path, f"by the preview of darktable, which {self.opened.absent}")
        return Exported(path)
