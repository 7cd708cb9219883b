import math

import cv2
import numpy as np
import pytest
import torch
from numpy.random import default_rng

from engine.color import srgb_encode
from engine.finishers.basic import BASIC
from engine.match.registration import register
from engine.photo import area_average, open_photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from engine.training.scenes import made_scene


def picture(seed=0, width=480, height=320):
    """A made scene, encoded."""
    return srgb_encode(made_scene(default_rng(seed), width, height).clamp(0.0, 1.0))


def seen(photo, turn=0.0, part=1.0, scale=1.0, lens=0.0):
    """What shows `part` of `photo` turned by `turn` degrees at `scale`, and the true placement."""
    height, width = photo.shape[-2:]
    size = round(width * part * scale), round(height * part * scale)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))

    def placed(points):
        points = points * (1.0 + lens * (points**2).sum(-1, keepdims=True))
        return points @ np.array([[c, -s], [s, c]]) * (scale * max(width, height) / max(size))

    grid = [((np.arange(3 * n) + 0.5) / 3 - n / 2) / max(size) for n in size]
    goal = np.stack(np.meshgrid(*grid), -1)
    points = goal
    for _ in range(20):  # the placement, inverted
        points = points - (placed(points) - goal) @ np.array([[c, s], [-s, c]])
    at = points * max(width, height) + (width / 2 - 0.5, height / 2 - 0.5)
    source = np.ascontiguousarray(photo[0].permute(1, 2, 0).numpy())
    fine = cv2.remap(source, at.astype(np.float32), None, cv2.INTER_CUBIC, borderMode=1)
    out = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
    return torch.from_numpy(out).permute(2, 0, 1)[None].clamp(0.0, 1.0), placed


def error(found, placed, photo, target):
    """RMS in pixels of the target, over what it shows."""
    height, width = photo.shape[-2:]
    v, u = np.meshgrid(np.linspace(-0.5, 0.5, 21), np.linspace(-0.5, 0.5, 21), indexing="ij")
    points = np.stack([u * width, v * height], -1) / max(width, height)
    size = np.array(target.shape[:1:-1])
    true = placed(points) * size.max()
    apart = found.placement(points) * size.max() - true
    inside = (np.abs(true) < size / 2).all(-1)
    return float(np.sqrt((apart[inside] ** 2).sum(-1).mean()))


def other_look(image):
    """Darker, of more contrast, warmer, and some colors lighter than others."""
    red, green, blue = (image.clamp_min(1e-4) ** 1.6).split(1, 1)
    return torch.cat([red, 0.85 * green + 0.1 * red, 0.6 * blue], 1)


def blurred(image, sigma):
    pixels = np.ascontiguousarray(image[0].permute(1, 2, 0).numpy())
    return torch.from_numpy(cv2.GaussianBlur(pixels, (0, 0), sigma)).permute(2, 0, 1)[None]


def jpeg(image, quality=80):
    pixels = (image[0].permute(1, 2, 0).numpy() * 255.0).round().clip(0, 255).astype(np.uint8)
    content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = cv2.imdecode(content, cv2.IMREAD_COLOR).astype(np.float32) / 255.0
    return torch.from_numpy(decoded).permute(2, 0, 1)[None]


@pytest.mark.parametrize(
    "shown",
    [
        {"turn": 3.0, "part": 0.9, "scale": 0.7},
        {"turn": -8.0, "part": 0.6, "scale": 1.3},
        {"turn": 91.0, "part": 0.6},
        {"turn": 180.0},
        {"part": 0.95, "lens": -0.06},
    ],
    ids=str,
)
def test_a_part_in_another_look_is_found_to_half_a_pixel(shown):
    photo = picture()
    target, placed = seen(photo, **shown)
    target = jpeg(other_look(target))
    found = register(target, photo)
    assert found.same_scene
    assert not found.in_place
    assert error(found, placed, photo, target) < 0.25
    assert found.error < 0.5


