import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from engine.errors import PhotofinishError
from engine.match.target import read_target

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (24, 36, 3), np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(PIXELS).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as file:
        upright = np.asarray(ImageOps.exif_transpose(file))
    image = read_target(tmp_path / "a.png").image
    torch.testing.assert_close(
        image[0].permute(1, 2, 0), torch.from_numpy(upright / np.float32(255))
    )


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(PhotofinishError, match="no picture that can be read"):
        read_target(tmp_path / "a.jpg")
