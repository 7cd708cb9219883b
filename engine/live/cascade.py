"""The maps of proxies whose network is a small cascade, compiled: the same sums on both cores.

Each core takes a band of rows through the whole network by itself, with as many rows more as the
layers to come look at: nobody waits between layers. Planes have a border of zeros, as the
convolutions' padding has.

A convolution makes two rows at a time, in four products where six would do [Winograd, Arithmetic
Complexity of Computations, SIAM 1980, as Lavin & Gray, Fast Algorithms for Convolutional Neural
Networks, CVPR 2016, use it]; here down the columns alone.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.live.kernels import F, Plane, Planes, Row, kernel, part, planes_of
from engine.proxies.areawise import EV, LEAK, BaseProxy, SmallCascade
from engine.strips import at_once

Bordered: TypeAlias = Planes
"""Planes (C, h + 2, w + 2) with zeros all around."""

_BANDS = 2
_EVEN = 8  # rows of a band are a multiple of it: at every size, they come in pairs

_FEW = 4
"""Outputs that are summed up at a time: their weights fit the registers."""

_RUN = 768
"""Numbers that a sum is made of at a time: few enough for the nearest cache."""

_ROWS = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]])
"""What the four products take of a kernel's three rows."""


class _Layer(NamedTuple):
    """A 3x3 convolution: for each few outputs (4 products, inputs, few, 3 columns); and biases."""

    weights: NDArray[np.float32]
    bias: Row


class _Mix(NamedTuple):
    """A 1x1 convolution (outputs, inputs)."""

    weights: NDArray[np.float32]
    bias: Row


class _Cascade(NamedTuple):
    """The layers of a SmallCascade."""

    enter: _Layer
    down: tuple[_Layer, _Layer]
    up: tuple[_Layer, _Layer]
    narrow: _Mix
    leave: _Mix
    past: _Mix


def base_maps(proxy: BaseProxy) -> Callable[[Tensor], Tensor]:
    """`proxy.maps`, as kernels, for one picture."""
    cascade = _cascade(proxy.cascade)

    def maps(features: Tensor) -> Tensor:
        quarters = _quarters(planes_of(features)[0])
        tone = quarters.mean(0)
        answer = _answer(cascade, quarters * F(1.0 / EV))
        slope = answer[0] + F(0.5)
        offset = tone + F(EV) * answer[1] - slope * tone
        return torch.from_numpy(np.stack([slope, offset]))[None]

    return maps


