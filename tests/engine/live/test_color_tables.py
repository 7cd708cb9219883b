"""The profile's tables and ramp, compiled, are the stage's own."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.finishers.basic import color_tables
from engine.live.color_tables import profiled
from engine.metadata import Calibration, Encoding, HueSatTable
from engine.photo import Photo
from tests.engine.live.agreement import made, real


def colors() -> Tensor:
    """Random colors with greys, primaries, black and white among them."""
    generator = torch.Generator().manual_seed(2)
    picture = torch.rand(1, 3, 64, 96, generator=generator) ** 2
    picture[..., :8, :] = picture[:, :1, :8, :]
    picture[:, 1:, 8:12] = 0.0
    picture[..., 12, :48], picture[..., 12, 48:] = 0.0, 1.0
    return picture


def table(values: int, encoding: Encoding) -> HueSatTable:
    rng = np.random.default_rng(values)
    shape = (values, 12, 7)
    shifts, scales = rng.uniform(-60.0, 60.0, shape), rng.uniform(0.6, 1.5, (*shape, 2))
    deltas = np.concatenate([shifts[..., None], scales], -1)
    deltas[:, :, 0] = (0.0, 1.0, 1.0)
    return HueSatTable(deltas.astype(np.float32), encoding)


def with_tables(photo: Photo, values: int, encoding: Encoding) -> Photo:
    one = photo.metadata.profile.calibrations[0]
    lights = (Calibration(21, one.color_matrix, hue_sat_map=table(values, encoding)),)
    look = table(values + 1, encoding)
    profile = replace(photo.metadata.profile, calibrations=lights, look_table=look)
    return replace(photo, metadata=photo.metadata.replace(profile=profile))


def check(photo: Photo) -> None:
    picture = colors()
    with torch.no_grad():
        exact = color_tables.profiled(picture, photo.metadata, photo.statistics)
    live = profiled(picture, photo.metadata, photo.statistics)
    torch.testing.assert_close(live, exact, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("values", [1, 5])
@pytest.mark.parametrize("encoding", Encoding)
def test_made_tables(values: int, encoding: Encoding) -> None:
    check(with_tables(made(48, 32), values, encoding))


@pytest.mark.parametrize("exposure", [-1.0, 0.0, 0.8])
@pytest.mark.parametrize("shadows", [0.0, 5.0])
def test_the_ramp_alone(exposure: float, shadows: float) -> None:
    photo = made(48, 32)
    profile = replace(photo.metadata.profile, shadows=shadows)
    about = photo.metadata.replace(profile=profile, baseline_exposure=exposure)
    check(replace(photo, metadata=about))


def test_the_tables_of_a_real_camera() -> None:
    check(real("canon_eos_6d_lossy_linear.dng", 100))
