""".cube files, good and bad."""

import os
import sys

import numpy as np
import pytest
import torch

from engine.cube import load_cube, parse_cube
from engine.errors import PhotofinishError


def cube_text(size: int, look=lambda r, g, b: (r, g, b), head: str = "") -> str:
    steps = np.linspace(0.0, 1.0, size)
    rows = [look(r, g, b) for b in steps for g in steps for r in steps]
    body = "\n".join(" ".join(f"{x:.6f}" for x in row) for row in rows)
    return f'TITLE "made"\n# comment\n{head}\nLUT_3D_SIZE {size}\n{body}\n'


IMAGE = torch.rand(1, 3, 6, 7, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("size", [2, 5, 17])
def test_identity(size):
    assert torch.allclose(parse_cube(cube_text(size)).apply(IMAGE), IMAGE, atol=2e-6)


def test_red_runs_fastest():
    swapped = parse_cube(cube_text(3, lambda r, g, b: (g, b, r))).apply(IMAGE)
    assert torch.allclose(swapped, IMAGE[:, [1, 2, 0]], atol=2e-6)


@pytest.mark.parametrize(
    "head", ["DOMAIN_MIN 0.25 0.25 0.25\nDOMAIN_MAX 0.75 0.75 0.75", "LUT_3D_INPUT_RANGE 0.25 0.75"]
)
def test_domain(head):
    expected = ((IMAGE - 0.25) / 0.5).clamp(0.0, 1.0)
    assert torch.allclose(parse_cube(cube_text(4, head=head)).apply(IMAGE), expected, atol=2e-6)


def test_one_dimensional():
    rows = "\n".join(f"{x} {x * x} {1 - x}" for x in np.linspace(0.0, 1.0, 101))
    result = parse_cube(f"LUT_1D_SIZE 101\n{rows}").apply(IMAGE)
    red, green, blue = IMAGE.unbind(1)
    expected = torch.stack([red, green * green, 1 - blue], 1)
    assert torch.allclose(result, expected, atol=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a cube",
        "LUT_3D_SIZE 2\n0 0 0\n",
        cube_text(2).replace("1.000000", "nan"),
        cube_text(2).replace("1.000000", "x"),
        "LUT_3D_SIZE 100000\n",
        "LUT_3D_SIZE many\n",
        cube_text(2, head="DOMAIN_MIN 1 1 1"),
        cube_text(2, head="LUT_1D_SIZE 2"),
    ],
)
def test_bad_file_is_one_sentence(tmp_path, text):
    path = tmp_path / "bad.cube"
    path.write_text(text)
    with pytest.raises(PhotofinishError, match=r"bad\.cube is no valid \.cube file: .*\.$"):
        load_cube(path)


def test_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(PhotofinishError, match=r"cannot be read\.$"):
        load_cube(tmp_path / "none.cube")


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in folders there")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    path = tmp_path / "look.cube"
    os.mkfifo(path)
    with pytest.raises(PhotofinishError, match=r"is no ordinary file\.$"):
        load_cube(path)


def test_changed_file_is_read_again(tmp_path):
    path = tmp_path / "look.cube"
    path.write_text(cube_text(2))
    first = load_cube(path)
    assert load_cube(path) is first
    path.write_text(cube_text(2, lambda r, g, b: (1 - r, g, b)))
    os.utime(path, ns=(1, 1))
    assert not torch.allclose(load_cube(path).apply(IMAGE), first.apply(IMAGE))


def test_real_looks_load(shared_data):
    paths = sorted((shared_data / "style" / "luts").rglob("*.cube"))
    assert len(paths) > 10
    for path in paths:
        looked_up = load_cube(path).apply(IMAGE)
        assert torch.isfinite(looked_up).all()
