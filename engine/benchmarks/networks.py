"""Networks that other work puts in place of a finisher, for ours to be compared with.

One for each stage: SRCNN [Dong et al., Learning a Deep Convolutional Network for Image
Super-Resolution, ECCV 2014], as in [Yu et al., ReconfigISP, ICCV 2021]. One for all of them: a
U-Net [Ronneberger et al., MICCAI 2015], as in [Tseng et al., Hyperparameter Optimization in
Black-box Image Processing using Differentiable Proxies, TOG 38(4), 2019].

Both are better off here than there: they see an encoded picture, answer with what is to be added
to it, so that untrained they change nothing, and meet no black beyond the borders. The paper's own
cascade gets the first two as well.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu, relu

from engine.metadata import Metadata
from engine.proxies.areawise import Cascade
from engine.proxies.encoding import compress, expand
from engine.stage import Space, Stage
from engine.statistics import Statistics

LEAK = 0.2


class FirstLayer(nn.Module):
    """A convolution over a picture (B, 3, H, W) and a constant plane for each slider.

    Where borders repeat the last pixels, a plane of one value leaves a kernel as one value: so a
    slider needs a weight for each feature, and the planes need not be made.
    """

    def __init__(self, sliders: int, width: int, size: int) -> None:
        super().__init__()
        self.of_picture = _same(3, width, size)
        self.of_sliders = nn.Linear(sliders, width, bias=False)

    def forward(self, picture: Tensor, moved: Tensor) -> Tensor:
        """The features (B, width, H, W) with sliders `moved` (B, n) away from neutral."""
        return self.of_picture(picture) + self.of_sliders(moved)[..., None, None]


class Srcnn(nn.Module):
    """Three convolutions, 9-1-5, 64 and 32 wide, in place of a stage whose values are sliders."""

    RATE = 1e-3

    def __init__(self, stage: Stage, widths: tuple[int, int] = (64, 32)) -> None:
        super().__init__()
        self.stage = stage
        self.patches = FirstLayer(len(stage.sliders), widths[0], 9)
        self.mapping = nn.Conv2d(widths[0], widths[1], 1)
        self.answer = _nothing(_same(widths[1], 3, 5))

    def forward(
        self,
        image: Tensor,
        metadata: Metadata,  # noqa: ARG002
        statistics: Statistics,  # noqa: ARG002
        **values: Any,
    ) -> Tensor:
        """Return `image` (B, 3, H, W) as the stage would leave it; controls but sliders are unread.

        Values (B, 1, 1, 1) with one picture give B pictures.
        """
        seen = encoded(image, self.stage)
        features = relu(self.mapping(relu(self.patches(seen, self._moved(values, image)))))
        return decoded(seen + self.answer(features), self.stage)

    def _moved(self, values: dict[str, Any], like: Tensor) -> Tensor:
        """How far each slider is from neutral (B, n), in its range."""
        columns = []
        for slider in self.stage.sliders:
            assert slider.default is not None
            moved = slider.normalize(values[slider.name]) - slider.normalize(slider.default)
            columns.append(torch.as_tensor(moved).to(like).reshape(-1, 1))
        return torch.cat(torch.broadcast_tensors(*columns), 1)


class EncodedCascade(Cascade):
    """The paper's network for a stage that sees a neighborhood, on the same terms as SRCNN."""

    def __init__(self, stage: Stage, width: int = 12) -> None:
        super().__init__(stage, width)
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d)
        _nothing(last)

    def forward(
        self, image: Tensor, metadata: Metadata, statistics: Statistics, **values: Any
    ) -> Tensor:
        """Return `image` (B, 3, H, W) as the stage would leave it."""
        seen = encoded(image, self.stage)
        return decoded(super().forward(seen, metadata, statistics, **values), self.stage)


class UNet(nn.Module):
    """From an encoded picture and all the sliders of a finisher to the finished picture."""

    RATE = 2e-3

    def __init__(self, sliders: int, width: int = 16, levels: int = 4) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(levels)]
        self.first = FirstLayer(sliders, width, 3)
        self.second = _same(width, width, 3)
        self.down = nn.ModuleList(_Pair(n, 2 * n) for n in widths[:-1])
        self.up = nn.ModuleList(_Pair(3 * n, n) for n in reversed(widths[:-1]))
        self.answer = _nothing(nn.Conv2d(width, 3, 1))

    def forward(self, picture: Tensor, moved: Tensor) -> Tensor:
        """Finish `picture` (B, 3, H, W) with sliders `moved` (B, n) away from neutral."""
        features = leaky_relu(self.first(picture, moved), LEAK)
        levels = [leaky_relu(self.second(features), LEAK)]
        for pair in self.down:
            # the last row of an odd height has a cell of its own
            levels.append(pair(avg_pool2d(levels[-1], 2, ceil_mode=True)))
        below = levels.pop()
        for pair in self.up:
            level = levels.pop()
            below = pair(torch.cat([level, interpolate(below, level.shape[-2:])], 1))
        return picture + self.answer(below)


class _Pair(nn.Module):
    """Two 3x3 convolutions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = _same(inputs, outputs, 3), _same(outputs, outputs, 3)

    def forward(self, planes: Tensor) -> Tensor:
        return leaky_relu(self.second(leaky_relu(self.first(planes), LEAK)), LEAK)


def encoded(image: Tensor, stage: Stage) -> Tensor:
    """What enters `stage`, display-like: its networks see dark tones as we do."""
    return image if stage.space is Space.DISPLAY else compress(image)


def decoded(image: Tensor, stage: Stage) -> Tensor:
    """The inverse of `encoded`."""
    return image if stage.space is Space.DISPLAY else expand(image)


def _same(inputs: int, outputs: int, size: int) -> nn.Conv2d:
    """A convolution that keeps the size; borders repeat the last pixels."""
    return nn.Conv2d(inputs, outputs, size, padding=size // 2, padding_mode="replicate")


def _nothing(layer: nn.Conv2d) -> nn.Conv2d:
    """`layer`, answering zero until it is trained."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
