"""Input: which of a user's own modules are run before the first stage, and their white."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.finishers.darktable.history import UNBLENDED, History, Item, blended, packed
from engine.finishers.darktable.input import (
    balanced,
    differs,
    input_items,
    only_darktables,
    own_items,
)
from engine.finishers.darktable.layouts import layout
from engine.finishers.darktable.operators import item
from engine.finishers.darktable.proxies import entered_by_us
from engine.photo import Photo
from engine.white import as_shot

RED, BLUE = 2.0, 1.2
WHITE = {"red": RED, "green": 1.0, "blue": BLUE, "g2": 1.0}
DRAWN = blended(0.5) | {"blendop_params": packed(bytes([3, 0, 0, 0]) + bytes(416))}


def input_values(metadata):
    found = next(i for i in input_items(metadata) if i.module == "temperature")
    return {
        name: value for name, (value,) in layout("temperature").values(found.parameters).items()
    }


def one(found: Item) -> tuple[Item, ...]:
    return own_items(History((found,)))


def test_all_that_comes_before_color_is_run_and_nothing_after_it(own_input) -> None:
    after = Item("lens", 7, bytes(20)), item("exposure", {"exposure": 1.0})
    assert own_items(History((*own_input, *after))) == own_input


def test_what_is_switched_off_is_left_off(own_input) -> None:
    off = tuple(replace(i, enabled=False) for i in own_input if i.module != "colorin")
    assert own_items(History(off)) == off


@pytest.mark.parametrize(
    "found",
    [
        item("colorin", {"type": 12, "type_work": 21}),
        item("colorin", {"type": 0, "type_work": 4}),
        replace(item("colorin", {"type": 12, "type_work": 4}), enabled=False),
        item("temperature", {**WHITE, "blue": 0.0}),
        item("temperature", {**WHITE, "red": float("nan")}),
        Item("temperature", 9, bytes(20)),
        Item("highlights", 99, bytes(48)),
        Item("temperature", 3, bytes(8)),
        replace(item("temperature", WHITE), kept={"multi_priority": "1"}),
        Item("rawdenoise", 2, bytes(164), kept=DRAWN),
        Item("rawdenoise", 2, bytes(164), kept={**UNBLENDED, "blendop_params": "gz99!"}),
    ],
    ids=[
        *("another working space", "a profile in a file", "no profile", "no blue", "no number"),
        *("a newer version", "a newer version of highlights", "too short", "a second instance"),
        *("a drawn mask", "damaged blending"),
    ],
)
def test_what_the_stages_cannot_go_on_from_is_not_run(found) -> None:
    assert one(found) == ()


def test_what_the_multipliers_make_neutral_is_the_white(metadata) -> None:
    own = (item("temperature", WHITE),)
    about = balanced(metadata, own)
    assert about.as_shot_neutral == pytest.approx(np.array([1.0 / RED, 1.0, 1.0 / BLUE]))
    assert balanced(about, own) is about
    assert not differs(own[0], about)
    assert balanced(metadata, input_items(metadata)) is metadata
    shot = item("temperature", {**input_values(metadata), "g2": float("inf")})
    assert balanced(metadata, (shot,)) is metadata  # as darktable writes it
    off = (replace(own[0], enabled=False),)
    assert balanced(metadata, off).as_shot_neutral == pytest.approx(np.ones(3))


@pytest.mark.parametrize("green", [1.0, 1.5])
@pytest.mark.parametrize("blue", [BLUE, 0.8])
def test_our_own_decode_takes_the_multipliers(metadata, green, blue) -> None:
    own = (item("temperature", {**WHITE, "green": green, "blue": blue}),)
    white = torch.tensor([1.0 / RED, 1.0 / green, 1.0 / blue]).view(1, 3, 1, 1)
    seen = entered_by_us(Photo(0.3 * white, metadata, None), own)
    assert torch.allclose(seen.image, torch.full((1, 3, 1, 1), 0.3), atol=1e-3)
    neutral = seen.metadata.as_shot_neutral
    assert as_shot(seen.metadata).camera_white.numpy() == pytest.approx(neutral, abs=1e-3)


def test_what_only_darktable_does_is_told(own_input, metadata) -> None:
    (note,) = only_darktables(own_input, metadata)
    assert note == "Kept, but not shown without darktable: its colorin, highlights, hotpixels."
    assert only_darktables((item("temperature", WHITE),), metadata) == ()
    assert only_darktables(input_items(metadata), metadata) == ()
