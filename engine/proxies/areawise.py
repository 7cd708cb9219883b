"""Proxies for areawise stages: small networks that have the structure of the job.

Where a stage is an `Analysis`, a proxy learns its maps and leaves the rest to the stage's own
`apply`: what the sliders do is exact, and no slider effect is no proxy effect. The maps come from
the same small picture at every preview size. What each stage needs beside plain 3x3 convolutions is
built in: a local line along the tones, or the local Laplacian's remapping.

Tseng et al. 2022, sec. 4.2, for cascades of 3x3 convolutions. Gharbi et al., Deep Bilateral
Learning for Real-Time Image Enhancement, TOG 36(4), 2017, for coefficients at low resolution.
Sumiya et al., Gaussian Fourier Pyramid for Local Laplacian Filter, IEEE SPL 29, 2022.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu, pixel_unshuffle

from engine.filters import double, grid_size, halve
from engine.metadata import Metadata
from engine.stage import Analysis, Stage
from engine.statistics import Statistics

GRID, MULTIPLE = 256, 16
"""Long side of the small picture that a proxy looks at; its sides are multiples of the second."""

LEAK = 0.1
EV = 4.0
"""What tones are divided by for a network, so that they lie about [-1, 1]."""


class SmallCascade(nn.Module):
    """3x3 convolutions over three sizes, each half the last: down, and up again.

    `inputs` planes (B, C, h, w), sides multiples of 4, to `outputs` planes; zero untrained.
    """

    def __init__(self, inputs: int, outputs: int, width: int) -> None:
        super().__init__()
        self.enter = _conv3(inputs, width)
        self.down = nn.ModuleList([_conv3(width, 2 * width), _conv3(2 * width, 2 * width)])
        self.narrow = nn.ModuleList([nn.Identity(), nn.Conv2d(2 * width, width, 1)])
        self.up = nn.ModuleList([_conv3(2 * width, 2 * width), _conv3(width, width)])
        self.leave = nn.Conv2d(width, outputs, 1)
        self.past = nn.Conv2d(inputs, outputs, 1, bias=False)
        for weight in (self.leave.weight, self.leave.bias, self.past.weight):
            nn.init.zeros_(weight)  # type: ignore[arg-type]

    def forward(self, planes: Tensor) -> Tensor:
        """Return (B, outputs, h, w)."""
        levels = [leaky_relu(self.enter(planes), LEAK)]
        for convolve in self.down:
            levels.append(leaky_relu(convolve(avg_pool2d(levels[-1], 2)), LEAK))
        below = levels.pop()
        for narrow, convolve in zip(self.narrow, self.up, strict=True):
            # narrowed while it is small, and added: a third of what joining the planes would cost
            above = interpolate(narrow(below), scale_factor=2.0, mode="nearest")
            below = leaky_relu(convolve(levels.pop() + above), LEAK)
        return self.leave(below) + self.past(planes)


class AreawiseProxy(nn.Module):
    """A stage whose analysis makes its maps by a network, mostly on a grid of its own.

    `analysis` is the stage's with these in place: called like the exact one wherever that is.
    """

    def __init__(self, stage: Stage, **numbers: int) -> None:
        super().__init__()
        if stage.analysis is None:
            raise ValueError(f"{stage.name} has no analysis whose maps could be learned")
        self.stage = stage
        self.numbers = numbers

    @property
    def analysis(self) -> Analysis:
        """The stage's analysis with the learned maps."""
        assert self.stage.analysis is not None
        return replace(self.stage.analysis, grid=self.grid, maps=self.maps)

    def grid(self, frame: Sequence[int]) -> tuple[int, int]:
        """Height and width of the small picture for a `frame` (height, width)."""
        return grid_size(frame, GRID, MULTIPLE)

    def maps(self, features: Tensor) -> Tensor:
        """The maps (B, K, h, w), at any size, for the stage's `apply`."""
        raise NotImplementedError

    def forward(
        self, image: Tensor, metadata: Metadata, statistics: Statistics, **values: Any
    ) -> Tensor:
        """Return `image` (B, 3, H, W) as the stage would leave it."""
        return self.analysis.exact(image, metadata, statistics, **values)


class BaseProxy(AreawiseProxy):
    """A smooth base as a local line along the tones: slope, and its value at a cell's own tone.

    Features: tone (EV). Maps: slope and offset, at half the features' size.
    """

    def __init__(self, stage: Stage, width: int = 16) -> None:
        super().__init__(stage, width=width)
        self.cascade = SmallCascade(4, 2, width)

    def maps(self, features: Tensor) -> Tensor:
        """Slope and offset (B, 2, h / 2, w / 2)."""
        tone = avg_pool2d(features, 2)
        slope, bend = self.cascade(pixel_unshuffle(features, 2) / EV).split(1, 1)
        slope = slope + 0.5
        return torch.cat([slope, tone + EV * bend - slope * tone], 1)


