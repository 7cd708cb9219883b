import numpy as np
import pytest
import torch

from engine.finishers.basic import detail
from engine.metadata import Calibration, Metadata, Profile
from engine.photo import area_average
from engine.raw.demosaic import demosaic
from engine.statistics import measure

NEUTRAL = np.array([0.5, 1.0, 0.6])
RGGB = np.array([[0, 1], [1, 2]])
A, B = 0.002, 4e-6
SIDE = 256


@pytest.fixture(scope="module")
def metadata():
    matrix = np.diag(NEUTRAL) @ np.array([[3.2, -1.5, -0.5], [-1, 1.9, 0], [0, -0.2, 1.1]])
    profile = Profile("made", (Calibration(21, matrix),))
    return Metadata(
        profile, (SIDE, SIDE), as_shot_neutral=NEUTRAL, noise_profile=np.array([[A, B]])
    )


@pytest.fixture(scope="module")
def white(metadata):
    return detail.as_shot(metadata).camera_white.float().view(3, 1, 1)


def through_a_sensor(balanced, white, seed=0):
    """The scene (H, W, 3), without and with noise, as a mosaic sees it: (1, 3, H, W) each."""
    scene = balanced * white.flatten().numpy()
    channel = np.tile(RGGB, (SIDE // 2, SIDE // 2))
    mosaic = np.take_along_axis(scene, channel[..., None], 2)[..., 0].astype(np.float32)
    noise = np.random.default_rng(seed).standard_normal(mosaic.shape) * np.sqrt(A * mosaic + B)
    balance = 1 / white.flatten().numpy().astype(np.float64)
    pictures = [demosaic(m, RGGB, 3, balance) for m in (mosaic, mosaic + noise.astype(np.float32))]
    return [torch.from_numpy(p.copy()).permute(2, 0, 1)[None] for p in pictures]


@pytest.fixture(scope="module")
def scene(white):
    """Flat patches of many colors, a ramp, and stripes of several widths."""
    rng = np.random.default_rng(7)
    patches = np.kron(rng.uniform(0.02, 0.7, (4, 8, 3)), np.ones((32, 32, 1)))
    x = np.arange(SIDE)
    stripes = 0.2 + 0.1 * np.sin(2 * np.pi * x[None, :] / (4 + x[:64, None] / 4))
    ramp = np.broadcast_to(np.linspace(0, 1, SIDE), (64, SIDE))
    gray = np.concatenate([stripes, ramp])[..., None] * [1, 1, 1]
    return through_a_sensor(np.concatenate([patches, gray]), white)


@pytest.fixture(scope="module")
def statistics(scene):
    return measure(scene[0].mean(1, keepdim=True), scene[0])


def clean(image, metadata, luminance=0.0, color=0.0):
    return detail.exact(image, metadata, None, luminance_noise=luminance, color_noise=color)


def psnr(a, b):
    root = [x.clamp(0, 1).sqrt() for x in (a, b)]  # errors as large as they look
    return float(-10 * torch.log10((root[0] - root[1]).square().mean()))


def test_zero_takes_nothing(scene, metadata):
    assert torch.equal(clean(scene[1], metadata), scene[1])


def test_noise_falls_and_the_scene_comes_out(scene, metadata):
    truth, noisy = scene
    before = psnr(noisy, truth)
    assert psnr(clean(noisy, metadata, 50.0), truth) > before + 2.5
    assert psnr(clean(noisy, metadata, 0.0, 25.0), truth) > before + 0.2
    assert psnr(clean(noisy, metadata, 50.0, 50.0), truth) > before + 3.0


def test_a_clean_scene_is_left_nearly_alone(scene, metadata):
    quiet = metadata.replace(noise_profile=np.array([[1e-6, 1e-10]]))
    assert psnr(clean(scene[0], quiet, 100.0, 100.0), scene[0]) > 60


def test_flat_gray_becomes_flat(white, metadata):
    truth, noisy = through_a_sensor(np.full((SIDE, SIDE, 3), 0.18), white)
    cleaned = clean(noisy, metadata, 100.0, 100.0)
    assert (cleaned - truth).std() < 0.2 * (noisy - truth).std()
    torch.testing.assert_close(cleaned.mean((2, 3)), noisy.mean((2, 3)), rtol=2e-3, atol=0)


def test_blotches_go_too(white, metadata):
    _, noisy = through_a_sensor(np.full((SIDE, SIDE, 3), 0.05), white)
    color = [
        (x / white)[:, :1] - (x / white)[:, 1:2] for x in (noisy, clean(noisy, metadata, 0, 50.0))
    ]
    coarse = [area_average(x, (SIDE // 8, SIDE // 8)).std() for x in color]
    assert coarse[1] < 0.3 * coarse[0]


def test_grays_stay_gray(white, metadata):
    rng = np.random.default_rng(3)
    plane = torch.from_numpy(0.2 + 0.05 * rng.standard_normal((1, 1, 96, 128))).float()
    cleaned = clean(plane * white, metadata, 80.0, 80.0) / white
    assert (cleaned - plane).abs().max() > 0.01
    torch.testing.assert_close(cleaned, cleaned[:, 1:2].expand(-1, 3, -1, -1), atol=1e-5, rtol=0)


def test_luminance_slider_moves_no_color_and_the_other_no_luminance(scene, metadata, white):
    noisy = scene[1]
    gray = (noisy - clean(noisy, metadata, 60.0)) / white
    torch.testing.assert_close(gray, gray[:, 1:2].expand_as(gray), atol=1e-5, rtol=0)
    color = (noisy - clean(noisy, metadata, 0.0, 60.0)) / white
    shares = torch.tensor(detail.SPLIT[0]).view(3, 1, 1)
    assert (color * shares).sum(1).abs().max() < 1e-5
    assert color.abs().max() > 0.01


def test_color_does_not_bleed_across_an_edge(white, metadata):
    halves = np.full((SIDE, SIDE, 3), (0.3, 0.1, 0.1))
    halves[:, SIDE // 2 :] = (0.1, 0.1, 0.3)
    truth, noisy = through_a_sensor(halves, white)
    cleaned = clean(noisy, metadata, 0.0, 100.0)
    beside = slice(SIDE // 2 + 3, SIDE // 2 + 9)
    error = (cleaned - truth)[..., beside].mean((2, 3)) / white.flatten()
    assert error.abs().max() < 0.01  # of a step of 0.2


def test_more_takes_more(scene, metadata):
    noisy = scene[1]
    for which in ("luminance", "color"):
        moved = [
            float((clean(noisy, metadata, **{which: a}) - noisy).square().mean())
            for a in (0.1, 5.0, 10.0, 20.0, 40.0, 70.0, 100.0)
        ]
        assert moved == sorted(moved)


@pytest.mark.parametrize("factor", [2.0, 3.0])
def test_a_reduced_picture_is_cleaned_like_the_full_one(scene, metadata, factor):
    size = round(SIDE / factor), round(SIDE / factor)
    noisy = area_average(scene[1], size)
    reduced = metadata.replace(scale=size[1] / SIDE)
    after = clean(noisy, reduced, 50.0, 50.0)
    full = area_average(clean(scene[1], metadata, 50.0, 50.0), size)
    assert (after - full).abs().mean() < 0.55 * (noisy - full).abs().mean()


def test_a_small_enough_picture_has_no_noise_left(scene, metadata):
    thumbnail = metadata.replace(scale=1 / 64)
    assert torch.equal(clean(scene[1], thumbnail, 100.0, 100.0), scene[1])


def test_without_a_noise_profile_iso_tells(scene, metadata):
    moved = []
    for iso in (100.0, 3200.0):
        shot = metadata.replace(noise_profile=None, exif=metadata.exif.__class__(iso=iso))
        moved.append((clean(scene[1], shot, 25.0, 25.0) - scene[1]).abs().mean())
    assert moved[1] > 2 * moved[0] > 0


def test_odd_sizes_and_one_value_a_picture(scene, metadata):
    pair = scene[1][..., :77, :101].repeat(2, 1, 1, 1)
    amounts = torch.tensor([0.0, 60.0]).view(2, 1, 1, 1)
    cleaned = clean(pair, metadata, amounts, amounts)
    torch.testing.assert_close(cleaned[:1], pair[:1])
    torch.testing.assert_close(cleaned[1:], clean(pair[1:], metadata, 60.0, 60.0))


def test_gradients_reach_picture_and_sliders(scene, metadata):
    image = scene[1][..., :64, :64].clone().requires_grad_()
    amounts = [torch.tensor(30.0, requires_grad=True) for _ in range(2)]
    clean(image, metadata, *amounts).square().sum().backward()
    for gradient in (image.grad, *(a.grad for a in amounts)):
        assert torch.isfinite(gradient).all()
        assert gradient.abs().max() > 0
