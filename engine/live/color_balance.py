"""Color balance, live, with the gain of exposure if wanted: it is one matrix."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import white
from engine.live.highlights import BLOCK, turn_row
from engine.live.kernels import F, Planes, Row, each_pixel, kernel
from engine.metadata import Metadata
from engine.slider import Value
from engine.statistics import Statistics


def balanced(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    temperature: Value | None,
    tint: Value | None,
) -> Tensor:
    """Return camera RGB `image` (1, 3, H, W) as linear ProPhoto, unclipped."""
    return balanced_and_exposed(image, metadata, temperature=temperature, tint=tint)


def balanced_and_exposed(
    image: Tensor,
    metadata: Metadata,
    *,
    temperature: Value | None,
    tint: Value | None,
    exposure: float = 0.0,
) -> Tensor:
    """As `balanced`, and times 2 to the power of `exposure` (EV)."""
    chosen = metadata.white or white.resolve(metadata, temperature, tint)
    matrix = (chosen.camera_to_prophoto * 2.0**exposure).to(torch.float32).contiguous().numpy()
    camera_white = chosen.camera_white.to(torch.float32).contiguous().numpy()
    return each_pixel(image, _balance, camera_white, matrix)


def exposed(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, exposure: Value
) -> Tensor:
    """`image` (1, 3, H, W) times 2 to the power of `exposure` (EV)."""
    if exposure == 0.0:
        return image
    return each_pixel(image, _scale, F(2.0**exposure))


@kernel
def _scale(planes: Planes, gain: F, out: Planes, first: int, stop: int) -> None:
    for k in range(3):
        for y in range(first, stop):
            for x in range(planes.shape[2]):
                out[k, y, x] = gain * planes[k, y, x]


@kernel
def _balance(
    planes: Planes,
    camera_white: Row,
    matrix: NDArray[np.float32],
    out: Planes,
    first: int,
    stop: int,
) -> None:
    told = np.zeros((3, BLOCK), F)
    for y in range(first, stop):
        red, green, blue = planes[0, y], planes[1, y], planes[2, y]
        turn_row(red, green, blue, camera_white, matrix, told, out[0, y], out[1, y], out[2, y])
