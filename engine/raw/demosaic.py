"""Demosaic: from one color a pixel to all of them, linear and unclipped.

Bayer: D. Menon, S. Andriani, G. Calvagno, Demosaicing with Directional Filtering and a posteriori
Decision, IEEE Transactions on Image Processing 16(1), 2007. X-Trans: LibRaw (Markesteijn, three
passes). Anything else: normalized convolution [Knutsson and Westin, CVPR 1993].

All rest on color differences that change slowly, which holds for white-balanced values on a scale
like the eye's. So they work on square roots (on photos of the Kodak PhotoCD 6 dB better than on
linear values, 3 dB measured in linear light); what was recorded comes back as it was.
"""

import io
import struct

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.raw.sensor import Plane

Pattern = NDArray[np.int64]
STRIP, MARGIN, SQUARED_ROWS = 256, 16, 64
XTRANS_LEAST = 512

LINE = np.array([[-0.25, 0.5, 0.5, 0.5, -0.25]], np.float32)
BETWEEN = np.array([[0.5, 0.0, 0.5]], np.float32)
SMOOTH = np.full((1, 3), 1.0 / 3.0, np.float32)
CLASSIFIER = np.array(
    [[1, 0, 1, 0, 0], [0, 1, 0, 0, 0], [3, 0, 3, 0, 0], [0, 1, 0, 0, 0], [1, 0, 1, 0, 0]],
    np.float32,
)


def demosaic(mosaic: Plane, pattern: Pattern, colors: int, balance: NDArray[np.float64]) -> Plane:
    """Return `mosaic` (H, W) as (H, W, colors); `balance` (colors,) makes grey equal in all."""
    gains = balance.astype(np.float32)
    balanced = rooted(mosaic * _tiled(gains[pattern], mosaic.shape))
    if is_bayer(pattern):
        out = _bayer(balanced, pattern)
    elif pattern.shape == (6, 6) and colors == 3:
        out = _xtrans(balanced, pattern)
    else:
        out = interpolated(balanced, pattern, colors, 0.8)
    for color in range(colors):
        # an edge overshoots: no color leaves the range in which the sensor recorded it
        low, high = _range(balanced, pattern, color)
        np.clip(out[..., color], low, high, out=out[..., color])
    for top in range(0, len(out), SQUARED_ROWS):
        lines = out[top : top + SQUARED_ROWS]
        lines[...] = squared(lines)
        lines /= gains
    rows, columns = pattern.shape
    for row, column in np.ndindex(rows, columns):
        out[row::rows, column::columns, pattern[row, column]] = mosaic[row::rows, column::columns]
    return out


TOE = 0.002


def rooted(linear: Plane) -> Plane:
    """Square roots of values over a small toe, below zero straight on: noise stays unclipped."""
    root = np.maximum(linear, np.float32(0.0))
    root += np.float32(TOE)
    np.sqrt(root, out=root)
    below = np.minimum(linear, np.float32(0.0))
    below *= np.float32(0.5 / TOE**0.5)
    root += below
    return root


def squared(root: Plane) -> Plane:
    """The inverse of `rooted`."""
    zero = np.float32(TOE**0.5)
    below = np.minimum(root, zero)
    linear = np.maximum(root, zero)
    np.square(linear, out=linear)
    linear -= np.float32(TOE)
    below -= zero
    below *= 2 * zero
    linear += below
    return linear


def is_bayer(pattern: Pattern) -> bool:
    """Whether green lies on one diagonal of a 2x2 cell, red and blue on the other."""
    return pattern.shape == (2, 2) and (
        (pattern[0, 0] == pattern[1, 1] == 1 and {pattern[0, 1], pattern[1, 0]} == {0, 2})
        or (pattern[0, 1] == pattern[1, 0] == 1 and {pattern[0, 0], pattern[1, 1]} == {0, 2})
    )


def _range(mosaic: Plane, pattern: Pattern, color: int) -> tuple[float, float]:
    """The least and the greatest value recorded in one color."""
    rows, columns = pattern.shape
    lanes = [mosaic[r::rows, c::columns] for r, c in np.argwhere(pattern == color)]
    lanes = [lane for lane in lanes if lane.size]
    if not lanes:
        return 0.0, 1.0
    return min(float(v.min()) for v in lanes), max(float(v.max()) for v in lanes)


