import torch
from torch import Tensor

from engine.finishers.basic.texture import STAGE
from tests.engine.finishers.basic.pictures import (
    MIDDLE,
    about,
    edges,
    ev,
    grey,
    measured,
    overshoot,
    textured,
)


def texture(picture: Tensor, value: float) -> Tensor:
    return STAGE.exact(picture, about(picture), measured(picture), texture=value)


def waves(period: float, swing: float = 0.1) -> Tensor:
    """Stripes of `period`, a fraction of the long side."""
    x = torch.arange(1200) / 1200.0
    return grey((MIDDLE + swing * torch.sin(2 * torch.pi * x / period)).expand(1, 60, 1200))


def contrast(before: Tensor, after: Tensor) -> float:
    inner = (slice(None), slice(20, 40), slice(200, 1000))
    return float(ev(after)[inner].std() / ev(before)[inner].std())


def test_raises_and_smooths_medium_detail() -> None:
    for period in (0.006, 0.01):
        assert contrast(waves(period), texture(waves(period), 100.0)) > 1.4
        assert contrast(waves(period), texture(waves(period), -100.0)) < 0.6


def test_leaves_broad_tones_alone() -> None:
    assert abs(contrast(waves(0.1), texture(waves(0.1), 100.0)) - 1.0) < 0.1


def test_raises_noise_less_than_detail() -> None:
    noise = torch.randn(1, 100, 1200, generator=torch.Generator().manual_seed(2))
    picture = grey(MIDDLE + 0.1 * noise)
    assert contrast(picture, texture(picture, 100.0)) < 1.25


def test_an_edge_is_neither_blurred_nor_haloed() -> None:
    picture = edges(4.0, 0.0, width=600)
    for value in (-100.0, 100.0):
        row = ev(texture(picture, value))[:, 8]
        assert overshoot(row) < 0.05 * 4.0
        assert row.diff().amax(1).min() > 0.9 * 4.0


def test_a_preview_too_small_for_the_band_shows_little() -> None:
    fine = grey(MIDDLE + 0.3 * torch.sin(torch.arange(1200) * 2.1).expand(1, 60, 1200))
    preview = torch.nn.functional.avg_pool2d(fine, 6)
    assert (ev(texture(preview, 100.0)) - ev(preview)).abs().mean() < 0.02


def test_hue_stays() -> None:
    picture = textured(96)
    ratio = texture(picture, 100.0) / picture
    assert (ratio.amax(1) - ratio.amin(1)).max() < 1e-4
