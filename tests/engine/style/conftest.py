"""Scenes by random cameras, and pictures of them by a rule."""

import numpy as np
import pytest
import torch
from numpy.random import default_rng
from PIL import Image

from engine.finishers.basic import BASIC
from engine.live.operators import compiled_operators
from engine.renderer import Renderer
from engine.training.rules import Rule
from engine.training.sources import made

RULE = Rule(light=-2.2, lit=0.9, contrast=15.0, fixed={"saturation": 25.0})


@pytest.fixture(scope="session")
def operators():
    return compiled_operators(BASIC)


@pytest.fixture(scope="session")
def shots():
    """Forty made scenes, each by another camera."""
    return [made(128, default_rng([1, i])) for i in range(40)]


@pytest.fixture(scope="session")
def others():
    """Six more, by yet other cameras."""
    return [made(128, default_rng([2, i])) for i in range(6)]


@pytest.fixture(scope="session")
def finished(operators):
    """The finished picture of a photo."""
    return lambda photo, settings: Renderer(photo, BASIC, operators).picture(settings)


@pytest.fixture
def folder_of(tmp_path_factory, finished):
    """Write the pictures that a rule makes of photos to a folder of their own."""

    def write(photos, rule):
        folder = tmp_path_factory.mktemp("pictures")
        for i, photo in enumerate(photos):
            picture = finished(photo, rule.settings(photo, BASIC))
            save(picture, folder / f"{i:03d}.png")
        return folder

    return write


def save(picture: torch.Tensor, path) -> None:
    codes = (picture[0].permute(1, 2, 0) * 255.0).round().to(torch.uint8).numpy()
    Image.fromarray(np.ascontiguousarray(codes)).save(path)
