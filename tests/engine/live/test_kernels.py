"""The primitives of the kernels are the functions they stand for."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine import filters
from engine.color import srgb_encode
from engine.live import kernels
from engine.live.kernels import (
    by_rows,
    curve,
    exp2,
    log2,
    log_luminance,
    look_up,
    maps_over,
    mean_row,
    part,
    picture_of,
    planes_of,
    read_row,
    srgb_encoded,
    wide_rows,
)
from engine.strips import at_once

Row = kernels.Row


@part
def logs(x: Row, out: Row) -> None:
    for i in range(len(x)):
        out[i] = log2(x[i])


@part
def powers(x: Row, out: Row) -> None:
    for i in range(len(x)):
        out[i] = exp2(x[i])


@part
def tones(x: Row, out: Row) -> None:
    for i in range(len(x)):
        out[i] = log_luminance(x[i])


@part
def encodings(x: Row, out: Row) -> None:
    for i in range(len(x)):
        out[i] = srgb_encoded(x[i])


@part
def looked_up(table: kernels.Curve, x: Row, out: Row) -> None:
    for i in range(len(x)):
        out[i] = look_up(table, x[i])


@part
def enlarged(maps: kernels.Maps, out: kernels.Planes) -> None:
    wide, held = wide_rows(maps)
    line = np.zeros((len(out), len(maps.columns)), np.float32)
    for y in range(out.shape[1]):
        read_row(maps, y, wide, held, line)
        out[:, y] = line


@part
def means(plane: kernels.Plane, radius: int, out: kernels.Plane) -> None:
    line = np.zeros(plane.shape[1] + 2 * radius, np.float32)
    for y in range(len(plane)):
        mean_row(plane, y, radius, line, out[y])


def test_log2_to_a_hundred_thousandth_of_a_stop() -> None:
    x = np.exp2(np.linspace(-126, 127, 100_001)).astype(np.float32)
    out = np.empty_like(x)
    logs(x, out)
    assert np.abs(out - np.log2(x.astype(np.float64))).max() < 1e-5
    whole = np.exp2(np.arange(-126.0, 128.0)).astype(np.float32)
    out = np.empty_like(whole)
    logs(whole, out)
    assert np.array_equal(out, np.arange(-126.0, 128.0))


def test_srgb_to_a_millionth() -> None:
    x = np.linspace(0.0, 1.0, 100_001, dtype=np.float32)
    out = np.empty_like(x)
    encodings(x, out)
    truth = srgb_encode(torch.from_numpy(x.astype(np.float64))).numpy()
    assert np.abs(out - truth).max() < 1e-6


def test_exp2_to_a_millionth() -> None:
    x = np.linspace(-125.9, 126.9, 100_001).astype(np.float32)
    out = np.empty_like(x)
    powers(x, out)
    assert np.abs(out / np.exp2(x.astype(np.float64)) - 1.0).max() < 1e-6
    x = np.array([0.0, -1.0, 10.0, -1e9, 1e9, np.nan], np.float32)
    out = np.empty_like(x)
    powers(x, out)
    assert list(out[:3]) == [1.0, 0.5, 1024.0]
    assert np.isfinite(out).all()


def test_log_luminance_takes_any_sign() -> None:
    size = torch.exp2(torch.linspace(-40.0, 20.0, 9001))
    x = torch.cat([-size.flip(0), torch.zeros(1), size])
    out = np.empty(len(x), np.float32)
    tones(x.numpy(), out)
    np.testing.assert_allclose(out, filters.log_luminance(x).numpy(), atol=1e-4)


def test_a_curve_is_the_function_and_level_beyond() -> None:
    table = curve(torch.sin, -1.0, 1.0, 1000)
    x = np.array([-0.7, 0.0, 0.33337, 1.0, -5.0, 7.0, -np.inf, np.inf, np.nan], np.float32)
    out = np.empty_like(x)
    looked_up(table, x, out)
    np.testing.assert_allclose(out[:-1], np.sin(np.clip(x[:-1], -1.0, 1.0)), atol=1e-5)
    assert np.isfinite(out[-1])


@pytest.mark.parametrize("small", [(1, 1), (1, 7), (5, 1), (16, 24), (37, 50)])
@pytest.mark.parametrize("full", [(37, 50), (40, 121), (1, 200)])
def test_maps_lie_over_a_frame_as_interpolate_has_it(
    small: tuple[int, int], full: tuple[int, int]
) -> None:
    maps = torch.rand(1, 2, *small, generator=torch.Generator().manual_seed(1))
    out = np.empty((2, *full), np.float32)
    enlarged(maps_over(maps, *full), out)
    expected = torch.nn.functional.interpolate(
        maps, size=full, mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(out, expected[0].numpy(), atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (5, 1), (2, 2), (19, 23)])
@pytest.mark.parametrize("radius", [1, 3])
def test_means_are_box_means(size: tuple[int, int], radius: int) -> None:
    plane = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(1))
    out = np.empty(size, np.float32)
    means(plane[0, 0].numpy(), radius, out)
    np.testing.assert_allclose(out, filters.box_mean(plane, radius)[0, 0].numpy(), rtol=1e-5)


@pytest.mark.parametrize("height", [1, 2, 15, 16, 33, 1000])
def test_rows_are_shared_out_once_each(height: int) -> None:
    done = np.zeros(height, int)

    def run(first: int, stop: int) -> None:
        done[first:stop] += 1

    by_rows(run, height)
    assert (done == 1).all()


def test_a_worker_shares_out_to_itself() -> None:
    done = np.zeros((3, 100), int)

    def run(item: int) -> None:
        def rows(first: int, stop: int) -> None:
            done[item, first:stop] += 1

        by_rows(rows, 100)

    at_once(run, range(3))
    assert (done == 1).all()


def test_planes_and_picture_are_the_same_memory() -> None:
    picture = torch.rand(1, 3, 4, 5)
    planes_of(picture)[1, 2, 3] = 7.0
    assert picture[0, 1, 2, 3] == 7.0
    planes = np.zeros((3, 4, 5), np.float32)
    picture_of(planes)[0, 2, 1, 0] = 3.0
    assert planes[2, 1, 0] == 3.0


def test_few_builds_of_the_kernels_stay_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels.platformdirs, "user_cache_dir", lambda name: str(tmp_path / name))
    for number in range(9):
        (tmp_path / "photofinish" / "kernels" / str(number) / "some").mkdir(parents=True)
    build = kernels._compiled()
    build.mkdir(parents=True)
    assert len(list(build.parent.iterdir())) == 4
