"""Target: the picture to match, read from any common file as encoded sRGB.

Color profiles are applied by LittleCMS, relative colorimetric with black point compensation, in
floating point. EXIF: CIPA DC-008, sections 4.6.4 A and C and annex A.4 ("R03" is Adobe RGB).
"""

import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import color, icc
from engine.errors import PhotofinishError
from engine.photo import area_average, fitted
from engine.progress import Work, finish
from engine.raw.process import check_readable, decode
from engine.sidecar import RAW_SUFFIXES

if TYPE_CHECKING:
    from PIL import Image

LONG_SIDE = 6000
"""Pixels: a longer picture is reduced as it is read."""

SMALLEST = 16
"""Pixels on the short side that a picture must have."""

MOST_PIXELS = 300_000_000
"""A larger picture would not fit into memory together with all else."""

FORMATS = ("JPEG", "HEIF", "PNG", "TIFF", "WEBP", "AVIF", "JPEG2000", "BMP", "GIF")
"""What Pillow may read: its other formats are no photographs, and some of them run programs."""

DAMAGE = (
    *(OSError, ValueError, RuntimeError, SyntaxError, EOFError, MemoryError, OverflowError),
    *(TypeError, IndexError, KeyError, AttributeError, AssertionError, struct.error),
)
"""What Pillow, tifffile and imagecodecs raise on a file that is not what it says."""

BAND = 1 << 22
"""Numbers converted at a time."""

Numbers = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Target:
    """The picture to match.

    `image` (1, 3, H, W) float32, encoded sRGB in [0, 1], upright; `bits` per channel that its file
    holds; `notes` are plain sentences about what was made of the file.
    """

    image: Tensor
    name: str
    notes: tuple[str, ...] = ()
    gray: bool = False
    bits: int = 8


@dataclass(frozen=True, eq=False)
class _Stored:
    """A picture as its file holds it.

    `numbers` (H, W, 1, 3 or 4): grey, RGB or CMYK, 8 or 16 bits or float32 with 1 for white.
    """

    numbers: Numbers
    profile: bytes | None
    orientation: int
    adobe_rgb: bool = False
    notes: tuple[str, ...] = ()
    bits: int = 8


def read_target(path: Path) -> Target:
    """Read the picture at `path`: JPEG, HEIC, PNG, TIFF, WebP, AVIF; of a raw its embedded one.

    Raises PhotofinishError with a sentence for the photographer where there is nothing to match.
    """
    path = Path(path)
    check_readable(path)
    if path.suffix.lower() in RAW_SUFFIXES:
        embedded = finish(embedded_preview(path))
        if embedded is None:
            raise PhotofinishError(f"{path.name} holds no picture of the camera's own to match.")
        return embedded
    try:
        stored = _stored(path)
    except DAMAGE as error:
        raise PhotofinishError(
            f"{path.name} is no picture that can be read, or it is damaged."
        ) from error
    target = _target(stored, path.name)
    if _one_color(target.image):
        raise PhotofinishError(f"{path.name} is of one single color: there is nothing to match.")
    return target


def embedded_preview(raw: Path, long_side: int = LONG_SIDE) -> Work[Target | None]:
    """The picture that the camera embedded in `raw`, None where there is none of use.

    At least `long_side` pixels long if it is as large. Raises PhotofinishError.
    """
    answer = yield from decode(Path(raw), "preview", long_side=long_side)
    if answer.pixels is None or min(answer.pixels.shape[:2]) < SMALLEST:
        return None
    note = f"The picture is the one that is embedded in {Path(raw).name}."
    target = _target(_Stored(answer.pixels, None, 1, notes=(note,)), Path(raw).name)
    return None if _one_color(target.image) else target


def _one_color(image: Tensor) -> bool:
    flat = image[0].flatten(1)
    return bool(((flat.amax(1) - flat.amin(1)) < 2.5 / 255.0).all())


def _stored(path: Path) -> _Stored:
    """Read the file. Raises PhotofinishError, and what DAMAGE lists."""
    with path.open("rb") as file:
        start = file.read(32)
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        deep = _deep_tiff(path)
        if deep is not None:
            return deep
    return _by_pillow(path, deep_png=start[:4] == b"\x89PNG" and start[24] == 16)


def _check_size(name: str, width: int, height: int) -> None:
    if min(width, height) < SMALLEST:
        raise PhotofinishError(f"{name} is too small to match: it is {width} x {height} pixels.")
    if width * height > MOST_PIXELS:
        raise PhotofinishError(f"{name} is too large to match: it is {width} x {height} pixels.")


