"""Networks of other work: any size, untrained no effect, sliders that count."""

import pytest
import torch
from torch.nn.functional import conv2d, pad
from torch.testing import assert_close

from engine.benchmarks.networks import EncodedCascade, FirstLayer, Srcnn, UNet, decoded, encoded
from engine.finishers.basic import BASIC
from tests.photos import photo_of, scene

NAMES = ("detail", "tone_mapping", "color_mixer", "saturation", "sharpening")
ODD = (37, 23)
SLIDERS = 5


@pytest.fixture(scope="module")
def photo():
    return photo_of(scene(*ODD))


def stirred(network):
    """A network whose last layer does something."""
    generator = torch.Generator().manual_seed(0)
    last = network.layers[-1] if isinstance(network, EncodedCascade) else network.answer
    with torch.no_grad():
        last.weight.normal_(0.0, 0.1, generator=generator)
    return network


def seeded(build, *given, **more):
    torch.manual_seed(0)
    return build(*given, **more)


def operate(network, photo, **values):
    given = {**network.stage.neutral(), **values}
    return network(photo.image, photo.metadata, photo.statistics, **given)


@pytest.mark.parametrize("build", [Srcnn, EncodedCascade])
@pytest.mark.parametrize("name", NAMES)
class TestStages:
    def test_untrained_changes_nothing(self, build, name, photo):
        stage = BASIC.stage(name)
        ends = {slider.name: slider.high for slider in stage.sliders}
        out = operate(seeded(build, stage), photo, **ends)
        assert_close(out, photo.image, rtol=1e-4, atol=1e-5)

    def test_each_slider_has_an_effect_of_its_own(self, build, name, photo):
        stage = BASIC.stage(name)
        network = stirred(seeded(build, stage))
        neutral = operate(network, photo)
        pictures = [operate(network, photo, **{s.name: s.high}) for s in stage.sliders]
        assert all(picture.shape == photo.image.shape for picture in pictures)
        for i, picture in enumerate(pictures):
            assert not torch.equal(picture, neutral)
            assert not any(torch.equal(picture, other) for other in pictures[:i])

    def test_many_settings_of_one_picture_are_each_that_setting(self, build, name, photo):
        stage = BASIC.stage(name)
        network, first = stirred(seeded(build, stage)), stage.sliders[0]
        amounts = torch.tensor([first.low, 0.7 * first.high]).view(-1, 1, 1, 1)
        together = operate(network, photo, **{first.name: amounts})
        for i, amount in enumerate(amounts.flatten().tolist()):
            alone = operate(network, photo, **{first.name: amount})
            assert_close(together[i : i + 1], alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [1, 3, 9])
def test_a_slider_enters_as_a_plane_would(size):
    layer = seeded(FirstLayer, SLIDERS, 4, size)
    picture, moved = torch.rand(1, 3, 11, 8), torch.randn(2, SLIDERS)
    planes = moved[..., None, None].expand(-1, -1, 11, 8)
    shares = layer.of_sliders.weight[..., None, None].expand(-1, -1, size, size) / size**2
    kernel = torch.cat([layer.of_picture.weight, shares], 1)
    border = [size // 2] * 4
    seen = pad(torch.cat([picture.expand(2, -1, -1, -1), planes], 1), border, mode="replicate")
    assert_close(layer(picture, moved), conv2d(seen, kernel, layer.of_picture.bias))


@pytest.mark.parametrize(("away", "is_seen"), [(6, True), (7, False)])
def test_srcnn_sees_six_pixels_far(away, is_seen):
    network = stirred(seeded(Srcnn, BASIC.stage("saturation")))
    photo = photo_of(scene(48, 32))
    image = photo.image.clone().requires_grad_()
    out = network(image, photo.metadata, photo.statistics, saturation=30.0)
    out[..., 16, 24].sum().backward()
    assert bool(image.grad[..., 16, 24 + away].any()) is is_seen


@pytest.mark.parametrize("name", ["dehaze", "color_mixer", "sharpening"])
def test_decoded_is_the_inverse_of_encoded(name, photo):
    stage = BASIC.stage(name)
    image = photo.image * 3.0 - 0.1
    assert_close(decoded(encoded(image, stage), stage), image)
    assert (encoded(image, stage) is image) is (name == "sharpening")


class TestUNet:
    @pytest.mark.parametrize("size", [(23, 37), (8, 16), (1, 5)])
    @pytest.mark.parametrize("levels", [3, 4])
    def test_any_size_is_kept(self, size, levels):
        network = stirred(seeded(UNet, SLIDERS, 4, levels))
        picture = torch.rand(2, 3, *size)
        assert network(picture, torch.randn(2, SLIDERS)).shape == picture.shape

    def test_untrained_changes_nothing(self):
        picture = torch.rand(1, 3, 9, 12)
        assert torch.equal(seeded(UNet, SLIDERS, 4)(picture, torch.ones(1, SLIDERS)), picture)

    def test_each_slider_has_an_effect_of_its_own(self):
        network = stirred(seeded(UNet, SLIDERS, 4))
        picture = torch.rand(1, 3, 9, 12)
        pictures = network(picture, torch.cat([torch.zeros(1, SLIDERS), torch.eye(SLIDERS)]))
        for i, one in enumerate(pictures):
            assert not any(torch.equal(one, other) for other in pictures[:i])

    def test_each_level_sees_twice_as_far(self):
        reaches = []
        for levels in (1, 2, 3):
            picture = torch.rand(1, 3, 1, 128, requires_grad=True)
            network = stirred(seeded(UNet, SLIDERS, 4, levels))
            network(picture, torch.zeros(1, SLIDERS))[..., 64].sum().backward()
            seen = picture.grad.abs().sum((0, 1, 2)).nonzero()
            reaches.append(int(seen.max() - seen.min()))
        assert reaches[1] > 2 * reaches[0]
        assert reaches[2] > 1.5 * reaches[1]