class LocalLaplacianProxy(AreawiseProxy):
    """Local contrast: differences from the surroundings, remapped where they are taken.

    A local Laplacian filter remaps f(t - a) around each tone a. As a sum of waves, sin w (t - a) =
    sin wt cos wa - cos wt sin wa, it needs one pyramid per wave instead of one per tone. Learned:
    the waves, their shares in each octave, the tones spared, and the variance that is an edge.
    Features: tone (EV). Maps: gain (EV), at the features' size.
    """

    RATE = 2e-2
    """Of learning: a few dozen numbers, each with a meaning, take longer steps than weights."""

    PERIOD = 9.0
    LOWEST, HIGHEST = -7.2, 4.4

    def __init__(self, stage: Stage, waves: int = 6, octaves: int = 3, knots: int = 24) -> None:
        super().__init__(stage, waves=waves, octaves=octaves, knots=knots)
        numbers = torch.arange(1.0, waves + 1.0)
        self.waves = nn.Parameter(numbers * (2.0 * math.pi / self.PERIOD))
        self.shares = nn.Parameter((0.1 / numbers).repeat(octaves + 1, 1))
        self.tones = nn.Parameter(torch.ones(knots))
        self.edges = nn.Parameter(torch.tensor([3.0, 0.5]))

    def grid(self, frame: Sequence[int]) -> tuple[int, int]:
        """The stage's own: details of a few cells, sampled elsewhere, would be other ones."""
        assert self.stage.analysis is not None
        return self.stage.analysis.grid(frame)

    def maps(self, features: Tensor) -> Tensor:
        """Gain (B, 1, h, w) in EV."""
        count, waves = len(self.waves), self.waves.view(1, -1, 1, 1)
        planes = torch.cat([torch.sin(features * waves), torch.cos(features * waves), features], 1)
        pyramid = [planes]
        for _ in range(self.numbers["octaves"]):
            pyramid.append(halve(pyramid[-1]))
        gain = self._band(pyramid[-1], pyramid[-1][:, : 2 * count], -1)
        for octave in range(len(pyramid) - 2, -1, -1):
            fine = pyramid[octave]
            band = fine[:, : 2 * count] - double(pyramid[octave + 1][:, : 2 * count])
            gain = double(gain) + self._band(fine, band, octave)
        around = double(pyramid[1][:, 2 * count :])
        spread = halve((features - around) ** 2)
        wider = double(halve(spread))
        return gain / (1.0 + double(spread * self.edges[0] + wider * self.edges[1]))

    def _band(self, planes: Tensor, band: Tensor, octave: int) -> Tensor:
        """What an octave adds (B, 1, h, w): its details `band` (B, 2 n, h, w), remapped."""
        count = len(self.waves)
        tone = planes[:, 2 * count :].clamp(self.LOWEST, self.HIGHEST)
        angle = tone * self.waves.view(1, -1, 1, 1)
        turned = band[:, :count] * torch.cos(angle) - band[:, count:] * torch.sin(angle)
        share = self.shares[octave].view(1, -1, 1, 1)
        return (turned * share).sum(1, keepdim=True) * self.spared(tone)

    def spared(self, tone: Tensor) -> Tensor:
        """The learned weight of each `tone`, linear between knots."""
        last = len(self.tones) - 1
        position = (tone - self.LOWEST) * (last / (self.HIGHEST - self.LOWEST))
        below = position.detach().floor().clamp(0.0, last - 1.0)
        low = below.long()
        return torch.lerp(self.tones[low], self.tones[low + 1], position - below)


class Cascade(nn.Module):
    """3x3 convolutions over the picture itself, for any areawise stage whose values are sliders.

    The sliders enter as planes, and their distance from neutral weighs what is added: at neutral
    exactly nothing. [Tseng et al. 2022, sec. 4.2]
    """

    def __init__(self, stage: Stage, width: int = 12) -> None:
        super().__init__()
        self.stage = stage
        self.numbers = {"width": width}
        self.layers = nn.Sequential(
            _conv3(3 + len(stage.sliders), width),
            nn.LeakyReLU(LEAK),
            _conv3(width, width),
            nn.LeakyReLU(LEAK),
            _conv3(width, 3 * len(stage.sliders)),
        )

    def forward(
        self,
        image: Tensor,
        metadata: Metadata,  # noqa: ARG002
        statistics: Statistics,  # noqa: ARG002
        **values: Any,
    ) -> Tensor:
        """Return `image` (B, 3, H, W) as the stage would leave it."""
        moved = [
            self._moved(slider.name, values[slider.name], image) for slider in self.stage.sliders
        ]
        planes = torch.cat(torch.broadcast_tensors(*moved), 1)
        count = max(len(planes), len(image))
        seen = image.expand(count, -1, -1, -1)
        planes = planes.expand(count, -1, *image.shape[-2:])
        residuals = self.layers(torch.cat([seen, planes], 1)).unflatten(1, (3, -1))
        return image + (residuals * planes.unsqueeze(1)).sum(2)

    def _moved(self, name: str, value: Any, like: Tensor) -> Tensor:
        """How far a slider is from neutral (B, 1, 1, 1), in its range."""
        slider = next(s for s in self.stage.sliders if s.name == name)
        assert slider.default is not None
        moved = slider.normalize(value) - slider.normalize(slider.default)
        return torch.as_tensor(moved).to(like).reshape(-1, 1, 1, 1)


PROXIES: dict[str, type[AreawiseProxy]] = {
    "tone_mapping": BaseProxy,
    "clarity": LocalLaplacianProxy,
}
"""The network for an analysis that is slow by itself, by its stage's name."""


def areawise_proxy(stage: Stage) -> nn.Module:
    """An untrained proxy for an areawise `stage`."""
    if earns_its_place(stage):
        return PROXIES[stage.name](stage)
    return Cascade(stage)


def earns_its_place(stage: Stage) -> bool:
    """Whether a proxy of the `stage` ships: it is much faster than the analysis it replaces."""
    return stage.analysis is not None and stage.name in PROXIES


def _conv3(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)
