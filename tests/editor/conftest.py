"""A window on made photos: on a finisher of three small stages, and on the basic one."""

from collections.abc import Callable, Iterator

import pytest
import torch
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from torch import Tensor

from editor import theme
from editor.window import Window
from engine.finisher import Finisher
from engine.metadata import Metadata
from engine.photo import Photo
from engine.slider import CubeFile, Curve, Scale, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics
from tests.editor.hands import Drawer, Hands
from tests.photos import photo_of, scene


def _balance(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, warmth: Value | None
) -> Tensor:
    if warmth is None:
        return image
    gain = (torch.as_tensor(warmth) / 5000.0) ** 0.5
    return image * torch.stack([gain, torch.ones_like(gain), 1.0 / gain])[:, None, None]


def _gain(image: Tensor, metadata: Metadata, statistics: Statistics, *, gain: Value) -> Tensor:
    return image * 2.0**gain


def _finish(
    image: Tensor, metadata: Metadata, statistics: Statistics, *, curve: object, curve_red: object,
    lut: str,
) -> Tensor:  # fmt: skip
    return image.clamp(0.0, 1.0) ** (1.0 / 2.2) * (0.5 if curve != ((0, 0), (255, 255)) else 1.0)


WARMTH = Slider("warmth", 2000.0, 50000.0, None, "K", step=50.0, scale=Scale.MIRED)
GAIN = Slider("gain", -5.0, 5.0, 0.0, "EV", step=0.05, decimals=2)
SMALL = Finisher(
    "small",
    (
        Stage("balance", (WARMTH,), _balance, Kind.PROGRAM, Space.SCENE, profile_part=True),
        Stage("gain", (GAIN,), _gain, Kind.PROGRAM, Space.SCENE),
        Stage(
            "finish",
            (Curve("curve"), Curve("curve_red"), CubeFile("lut")),
            _finish,
            Kind.PROGRAM,
            Space.DISPLAY,
            profile_part=True,
        ),
    ),
)

Windows = Callable[[Finisher], tuple[Hands, Drawer]]


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["photofinish"]


@pytest.fixture(scope="session", autouse=True)
def dressed(qapp: QApplication) -> None:
    theme.dress(qapp)
    torch.set_num_threads(1)  # tiny pictures: threads would only wait for each other


@pytest.fixture(scope="session")
def photos() -> dict[str, Photo]:
    return {"a.dng": photo_of(scene(240, 160)), "b.dng": photo_of(scene(160, 240, 1))}


@pytest.fixture
def windows(qtbot: QtBot, photos: dict[str, Photo]) -> Iterator[Windows]:
    """Opens windows over a drawer of two photos and closes them after the test."""
    opened = []

    def make(finisher: Finisher) -> tuple[Hands, Drawer]:
        drawer = Drawer(photos)
        window = Window(finisher, drawer.opening)
        opened.append(window)
        window.resize(1024, 700)
        window.show()
        return Hands(qtbot, window), drawer

    yield make
    for window in opened:
        window.close()
        window.deleteLater()


@pytest.fixture
def desk(windows: Windows) -> tuple[Hands, Drawer]:
    """A window of the small finisher with a photo open."""
    hands, drawer = windows(SMALL)
    hands.open("a.dng", "b.dng")
    return hands, drawer


@pytest.fixture
def hands(desk: tuple[Hands, Drawer]) -> Hands:
    return desk[0]


@pytest.fixture
def drawer(desk: tuple[Hands, Drawer]) -> Drawer:
    return desk[1]
