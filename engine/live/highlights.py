"""Highlights, live: camera RGB through a matrix, saturated channels at a likely value first.

For kernels of other files: what changes here has them compiled anew, as with kernels.py.
"""

import numpy as np
from numpy.typing import NDArray

from engine import highlights
from engine.live.kernels import F, Plane, Row, clipped, part

BLOCK = 128
"""Pixels that are looked at together: most pictures are clipped in few places."""


@part
def turn_row(
    red: Row,
    green: Row,
    blue: Row,
    camera_white: Row,
    matrix: NDArray[np.float32],
    told: Plane,
    out_red: Row,
    out_green: Row,
    out_blue: Row,
) -> None:
    """`matrix` (3, 3) times rows of camera RGB; `told` is room for a block (3, BLOCK)."""
    for start in range(0, len(red), BLOCK):
        end = min(start + BLOCK, len(red))
        r, g, b = red[start:end], green[start:end], blue[start:end]
        if _clips(r, g, b, camera_white):
            size = end - start
            told_r, told_g, told_b = told[0, :size], told[1, :size], told[2, :size]
            _recover(r, g, b, camera_white, told_r, told_g, told_b)
            r, g, b = told_r, told_g, told_b
        _mix(r, g, b, matrix[0], out_red[start:end])
        _mix(r, g, b, matrix[1], out_green[start:end])
        _mix(r, g, b, matrix[2], out_blue[start:end])


@part
def _mix(red: Row, green: Row, blue: Row, weights: Row, out: Row) -> None:
    for x in range(len(out)):
        out[x] = weights[0] * red[x] + weights[1] * green[x] + weights[2] * blue[x]


@part
def _clips(red: Row, green: Row, blue: Row, camera_white: Row) -> bool:
    """Whether any channel of any pixel reaches the white."""
    white_red, white_green, white_blue = camera_white[0], camera_white[1], camera_white[2]
    reached = np.int32(0)
    for x in range(len(red)):
        over = (red[x] >= white_red) | (green[x] >= white_green) | (blue[x] >= white_blue)
        reached |= np.int32(over)
    return reached != 0


@part
def _recover(
    red: Row,
    green: Row,
    blue: Row,
    camera_white: Row,
    told_red: Row,
    told_green: Row,
    told_blue: Row,
) -> None:
    """engine.highlights.without_false_color, camera RGB in and out."""
    for x in range(len(red)):
        r, g, b = red[x] / camera_white[0], green[x] / camera_white[1], blue[x] / camera_white[2]
        full_r, full_g, full_b = _full(red[x]), _full(green[x]), _full(blue[x])
        heard_r, heard_g, heard_b = _HEARD - full_r, _HEARD - full_g, _HEARD - full_b
        says_r, says_g, says_b = heard_r * r, heard_g * g, heard_b * b
        likely_r = r + full_r * _above(g + b, says_g + says_b, heard_g + heard_b, r)
        likely_g = g + full_g * _above(r + b, says_r + says_b, heard_r + heard_b, g)
        likely_b = b + full_b * _above(r + g, says_r + says_g, heard_r + heard_g, b)
        highest = max(likely_r, max(likely_g, likely_b))
        all_full = full_r * full_g * full_b
        likely_r += all_full * (highest - likely_r)
        likely_g += all_full * (highest - likely_g)
        likely_b += all_full * (highest - likely_b)
        rim = _step(min(red[x], min(green[x], blue[x])), F(highlights.RIM))
        level = max(F(1), min(likely_r, min(likely_g, likely_b)))
        likely_r -= rim * max(likely_r - level, F(0))
        likely_g -= rim * max(likely_g - level, F(0))
        likely_b -= rim * max(likely_b - level, F(0))
        told_red[x] = likely_r * camera_white[0] if red[x] >= camera_white[0] else red[x]
        told_green[x] = likely_g * camera_white[1] if green[x] >= camera_white[1] else green[x]
        told_blue[x] = likely_b * camera_white[2] if blue[x] >= camera_white[2] else blue[x]


_HEARD = F(1.001)


@part
def _above(others: F, say: F, heard: F, value: F) -> F:
    """By how much what the other channels tell is above `value`."""
    return max(max(F(0.5) * others, say / heard) - value, F(0))


@part
def _full(camera: F) -> F:
    return _step(camera, F(1.0 - highlights.FADE))


@part
def _step(x: F, low: F) -> F:
    """engine.filters.smooth_step from `low` to 1."""
    t = clipped((x - low) / (F(1) - low), F(0), F(1))
    return t * t * (F(3) - F(2) * t)
