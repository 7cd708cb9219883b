import pytest
import torch

from engine.color import SRGB
from engine.finishers.basic import sharpening
from engine.metadata import Metadata, Profile
from engine.photo import area_average

METADATA = Metadata(Profile("none", ()), (128, 96))


def sharpen(image, amount=80.0, radius=1.0, detail=25.0, masking=0.0, scale=1.0):
    return sharpening.exact(
        image,
        METADATA.replace(scale=scale, output=SRGB),
        None,
        sharpen_amount=amount,
        sharpen_radius=radius,
        sharpen_detail=detail,
        sharpen_masking=masking,
    )


def edge(low=0.3, high=0.6, blur=1.5):
    """A soft vertical edge (1, 3, 96, 128)."""
    x = torch.arange(128.0) - 63.5
    plane = low + (high - low) * torch.sigmoid(1.7 * x / blur)
    return plane.expand(1, 3, 96, 128).contiguous()


@pytest.fixture
def texture():
    generator = torch.Generator().manual_seed(1)
    return torch.rand(1, 3, 96, 128, generator=generator) * 0.4 + 0.3


def slope(image):
    return float(image[0, 1, 48].diff().max())


@pytest.mark.parametrize("others", [{}, {"radius": 3.0, "detail": 90.0, "masking": 70.0}])
def test_amount_zero_is_the_identity(texture, others):
    texture[..., 0, :9] = torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1)
    texture[..., 1, :9] = 0.0
    texture[..., 2, :9] = 1.0
    assert torch.equal(sharpen(texture, 0.0, **others), texture)


def test_an_edge_gets_steeper_the_more_the_higher_the_amount():
    slopes = [slope(sharpen(edge(), amount)) for amount in (0.0, 40.0, 80.0, 150.0)]
    assert slopes == sorted(slopes)
    assert slopes[-1] > 1.3 * slopes[0]


def test_without_detail_an_edge_has_no_halo():
    sharp = sharpen(edge(), 150.0, radius=2.0, detail=0.0)
    assert sharp.min() > edge().min() - 1e-3
    assert sharp.max() < edge().max() + 1e-3
    assert sharpen(edge(), 150.0, radius=2.0, detail=100.0).max() > edge().max() + 0.02


def test_detail_brings_out_texture(texture):
    spread = [float(sharpen(texture, detail=d).std()) for d in (0.0, 25.0, 60.0, 100.0)]
    assert spread == sorted(spread)
    assert spread[-1] > 1.2 * spread[0]


def test_masking_spares_flat_areas_and_keeps_edges(texture):
    faint = 0.5 + (texture - 0.5) * 0.02
    strong = edge(0.1, 0.9)
    kept = [
        float((sharpen(x, masking=90.0) - x).abs().max() / (sharpen(x) - x).abs().max())
        for x in (faint, strong)
    ]
    assert kept[0] < 0.1
    assert kept[1] > 0.7


def test_radius_reaches_further():
    wide = edge(blur=5.0)
    moved = [float((sharpen(wide, radius=r) - wide).abs().mean()) for r in (0.5, 1.0, 2.0, 3.0)]
    assert moved == sorted(moved)
    assert moved[-1] > 4 * moved[0]


def test_grays_stay_gray(texture):
    gray = texture[:, :1].expand(-1, 3, -1, -1).contiguous()
    sharp = sharpen(gray, 150.0)
    torch.testing.assert_close(sharp, sharp[:, :1].expand_as(sharp), atol=1e-6, rtol=0)


def test_hue_holds_and_nothing_leaves_the_range(texture):
    image = (texture * 2 - 0.6).clamp(0, 1)
    sharp = sharpen(image, 150.0, detail=100.0)
    assert sharp.min() >= 0
    assert sharp.max() <= 1
    order = image.argsort(1)
    changed = sharp.gather(1, order).diff(dim=1)
    assert (changed > -1e-6).all()  # channels keep their order, and with it the hue's sixth
    middle = [
        ((x[:, 1] - x[:, 0]) / (x[:, 2] - x[:, 0]).clamp_min(1e-3))
        for x in (image.gather(1, order), sharp.gather(1, order))
    ]
    seen = (sharp.amax(1) - sharp.amin(1)) > 0.05
    torch.testing.assert_close(middle[0][seen], middle[1][seen], atol=0.02, rtol=0)


def test_seen_from_afar_brightness_stays(texture):
    sharp = sharpen(texture, 60.0, detail=60.0)
    light = [x.pow(2.2).mean() for x in (texture, sharp)]
    assert abs(light[1] / light[0] - 1) < 0.02
    assert sharp.std() > 1.1 * texture.std()


def test_a_small_preview_is_hardly_sharpened(texture):
    moved = [float((sharpen(texture, scale=s) - texture).abs().mean()) for s in (1.0, 0.4, 0.1)]
    assert moved[1] < 0.5 * moved[0]
    assert moved[2] < 0.05 * moved[0]


def test_a_reduced_picture_looks_like_the_full_one():
    generator = torch.Generator().manual_seed(2)
    coarse = torch.rand(1, 3, 12, 16, generator=generator) * 0.5 + 0.25
    image = torch.nn.functional.interpolate(coarse, size=(96, 128), mode="bicubic")
    size = 48, 64
    full = area_average(sharpen(image, 100.0, radius=3.0), size)
    reduced = area_average(image, size)
    assert (sharpen(reduced, 100.0, radius=3.0, scale=0.5) - full).abs().mean() < 0.5 * (
        (reduced - full).abs().mean()
    )


def test_gradients_reach_picture_and_sliders(texture):
    image = texture.requires_grad_()
    values = [torch.tensor(v, requires_grad=True) for v in (60.0, 1.2, 40.0, 30.0)]
    sharpen(image, *values).square().sum().backward()
    for gradient in (image.grad, *(v.grad for v in values)):
        assert torch.isfinite(gradient).all()
        assert gradient.abs().max() > 0


def test_one_value_a_picture(texture):
    pair = texture.repeat(2, 1, 1, 1)
    amounts = torch.tensor([0.0, 90.0]).view(2, 1, 1, 1)
    radii = torch.tensor([1.0, 2.5]).view(2, 1, 1, 1)
    sharp = sharpen(pair, amounts, radii)
    torch.testing.assert_close(sharp[:1], texture)
    torch.testing.assert_close(sharp[1:], sharpen(texture, 90.0, 2.5), atol=1e-5, rtol=0)
