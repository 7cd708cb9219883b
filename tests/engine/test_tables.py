"""Profile tables against the specification's text, worked pixel by pixel in float64."""

import colorsys
from itertools import product

import numpy as np
import pytest
import torch

from engine import strips
from engine.finisher import Finisher
from engine.finishers.basic import color_tables
from engine.metadata import Encoding, GainTableMap, HueSatTable, Metadata, Profile
from engine.photo import Photo
from engine.renderer import Renderer
from engine.settings import Settings
from engine.statistics import measure
from engine.tables import apply_gain_table_map, apply_hue_sat, hsv_to_rgb, rgb_to_hsv

GENERATOR = np.random.default_rng(3)
PIXELS = np.concatenate(
    [
        GENERATOR.uniform(0, 1, (200, 3)),
        np.array(list(product((0.0, 0.5, 1.0), repeat=3))),
        np.linspace(0, 1, 13)[:, None] * np.ones(3),
    ]
)


def image_of(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels.astype(np.float32)).T[None, :, None]


def pixels_of(image: torch.Tensor) -> np.ndarray:
    return image[0, :, 0].T.double().numpy()


def srgb(x: float) -> float:
    return 12.92 * x if x <= 0.0031308 else 1.055 * x ** (1 / 2.4) - 0.055


def linear(x: float) -> float:
    return x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4


def corners(position: float, last: int) -> list[tuple[int, float]]:
    low = min(int(position), last)
    return [(low, 1 - (position - low)), (min(low + 1, last), position - low)]


def hue_sat_pixel(rgb: np.ndarray, table: HueSatTable) -> tuple[float, ...]:
    values, hues, saturations, _ = table.deltas.shape
    h, s, v = colorsys.rgb_to_hsv(*rgb)
    encoded = table.encoding is Encoding.SRGB and values > 1
    v = srgb(v) if encoded else v
    shift, scale_s, scale_v = np.zeros(3)
    along_h = [(i % hues, w) for i, w in corners(h * hues, hues)]
    for (i, a), (j, b), (k, c) in product(
        corners(v * (values - 1), values - 1),
        along_h,
        corners(s * (saturations - 1), saturations - 1),
    ):
        entry = table.deltas[i, j, k].astype(np.float64) * (a * b * c)
        shift, scale_s, scale_v = shift + entry[0], scale_s + entry[1], scale_v + entry[2]
    v = min(max(v * scale_v, 0.0), 1.0)
    return colorsys.hsv_to_rgb(
        (h + shift / 360.0) % 1.0, min(s * scale_s, 1.0), linear(v) if encoded else v
    )


def some_table(values: int, encoding: Encoding) -> HueSatTable:
    deltas = np.stack(
        [
            GENERATOR.uniform(-25, 25, (values, 9, 5)),
            GENERATOR.uniform(0.6, 1.5, (values, 9, 5)),
            GENERATOR.uniform(0.7, 1.2, (values, 9, 5)),
        ],
        -1,
    )
    deltas[:, :, 0, 2] = 1.0
    return HueSatTable(deltas.astype(np.float32), encoding)


@pytest.mark.parametrize("encoding", Encoding)
@pytest.mark.parametrize("values", [1, 2, 6])
def test_hue_sat_map(values: int, encoding: Encoding) -> None:
    table = some_table(values, encoding)
    expected = np.array([hue_sat_pixel(rgb, table) for rgb in PIXELS.astype(np.float32)])
    assert np.abs(pixels_of(apply_hue_sat(image_of(PIXELS), table)) - expected).max() < 2e-5


def test_hsv_and_back() -> None:
    image = image_of(PIXELS)
    assert torch.allclose(hsv_to_rgb(*rgb_to_hsv(image)), image, atol=1e-6)


def test_hue_sat_gradients_are_finite() -> None:
    image = image_of(PIXELS).requires_grad_()
    apply_hue_sat(image, some_table(3, Encoding.SRGB)).sum().backward()
    assert torch.isfinite(image.grad).all()


MAP = GainTableMap(
    gains=GENERATOR.uniform(0.5, 2.0, (4, 5, 7)).astype(np.float32),
    spacing=(0.3, 0.22),
    origin=(0.05, 0.04),
    weights=np.array([0.2, 0.4, 0.1, 0.1, 0.2]),
    gamma=0.8,
)
ABOUT = Metadata(
    Profile("Made", (), baseline_exposure_offset=0.2, gain_table_map=MAP, shadows=0.0),
    full_size=(23, 17),
    baseline_exposure=0.3,
)


def gain_pixel(rgb: np.ndarray, row: int, column: int, height: int, width: int) -> np.ndarray:
    rows, columns, points = MAP.gains.shape
    y = np.clip(((row + 0.5) / height - MAP.origin[0]) / MAP.spacing[0], 0, rows - 1)
    x = np.clip(((column + 0.5) / width - MAP.origin[1]) / MAP.spacing[1], 0, columns - 1)
    level = MAP.weights @ np.array([*rgb, rgb.min(), rgb.max()])
    level = np.clip(level * 2.0**0.5, 0, 1) ** MAP.gamma * points
    gain = 0.0
    for (i, a), (j, b), (k, c) in product(
        corners(y, rows - 1), corners(x, columns - 1), corners(level, points - 1)
    ):
        gain += a * b * c * MAP.gains[i, j, k]
    return np.clip(rgb * gain, 0, 1)


def scene() -> torch.Tensor:
    return torch.rand(1, 3, 17, 23, generator=torch.Generator().manual_seed(5))


def test_gain_table_map() -> None:
    image = scene()
    pixels = image[0].permute(1, 2, 0).double().numpy()
    expected = np.array(
        [[gain_pixel(pixels[r, c], r, c, 17, 23) for c in range(23)] for r in range(17)]
    )
    result = apply_gain_table_map(image, MAP, ABOUT)[0].permute(1, 2, 0).double().numpy()
    assert np.abs(result - expected).max() < 1e-5


def test_gain_table_map_in_strips_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    image = scene()
    photo = Photo(image, ABOUT, measure(image.mean(1, keepdim=True), image))
    finisher = Finisher("tables alone", (color_tables.STAGE,))
    whole = Renderer(photo, finisher).picture(Settings())
    monkeypatch.setattr(strips, "STRIP_PIXELS", 23 * 3)
    strip_by_strip = Renderer(photo, finisher).picture(Settings())
    # vector and scalar code of one operation may round differently
    torch.testing.assert_close(strip_by_strip, whole, rtol=0.0, atol=1e-6)
