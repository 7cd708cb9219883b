import torch
from torch import Tensor

from engine.filters import gaussian_blur
from engine.finishers.basic.clarity import STAGE
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


def clarify(picture: Tensor, clarity: float) -> Tensor:
    return STAGE.exact(picture, about(picture), measured(picture), clarity=clarity)


def waves(period: float, middle: float = MIDDLE, swing: float = 0.2) -> Tensor:
    """Stripes of `period`, a fraction of the long side."""
    x = torch.arange(600) / 600.0
    return grey((middle + swing * torch.sin(2 * torch.pi * x / period)).expand(1, 200, 600))


def contrast(before: Tensor, after: Tensor) -> float:
    inner = (slice(None), slice(50, 150), slice(100, 500))
    return float(ev(after)[inner].std() / ev(before)[inner].std())


def test_raises_and_softens_local_contrast() -> None:
    for period in (0.02, 0.04):
        assert contrast(waves(period), clarify(waves(period), 100.0)) > 1.3
        assert contrast(waves(period), clarify(waves(period), -100.0)) < 0.8


def test_leaves_broad_tones_and_fine_grain_alone() -> None:
    for picture in (waves(0.5), waves(0.004)):
        assert abs(contrast(picture, clarify(picture, 100.0)) - 1.0) < 0.1


def test_spares_deep_shadows_and_bright_highlights() -> None:
    for tone in (MIDDLE - 8.0, MIDDLE + 5.0):
        picture = waves(0.03, tone)
        assert abs(contrast(picture, clarify(picture, 100.0)) - 1.0) < 0.1


def test_no_halo_at_a_strong_edge() -> None:
    picture = edges(4.0, 0.0)
    for clarity in (-100.0, 100.0):
        assert overshoot(ev(clarify(picture, clarity))[:, 8]) < 0.05 * 4.0


def test_keeps_the_mean_tone() -> None:
    picture = textured(300)
    moved = gaussian_blur(ev(clarify(picture, 100.0))[:, None] - ev(picture)[:, None], 8.0)
    assert moved.abs().mean() < 0.1


def test_hue_stays() -> None:
    picture = textured(96)
    ratio = clarify(picture, 100.0) / picture
    assert (ratio.amax(1) - ratio.amin(1)).max() < 1e-4