def _by_pillow(path: Path, *, deep_png: bool) -> _Stored:
    """The picture by Pillow; the pixels of a PNG of 16 bits by libpng, as Pillow keeps but 8."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about sizes, which are checked here, and odd tags
        Image.MAX_IMAGE_PIXELS = MOST_PIXELS
        with _opened(path) as file:
            _check_size(path.name, *file.size)
            exif = file.getexif()
            orientation = int(exif.get(274, 1))
            details = {**exif.get_ifd(0x8769), **exif.get_ifd(0xA005)}
            adobe_rgb = _says_adobe_rgb(details.get(0xA001), details.get(1))
            profile = file.info.get("icc_profile")
            if deep_png:
                numbers, notes = _png_numbers(path)
            else:
                file.draft(file.mode, (LONG_SIDE, LONG_SIDE))
                numbers, notes = _pillow_numbers(file)
    bits = 16 if deep_png else 8
    return _Stored(numbers, profile, orientation, adobe_rgb, notes, bits)


def _opened(path: Path) -> "Image.Image":
    import pi_heif
    from PIL import Image

    pi_heif.register_heif_opener()
    try:
        return Image.open(path, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise PhotofinishError(f"{path.name} is too large to match.") from error


def _says_adobe_rgb(color_space: object, interoperability: object) -> bool:
    """Whether EXIF says so: by the standard, or as some cameras do."""
    return color_space == 2 or (color_space != 1 and str(interoperability)[:3] == "R03")


WHITE_BEHIND = "The picture is transparent in parts, which are taken for white."


def _pillow_numbers(picture: "Image.Image") -> tuple[Numbers, tuple[str, ...]]:
    """Grey, RGB or CMYK (H, W, C) of 8 bits, and notes."""
    if picture.has_transparency_data:
        return _over_white(np.asarray(picture.convert("RGBA")))
    mode = {"1": "L", "L": "L", "CMYK": "CMYK"}.get(picture.mode, "RGB")
    numbers = np.asarray(picture.convert(mode))
    return numbers.reshape(*numbers.shape[:2], -1), ()


def _png_numbers(path: Path) -> tuple[Numbers, tuple[str, ...]]:
    """Grey or RGB (H, W, C) of 16 bits, and notes."""
    import imagecodecs

    numbers = imagecodecs.png_decode(path.read_bytes())
    numbers = numbers.reshape(*numbers.shape[:2], -1)
    return _over_white(numbers) if numbers.shape[-1] in (2, 4) else (numbers, ())


def _over_white(numbers: Numbers) -> tuple[Numbers, tuple[str, ...]]:
    """Grey or RGB of `numbers` (H, W, C), whose last channel is alpha, over white."""
    opaque = np.iinfo(numbers.dtype).max
    solid, alpha = numbers[..., :-1], numbers[..., -1:]
    if alpha.min() == opaque:
        return solid, ()
    share = alpha.astype(np.float32) / opaque
    over = np.rint(opaque - (opaque - solid.astype(np.float32)) * share)
    return over.astype(numbers.dtype), (WHITE_BEHIND,)


def _deep_tiff(path: Path) -> _Stored | None:
    """A TIFF of more than 8 bits per channel; None for others, which Pillow reads."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        if page.bitspersample <= 8:
            return None
        _check_size(path.name, page.imagewidth, page.imagelength)
        channels = {0: 1, 1: 1, 2: 3, 5: 4}.get(int(page.photometric), 0)
        if channels == 0 or page.samplesperpixel < channels:
            raise ValueError(f"photometric {page.photometric}")
        numbers = page.asarray()
        if page.planarconfig == 2 and numbers.ndim == 3:
            numbers = np.moveaxis(numbers, 0, -1)
        numbers = _white_is_one(numbers.reshape(page.imagelength, page.imagewidth, -1))
        notes: tuple[str, ...] = ()
        if numbers.dtype == np.uint16 and channels < 4 and page.extrasamples[:1] in ((1,), (2,)):
            numbers, notes = _over_white(numbers[..., : channels + 1])
        numbers = numbers[..., :channels]
        if page.photometric == 0:  # white is zero
            numbers = 1.0 - numbers if numbers.dtype == np.float32 else np.invert(numbers)
        tags = page.tags
        details: Mapping[str, object] = tags.valueof(34665, {}) or {}
        return _Stored(
            numbers,
            tags.valueof(34675),
            int(tags.valueof(274, 1)),
            _says_adobe_rgb(details.get("ColorSpace"), details.get("InteroperabilityIndex")),
            notes,
            page.bitspersample,
        )


def _white_is_one(numbers: Numbers) -> Numbers:
    """16-bit numbers as they are, others as float32."""
    if numbers.dtype == np.uint16:
        return numbers
    if numbers.dtype.kind not in "uf":
        raise ValueError(f"numbers {numbers.dtype}")
    scale = 1.0 if numbers.dtype.kind == "f" else 1.0 / np.iinfo(numbers.dtype).max
    return np.nan_to_num((numbers * scale).astype(np.float32), posinf=1.0, neginf=0.0)


def _target(stored: _Stored, name: str) -> Target:
    """The picture in sRGB, upright and no longer than LONG_SIDE."""
    profile, note = _profile(stored)
    image = _upright(_in_srgb(stored.numbers, profile), stored.orientation)
    low, high = color.extremes(image)
    gray = bool((high - low).max() <= 1.5 / 255.0)
    notes = [*stored.notes, *note]
    if gray:
        notes.append("The picture is black and white.")
    return Target(image.contiguous(), name, tuple(notes), gray, stored.bits)


