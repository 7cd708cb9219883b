"""Photo: I_R with its metadata M and statistics H."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.color import luminance, transform
from engine.errors import PhotofinishError
from engine.filters import reduce
from engine.highlights import recovered
from engine.metadata import Metadata
from engine.progress import Progress, Work
from engine.raw.dcp import read_dcp
from engine.raw.metadata import metadata
from engine.raw.process import decode
from engine.statistics import CANONICAL_LONG_SIDE, Statistics, measure
from engine.white import as_shot


@dataclass(frozen=True, eq=False)
class Photo:
    """A raw photograph, decoded.

    `image` (1, 3, H, W) float32, linear camera RGB, black subtracted, 1.0 = white level, oriented,
    default crop; not white balanced; may exceed 1 where a gain map raised it or a saturated channel
    was given a likely value, and be slightly negative where noise lies around black.
    """

    image: Tensor
    metadata: Metadata
    statistics: Statistics

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of this picture in pixels."""
        return self.image.shape[-1], self.image.shape[-2]

    def reduced(self, long_side: int) -> "Photo":
        """This photo with its long side at most `long_side` pixels, area-averaged."""
        size = fitted(self.image.shape[-2:], long_side)
        if size == tuple(self.image.shape[-2:]):
            return self
        image = area_average(self.image, size)
        metadata = self.metadata.replace(scale=max(size) / max(self.metadata.full_size))
        return replace(self, image=image, metadata=metadata)


def fitted(frame: Sequence[int], long_side: int) -> tuple[int, int]:
    """Height and width of a `frame` (height, width) at most `long_side` pixels long."""
    height, width = frame
    factor = min(1.0, long_side / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def area_average(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Reduce `image` (B, C, H, W) to `size` (h, w), each pixel the mean of the area it covers.

    Exact for fractional ratios too. No gradient follows it, as it does `engine.filters.reduce`.
    """
    height, width = size
    planes = image.detach().cpu().flatten(0, 1).numpy()
    small = [cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA) for plane in planes]
    return torch.from_numpy(np.stack(small)).unflatten(0, image.shape[:2]).to(image.device)


def open_photo(path: Path, *, half: bool = False, profile: Path | None = None) -> Work[Photo]:
    """Open a raw file; `half` at half size, for a quick preview; `profile` a .dcp to use.

    Yields Progress; close it to cancel. The file is only read. Raises PhotofinishError with a
    sentence for the photographer where it cannot be opened.
    """
    chosen = read_dcp(profile) if profile is not None else None
    answer = yield from decode(path, "photo", half=half)
    if answer.pixels is None:
        raise PhotofinishError(f"{path.name} holds no picture.")
    about = metadata(answer.said, chosen)
    image = torch.from_numpy(answer.pixels)[None]
    if answer.said["mosaic"] is not None:
        # four colors are mixed into three here, and none of them ends at a level of its own
        ends = answer.said["saturation"] if answer.said["colors"] == 3 else [1.0, 1.0, 1.0]
        white = (about.white or as_shot(about)).camera_white
        image = recovered(image, white, torch.tensor(ends))
    scale = max(image.shape[-2:]) / max(about.full_size)
    about = about.replace(scale=scale if half else 1.0)
    yield Progress(3, 3, "Measuring")
    return Photo(image, about, canonical_statistics(image, about))


def canonical_statistics(image: Tensor, about: Metadata) -> Statistics:
    """H of a photo's `image` (1, 3, H, W), whether full or half size: 512 px, as-shot white.

    A full-size picture is halved first, as the half-size decode does, so that both give the same H.
    """
    if about.scale == 1.0 and min(image.shape[-2:]) >= 2:
        image = functional.avg_pool2d(image, 2)
    camera = reduce(image, fitted(image.shape[-2:], CANONICAL_LONG_SIDE))  # gradients follow it
    if about.white is None:
        return measure(camera.mean(1, keepdim=True), camera)
    return measure(luminance(transform(camera, about.white.camera_to_prophoto)), camera)
