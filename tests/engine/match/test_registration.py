import math

import cv2
import numpy as np
import pytest
import torch
from numpy.random import default_rng

from engine.color import srgb_encode
from engine.match.registration import TRUSTED, register
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


@pytest.mark.parametrize("turn", [3.0, -8.0])
def test_a_turned_crop_of_another_look_is_found(turn):
    photo = picture()
    target, placed = seen(photo, turn=turn, part=0.9, scale=0.7)
    found = register(target**1.6 * 0.9, photo)
    assert found.same_scene
    assert not found.in_place
    assert error(found, placed, photo, target) < 0.1


def test_the_photos_own_frame_is_left_in_place():
    photo = picture()
    found = register(photo**0.7, photo)
    image, weight = found.place(photo, photo.shape[-2:])
    assert found.in_place
    assert found.same_scene
    assert torch.equal(image, photo)
    assert weight.min() == 1.0


def test_another_scene_is_not_trusted():
    assert register(picture(1), picture(2)).trust < TRUSTED