def _tiled(cell: NDArray[np.float32], shape: tuple[int, ...]) -> Plane:
    if (cell == cell.flat[0]).all():
        return np.broadcast_to(cell[:1, :1], shape)
    rows, columns = -(-shape[0] // cell.shape[0]), -(-shape[1] // cell.shape[1])
    return np.tile(cell, (rows, columns))[: shape[0], : shape[1]]


def _bayer(mosaic: Plane, pattern: Pattern) -> Plane:
    """Demosaic in strips: the temporaries of a whole picture would take a gigabyte."""
    height, width = mosaic.shape
    out = np.empty((height, width, 3), np.float32)
    # reflecting about the edge pixel keeps the pattern going
    border = (MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REFLECT_101)
    padded = np.asarray(cv2.copyMakeBorder(mosaic, *border), np.float32)
    row, column = (int(index[0]) for index in np.nonzero(pattern == 0))
    for top in range(0, height, STRIP):
        lines = min(STRIP, height - top)
        strip = _menon(padded[top : top + lines + 2 * MARGIN], row, column)
        for color, plane in enumerate(strip):
            out[top : top + lines, :, color] = plane[MARGIN:-MARGIN, MARGIN:-MARGIN]
    return out


def _menon(mosaic: Plane, row: int, column: int) -> tuple[Plane, Plane, Plane]:
    """Red, green and blue of `mosaic`, whose first red pixel is at (row, column)."""
    red = np.s_[row::2, column::2]
    blue = np.s_[1 - row :: 2, 1 - column :: 2]
    green_in_red = np.s_[row::2, 1 - column :: 2]
    green_in_blue = np.s_[1 - row :: 2, column::2]

    along, upright = _across(mosaic, LINE), _down(mosaic, LINE)
    for at in (green_in_red, green_in_blue):
        along[at] = upright[at] = mosaic[at]
    horizontal = _activity(mosaic - upright, 0) >= _activity(mosaic - along, 1)
    green = np.where(horizontal, along, upright)
    del along, upright

    # red and blue at green pixels, from color differences along the line that holds them
    r, b = mosaic.copy(), mosaic.copy()
    difference = mosaic - green
    _fill_at_green(r, b, green, difference, difference, green_in_red, green_in_blue)

    # red at blue pixels and blue at red ones, along the edge
    r_b = r - b
    r_b[red] = r_b[blue] = 0.0
    r_b = _along_edge(r_b, horizontal, BETWEEN)
    r[blue] = mosaic[blue] + r_b[blue]
    b[red] = mosaic[red] - r_b[red]

    # refinement: high frequencies of all three are alike
    r_g, b_g = r - green, b - green
    green[red] = mosaic[red] - _along_edge(r_g, horizontal, SMOOTH)[red]
    green[blue] = mosaic[blue] - _along_edge(b_g, horizontal, SMOOTH)[blue]
    _fill_at_green(r, b, green, r - green, b - green, green_in_red, green_in_blue)
    r_b = _along_edge(r - b, horizontal, SMOOTH)
    r[blue] = mosaic[blue] + r_b[blue]
    b[red] = mosaic[red] - r_b[red]
    return r, green, b


Strided = tuple[slice, slice]


def _fill_at_green(
    r: Plane, b: Plane, green: Plane, r_g: Plane, b_g: Plane, in_red: Strided, in_blue: Strided
) -> None:
    r[in_red] = green[in_red] + _across(r_g, BETWEEN)[in_red]
    r[in_blue] = green[in_blue] + _down(r_g, BETWEEN)[in_blue]
    b[in_blue] = green[in_blue] + _across(b_g, BETWEEN)[in_blue]
    b[in_red] = green[in_red] + _down(b_g, BETWEEN)[in_red]


def _activity(difference: Plane, axis: int) -> Plane:
    """How much the color difference varies along `axis` around each pixel."""
    steps = np.zeros_like(difference)
    if axis == 1:
        np.abs(difference[:, :-2] - difference[:, 2:], out=steps[:, :-2])
        return _filtered(steps, CLASSIFIER)
    np.abs(difference[:-2] - difference[2:], out=steps[:-2])
    return _filtered(steps, CLASSIFIER.T)


def _along_edge(plane: Plane, horizontal: NDArray[np.bool_], kernel: Plane) -> Plane:
    out = _down(plane, kernel)
    np.copyto(out, _across(plane, kernel), where=horizontal)
    return out


def _across(plane: Plane, kernel: Plane) -> Plane:
    return _filtered(plane, kernel)


def _down(plane: Plane, kernel: Plane) -> Plane:
    return _filtered(plane, kernel.T)


def _filtered(plane: Plane, kernel: Plane) -> Plane:
    return np.asarray(cv2.filter2D(plane, -1, np.ascontiguousarray(kernel)), np.float32)


def _near(plane: Plane, sigma: float) -> Plane:
    blurred = cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(blurred, np.float32)


def interpolated(mosaic: Plane, pattern: Pattern, colors: int, sigma: float) -> Plane:
    """Each color as the weighted mean of its own pixels nearby."""
    out = np.empty((*mosaic.shape, colors), np.float32)
    for color in range(colors):
        known = np.ascontiguousarray(_tiled((pattern == color).astype(np.float32), mosaic.shape))
        value = _near(known * mosaic, sigma) / np.maximum(_near(known, sigma), np.float32(1e-6))
        out[..., color] = np.where(known > 0, mosaic, value)
    return out


def _xtrans(mosaic: Plane, pattern: Pattern) -> Plane:
    """LibRaw's X-Trans demosaic, on a raw made in memory: 16 bits over a small pedestal."""
    import rawpy

    height, width = mosaic.shape
    low, high = float(mosaic.min()), float(mosaic.max())
    scale = 65535.0 / max(high - low, 1e-6)
    enlarged = mosaic[_continued(height, 6)][:, _continued(width, 6)]
    stored = ((enlarged - low) * scale + 0.5).astype(np.uint16)
    with rawpy.imread(io.BytesIO(_wrapped(stored, pattern))) as raw:
        out = raw.postprocess(
            demosaic_algorithm=rawpy.DemosaicAlgorithm.AHD,
            output_color=rawpy.ColorSpace.raw,
            output_bps=16,
            gamma=(1, 1),
            user_wb=[1, 1, 1, 1],
            user_black=0,
            user_sat=65535,
            user_flip=0,
            no_auto_scale=True,
            no_auto_bright=True,
        )
    return out[:height, :width].astype(np.float32) / np.float32(scale) + np.float32(low)


def _continued(length: int, period: int) -> NDArray[np.int64]:
    """Indices that go on past `length` in step with the pattern, to the least that LibRaw takes."""
    index = np.arange(max(length, XTRANS_LEAST))
    last = max(length - period, 0)
    return np.where(index < length, index, last + (index - last) % period)


def _wrapped(stored: NDArray[np.uint16], pattern: Pattern) -> bytes:
    """A DNG that holds this mosaic and no more than LibRaw needs to demosaic it."""
    height, width = stored.shape
    identity = struct.pack("<18i", *(n for i in range(9) for n in (int(i % 4 == 0), 1)))
    fields = [
        (254, 4, 1, struct.pack("<I", 0)),
        (256, 4, 1, struct.pack("<I", width)),
        (257, 4, 1, struct.pack("<I", height)),
        (258, 3, 1, struct.pack("<H", 16)),
        (259, 3, 1, struct.pack("<H", 1)),
        (262, 3, 1, struct.pack("<H", 32803)),
        (271, 2, 5, b"None\0"),
        (272, 2, 5, b"None\0"),
        (273, 4, 1, b""),
        (277, 3, 1, struct.pack("<H", 1)),
        (278, 4, 1, struct.pack("<I", height)),
        (279, 4, 1, struct.pack("<I", stored.nbytes)),
        (33421, 3, 2, struct.pack("<2H", *pattern.shape)),
        (33422, 1, pattern.size, pattern.astype(np.uint8).tobytes()),
        (50706, 1, 4, bytes([1, 4, 0, 0])),
        (50708, 2, 5, b"None\0"),
        (50717, 4, 1, struct.pack("<I", 65535)),
        (50721, 10, 9, identity),
        (50728, 5, 3, struct.pack("<6I", 1, 1, 1, 1, 1, 1)),
    ]
    end = 8 + 2 + 12 * len(fields) + 4
    entries, extra = b"", b""
    size = end + sum(len(content) for *_, content in fields if len(content) > 4)
    for tag, kind, count, content in fields:
        field = struct.pack("<I", size) if tag == 273 else content
        if len(field) > 4:
            field, extra = struct.pack("<I", end + len(extra)), extra + field
        entries += struct.pack("<HHI", tag, kind, count) + field.ljust(4, b"\0")
    head = b"II" + struct.pack("<HIH", 42, 8, len(fields))
    return head + entries + bytes(4) + extra + stored.tobytes()