CHANNELS = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}
UNUSABLE = "The picture's color profile cannot be used, so it is left out."


def _profile(stored: _Stored) -> tuple[bytes | None, tuple[str, ...]]:
    """The profile to convert by, None for sRGB, and what to say of it."""
    channels = stored.numbers.shape[-1]
    profile = stored.profile
    if not profile:
        if channels == 4:
            return None, ("The picture has no color profile; its inks are taken for ideal ones.",)
        if stored.adobe_rgb:
            return icc.profile(color.ADOBE_RGB), (
                "The picture has no color profile; its camera says that it is in Adobe RGB.",
            )
        return None, ()
    of = CHANNELS.get(profile[16:20], 0)
    grid = np.linspace(0.0, 1.0, 5, dtype=np.float32)
    lattice = np.stack(np.meshgrid(*[grid] * max(of, 1), indexing="ij"), -1)
    lattice = (lattice.reshape(-1, 1, max(of, 1)) * 65535.0).round().astype(np.uint16)
    if of < channels or (of == 4 and channels != 4):
        return None, (UNUSABLE,)
    try:
        seen = _converted(lattice, profile)
    except RuntimeError:
        return None, (UNUSABLE,)
    if of != 4 and np.abs(seen - lattice / np.float32(65535.0)).max() < 0.5 / 255.0:
        return None, ()
    if of == 4:
        return profile, ("The picture is made of inks (CMYK); they are converted by its profile.",)
    return profile, ()


def _converted(numbers: Numbers, profile: bytes) -> Numbers:
    """Encoded sRGB (H, W, 3) float32 of `numbers` (H, W, C), as `profile` means them."""
    from imagecodecs import CMS, cms_transform

    channels = CHANNELS[profile[16:20]]
    names = {1: "gray", 3: "rgb", 4: "cmyk"}
    if channels > numbers.shape[-1]:
        numbers = np.repeat(numbers, channels, -1)
    if channels == 1:
        numbers = numbers[..., 0]
    if channels == 4 and numbers.dtype == np.float32:
        numbers = (numbers.clip(0.0, 1.0) * 65535.0).round().astype(np.uint16)
    return cms_transform(
        np.ascontiguousarray(numbers),
        profile,
        icc.profile(color.SRGB),
        colorspace=names[channels],
        outcolorspace="rgb",
        outdtype=np.float32,
        intent=CMS.INTENT.RELATIVE_COLORIMETRIC,
        flags=CMS.FLAGS.BLACKPOINTCOMPENSATION,
    )


def _in_srgb(numbers: Numbers, profile: bytes | None) -> Tensor:
    """Encoded sRGB (1, 3, h, w) of `numbers` (H, W, C), reduced in linear light to LONG_SIDE."""
    height, width = numbers.shape[:2]
    size = fitted((height, width), LONG_SIDE)
    out = torch.empty(1, 3, *size)
    step = height / size[0]
    rows = max(1, int(BAND / (width * 3 * step)))
    for top in range(0, size[0], rows):
        edges = torch.arange(top, min(top + rows, size[0]) + 1) * step
        first, last = int(edges[0] + 1e-6), min(height, int(np.ceil(float(edges[-1]) - 1e-6)))
        band = _encoded(numbers[first:last], profile)
        if size != (height, width):
            light = area_average(color.srgb_decode(band), (last - first, size[1]))
            band = color.srgb_encode(_shares(edges - first, last - first) @ light)
        out[:, :, top : top + rows] = band
    return out


def _shares(edges: Tensor, count: int) -> Tensor:
    """How much of each of `count` rows lies between each two `edges` (n + 1,): (n, count)."""
    at = torch.arange(count)
    start, stop = edges[:-1, None], edges[1:, None]
    inside = (torch.minimum(at + 1, stop) - torch.maximum(at, start)).clamp_min(0.0)
    return (inside / inside.sum(1, keepdim=True)).float()


def _encoded(numbers: Numbers, profile: bytes | None) -> Tensor:
    """Encoded sRGB (1, 3, H, W) in [0, 1] of `numbers` (H, W, C)."""
    if profile is not None:
        numbers = _converted(numbers, profile)
    elif numbers.dtype != np.float32:
        numbers = numbers / np.float32(np.iinfo(numbers.dtype).max)
    if numbers.shape[-1] == 4:
        numbers = (1.0 - numbers[..., :3]) * (1.0 - numbers[..., 3:])
    image = torch.from_numpy(np.ascontiguousarray(np.moveaxis(numbers, -1, 0)))[None]
    return image.clamp(0.0, 1.0).expand(1, 3, -1, -1)


def _upright(image: Tensor, orientation: int) -> Tensor:
    """`image` (1, 3, H, W) turned as EXIF's `orientation`, 1 to 8, says."""
    if orientation in (5, 6, 7, 8):
        image = image.transpose(2, 3)
    # after that: does the picture run from right to left, and from bottom to top
    flips = [axis for axis, those in ((3, (2, 3, 6, 7)), (2, (3, 4, 7, 8))) if orientation in those]
    return image.flip(flips)
