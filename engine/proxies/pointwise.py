"""A proxy for stages that see a pixel alone: a three-layer MLP [Tseng et al. 2022, sec. 4.1].

The network answers with one residual per slider, which the slider's distance from neutral weighs:
a slider at neutral adds exactly nothing. A stage with a profile part has one more, always added.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from engine.metadata import Metadata
from engine.proxies.encoding import compress
from engine.slider import Slider, Value
from engine.stage import Stage
from engine.statistics import LEVELS, Statistics

ANCHORS = (0.05, 0.5, 0.99)
"""Quantiles of H that the network sees, of LEVELS."""

DARKEST = 2.0**-14
"""Linear value below which a pixel has no color."""

EV = 8.0
"""What a quantile is divided by, so that it lies about [-1, 1]."""


class PointwiseProxy(nn.Module):
    """From a pixel, the sliders and H to a pixel, for stages whose values are sliders."""

    RATE = 8e-3
    """Of learning: small layers on many pixels bear long steps."""

    def __init__(self, stage: Stage, width: int = 64) -> None:
        super().__init__()
        if not all(level in LEVELS for level in ANCHORS):
            raise ValueError(f"H has no quantiles {ANCHORS}")
        self.stage = stage
        self.numbers = {"width": width}
        self.residuals = len(stage.sliders) + stage.profile_part
        self.from_pixel = nn.Linear(6, width)
        # the same for all pixels of a picture, so once per picture
        self.from_picture = nn.Linear(len(stage.sliders) + len(ANCHORS), width, bias=False)
        self.hidden = nn.Linear(width, width)
        self.answer = nn.Linear(width, 3 * self.residuals)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)

    def forward(
        self,
        image: Tensor,
        metadata: Metadata,  # noqa: ARG002
        statistics: Statistics,
        **values: Any,
    ) -> Tensor:
        """Return `image` (B, 3, H, W) as the stage would leave it; controls but sliders are unread.

        Values (B, 1, 1, 1) with one picture give B pictures.
        """
        columns = [_column(_moved(s, values[s.name]), image) for s in self.stage.sliders]
        moved = (
            torch.cat(torch.broadcast_tensors(*columns), 1) if columns else image.new_zeros(1, 0)
        )
        anchors = torch.cat([_column(statistics.quantile(a), image) / EV for a in ANCHORS], 1)
        count = max(len(moved), len(anchors), len(image))
        moved, anchors = moved.expand(count, -1), anchors.expand(count, -1)
        largest = image.abs().amax(1, keepdim=True).clamp_min(DARKEST)
        seen = torch.cat([compress(image), image / largest], 1)
        pixels = seen.expand(count, -1, -1, -1).flatten(2).mT
        picture = self.from_picture(torch.cat([moved, anchors], 1))[:, None]
        features = silu(self.hidden(silu(self.from_pixel(pixels) + picture)))
        amounts = nn.functional.pad(moved, (0, self.residuals - moved.shape[1]), value=1.0)
        # the answer's layer, weighed by the sliders first: one residual per pixel is left to do
        weight = self.answer.weight.view(self.residuals, 3, -1)
        weight = torch.einsum("br,rcw->bwc", amounts, weight)
        bias = torch.einsum("br,rc->bc", amounts, self.answer.bias.view(self.residuals, 3))
        residual = (features @ weight + bias[:, None]).mT.unflatten(2, image.shape[-2:])
        # colors scale with the light: so does what is added, and dark ones are met as well
        return image + largest * residual


def _moved(slider: Slider, value: Value) -> Value:
    """How far from neutral, in travels of the slider: 1 from the middle to an end."""
    if slider.default is None:
        raise TypeError(f"{slider.name} has no neutral value that all photos share")
    return 2.0 * (slider.normalize(value) - slider.normalize(slider.default))


def _column(value: Value, like: Tensor) -> Tensor:
    """A number, or (B, 1, 1, 1), as (1, 1) or (B, 1)."""
    return torch.as_tensor(value).to(like).reshape(-1, 1)
