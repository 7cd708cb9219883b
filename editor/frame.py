"""Frames: what the canvas shows, and what was asked for to get it."""

import time
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from editor import theme
from editor.document import Opened
from editor.qimage import Bytes, Packed, mask_qimage, to_bytes, to_qimage
from editor.view import difference, displayed
from engine.finisher import Finisher
from engine.live.quick import Quick
from engine.photo import Photo
from engine.renderer import Tap
from engine.settings import Settings
from engine.stage import Stage

CLIPPED_SHARE = 2e-4
SAMPLE = 8
"""Of every so many rows and columns, one is counted for a live frame's histogram."""
LUMA = (0.2126, 0.7152, 0.0722)
"""Weights of R, G, B. ITU-R BT.709-6, item 3.2."""

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """What the canvas shows: a stage's tap or (None) the finished picture, and how."""

    stage: str | None = None
    difference: bool = False
    neutral: bool = False
    clipping: bool = False

    @property
    def finished(self) -> bool:
        """Whether this is the finished picture as edited."""
        return self.stage is None and not self.neutral


@dataclass(frozen=True, eq=False)
class Request:
    """One thing to render, with all that it takes. `moving`: a slider is being dragged.

    `quick` renders live, once it is ready.
    """

    opened: Opened
    settings: Settings
    view: View
    long_side: int
    moving: bool = False
    quick: Quick | None = None

    @property
    def photo(self) -> Photo:
        """The photo, at the size decoded so far."""
        return self.opened.photo

    @property
    def finisher(self) -> Finisher:
        """What finishes it."""
        return self.opened.finisher


def alike(one: Request, other: Request) -> bool:
    """Whether two requests show the same thing, at whatever size."""
    return (one.opened.path, one.settings, one.view) == (
        *(other.opened.path, other.settings, other.view),
    )


@dataclass(frozen=True, eq=False)
class Frame:
    """What the canvas shows.

    `histogram` (4, 256): R, G, B and luma counts, of a sample where it is live; `dark` and
    `bright`: something is clipped. `exact`: made by the stages themselves; `reduced`: smaller than
    asked for, to be in time. `tap` holds the shown stage's own values, for the readout; a live
    picture comes without. `by_darktable`: its own picture, not one by what stands in for it.
    """

    request: Request
    image: QImage
    overlay: QImage | None
    histogram: Counts
    dark: bool
    bright: bool
    stage: Stage
    tap: Tap | None
    exact: bool
    reduced: bool
    seconds: float
    by_darktable: bool = False

    @property
    def settled(self) -> bool:
        """Whether nothing better will come at this size."""
        return self.exact and not self.reduced

    @property
    def long_side(self) -> int:
        """Pixels."""
        return max(self.image.width(), self.image.height())


@dataclass(frozen=True, eq=False)
class Thumb:
    """The thumbnail of one stage's tap."""

    stage: str
    image: QImage
    exact: bool


def frame_of(
    request: Request,
    photo: Photo,
    tap: Tap,
    before: Tap | None,
    started: float,
    *,
    exact: bool,
    reduced: bool,
    by_darktable: bool = False,
) -> Frame:
    """The frame that shows `tap` the way the request's view wants it."""
    shown = displayed(tap.image, tap.stage.space)
    if request.view.difference and not request.view.neutral:
        source = displayed(photo.image, request.finisher.enters)
        if before is not None:
            source = displayed(before.image, before.stage.space)
        shown = difference(shown, source)
    planes = to_bytes(shown)
    histogram = histogram_of(planes)
    dark, bright = clipped_ends(histogram)
    return Frame(
        request,
        to_qimage(planes),
        clipping_of(planes) if request.view.clipping else None,
        histogram,
        dark,
        bright,
        tap.stage,
        tap,
        exact,
        reduced,
        time.perf_counter() - started,
        by_darktable,
    )


def live_frame(
    request: Request,
    image: QImage,
    picture: Packed,
    stage: Stage,
    started: float,
    *,
    reduced: bool,
) -> Frame:
    """The frame that shows `picture`, the live finished picture, which lies in `image`."""
    histogram = sampled_histogram(picture)
    dark, bright = clipped_ends(histogram)
    overlay = live_clipping_of(picture) if request.view.clipping else None
    seconds = time.perf_counter() - started
    return Frame(
        request, image, overlay, histogram, dark, bright, stage, None, False, reduced, seconds
    )


def clipped_ends(histogram: Counts) -> tuple[bool, bool]:
    """Whether a channel has more than a few pixels at its dark and at its bright end."""
    enough = CLIPPED_SHARE * histogram[0].sum()
    return bool(histogram[:3, 0].max() > enough), bool(histogram[:3, 255].max() > enough)


def histogram_of(planes: Bytes) -> Counts:
    """Counts (4, 256) of R, G, B and luma of `planes` (3, H, W)."""
    out = np.empty((4, 256))
    luma = cv2.transform(np.stack(list(planes), -1), np.array([LUMA]))
    for row, plane in zip(out, (*planes, luma), strict=True):
        row[:] = cv2.calcHist([plane], [0], None, [256], [0, 256]).reshape(256)
    return out


def sampled_histogram(picture: Packed) -> Counts:
    """Counts (4, 256) like those of all pixels of `picture` (H, W), from one in SAMPLE squared."""
    step = max(1, min(SAMPLE, min(picture.shape) // SAMPLE))
    sample = np.ascontiguousarray(picture[step // 2 :: step, step // 2 :: step])
    blue, green, red, _ = sample.view(np.uint8).reshape(-1, 4).T
    planes = np.ascontiguousarray(np.stack([red, green, blue]))[:, None]
    return histogram_of(planes) * (picture.size / sample.size)


def clipping_of(planes: Bytes) -> QImage:
    """Where a channel of `planes` (3, H, W) is clipped: bright in one color, dark in another."""
    bright, dark = planes.max(0) == 255, planes.min(0) == 0
    return mask_qimage([(dark, theme.CLIPPED_DARK), (bright, theme.CLIPPED_BRIGHT)])


def live_clipping_of(picture: Packed) -> QImage:
    """The same of a packed picture (H, W), in a drag's time."""
    pixels = picture.view(np.uint8).reshape(*picture.shape, 4)
    bright = cv2.inRange(pixels, (0, 0, 0, 0), (254, 254, 254, 255)) == 0
    dark = cv2.inRange(pixels, (1, 1, 1, 0), (255, 255, 255, 255)) == 0
    return mask_qimage([(dark, theme.CLIPPED_DARK), (bright, theme.CLIPPED_BRIGHT)])
