"""Photo: I_R with its metadata M and statistics H."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from engine.metadata import Metadata
from engine.statistics import Statistics


@dataclass(frozen=True, eq=False)
class Photo:
    """A raw photograph, decoded.

    `image` (1, 3, H, W) float32, linear camera RGB, black subtracted, 1.0 = white level, oriented,
    default crop; not white balanced; may exceed 1 where a gain map raised it.
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
        width, height = self.size
        factor = long_side / max(width, height)
        if factor >= 1.0:
            return self
        size = max(1, round(height * factor)), max(1, round(width * factor))
        image = area_average(self.image, size)
        metadata = self.metadata.replace(scale=max(size) / max(self.metadata.full_size))
        return replace(self, image=image, metadata=metadata)


def area_average(image: Tensor, size: tuple[int, int]) -> Tensor:
    """Reduce `image` (B, C, H, W) to `size` (h, w), each pixel the mean of the area it covers.

    Exact for fractional ratios too: the integral of the picture, taken along one axis at a time.
    """
    for axis, count in ((-2, size[0]), (-1, size[1])):
        length = image.shape[axis]
        if length == count:
            continue
        if length % count == 0:
            image = image.unflatten(axis, (count, length // count)).mean(axis)
            continue
        image = image.movedim(axis, -1)
        integral = functional.pad(image.double().cumsum(-1), (1, 0))
        edges = torch.linspace(0, length, count + 1, dtype=torch.float64, device=image.device)
        below = edges.floor().clamp_max(length - 1).long()
        at_edges = torch.lerp(integral[..., below], integral[..., below + 1], edges - below)
        image = (at_edges.diff() * (count / length)).float().movedim(-1, axis)
    return image
