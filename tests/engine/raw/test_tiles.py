"""Every compression and bit depth that DNGs use, written here and read back."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest

from engine.raw.tiff import DamagedError, Tags, Tiff
from engine.raw.tiles import read_samples, readable

START = 64
NUMBERS = np.random.default_rng(5)


def read(tiles, shape, *, order="<", tile=None, **tags):
    """Read a picture stored as `tiles`, in strips or of size `tile` (h, w)."""
    mark = b"II" if order == "<" else b"MM"
    head = (mark + struct.pack(order + "HIH", 42, 8, 0) + bytes(4)).ljust(START, b"\0")
    counts = [len(content) for content in tiles]
    offsets = [START + sum(counts[:i]) for i in range(len(tiles))]
    height, width, samples = shape
    described = Tags({256: [width], 257: [height], 277: [samples], 258: [16]})
    if tile:
        described |= {322: [tile[1]], 323: [tile[0]], 324: offsets, 325: counts}
    else:
        described |= {278: [-(-height // len(tiles))], 273: offsets, 279: counts}
    described |= {int(name[1:]): [value] for name, value in tags.items()}
    described = Tags(described)
    assert readable(described)
    return read_samples(Tiff(io.BytesIO(head + b"".join(tiles))), described)


def picture(height=10, width=12, samples=1, top=65535, dtype=np.uint16):
    return NUMBERS.integers(0, top, (height, width, samples)).astype(dtype)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16, 32])
def test_whole_words_in_strips(order, bits):
    stored = picture(top=255, dtype=f"u{bits // 8}", samples=3)
    raw = stored.astype(f"{order}u{bits // 8}")
    strips = [raw[:4].tobytes(), raw[4:8].tobytes(), raw[8:].tobytes()]
    np.testing.assert_array_equal(read(strips, stored.shape, order=order, t258=bits), stored)


def test_colors_stored_one_after_the_other():
    stored = picture(samples=3)
    halves = [half for color in np.moveaxis(stored, 2, 0) for half in (color[:6], color[6:])]
    strips = [half.astype("<u2").tobytes() for half in halves]
    np.testing.assert_array_equal(read(strips, stored.shape, t284=2, t278=6), stored)
    with pytest.raises(DamagedError):
        read(strips[:4], stored.shape, t284=2, t278=6)


def test_tiles_of_colors_stored_one_after_the_other():
    stored = picture(8, 8, samples=3)
    tiles = [
        zlib.compress(np.ascontiguousarray(stored[:, left : left + 4, color]).tobytes())
        for color in range(3)
        for left in (0, 4)
    ]
    found = read(tiles, stored.shape, tile=(8, 4), t284=2, t259=8)
    np.testing.assert_array_equal(found, stored)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_packed_bits(bits):
    stored = picture(6, 16, top=1 << bits)
    packed = b""
    for row in stored[..., 0]:
        line = "".join(f"{value:0{bits}b}" for value in row)
        line += "0" * (-len(line) % 8)
        packed += int(line, 2).to_bytes(len(line) // 8, "big")
    np.testing.assert_array_equal(read([packed], stored.shape, t258=bits), stored)


def test_tiles_reach_beyond_the_edge():
    stored = picture(10, 12)
    padded = np.pad(stored, ((0, 6), (0, 4), (0, 0)))
    tiles = [padded[y : y + 8, x : x + 8].tobytes() for y in (0, 8) for x in (0, 8)]
    np.testing.assert_array_equal(read(tiles, stored.shape, tile=(8, 8)), stored)


@pytest.mark.parametrize("predictor", [1, 2])
def test_deflate(predictor):
    stored = picture(samples=3)
    coded = stored if predictor == 1 else np.diff(stored, axis=1, prepend=np.uint16(0))
    out = read([zlib.compress(coded.tobytes())], stored.shape, t259=8, t317=predictor)
    np.testing.assert_array_equal(out, stored)


@pytest.mark.parametrize("predictor", [1, 3])
@pytest.mark.parametrize("bits", [16, 32])
def test_floats(predictor, bits):
    stored = NUMBERS.normal(size=(8, 10, 3)).astype(f"f{bits // 8}")
    content = stored.tobytes()
    if predictor == 3:
        content = imagecodecs.floatpred_encode(stored, axis=-2, dist=1).tobytes()
    out = read(
        [zlib.compress(content)], stored.shape, t258=bits, t259=8, t317=predictor, t339=3
    )  # fmt: skip
    np.testing.assert_array_equal(out, stored.astype(np.float32))


def test_24_bit_floats():
    content = bytes([0x00, 0x00, 0x3F, 0x00, 0x80, 0xBF, 0x00, 0x00, 0x00])
    out = read([content], (1, 3, 1), t258=24, t339=3)
    assert out.ravel().tolist() == [1.0, -1.5, 0.0]


def test_lossless_jpeg_of_two_components_is_one_row():
    stored = picture(10, 12, top=1 << 14)
    content = imagecodecs.ljpeg_encode(stored[..., 0], bitspersample=14)
    np.testing.assert_array_equal(read([content], stored.shape, t258=14, t259=7), stored)


def test_jpeg_xl():
    stored = picture(16, 16, 3)
    content = imagecodecs.jpegxl_encode(stored, lossless=True)
    np.testing.assert_array_equal(read([content], stored.shape, t259=52546), stored)


def test_lossy_jpeg():
    y, x = np.mgrid[0:32, 0:48]
    stored = np.stack([y * 4, x * 4, y + x], -1).astype(np.uint8)
    content = imagecodecs.jpeg8_encode(stored, level=98, subsampling="444")
    out = read([content], stored.shape, t258=8, t259=34892)
    assert np.abs(out.astype(int) - stored).max() < 8


@pytest.mark.parametrize(
    "tags",
    [{"t256": 0}, {"t257": 1 << 30}, {"t258": 17}, {"t277": 100}, {"t259": 8}, {"t259": 7}],
    ids=str,
)
def test_senseless_descriptions_are_damage(tags):
    with pytest.raises(DamagedError):
        read([picture().tobytes()], (10, 12, 1), **tags)


def test_a_strip_beyond_the_end_is_damage():
    with pytest.raises(DamagedError):
        read([picture().tobytes()[:-1]], (10, 12, 1))


def test_unknown_compression_is_left_to_libraw():
    assert not readable(Tags({259: [9]}))
