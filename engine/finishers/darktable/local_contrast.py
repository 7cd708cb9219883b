"""Local contrast: darktable's local Laplacian filter of lightness.

Paris, Hasinoff, Kautz, Local Laplacian Filters, ACM TOG 30(4), 2011; Aubry et al., Fast Local
Laplacian Filters, ACM TOG 33(5), 2014.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.finishers.darktable.lightness import with_lightness
from engine.finishers.darktable.module import Module, Numbers, Parameters, agree
from engine.finishers.darktable.operators import alone
from engine.metadata import Metadata
from engine.slider import Setting, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics

CLARITY = Slider("clarity", -100.0, 100.0)

MIDTONE = 0.5
"""How far from a grey its surroundings are remapped."""

GREYS = tuple((i + 0.5) / 6.0 for i in range(6))

MARGIN = 4
"""Pixels beyond the frame that are held on each level: further out all is alike."""

PLAIN: Parameters = {"mode": 1, "sigma_r": 1.0, "sigma_s": 1.0, "midtone": MIDTONE}
"""Highlights and shadows as they are: what darktable begins with compresses both."""


def exact(image: Tensor, metadata: Metadata, statistics: Statistics, *, clarity: Value) -> Tensor:
    """`image` (1, 3, H, W), linear Rec. 2020, through the module."""
    return alone("bilat", parameters(metadata, clarity=clarity), image)


def proxy(image: Tensor, metadata: Metadata, statistics: Statistics, *, clarity: Value) -> Tensor:
    """Pyramids of lightness remapped about six greys, mixed by what a pixel's own grey is."""

    def change(lightness: Tensor) -> Tensor:
        return 100.0 * _filtered(lightness / 100.0, torch.as_tensor(clarity) / 100.0)

    return with_lightness(image, change)


def _filtered(plane: Tensor, detail: Tensor) -> Tensor:
    """Local Laplacian of `plane` (B, 1, H, W), 0 to 1."""
    frame = Frame.of(plane.shape[-2:])
    own = frame.pyramid(plane)
    remapped = [frame.pyramid(_remapped(plane, grey, detail)) for grey in GREYS]
    out = own[-1]
    for level in range(frame.levels - 2, -1, -1):
        bands = torch.cat([p[level] - frame.expanded(p[level + 1], level) for p in remapped], 1)
        place = (own[level] * len(GREYS) - 0.5).clamp(0.0, len(GREYS) - 1.0)
        below = place.floor().clamp_max(len(GREYS) - 2.0)
        share = place - below
        at = below.long()
        band = bands.gather(1, at) * (1.0 - share) + bands.gather(1, at + 1) * share
        out = frame.expanded(out, level) + band
    return frame.cropped(out)


def _remapped(plane: Tensor, grey: float, detail: Tensor) -> Tensor:
    """What is near `grey` drawn away from it, or to it."""
    away = plane - grey
    return plane + detail * away * torch.exp(-1.5 * (away / MIDTONE).square())


