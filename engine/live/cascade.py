"""The maps of proxies whose network is a small cascade, compiled: the same sums on both cores.

A row of an answer is gathered nine taps at a time from three rows of each plane; planes have a
border of zeros, as the convolutions' padding has.
"""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.filters import guided_fit
from engine.live.kernels import F, Planes, Row, by_rows, kernel, picture_of, planes_of
from engine.proxies.areawise import EV, LEAK, BaseProxy, SmallCascade, VeilProxy

Bordered: TypeAlias = Planes
"""Planes (C, h + 2, w + 2) with zeros all around."""

_Weights: TypeAlias = NDArray[np.float32]


def base_maps(proxy: BaseProxy) -> Callable[[Tensor], Tensor]:
    """`proxy.maps`, as kernels, for one picture."""
    cascade = _Cascade(proxy.cascade)

    def maps(features: Tensor) -> Tensor:
        quarters = _quarters(planes_of(features)[0])
        tone = quarters.mean(0)
        answer = cascade(quarters * F(1.0 / EV))
        slope = answer[0] + F(0.5)
        offset = tone + F(EV) * answer[1] - slope * tone
        return torch.from_numpy(np.stack([slope, offset]))[None]

    return maps


def veil_maps(proxy: VeilProxy) -> Callable[[Tensor], Tensor]:
    """`proxy.maps`, as kernels, for one picture."""
    cascade, flat = _Cascade(proxy.cascade), float(proxy.flat.exp())

    def maps(features: Tensor) -> Tensor:
        planes = planes_of(features)
        tones, darkest = _quarters(planes[0]), _quarters(planes[1])
        tone, window = tones.mean(0), np.ones((3, 3), np.uint8)
        dark = cv2.dilate(cv2.erode(darkest.min(0), window), window)
        seen = [tones * F(1.0 / EV), darkest, (tone * F(1.0 / EV))[None], dark[None]]
        veil = dark + cascade(np.concatenate(seen))[0]
        guide, target = (picture_of(plane[None]) for plane in (tone, veil))
        return torch.cat(guided_fit(guide, target, proxy.RADIUS, flat), 1)

    return maps


def _quarters(plane: NDArray[np.float32]) -> Planes:
    """As torch's pixel_unshuffle by 2: (4, h / 2, w / 2)."""
    height, width = plane.shape
    cells = plane.reshape(height // 2, 2, width // 2, 2).transpose(1, 3, 0, 2)
    return np.ascontiguousarray(cells).reshape(4, height // 2, width // 2)


class _Cascade:
    """A SmallCascade's weights, and what it makes of planes (C, h, w), sides multiples of 4."""

    def __init__(self, cascade: SmallCascade) -> None:
        self._enter = _Layer(cascade.enter)
        self._down = [_Layer(layer) for layer in cascade.down]
        self._up = [_Layer(layer) for layer in cascade.up]
        self._narrow = [
            _matrix(layer) if isinstance(layer, nn.Conv2d) else None for layer in cascade.narrow
        ]
        self._leave, self._past = _matrix(cascade.leave), _matrix(cascade.past)

    def __call__(self, planes: Planes) -> Planes:
        entered = _bordered(planes)
        levels = [self._enter(entered)]
        for layer in self._down:
            levels.append(layer(_halved(levels[-1])))
        below = levels.pop()
        for narrow, layer in zip(self._narrow, self._up, strict=True):
            inner = below[:, 1:-1, 1:-1]
            if narrow is not None:
                flat = narrow[0] @ inner.reshape(len(inner), -1) + narrow[1]
                inner = flat.reshape(-1, *inner.shape[1:])
            beside = levels.pop()
            _add_doubled(beside, np.ascontiguousarray(inner))
            below = layer(beside)
        height, width = planes.shape[1:]
        fine = below[:, 1:-1, 1:-1].reshape(len(below), -1)
        answer = self._leave[0] @ fine + self._leave[1]
        answer += self._past[0] @ planes.reshape(len(planes), -1)
        return answer.reshape(-1, height, width)


class _Layer:
    """A 3x3 convolution and the leak after it."""

    def __init__(self, layer: nn.Module) -> None:
        assert isinstance(layer, nn.Conv2d)
        assert layer.bias is not None
        self._weights = _numbers(layer.weight).reshape(*layer.weight.shape[:2], 9)
        self._bias = _numbers(layer.bias)

    def __call__(self, planes: Bordered) -> Bordered:
        out = np.zeros((len(self._bias), *planes.shape[1:]), F)
        weights, bias = self._weights, self._bias
        by_rows(
            lambda first, stop: _convolve(planes, weights, bias, out, first, stop),
            planes.shape[1] - 2,
        )
        return out


def _matrix(layer: nn.Module) -> tuple[_Weights, _Weights]:
    """The matrix and the column of a 1x1 convolution."""
    assert isinstance(layer, nn.Conv2d)
    matrix = _numbers(layer.weight)[:, :, 0, 0]
    column = np.zeros(len(matrix), F) if layer.bias is None else _numbers(layer.bias)
    return np.ascontiguousarray(matrix), column[:, None]


def _numbers(weights: Tensor) -> _Weights:
    return np.ascontiguousarray(weights.detach().numpy(), np.float32)


def _bordered(planes: Planes) -> Bordered:
    return np.pad(planes, ((0, 0), (1, 1), (1, 1)))


def _halved(planes: Bordered) -> Bordered:
    """Means over 2x2."""
    inner = planes[:, 1:-1, 1:-1]
    rows = inner[:, 0::2] + inner[:, 1::2]
    return _bordered((rows[:, :, 0::2] + rows[:, :, 1::2]) * F(0.25))


def _add_doubled(planes: Bordered, small: Planes) -> None:
    """Add `small` at twice its size, each cell to four."""
    inner = planes[:, 1:-1, 1:-1]
    for y in (0, 1):
        for x in (0, 1):
            inner[:, y::2, x::2] += small


@kernel
def _convolve(
    planes: Bordered, weights: _Weights, bias: Row, out: Bordered, first: int, stop: int
) -> None:
    width = planes.shape[2] - 2
    total = np.zeros(width, F)
    for y in range(first, stop):
        for k in range(len(bias)):
            total[:] = bias[k]
            for c in range(len(planes)):
                above, row, below = planes[c, y], planes[c, y + 1], planes[c, y + 2]
                w = weights[k, c]
                w0, w1, w2, w3, w4 = w[0], w[1], w[2], w[3], w[4]
                w5, w6, w7, w8 = w[5], w[6], w[7], w[8]
                for x in range(width):
                    upper = w0 * above[x] + w1 * above[x + 1] + w2 * above[x + 2]
                    middle = w3 * row[x] + w4 * row[x + 1] + w5 * row[x + 2]
                    lower = w6 * below[x] + w7 * below[x + 1] + w8 * below[x + 2]
                    total[x] += upper + middle + lower
            for x in range(width):
                value = total[x]
                out[k, y + 1, x + 1] = value if value > F(0) else value * F(LEAK)
