"""CIEDE2000 against the pairs published with the formula, and against colour-science."""

import warnings

import numpy as np
import pytest
import torch

from engine.difference import delta_e_2000, lab_difference

# Sharma, Wu and Dalal 2005, table 1: pairs 1-6, 10, 13, 17, 25, 33
PAIRS = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 3.1571, -77.2803), (50.0, 0.0, -82.7485), 2.8615),
    ((50.0, 2.8361, -74.0200), (50.0, 0.0, -82.7485), 3.4412),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


def colors(rows: list[tuple[float, float, float]]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64).T[None, :, None, :]


def test_published_pairs() -> None:
    first, second, expected = zip(*PAIRS, strict=True)
    computed = lab_difference(colors(list(first)), colors(list(second))).flatten().tolist()
    assert computed == pytest.approx(expected, abs=5e-5)


def test_as_colour_science() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of optional packages on import
        import colour
    generator = np.random.default_rng(0)
    first = generator.uniform((0, -100, -100), (100, 100, 100), (500, 3))
    second = first + generator.normal(0, 8, (500, 3))
    expected = colour.delta_E(first, second, method="CIE 2000")
    computed = lab_difference(*(torch.from_numpy(x).T[None, :, None] for x in (first, second)))
    assert computed.flatten().numpy() == pytest.approx(expected, abs=1e-9)


def test_equal_pictures_do_not_differ() -> None:
    picture = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    assert delta_e_2000(picture, picture).max() == 0.0


def test_black_to_white_is_100() -> None:
    black, white = torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1)
    assert float(delta_e_2000(black, white)) == pytest.approx(100.0, abs=1e-4)
