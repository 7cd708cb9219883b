"""Pointwise proxy: no slider effect, no proxy effect; one picture or one setting per picture."""

import pytest
import torch
from torch.testing import assert_close

from engine.finishers.basic import BASIC
from engine.proxies.encoding import compress, expand
from engine.proxies.pointwise import PointwiseProxy
from tests.photos import photo_of, scene

NAMES = ("color_mixer", "vibrance", "saturation")


def some(stage):
    torch.manual_seed(0)
    proxy = PointwiseProxy(stage, width=16)
    torch.nn.init.normal_(proxy.answer.weight, std=0.1)
    torch.nn.init.normal_(proxy.answer.bias, std=0.1)
    return proxy


@pytest.fixture(scope="module")
def photo():
    return photo_of(scene(60, 40))


@pytest.mark.parametrize("name", NAMES)
def test_neutral_sliders_change_nothing(name, photo):
    stage = BASIC.stage(name)
    out = some(stage)(photo.image, photo.metadata, photo.statistics, **stage.neutral())
    assert torch.equal(out, photo.image)


@pytest.mark.parametrize("name", NAMES)
def test_each_slider_has_an_effect_of_its_own(name, photo):
    stage = BASIC.stage(name)
    proxy = some(stage)
    pictures = [
        proxy(photo.image, photo.metadata, photo.statistics, **{**stage.neutral(), s.name: s.high})
        for s in stage.sliders
    ]
    for i, picture in enumerate(pictures):
        assert not torch.equal(picture, photo.image)
        assert all(not torch.equal(picture, other) for other in pictures[:i])


def test_many_settings_of_one_picture_are_each_that_setting(photo):
    stage = BASIC.stage("rgb_toning")
    proxy = some(stage)
    amounts = torch.tensor([-60.0, 0.0, 35.0]).view(-1, 1, 1, 1)
    values = {**stage.neutral(), "contrast": amounts, "parametric_darks": 20.0}
    together = proxy(photo.image, photo.metadata, photo.statistics, **values)
    for i, amount in enumerate(amounts.flatten().tolist()):
        alone = proxy(
            photo.image, photo.metadata, photo.statistics, **{**values, "contrast": amount}
        )
        assert_close(together[i : i + 1], alone)


def test_the_statistics_matter(photo):
    stage = BASIC.stage("rgb_toning")
    proxy, values = some(stage), stage.neutral() | {"contrast": 50.0}
    here = proxy(photo.image, photo.metadata, photo.statistics, **values)
    there = proxy(photo.image, photo.metadata, photo.statistics.carried(2.0), **values)
    assert not torch.allclose(here, there)


def test_gradients_reach_picture_and_slider(photo):
    stage = BASIC.stage("saturation")
    image = photo.image.clone().requires_grad_()
    amount = torch.tensor(10.0, requires_grad=True)
    some(stage)(image, photo.metadata, photo.statistics, saturation=amount).sum().backward()
    assert image.grad.abs().amin() > 0
    assert amount.grad != 0


def test_a_slider_without_a_common_neutral_is_refused(photo):
    stage = BASIC.stage("color_balance")
    with pytest.raises(TypeError, match="temperature"):
        some(stage)(photo.image, photo.metadata, photo.statistics, temperature=5000.0, tint=0.0)


def test_the_encoding_is_inverted_and_keeps_the_ends():
    x = torch.tensor([-0.5, -1e-4, 0.0, 1e-4, 0.18, 1.0, 12.0])
    assert_close(expand(compress(x)), x)
    assert_close(compress(torch.tensor([0.0, 1.0])), torch.tensor([0.0, 1.0]))