def test_a_mirrored_target_is_found():
    photo = picture()
    found = register(other_look(photo).flip(3), photo)
    image, weight = found.place(photo.flip(3), photo.shape[-2:])
    assert found.same_scene
    assert ((image - photo) * weight).abs().max() < 0.02


def test_a_placed_target_lies_on_the_photo():
    photo = picture()
    target, _ = seen(photo, turn=3.0, part=0.8)
    found = register(target, photo)
    for size in (photo.shape[-2:], (160, 240)):
        image, weight = found.place(target, size)
        assert image.shape == (1, 3, *size)
        assert weight.shape == (1, 1, *size)
        assert 0.5 < weight.mean() < 0.64  # of 0.8 x 0.8, less the border
        assert set(weight.unique().tolist()) == {0.0, 1.0}
        apart = (image - area_average(photo, size)).abs() * weight
        assert apart.sum() / (3.0 * weight.sum()) < 0.01


@pytest.mark.parametrize("size", [(320, 480), (160, 240), (107, 160)])
def test_the_photos_own_frame_is_left_in_place(size):
    photo = picture()
    target = area_average(other_look(photo), size)
    found = register(target, photo)
    image, weight = found.place(target, size)
    assert found.in_place
    assert found.same_scene
    assert torch.equal(image, target)
    assert weight.min() == 1.0


def test_a_margin_of_two_pixels_is_not_in_place():
    photo = picture()
    found = register(photo[..., 2:-2, 3:-3], photo)
    assert found.same_scene
    assert not found.in_place
    _, weight = found.place(photo[..., 2:-2, 3:-3], photo.shape[-2:])
    assert weight[..., :2, :].max() == 0.0


@pytest.mark.parametrize("sigma", [0.7, 1.5])
def test_blur_is_told_whatever_the_contrast(sigma):
    photo = picture()
    for target in (blurred(photo, sigma), 0.5 * blurred(photo, sigma)):
        assert register(target, photo).blur == pytest.approx(sigma, abs=0.15)
    assert register(photo, photo).blur == pytest.approx(0.0, abs=0.1)
    sharpened = (1.8 * photo - 0.8 * blurred(photo, 1.0)).clamp(0.0, 1.0)
    assert register(sharpened, photo).blur < -0.2


def test_another_scene_is_not_trusted():
    for seed in range(1, 4):
        found = register(picture(seed), picture(seed + 10))
        assert not found.same_scene
        assert not found.in_place


def test_same_pictures_same_answer():
    photo = picture()
    target, _ = seen(photo, turn=20.0, part=0.7)
    first, second = register(target, photo), register(target, photo)
    assert first.placement.numbers == second.placement.numbers
    assert first.trust == second.trust


def test_a_picture_without_anything_in_it_is_not_trusted():
    assert not register(torch.full((1, 3, 40, 60), 0.5), picture()).same_scene
    assert not register(picture(), torch.full((1, 3, 320, 480), 0.5)).same_scene
    assert not register(torch.rand(1, 3, 16, 16), picture()).same_scene


def test_opencv_gets_its_threads_back():
    before = cv2.getNumThreads()
    register(picture(), picture())
    assert cv2.getNumThreads() == before


@pytest.mark.parametrize("name", ["gopro_hero6_GOPR0024", "infiniteisp_Outdoor1_8bit_wrapped"])
def test_a_part_of_a_real_photo_is_found(shared_data, name):
    half = finish(open_photo(shared_data / "raws" / f"{name}.dng", half=True)).reduced(600)
    renderer = Renderer(half, BASIC)
    photo = renderer.picture(Settings())
    look = {"exposure": 1.0, "temperature": 4000.0, "shadows": 60.0, "contrast": 40.0}
    settings = Settings()
    for slider, value in look.items():
        settings = settings.replace(BASIC.control(slider), value)
    target, placed = seen(renderer.picture(settings), turn=3.0, part=0.9, scale=0.7)
    target = jpeg(target)
    found = register(target, photo)
    assert found.same_scene
    assert error(found, placed, photo, target) < 0.25
