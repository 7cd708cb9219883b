"""What was made of a picture is not made again, until another picture has its memory."""

from weakref import ref

import torch
from torch import Tensor

from engine.live.kept import KEPT, LARGEST, Kept


def test_the_same_picture_is_looked_at_once() -> None:
    kept, image = Kept(), torch.ones(1)
    known = kept.of(image, 1.0, lambda: image + 1.0)
    assert kept.of(image, 1.0, torch.empty) is known


def test_another_picture_or_told_otherwise_it_is_looked_at_again() -> None:
    kept, image = Kept(), torch.ones(1)
    kept.of(image, 1.0, lambda: image + 1.0)
    assert kept.of(image.clone(), 1.0, lambda: image + 2.0) == 3.0
    assert kept.of(image, 2.0, lambda: image + 3.0) == 4.0


def test_of_a_picture_that_is_gone_nothing_is_left() -> None:
    kept, image = Kept(), torch.ones(1)
    made = ref(kept.of(image, None, image.clone))
    assert made() is not None
    del image
    assert made() is None


def test_few_pictures_are_remembered() -> None:
    kept, images = Kept(), [torch.full((1,), float(i)) for i in range(KEPT + 1)]

    def again() -> Tensor:
        return torch.full((1,), -1.0)

    for image in images:
        kept.of(image, None, image.clone)
    assert kept.of(images[-1], None, again) == float(KEPT)
    assert kept.of(images[0], None, again) == -1.0


def test_what_was_made_of_a_full_size_picture_does_not_stay_in_memory() -> None:
    kept, image = Kept(), torch.ones(1).expand(1, LARGEST + 1)
    kept.of(image, None, lambda: 1)
    assert not kept.has(image, None)