def _quarters(plane: NDArray[np.float32]) -> Planes:
    """As torch's pixel_unshuffle by 2: (4, h / 2, w / 2)."""
    height, width = plane.shape
    cells = plane.reshape(height // 2, 2, width // 2, 2).transpose(1, 3, 0, 2)
    return np.ascontiguousarray(cells).reshape(4, height // 2, width // 2)


def _cascade(cascade: SmallCascade) -> _Cascade:
    first, second = (_layer(layer) for layer in cascade.down)
    third, fourth = (_layer(layer) for layer in cascade.up)
    mixes = (_mix(layer) for layer in (cascade.narrow[1], cascade.leave, cascade.past))
    return _Cascade(_layer(cascade.enter), (first, second), (third, fourth), *mixes)


def _layer(layer: nn.Module) -> _Layer:
    assert isinstance(layer, nn.Conv2d)
    assert layer.bias is not None
    weights = np.einsum("pr, oirx -> poix", _ROWS, layer.weight.detach().numpy())
    missing = -weights.shape[1] % _FEW
    weights = np.pad(weights, ((0, 0), (0, missing), (0, 0), (0, 0)))
    weights = weights.reshape(4, -1, _FEW, *weights.shape[2:]).transpose(1, 0, 3, 2, 4)
    return _Layer(np.ascontiguousarray(weights, np.float32), _numbers(layer.bias))


def _mix(layer: nn.Module) -> _Mix:
    assert isinstance(layer, nn.Conv2d)
    bias = torch.zeros(len(layer.weight)) if layer.bias is None else layer.bias
    return _Mix(_numbers(layer.weight[:, :, 0, 0]), _numbers(bias))


def _numbers(weights: Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(weights.detach().numpy(), np.float32)


def _answer(cascade: _Cascade, planes: Planes) -> Planes:
    """What `cascade` makes of planes (C, h, w), sides multiples of 8."""
    count, (height, width) = len(cascade.leave.bias), planes.shape[1:]
    out = np.zeros((count, height + 2, width + 2), F)
    bands = min(_BANDS, height // _EVEN)
    edges = [height * band // (_EVEN * bands) * _EVEN for band in range(bands + 1)]
    at_once(lambda band: _run(cascade, planes, out, edges[band], edges[band + 1]), range(bands))
    return out[:, 1:-1, 1:-1]


@kernel
def _run(cascade: _Cascade, planes: Planes, out: Planes, first: int, stop: int) -> None:
    """Rows of the answer; of every layer, as many more as those after it look at."""
    height, width = planes.shape[1:]
    seen = _room(len(planes), height, width)
    for y in range(*_more(first, stop, 15, height)):
        for c in range(len(planes)):
            for x in range(width):
                seen[c, y + 1, x + 1] = planes[c, y, x]
    entered = _convolved(seen, cascade.enter, *_more(first, stop, 14, height))
    halves = _halved(entered, *_more(first // 2, stop // 2, 7, height // 2))
    halves = _convolved(halves, cascade.down[0], *_more(first // 2, stop // 2, 6, height // 2))
    quarters = _halved(halves, *_more(first // 4, stop // 4, 3, height // 4))
    quarters = _convolved(quarters, cascade.down[1], *_more(first // 4, stop // 4, 2, height // 4))
    _add_doubled(quarters, halves, *_more(first // 2, stop // 2, 4, height // 2))
    halves = _convolved(halves, cascade.up[0], *_more(first // 2, stop // 2, 2, height // 2))
    narrow = np.zeros((len(entered), height // 2 + 2, width // 2 + 2), F)
    _add_mixed(halves, cascade.narrow, narrow, *_more(first // 2, stop // 2, 1, height // 2))
    _add_doubled(narrow, entered, *_more(first, stop, 2, height))
    entered = _convolved(entered, cascade.up[1], first, stop)
    _add_mixed(entered, cascade.leave, out, first, stop)
    _add_mixed(seen, cascade.past, out, first, stop)


@part
def _more(first: int, stop: int, more: int, height: int) -> tuple[int, int]:
    """So many rows `more` on both sides, where there are any."""
    return max(0, first - more), min(height, stop + more)


@part
def _room(count: int, height: int, width: int) -> Bordered:
    """Room for planes. Only the rows that are needed will be filled."""
    planes = np.empty((count, height + 2, width + 2), F)
    for k in range(count):
        planes[k, 0], planes[k, -1] = F(0), F(0)
        planes[k, :, 0], planes[k, :, -1] = F(0), F(0)
    return planes


@part
def _halved(planes: Bordered, first: int, stop: int) -> Bordered:
    """Means over 2x2."""
    half = _room(len(planes), planes.shape[1] // 2 - 1, planes.shape[2] // 2 - 1)
    for k in range(len(planes)):
        for y in range(first, stop):
            _halve_rows(planes[k, 2 * y + 1], planes[k, 2 * y + 2], half[k, y + 1])
    return half


@part
def _halve_rows(upper: Row, lower: Row, out: Row) -> None:
    for x in range(1, len(out) - 1):
        left, right = 2 * x - 1, 2 * x
        out[x] = F(0.25) * (upper[left] + upper[right] + lower[left] + lower[right])


@part
def _add_doubled(small: Bordered, out: Bordered, first: int, stop: int) -> None:
    """Add `small` at twice its size, each cell to four."""
    for k in range(len(out)):
        for y in range(first, stop):
            _add_doubled_row(small[k, y // 2 + 1], out[k, y + 1])


@part
def _add_doubled_row(small: Row, out: Row) -> None:
    for x in range(1, len(small) - 1):
        out[2 * x - 1] += small[x]
        out[2 * x] += small[x]


@part
def _add_mixed(planes: Bordered, mix: _Mix, out: Bordered, first: int, stop: int) -> None:
    """Add `planes`, mixed. What this makes of the border is nobody's."""
    for k in range(len(out)):
        for y in range(first + 1, stop + 1):
            for x in range(out.shape[2]):
                out[k, y, x] += mix.bias[k]
            for c in range(len(planes)):
                _add(planes[c, y], mix.weights[k, c], out[k, y])


@part
def _add(row: Row, weight: F, out: Row) -> None:
    for x in range(len(out)):
        out[x] += weight * row[x]


@part
def _convolved(planes: Bordered, layer: _Layer, first: int, stop: int) -> Bordered:
    """Rows of a layer, with the leak after it; in pairs."""
    count, height, width = planes.shape
    out = _room(len(layer.bias), height - 2, width - 2)
    most = max(1, _RUN // width)
    taken, sums = np.zeros((4, count, most * width), F), np.zeros((4, _FEW, most * width), F)
    for top in range(first, stop, 2 * most):
        pairs = min(most, (stop - top) // 2)
        for c in range(count):
            _take(planes[c], top, pairs, taken[0, c], taken[1, c], taken[2, c], taken[3, c])
        for few in range(len(layer.weights)):
            for product in range(4):
                _product(taken[product], layer.weights[few, product], pairs * width, sums[product])
            for k in range(min(_FEW, len(out) - few * _FEW)):
                bias, plane = layer.bias[few * _FEW + k], out[few * _FEW + k]
                _put(sums[0, k], sums[1, k], sums[2, k], sums[3, k], bias, plane, top, pairs)
    return out


@part
def _take(
    plane: Plane, top: int, pairs: int, first: Row, second: Row, third: Row, fourth: Row
) -> None:
    """What the four products need of the rows from `top` on: each pair's in a line."""
    width = plane.shape[1]
    for i in range(pairs):
        y, start, stop = top + 2 * i, i * width, (i + 1) * width
        _between(plane[y], plane[y + 2], first[start:stop])
        _between(plane[y + 1], plane[y + 3], fourth[start:stop])
        _around(plane[y + 1], plane[y + 2], second[start:stop], third[start:stop])


@part
def _between(one: Row, other: Row, less: Row) -> None:
    for x in range(len(less)):
        less[x] = one[x] - other[x]


@part
def _around(one: Row, other: Row, both: Row, more: Row) -> None:
    for x in range(len(both)):
        both[x] = one[x] + other[x]
        more[x] = other[x] - one[x]


@part
def _product(taken: Plane, weights: Planes, length: int, sums: Plane) -> None:
    """One of the four, for each of a few outputs, of a line of pairs."""
    run = length - 2
    sums[:] = F(0)
    for c in range(len(taken)):
        row = taken[c]
        _add_taps(
            row,
            row[1:],
            row[2:],
            weights[c],
            sums[0, :run],
            sums[1, :run],
            sums[2, :run],
            sums[3, :run],
        )


@part
def _add_taps(
    left: Row, middle: Row, right: Row, w: Plane, one: Row, two: Row, three: Row, four: Row
) -> None:
    for x in range(len(one)):
        a, b, c = left[x], middle[x], right[x]
        one[x] += w[0, 0] * a + w[0, 1] * b + w[0, 2] * c
        two[x] += w[1, 0] * a + w[1, 1] * b + w[1, 2] * c
        three[x] += w[2, 0] * a + w[2, 1] * b + w[2, 2] * c
        four[x] += w[3, 0] * a + w[3, 1] * b + w[3, 2] * c


@part
def _put(
    first: Row, second: Row, third: Row, fourth: Row, bias: F, out: Plane, top: int, pairs: int
) -> None:
    """The pairs of rows that the four products make."""
    width = out.shape[1]
    for i in range(pairs):
        y, inner = top + 2 * i + 1, slice(i * width, (i + 1) * width - 2)
        _leak(first[inner], second[inner], third[inner], bias, out[y, 1:-1])
        _leak_less(second[inner], third[inner], fourth[inner], bias, out[y + 1, 1:-1])


@part
def _leak(first: Row, second: Row, third: Row, bias: F, out: Row) -> None:
    for x in range(len(out)):
        value = bias + first[x] + second[x] + third[x]
        out[x] = max(value, F(LEAK) * value)


@part
def _leak_less(second: Row, third: Row, fourth: Row, bias: F, out: Row) -> None:
    for x in range(len(out)):
        value = bias + second[x] - third[x] - fourth[x]
        out[x] = max(value, F(LEAK) * value)
