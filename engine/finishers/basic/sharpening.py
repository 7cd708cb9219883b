"""Sharpening: the last stage, on the encoded picture, luminance only.

An unsharp mask whose radius counts in pixels of the full-size photo. What it adds is held to the
range of the nearest neighbors, as morphological sharpening does [Kramer & Bruckner, Iterations of a
Non-Linear Transformation for Enhancement of Digital Images, Pattern Recognition 7, 1975]: an edge
steepens, without a halo. `sharpen_detail` lets go of that hold, which brings out texture too;
`sharpen_masking` leaves alone what is no edge. Luma as in ITU-R BT.709-6, item 3.2.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from engine.filters import box_mean, double, halve_box
from engine.metadata import Metadata
from engine.slider import Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics
from engine.strips import in_strips

AMOUNT = Slider("sharpen_amount", 0.0, 150.0, xmp="Sharpness", label="Amount")
RADIUS = Slider(
    "sharpen_radius",
    0.5,
    3.0,
    default=1.0,
    unit="px",
    xmp="SharpenRadius",
    step=0.1,
    decimals=1,
    label="Radius",
)
DETAIL = Slider("sharpen_detail", 0.0, 100.0, default=25.0, xmp="SharpenDetail", label="Detail")
MASKING = Slider("sharpen_masking", 0.0, 100.0, xmp="SharpenEdgeMasking", label="Masking")

LUMA_OF_RGB = (0.2126, 0.7152, 0.0722)
STRENGTH = 1.3  # times what blurring takes away, at amount 100
EDGE = 0.04  # slope of luma per full-size pixel that masking 100 holds for half an edge
CURVATURE = 0.6  # of an encoding with exponent 1 / 2.2: half its second derivative over its first
EDGE_REACH = 8  # pixels around one that masking looks at, beyond the blur
ROOM = 1e-3  # keeps divisions by the distance to black and white finite


def exact(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    sharpen_amount: Value,
    sharpen_radius: Value,
    sharpen_detail: Value,
    sharpen_masking: Value,
) -> Tensor:
    """Return `image` (B, 3, H, W), display RGB in [0, 1], sharpened; amount 0 is the identity.

    Hue stays: a darker pixel is scaled towards black, a lighter one towards white.
    """
    sigma = sharpen_radius * metadata.scale

    def on_strip(strip: Tensor, _: int) -> Tensor:
        red, green, blue = strip.split(1, 1)
        luma = LUMA_OF_RGB[0] * red + LUMA_OF_RGB[1] * green + LUMA_OF_RGB[2] * blue
        smooth = blur(luma, sigma)
        free = (luma - smooth) * (STRENGTH * sharpen_amount / 100.0)
        added = _held(free, luma, metadata.scale, sharpen_detail / 100.0)
        added = added * _edges(smooth, metadata.scale, sharpen_masking)
        return _lit(strip, luma, added)

    return in_strips(on_strip, image, halo=reach(sigma) + EDGE_REACH)


def _held(free: Tensor, luma: Tensor, near: float, let_go: Value) -> Tensor:
    """`free`, what is to be added, held to the range of the neighbors but for a share `let_go`.

    A neighbor is a full-size pixel away, nearer than the picture's own: `near` of its distance.
    """
    low, high = _range(luma)
    held = torch.minimum(torch.maximum(free, (low - luma) * near), (high - luma) * near)
    return torch.lerp(held, free, torch.as_tensor(let_go, dtype=held.dtype))


def _lit(image: Tensor, luma: Tensor, added: Tensor) -> Tensor:
    """`image` with its luma raised by about `added`, within black and white."""
    # as much light as is added is taken: else a picture would get brighter, seen from afar
    curvature = 1.0 + CURVATURE * added.abs() / luma.clamp_min(ROOM)
    lighter, darker = added.clamp_min(0.0) / curvature, added.clamp_max(0.0) * curvature
    to_white = _ease(lighter, 1.0 - luma)
    to_black = _ease(darker, luma)
    return torch.addcmul(image + to_white, image, to_black - to_white).clamp(0.0, 1.0)


def reach(sigma: Value) -> int:
    """How many pixels away the blur looks."""
    return max(1, math.ceil(3.0 * float(torch.as_tensor(sigma).detach().max())))


def blur(plane: Tensor, sigma: Value) -> Tensor:
    """Gaussian blur of `plane` (B, 1, H, W), `sigma` in its pixels.

    The kernel is the discrete Gaussian [Lindeberg, Scale-Space for Discrete Signals, TPAMI 12(3),
    1990], whose variance is right for a sigma far below a pixel too: small previews need that.
    """
    batch = plane.shape[0]
    spread = (plane.new_ones(batch, 1, 1, 1) * sigma).reshape(batch, 1)
    most = reach(spread)
    waves = torch.arange(64).to(plane) * (2.0 * math.pi / 64)
    spectrum = torch.exp(-spread * spread * (1.0 - torch.cos(waves)))
    kernel = spectrum @ torch.cos(waves[:, None] * torch.arange(most + 1).to(plane))
    kernel = kernel / (2.0 * kernel.sum(1, keepdim=True) - kernel[:, :1])
    center, *sides = (weight.view(batch, 1, 1, 1) for weight in kernel.unbind(1))
    for axis, margins in ((-1, (most, most, 0, 0)), (-2, (0, 0, most, most))):
        # pairs of shifted planes: several times as fast as a convolution of one channel
        padded = functional.pad(plane, margins, mode="replicate")
        length = plane.shape[axis]
        total = plane * center
        for i, weight in enumerate(sides, 1):
            before = padded.narrow(axis, most - i, length)
            after = padded.narrow(axis, most + i, length)
            total = torch.addcmul(total, before + after, weight)
        plane = total
    return plane


def _range(plane: Tensor) -> tuple[Tensor, Tensor]:
    """Least and greatest value among a pixel and its eight neighbors."""
    padded = functional.pad(plane, (1, 1, 1, 1), mode="replicate")
    bounds = []
    for pick in (torch.minimum, torch.maximum):
        rows = pick(pick(padded[..., :-2, :], padded[..., 1:-1, :]), padded[..., 2:, :])
        bounds.append(pick(pick(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:]))
    return bounds[0], bounds[1]


def _edges(smooth: Tensor, scale: float, masking: Value) -> Tensor:
    """How much of an edge (0 to 1) there is around a pixel; 1 everywhere at masking 0."""
    coarse = halve_box(smooth)
    padded = functional.pad(coarse, (1, 1, 1, 1), mode="replicate")
    across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    slope = box_mean(across * across + down * down, 1) * (scale / 4.0) ** 2 + 1e-9
    flat = (EDGE * masking / 100.0) ** 2
    edges = slope / (slope + flat)
    return double(edges)[..., : smooth.shape[-2], : smooth.shape[-1]]


def _ease(added: Tensor, room: Tensor) -> Tensor:
    """`added` as a share of the `room` there is; smoothly less than 1."""
    share = added / room.clamp_min(ROOM)
    return share * torch.rsqrt(1.0 + share * share)


STAGE = Stage(
    "sharpening",
    (AMOUNT, RADIUS, DETAIL, MASKING),
    exact,
    Kind.AREAWISE,
    Space.DISPLAY,
)
