import torch

from editor.view import difference, displayed
from engine.stage import Space


def test_display_values_are_shown_as_they_are():
    picture = torch.rand(1, 3, 4, 4)
    assert displayed(picture, Space.DISPLAY) is picture


def test_grey_stays_grey_and_white_is_white():
    grey = torch.tensor([0.0, 0.18, 1.0]).expand(1, 3, 1, 3)
    for space in (Space.SCENE, Space.PROFILE, Space.WORKING, Space.VIEWED):
        shown = displayed(grey, space)
        assert torch.allclose(shown, shown.mean(1, keepdim=True).expand_as(shown), atol=1e-4)
        assert abs(float(shown[0, 0, 0, 1]) - 0.4614) < 1e-3  # sRGB of 18 % grey
        assert float(shown.max()) <= 1.0 + 1e-6


def test_what_is_brighter_than_the_screen_keeps_its_hue():
    color = torch.tensor([0.9, 0.6, 0.5])[None, :, None, None]
    once, thrice = displayed(color, Space.SCENE), displayed(3.0 * color, Space.SCENE)
    assert float(thrice.max()) <= 1.0
    assert torch.argsort(once.flatten()).equal(torch.argsort(thrice.flatten()))
    assert float(thrice.max() - thrice.min()) > 0.15


def test_the_red_of_rec_2020_is_redder_than_that_of_srgb():
    red = torch.tensor([0.5, 0.0, 0.0])[None, :, None, None]
    as_working = displayed(red, Space.WORKING).flatten()
    assert as_working[0] > 0.5**0.4  # more of the screen's red than there was of its own
    assert as_working[1:].tolist() == [0.0, 0.0]


def test_camera_values_are_shown_without_white_balance():
    green = torch.tensor([0.2, 0.5, 0.3])[None, :, None, None]
    red, most, blue = displayed(green, Space.CAMERA).flatten().tolist()
    assert most > blue > red


def test_no_change_is_mid_grey_and_more_light_is_brighter():
    picture = torch.rand(1, 3, 4, 4) * 0.5 + 0.2
    assert torch.equal(difference(picture, picture), torch.full_like(picture, 0.5))
    assert (difference(picture + 0.1, picture) > 0.65).all()
