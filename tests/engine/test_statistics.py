"""Statistics say where the tones of a photo lie, and move with the gains upstream."""

import pytest
import torch

from engine.finishers.basic import BASIC
from engine.photo import canonical_statistics
from engine.settings import Settings
from engine.statistics import BINS, BRIGHTEST, DARKEST, LEVELS, measure
from tests.photos import photo_of, scene


def gray_ramp(low_ev: float, high_ev: float, pixels: int = 4096) -> torch.Tensor:
    return torch.exp2(torch.linspace(low_ev, high_ev, pixels)).reshape(1, 1, 64, -1)


def test_quantiles_of_a_ramp_in_ev_are_its_fractions() -> None:
    luminance = gray_ramp(-8.0, 0.0)
    statistics = measure(luminance, luminance.expand(-1, 3, -1, -1))
    for level in LEVELS:
        assert statistics.quantile(level) == pytest.approx(-8.0 + 8.0 * level, abs=0.01)


def test_histogram_is_a_share_of_the_picture_wherever_the_tones_lie() -> None:
    for low, high in ((-6.0, -1.0), (-30.0, -20.0), (3.0, 5.0)):
        luminance = gray_ramp(low, high)
        statistics = measure(luminance, luminance.expand(-1, 3, -1, -1))
        assert statistics.histogram.sum() == pytest.approx(1.0, abs=1e-5)
    width = (BRIGHTEST - DARKEST) / BINS
    luminance = gray_ramp(-6.0, -1.0)
    shares = measure(luminance, luminance.expand(-1, 3, -1, -1)).histogram
    inside = int((-4.0 - DARKEST) / width)
    assert shares[inside] == pytest.approx(width / 5.0, rel=0.1)


def test_the_histogram_is_differentiable_with_respect_to_the_picture() -> None:
    luminance = gray_ramp(-6.0, -1.0).requires_grad_()
    shares = measure(luminance, luminance.expand(-1, 3, -1, -1)).histogram
    (gradient,) = torch.autograd.grad((shares * torch.arange(BINS)).sum(), luminance)
    assert (gradient > 0).all(), "a brighter pixel moves its share up"


def test_a_gain_upstream_shifts_every_anchor() -> None:
    luminance = gray_ramp(-8.0, 0.0)
    statistics = measure(luminance, luminance.expand(-1, 3, -1, -1))
    for level in LEVELS:
        carried = statistics.carried(1.5).quantile(level)
        assert float(carried) == pytest.approx(float(statistics.quantile(level)) + 1.5)


def test_clipped_counts_pixels_with_a_saturated_channel() -> None:
    camera = torch.full((1, 3, 10, 10), 0.5)
    camera[0, 1, :2] = 1.0
    assert float(measure(camera.mean(1, keepdim=True), camera).clipped) == pytest.approx(0.2)


def tones(seed: int = 0) -> torch.Tensor:
    """A small picture (1, 3, 12, 16) of scattered tones, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    ev = torch.randn(1, 3, 12, 16, generator=generator, dtype=torch.float64) * 1.5 - 4.0
    return torch.exp2(ev)


def anchors(camera: torch.Tensor) -> torch.Tensor:
    statistics = measure(camera.mean(1, keepdim=True), camera)
    return torch.cat([statistics.histogram, statistics.quantiles, statistics.mean_camera])


def test_all_of_h_follows_every_pixel_as_finite_differences_say() -> None:
    camera = tones().requires_grad_()
    assert torch.autograd.gradcheck(anchors, (camera,), eps=1e-7, atol=1e-4)


def test_the_share_of_clipped_pixels_follows_a_pixel_on_its_way_to_clipping() -> None:
    camera = tones().clamp_max(0.9)
    camera[0, 1, 3, 4] = 0.999
    camera.requires_grad_()
    (gradient,) = torch.autograd.grad(measure(camera.mean(1, keepdim=True), camera).clipped, camera)
    assert gradient[0, 1, 3, 4] > 0.0
    assert gradient.count_nonzero() == 1


def test_a_gain_upstream_moves_h_as_measuring_the_brighter_picture_would() -> None:
    camera = tones()
    before = measure(camera.mean(1, keepdim=True), camera)
    for ev in (-1.0, 0.5):
        after = measure((camera * 2.0**ev).mean(1, keepdim=True), camera * 2.0**ev)
        carried = before.carried(ev)
        for level in (0.05, 0.5, 0.95):
            assert float(carried.quantile(level)) == pytest.approx(
                float(after.quantile(level)), abs=0.02
            )


def test_the_picture_follows_a_pixel_through_h() -> None:
    """A brighter sky moves the anchors of the tones below it: the paper's gradient through H."""
    photo = photo_of(scene(96, 64))
    sky = torch.zeros_like(photo.image)
    sky[..., :20, :] = 1.0
    settings = Settings({"shadows": 60.0, "dehaze": 60.0})

    def shade(image: torch.Tensor) -> torch.Tensor:
        """The finished shade below the sky, whose own pixels do not change."""
        statistics = canonical_statistics(image, photo.metadata)
        image, metadata = image.double(), photo.metadata
        for stage in BASIC:
            values = stage.values(settings)
            metadata, statistics = stage.carry(metadata, statistics, **values)
            image = stage.exact(image, metadata, statistics, **values)
        return image[..., 40:, :].mean()

    image = photo.image.double()
    _, slope = torch.func.jvp(shade, (image,), (sky * image,))
    step = 0.01
    difference = (shade(image * (1 + step * sky)) - shade(image * (1 - step * sky))) / (2 * step)
    assert abs(float(difference)) > 1e-3, "the anchors moved"
    assert float(slope) == pytest.approx(float(difference), rel=0.1)
