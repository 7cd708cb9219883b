"""Room for pictures: memory that comes back when nobody refers to it, and never before."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from engine.live import room as rooms
from engine.live.kernels import picture_of, planes_of
from engine.live.room import room

PICTURE = (3, 301, 407)


@pytest.fixture(autouse=True)
def spare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "_spare", rooms._Spare())


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_a_picture_gets_the_memory_of_one_that_is_gone() -> None:
    first = room(PICTURE)
    before = address(first)
    del first
    assert address(room(PICTURE)) == before


@pytest.mark.parametrize("kind", [np.float32, np.uint16, np.uint32, np.int64])
def test_it_is_an_array_like_any_other(kind: type) -> None:
    array = room(PICTURE, kind)
    array[:] = 7
    assert (array.shape, array.dtype) == (PICTURE, np.dtype(kind))
    assert array.flags.c_contiguous
    assert array.flags.writeable
    assert address(array) % 64 == 0
    assert (array == 7).all()


def test_no_two_pictures_share_their_memory() -> None:
    pictures = [room(PICTURE) for _ in range(6)]
    for value, picture in enumerate(pictures):
        picture[:] = value
    assert [set(picture.ravel()) for picture in pictures] == [{float(v)} for v in range(6)]


@pytest.mark.parametrize(
    "look", [lambda array: array[1, 5], picture_of, lambda array: planes_of(picture_of(array))]
)
def test_views_tensors_and_planes_keep_it(look: Callable[[np.ndarray], Any]) -> None:
    array = room(PICTURE)
    array[:] = 1.0
    seen, before = look(array), address(array)
    del array
    other = room(PICTURE)
    other[:] = 2.0
    assert (seen == 1.0).all()
    del seen
    assert address(room(PICTURE)) == before


def test_a_picture_of_nearly_the_same_size_gets_it_too() -> None:
    first = room((3, 300, 400))
    before = address(first)
    del first
    assert address(room((3, 299, 400))) == before


def test_only_so_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    size = room(PICTURE).nbytes
    monkeypatch.setattr(rooms, "KEPT", 3 * size)
    pictures = [room(PICTURE) for _ in range(8)]
    del pictures
    room((512, 512))
    assert rooms._spare._bytes <= 3 * size


def test_small_and_huge_pictures_are_left_to_the_system() -> None:
    for shape in ((8, 8), (3, 4000, 6000)):
        array = room(shape)
        assert array.base is None
    assert torch.from_numpy(room(PICTURE)).shape == PICTURE
