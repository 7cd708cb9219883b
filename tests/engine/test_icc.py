"""ICC profiles, asked through an independent color engine (Little CMS)."""

import io
import struct

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from engine import color, icc

SPACES = list(color.SPACES.values())


def to_lab(profile: bytes, codes: np.ndarray) -> np.ndarray:
    """L*a*b* (D50, relative colorimetric) of 8-bit RGB codes (n, 3), by Little CMS."""
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("LAB"),
        "RGB",
        "LAB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.NOOPTIMIZE,
    )
    image = ImageCms.applyTransform(Image.fromarray(codes[None]), transform)
    assert image is not None
    lab = np.asarray(image)[0].astype(float)
    signed = np.where(lab[:, 1:] > 127, lab[:, 1:] - 256, lab[:, 1:])
    return np.column_stack([lab[:, 0] * 100 / 255, signed])


def expected_lab(linear: np.ndarray, space) -> np.ndarray:
    """CIE 15:2018, section 8.2.1, of linear RGB (n, 3)."""
    ratio = linear @ space.to_xyz.T / color.D50_XYZ.numpy()
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.column_stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])]
    )


@pytest.mark.parametrize("linear", [False, True], ids=["encoded", "linear"])
@pytest.mark.parametrize("space", SPACES, ids=[s.name for s in SPACES])
def test_another_color_engine_reads_what_we_mean(space, linear):
    codes = np.random.default_rng(0).integers(0, 256, (500, 3)).astype(np.uint8)
    codes[:3] = [[0, 0, 0], [255, 255, 255], [128, 128, 128]]
    values = codes / 255.0
    light = values if linear else color.decode(torch.from_numpy(values), space).numpy()
    expected = expected_lab(light, space)
    inside = np.abs(expected[:, 1:]).max(1) < 127  # what 8-bit Lab can hold
    found = to_lab(icc.profile(space, linear=linear), codes)
    assert np.abs(found - expected)[inside].max() < 0.75  # half a code of 8-bit Lab, and rounding


@pytest.mark.parametrize("space", SPACES, ids=[s.name for s in SPACES])
def test_the_primaries_are_those_of_the_standard(space):
    """The colorants, taken back to the space's white, have the chromaticities that EXR states."""
    *primaries, white = icc.CHROMATICITIES[space.name]
    own_white = color.xyz(torch.tensor(white, dtype=torch.float64))
    back = color.adaptation(color.D50_XYZ, own_white).numpy() @ space.to_xyz
    assert np.allclose((back / back.sum(0)).T[:, :2], primaries, atol=1.5e-3)


def test_white_is_the_white_of_the_connection_space():
    content = icc.profile(color.SRGB)
    tags = {
        content[at : at + 4]: struct.unpack(">II", content[at + 4 : at + 12])
        for at in range(132, 132 + 12 * struct.unpack(">I", content[128:132])[0], 12)
    }
    columns = [
        np.array(struct.unpack(">3i", content[tags[name][0] + 8 : tags[name][0] + 20]))
        for name in (b"rXYZ", b"gXYZ", b"bXYZ")
    ]
    assert sum(columns).tolist() == list(struct.unpack(">3i", content[68:80]))


def test_titles():
    for linear, title in ((False, "Display P3"), (True, "Display P3, linear")):
        content = icc.profile(color.DISPLAY_P3, linear=linear)
        opened = ImageCms.ImageCmsProfile(io.BytesIO(content))
        assert ImageCms.getProfileDescription(opened).strip() == title