@dataclass(frozen=True)
class Axis:
    """One side of the frame on each level of its pyramid.

    The module repeats the frame's edge outwards until one pixel of the last level is added on each
    side. Of what is added, all the same but for the last pixels, MARGIN are held: from `starts` to
    `stops` of `lengths`.
    """

    inside: int
    starts: tuple[int, ...]
    stops: tuple[int, ...]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, inside: int, levels: int) -> "Axis":
        """The side of a frame of `inside` pixels."""
        starts, stops, lengths = [], [], []
        length = inside + 2 * 2 ** (levels - 1)
        for level in range(levels):
            added = 2 ** (levels - 1 - level)
            starts.append(max(0, added - MARGIN))
            stops.append(min(length, added + -(-inside // 2**level) + 1 + MARGIN))
            lengths.append(length)
            length = (length - 1) // 2 + 1
        return cls(inside, tuple(starts), tuple(stops), tuple(lengths))

    def enter(self, plane: Tensor) -> Tensor:
        """`plane` (..., inside), its edges repeated as far as they are held."""
        added = 2 ** (len(self.starts) - 1)
        at = torch.arange(self.starts[0], self.stops[0]) - added
        return plane.index_select(-1, at.clamp(0, self.inside - 1))

    def leave(self, plane: Tensor) -> Tensor:
        """The frame's own part of `plane` on the first level."""
        first = 2 ** (len(self.starts) - 1) - self.starts[0]
        return plane[..., first : first + self.inside]

    def reduced(self, plane: Tensor, level: int) -> Tensor:
        """`plane` on `level` at half the size; at the very ends pixels are those beside them."""
        first, stop = 2 * self.starts[level + 1] - 2, 2 * self.stops[level + 1] + 1
        at = torch.arange(first, stop) - self.starts[level]
        wide = plane.index_select(-1, at.clamp(0, plane.shape[-1] - 1))
        a, b, c, d, e = (wide[..., i : wide.shape[-1] - 4 + i : 2] for i in range(5))
        small = (a + e + 4.0 * (b + d) + 6.0 * c) / 16.0
        return self._ended(small, level + 1, 1, self.lengths[level + 1] - 2)

    def expanded(self, plane: Tensor, level: int) -> Tensor:
        """`plane` of the next level on `level`: zeros between its pixels, through the kernel."""
        first, stop = self.starts[level] // 2, (self.stops[level] - 1) // 2 + 1
        at = torch.arange(first - 1, stop + 1) - self.starts[level + 1]
        wide = plane.index_select(-1, at.clamp(0, plane.shape[-1] - 1))
        before, here, after = wide[..., :-2], wide[..., 1:-1], wide[..., 2:]
        both = torch.stack([(before + 6.0 * here + after) / 8.0, (here + after) / 2.0], -1)
        skip = self.starts[level] - 2 * first
        large = both.flatten(-2)[..., skip : skip + self.stops[level] - self.starts[level]]
        return self._ended(large, level, 1, (self.lengths[level] - 1) // 2 * 2 - 1)

    def _ended(self, plane: Tensor, level: int, first: int, last: int) -> Tensor:
        """`plane` on `level` with pixels before `first` and after `last` as those."""
        at = torch.arange(self.starts[level], self.stops[level]).clamp(first, max(first, last))
        return plane.index_select(-1, at - self.starts[level])


@dataclass(frozen=True)
class Frame:
    """Both sides of the frame."""

    rows: Axis
    columns: Axis

    @classmethod
    def of(cls, size: Sequence[int]) -> "Frame":
        """The frame of a picture of `size`."""
        levels = max(1, min(size).bit_length() - 1)
        return cls(Axis.of(size[0], levels), Axis.of(size[1], levels))

    @property
    def levels(self) -> int:
        """How many pictures a pyramid has."""
        return len(self.rows.starts)

    def pyramid(self, plane: Tensor) -> list[Tensor]:
        """`plane` (B, 1, H, W) on every level."""
        out = [self.rows.enter(self.columns.enter(plane).mT).mT]
        for level in range(self.levels - 1):
            out.append(self.rows.reduced(self.columns.reduced(out[-1], level).mT, level).mT)
        return out

    def expanded(self, plane: Tensor, level: int) -> Tensor:
        """`plane` of the next level on `level`."""
        return self.rows.expanded(self.columns.expanded(plane, level).mT, level).mT

    def cropped(self, plane: Tensor) -> Tensor:
        """The frame's own part of `plane` on the first level."""
        return self.rows.leave(self.columns.leave(plane).mT).mT


def parameters(metadata: Metadata, *, clarity: Value) -> Parameters:
    """Clarity in % as detail."""
    return {**PLAIN, "detail": float(clarity) / 100.0}


def settings(metadata: Metadata, numbers: Numbers) -> dict[str, Setting] | None:
    """The inverse; None where highlights or shadows are compressed, or the old filter is used."""
    if not agree(numbers, PLAIN):
        return None
    return {"clarity": round(100.0 * numbers["detail"][0], 4)}


MODULE = Module(
    Stage("local_contrast", (CLARITY,), exact, Kind.AREAWISE, Space.VIEWED, differentiable=False),
    "bilat",
    parameters,
    settings,
    proxy,
)
