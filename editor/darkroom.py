"""Darkroom: asks the render threads for what the canvas needs, whenever document or view change."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from editor.by_darktable import ByDarktable
from editor.detail import Detail
from editor.document import Document
from editor.frame import Frame, Request, View, alike
from editor.render_thread import RenderThread
from editor.warming import Warming
from engine.photo import Photo

LARGEST_PREVIEW = 1600


class Darkroom(QObject):
    """Owns what is looked at (`view`), and the threads that render it.

    `framed` brings previews, `detailed` full-size frames, `thumbed` thumbnails. `progressed` tells
    how far a full-size render is, None that there is none. `full_size_wanted` asks for a full
    decode where the photo on screen is a smaller one. Where darktable's stages finish the photo,
    its own picture takes the place of either frame once nothing changes any more.
    """

    framed = Signal(object)
    detailed = Signal(object)
    thumbed = Signal(object)
    progressed = Signal(object)
    view_changed = Signal(object)
    full_size_wanted = Signal()
    ready = Signal(object)  # drags are live from now on
    failed = Signal(str)

    def __init__(self, document: Document, warming: Warming, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._warming = document, warming
        self.view = View()
        self.largest_preview = LARGEST_PREVIEW
        self.render_thread = RenderThread(self)
        self.detail_thread = Detail(self)
        self.darktable_thread = ByDarktable(self)
        self._fitted = self._shown = 0
        self._moving = False
        self._asked: Request | None = None
        self._too_small: Photo | None = None  # a larger decode of it has been asked for
        self._at_rest: Request | None = None  # shown, at the preview's size
        self._wanted: Request | None = None  # of darktable
        self._refused: Path | None = None  # by darktable, as long as it is open
        self.render_thread.framed.connect(self._take_frame)
        self.render_thread.thumbed.connect(self.thumbed)
        self.render_thread.failed.connect(self.failed)
        self.detail_thread.framed.connect(self._take_detail)
        self.detail_thread.progressed.connect(self._tell)
        self.detail_thread.failed.connect(self.failed)
        self.darktable_thread.framed.connect(self._take_darktables)
        self.darktable_thread.failed.connect(self._do_without)
        document.photo_changed.connect(self._show_photo)
        document.photo_refined.connect(self.ask)
        document.settings_changed.connect(self.ask)
        document.settled.connect(self._sharpen)
        warming.ready.connect(self.ready)
        warming.failed.connect(self.failed)

    @property
    def asked(self) -> Request | None:
        """The newest request."""
        return self._asked

    @property
    def is_live(self) -> bool:
        """Whether drags are shown by the live renderer."""
        return self._warming.quick is not None

    def look(self, fitted: int, shown: int) -> None:
        """The picture's long side on the screen in device pixels: when fitted, and as zoomed."""
        self._fitted, self._shown = fitted, shown
        self.ask()

    def set_view(self, **changes: object) -> None:
        """Look at something else: fields of View."""
        view = replace(self.view, **changes)  # type: ignore[arg-type]
        if view != self.view:
            self.view = view
            self.view_changed.emit(view)
            self.ask()

    def set_moving(self, moving: bool) -> None:
        """Whether a slider is being dragged: frames in time matter more than their size then."""
        self._moving = moving
        if not moving:
            self.ask()

    def ask(self) -> None:
        """Render what is to be seen now."""
        opened = self._document.opened
        if opened is None or not self._fitted:
            return
        fits = self._shown <= self._fitted
        side = min(self.largest_preview, self._fitted) if fits else self.largest_preview
        settings, quick = self._document.settings, self._warming.quick
        self._asked = Request(opened, settings, self.view, side, self._moving, quick)
        self._cancel(but=self._asked)
        self.render_thread.request(self._asked)

    def cancel_detail(self) -> None:
        """Give up the full-size render and darktable's, if there are any."""
        self._cancel()

    def _cancel(self, but: Request | None = None) -> None:
        """The same; darktable goes on with the picture that `but` will want too."""
        if self.detail_thread.isRunning():
            self.detail_thread.request(None)
        if self._wanted is not None and not (but and alike(but, self._wanted)):
            self._wanted = None
            self.darktable_thread.request(None)
        self.progressed.emit(None)

    def close(self) -> None:
        """End all threads."""
        for thread in (self.render_thread, self.detail_thread, self.darktable_thread):
            thread.stop()

    def _show_photo(self) -> None:
        self._refused = None
        self.view = View(clipping=self.view.clipping)
        self.view_changed.emit(self.view)

    def _take_frame(self, frame: Frame) -> None:
        if frame.request.photo is not self._document.photo:
            return
        self.framed.emit(frame)
        if frame.settled and frame.request is self._asked and not self._moving:
            self._at_rest = frame.request
            self._sharpen()

    def _sharpen(self) -> None:
        """Go beyond the preview: to what the zoom can show, and to darktable's own picture."""
        request = self._at_rest
        if request is None or request is not self._asked or self._document.held:
            return
        self._at_rest = None  # once is enough
        photo, size = request.photo, max(request.photo.size)
        if self._shown > size and photo.metadata.scale < 1.0 and self._too_small is not photo:
            self._too_small = photo
            self.full_size_wanted.emit()
            self._ask_darktable(request)  # which does not wait for that
        elif self._shown > request.long_side and size > request.long_side:
            self.detail_thread.request(replace(request, long_side=size))
        else:
            self._ask_darktable(request)

    def _take_detail(self, frame: Frame) -> None:
        if frame.request.photo is self._document.photo:
            self.progressed.emit(None)
            self.detailed.emit(frame)
            if self._asked is not None and alike(frame.request, self._asked):
                full = max(frame.request.photo.metadata.full_size)
                self._ask_darktable(replace(frame.request, long_side=full))

    def _ask_darktable(self, request: Request) -> None:
        """For its own picture, unless it is at it already or has failed for this photo."""
        opened, wanted = request.opened, self._wanted
        if not opened.by_darktable or opened.path == self._refused:
            return
        if wanted is None or not alike(request, wanted) or request.long_side != wanted.long_side:
            self._wanted = request
            self.darktable_thread.request(request)

    def _take_darktables(self, frame: Frame) -> None:
        if self._asked is None or frame.request is not self._wanted:
            return
        self._wanted = None
        if frame.request.long_side > self._asked.long_side:
            self.progressed.emit(None)
            self.detailed.emit(frame)
        else:
            self.framed.emit(replace(frame, request=self._asked))

    def _do_without(self, sentence: str) -> None:
        """What darktable cannot do once it is not asked again for as long as the photo is open."""
        if self._wanted is not None:
            self._refused, self._wanted = self._wanted.opened.path, None
            self.failed.emit(sentence)
            self.ask()

    def _tell(self, progress: object) -> None:
        self.progressed.emit(progress)
