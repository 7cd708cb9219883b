"""Thumbnails: every tap small, rendered a slice of time at once between the frames of a drag."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from editor.frame import Thumb
from editor.pace import first_change
from editor.preview import exact_renderer
from editor.qimage import blank
from engine.finisher import Finisher
from engine.live.analysed import by_what_is_seen
from engine.live.quick import Quick
from engine.live.shown import show
from engine.photo import Photo
from engine.renderer import Renderer, Tap
from engine.settings import Settings

LONG_SIDE = 120
"""Pixels: as large as the strip shows them."""
PERIOD = 0.08
"""Seconds from one live pass to the next: faster says no more and takes the frames' time."""
HURRY = 1.2
"""How many times faster than in a whole period a pass is made, so that it is ready in time."""
LEAST, MOST = 0.001, 0.02
"""Seconds: bounds of one slice between two frames; a stage that takes longer is let finish."""
GAP = 0.2
"""Seconds after which a slice is the first of a drag, and short: there is nothing to make up."""


class Thumbnails:
    """The thumbnails of one photo. Only those that have changed are passed to `show`.

    A pass through the stages is finished with the settings it has begun with, so that the last
    stages get their turn in a drag of the first; the next pass takes what was aimed at last. It is
    spread evenly over the frames that come while it is made: none of them has to wait for it all.
    """

    def __init__(self, photo: Photo, finisher: Finisher, show: Callable[[Thumb], object]) -> None:
        self._photo, self._finisher, self._show = photo, finisher, show
        self._exact = exact_renderer(photo, finisher, None)
        self._live: Renderer | None = None
        self._aim = (Settings(), True)
        self._pass: tuple[Settings, bool] | None = None
        self._taps: Iterator[tuple[int, Tap]] | None = None
        self._end = self._due = 0.0  # of the last slice; when the next live pass begins
        self._took = self._taken = 0.0  # seconds: the last live pass, and the one under way so far
        self._shown: dict[str, tuple[Settings, bool]] = {}

    def quicken(self, quick: Quick, seen: Callable[[], Mapping[str, Any]] = dict) -> None:
        """Use live operators for passes that need not be exact, compiled ones for those that do.

        Live ones look at no surroundings of which frames of the photo have just `seen` the same.
        """
        if self._live is None:
            operators = by_what_is_seen(quick.operators, seen)
            self._live = Renderer(self._photo, self._finisher, operators)
            self._exact = exact_renderer(self._photo, self._finisher, quick)

    def aim(self, settings: Settings, *, exact: bool) -> None:
        """What to show from the next pass on."""
        self._aim = (settings, exact or self._live is None)

    @property
    def done(self) -> bool:
        """Whether what was aimed at is shown."""
        return self._taps is None and self._pass == self._aim

    @property
    def wait(self) -> float:
        """Seconds until there is something to do, if more is wanted."""
        if self._taps is not None or self._aim[1]:
            return 0.0
        return max(0.0, self._due - time.perf_counter())

    def slice(self) -> None:
        """Render what the time since the last slice is of a period's work."""
        since = time.perf_counter() - self._end
        share = HURRY * self._took * since / PERIOD
        self.run(min(max(share, LEAST), MOST) if since < GAP else LEAST)
        self._end = time.perf_counter()

    def run(self, seconds: float) -> None:
        """Render for about so long, one stage at least, unless all is done."""
        start = now = time.perf_counter()
        while not self.done:
            if self._taps is None:
                if self.wait > 0.0:
                    return
                # a pass that begins a little late does not put off those after it
                self._due = (self._due if now - self._due < PERIOD else now) + PERIOD
                self._pass, self._taken = self._aim, 0.0
                settings, exact = self._aim
                renderer = self._exact if exact or self._live is None else self._live
                self._taps = enumerate(renderer.render(settings))
            place, tap = next(self._taps, (0, None))
            if tap is None:
                self._taps = None
            else:
                self._take(place, tap)
            before, now = now, time.perf_counter()
            self._taken += now - before
            if tap is None and not self._is_exact:
                self._took = self._taken
            if now >= start + seconds:
                return

    @property
    def _is_exact(self) -> bool:
        return self._pass is not None and self._pass[1]

    def _take(self, place: int, tap: Tap) -> None:
        """Show the thumbnail of `tap`, unless it is shown already."""
        assert self._pass is not None
        name = tap.stage.name
        settings, exact = self._pass
        if self._is_shown(name, place, settings, exact=exact):
            return
        self._shown[name] = self._pass
        image, memory = blank(tap.image.shape[-1], tap.image.shape[-2])
        show(tap.image, tap.stage.space, memory)
        self._show(Thumb(name, image, exact))

    def _is_shown(self, name: str, place: int, settings: Settings, *, exact: bool) -> bool:
        before, was_exact = self._shown.get(name, (None, False))
        if before is None or exact > was_exact:
            return False
        return first_change(self._finisher, before, settings) > place
