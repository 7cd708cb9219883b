import struct

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image, ImageOps
from torch.testing import assert_close

from engine import color, icc
from engine.errors import PhotofinishError
from engine.formats import Meaning, write_jpeg, write_png, write_tiff
from engine.match import target as module
from engine.match.target import embedded_preview, read_target
from engine.metadata import Exif
from engine.progress import finish

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (24, 36, 3), np.uint8)
LIGHT = torch.from_numpy(RNG.random((1, 3, 24, 36))).square()
"""Linear sRGB."""


def numbers(space, *, linear=False):
    """LIGHT (H, W, 3) as a file in `space` holds it, in [0, 1]."""
    seen = color.transform(LIGHT, color.between(color.SRGB, space)).clamp(0.0, 1.0)
    held = seen if linear else color.encode(seen, space)
    return np.ascontiguousarray(held[0].permute(1, 2, 0).numpy())


def smooth(height=40, width=60):
    down, across = np.mgrid[0:height, 0:width] / np.array([[[height]], [[width]]])
    planes = 255.0 * np.stack([across, down, 1.0 - across], -1)
    return planes.astype(np.uint8)


def same(image, pixels, tolerance=0.5 / 255):
    """Whether `image` is those 8-bit pixels (H, W, 3)."""
    expected = torch.from_numpy(np.ascontiguousarray(pixels) / np.float32(255.0))
    assert_close(image[0].permute(1, 2, 0), expected, atol=tolerance, rtol=0.0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_upright(tmp_path, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(NOISE).save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as file:
        upright = np.asarray(ImageOps.exif_transpose(file))
    same(read_target(tmp_path / "a.png").image, upright)


@pytest.mark.parametrize("space", color.SPACES.values(), ids=list(color.SPACES))
@pytest.mark.parametrize("linear", [False, True], ids=["encoded", "linear"])
def test_our_own_exports_come_back_as_srgb(tmp_path, space, linear):
    deep = np.rint(numbers(space, linear=linear) * 65535.0).astype(np.uint16)
    write_tiff(tmp_path / "a.tif", deep, Meaning(space, linear, Exif()), 0)
    write_png(tmp_path / "a.png", deep, Meaning(space, linear, Exif()), 0)
    for name in ("a.tif", "a.png"):
        target = read_target(tmp_path / name)
        assert target.bits == 16
        assert target.notes == ()
        light = color.srgb_decode(target.image.double())
        # in light for the deepest blacks, where a step of 16 bits linear is more than 1e-3 encoded
        close = (color.srgb_encode(LIGHT) - target.image).abs() < 1e-3
        assert (close | ((light - LIGHT).abs() < 1e-4)).all()


def test_floating_point_tiffs_are_read(tmp_path):
    pixels = numbers(color.DISPLAY_P3).astype(np.float32)
    write_tiff(tmp_path / "a.tif", pixels, Meaning(color.DISPLAY_P3, False, Exif()), 0)
    target = read_target(tmp_path / "a.tif")
    assert target.bits == 32
    assert (target.image - color.srgb_encode(LIGHT)).abs().max() < 1e-3


def test_jpegs_with_a_profile_are_read(tmp_path):
    pixels = (numbers(color.ADOBE_RGB) * 255.0).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    write_jpeg(tmp_path / "a.jpg", pixels, Meaning(color.ADOBE_RGB, False, Exif()), 98)
    image = read_target(tmp_path / "a.jpg").image[..., 4::8, 4::8]
    assert (image - color.srgb_encode(LIGHT)).abs().mean() < 0.02


def test_exif_may_say_adobe_rgb(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    Image.fromarray(smooth()).save(tmp_path / "said.jpg", exif=exif)
    profile = icc.profile(color.ADOBE_RGB)
    Image.fromarray(smooth()).save(tmp_path / "profile.jpg", icc_profile=profile)
    said, meant = read_target(tmp_path / "said.jpg"), read_target(tmp_path / "profile.jpg")
    assert_close(said.image, meant.image)
    assert "Adobe RGB" in said.notes[0]
    assert meant.notes == ()


@pytest.mark.parametrize(("name", "tolerance"), [("a.webp", 0), ("a.avif", 12), ("a.tif", 0)])
def test_other_formats_are_read(tmp_path, name, tolerance):
    Image.fromarray(smooth()).save(tmp_path / name, lossless=True)
    same(read_target(tmp_path / name).image, smooth(), (tolerance + 0.5) / 255)


def test_palettes_are_read(tmp_path):
    picture = Image.fromarray(smooth()).quantize(64)
    picture.save(tmp_path / "a.png")
    same(read_target(tmp_path / "a.png").image, np.asarray(picture.convert("RGB")))


def test_what_is_transparent_is_white(tmp_path):
    alpha = np.full((40, 60, 1), 255, np.uint8)
    alpha[:20] = 0
    Image.fromarray(np.concatenate([smooth(), alpha], -1)).save(tmp_path / "a.png")
    target = read_target(tmp_path / "a.png")
    assert target.image[..., :20, :].min() == 1.0
    assert "transparent" in target.notes[0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_black_and_white_pictures_are_read(tmp_path, dtype):
    gray = smooth()[..., 0].astype(dtype) * (np.iinfo(dtype).max // 255)
    Image.fromarray(gray).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", gray, photometric="minisblack")
    for name in ("a.png", "a.tif"):
        target = read_target(tmp_path / name)
        same(target.image, smooth()[..., :1].repeat(3, -1))
        assert target.gray
        assert "The picture is black and white." in target.notes


def test_inks_without_a_profile_are_ideal(tmp_path):
    inks = np.concatenate([255 - smooth(), np.zeros((40, 60, 1), np.uint8)], -1)
    Image.fromarray(inks, "CMYK").save(tmp_path / "a.tif")
    target = read_target(tmp_path / "a.tif")
    same(target.image, smooth())
    assert "inks" in target.notes[0]


def test_inks_are_converted_by_their_profile(tmp_path):
    inks = np.concatenate([255 - smooth(), np.zeros((40, 60, 1), np.uint8)], -1)
    Image.fromarray(inks, "CMYK").save(tmp_path / "a.tif", icc_profile=ink_profile())
    target = read_target(tmp_path / "a.tif")
    assert "by its profile" in target.notes[0]
    assert target.gray  # the inks of this profile are all greys
    assert 0.6 < target.image.amax() < 0.9


def ink_profile():
    """An ICC profile whose four inks darken and have no color: a table of two nodes an ink."""
    ramp = struct.pack(">2H", 0, 65535)
    nodes = np.indices((2,) * 4).reshape(4, -1).sum(0)
    lab = np.stack([65280 * (1.0 - nodes / 4.0), *[np.full(16, 32768.0)] * 2], -1)
    table = b"mft2" + bytes(4) + bytes([4, 3, 2, 0])
    table += struct.pack(">9i", *[65536 if i % 4 == 0 else 0 for i in range(9)])
    table += struct.pack(">2H", 2, 2) + ramp * 4 + lab.astype(">u2").tobytes() + ramp * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * x) for x in icc.PCS_WHITE))
    tags = {b"A2B0": table, b"wtpt": white}
    offset, entries, body = 132 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        entries += struct.pack(">4sII", name, offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12x4s", offset + len(body), b"", 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp"
    )
    head += bytes(68 - len(head)) + white[8:]
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + entries + body


def test_a_broken_profile_is_left_out(tmp_path):
    Image.fromarray(smooth()).save(tmp_path / "a.png", icc_profile=b"no profile" * 20)
    target = read_target(tmp_path / "a.png")
    same(target.image, smooth())
    assert "profile cannot be used" in target.notes[0]


def test_large_pictures_are_reduced_in_linear_light(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LONG_SIDE", 50)
    monkeypatch.setattr(module, "BAND", 1000)
    stripes = np.zeros((75, 100, 3), np.uint8)
    stripes[:, ::2] = 255
    stripes[:30] = 0
    Image.fromarray(stripes).save(tmp_path / "a.png")
    image = read_target(tmp_path / "a.png").image
    assert image.shape == (1, 3, 38, 50)
    half = color.srgb_encode(torch.tensor(0.5))
    assert image[..., :15, :].max() == 0.0
    assert_close(image[..., 17:, :], half.expand(1, 3, 21, 50), atol=1e-4, rtol=0.0)


def test_a_phones_heic_is_read_upright_in_its_own_colors(tmp_path):
    import pillow_heif

    colors = np.zeros((48, 64, 3), np.uint8)
    colors[:24] = 200, 120, 40
    colors[24:] = 40, 160, 90
    picture = Image.fromarray(colors)
    exif = picture.getexif()
    exif[274] = 6  # to be turned a quarter to the right
    pillow_heif.register_heif_opener()
    profile = icc.profile(color.DISPLAY_P3)
    picture.save(tmp_path / "phone.heic", quality=95, exif=exif.tobytes(), icc_profile=profile)
    target = read_target(tmp_path / "phone.heic")
    assert target.image.shape == (1, 3, 64, 48)
    stored = torch.tensor([40, 160, 90]) / 255.0
    in_srgb = color.srgb_encode(
        color.transform(
            color.decode(stored.view(1, 3, 1, 1), color.DISPLAY_P3),
            color.between(color.DISPLAY_P3, color.SRGB),
        ).clamp(0.0, 1.0)
    )
    assert_close(
        target.image[..., 32:34, 4:6].mean((2, 3)), in_srgb[..., 0, 0], atol=0.02, rtol=0.0
    )


def test_what_cannot_be_matched_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "no.jpg").write_bytes(b"no picture")
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    Image.fromarray(NOISE[:15]).save(tmp_path / "small.png")
    Image.fromarray(np.zeros_like(NOISE)).save(tmp_path / "black.png")
    Image.fromarray(NOISE).save(tmp_path / "cut.jpg", quality=95)
    whole = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "no.dng").write_bytes(b"no raw")
    for name, said in (
        ("missing.jpg", "no file"),
        ("no.jpg", "no picture that can be read"),
        ("phone.heic", "no picture that can be read"),
        ("small.png", "too small to match"),
        ("black.png", "nothing to match"),
        ("cut.jpg", "damaged"),
        ("no.dng", "."),
        (".", "folder"),
    ):
        with pytest.raises(PhotofinishError, match=said):
            read_target(tmp_path / name)


@pytest.mark.parametrize("name", ["a.tif", "deep.tif", "deep.png", "a.jpg", "a.webp"])
def test_damage_anywhere_is_a_sentence_or_a_picture(tmp_path, name):
    path = tmp_path / name
    if name.startswith("deep"):
        write = write_tiff if name.endswith("tif") else write_png
        write(path, NOISE.astype(np.uint16) * 257, Meaning(color.SRGB, False, Exif()), 0)
    else:
        Image.fromarray(NOISE).save(path)
    whole = bytearray(path.read_bytes())
    for seed in range(60):
        rng = np.random.default_rng(seed)
        broken = bytearray(whole)
        for _ in range(3):
            broken[rng.integers(len(broken))] = rng.integers(256)
        path.write_bytes(broken[: rng.integers(len(broken) // 2, len(broken) + 1)])
        try:
            image = read_target(path).image
        except PhotofinishError:
            continue
        assert image.isfinite().all()


def test_a_raws_own_picture_is_a_target(shared_data):
    path = shared_data / "raws" / "canon_eos_6d_lossy_linear.dng"
    target = read_target(path)
    assert target.image.shape == (1, 3, 683, 1024)
    assert "embedded" in target.notes[0]


def test_a_raw_may_have_no_picture(shared_data):
    path = shared_data / "raws" / "gopro_hero6_GOPR0024.dng"
    assert finish(embedded_preview(path)) is None
    with pytest.raises(PhotofinishError, match="holds no picture"):
        read_target(path)
