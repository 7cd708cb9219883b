"""Registration: which part of the photo's frame a target shows.

Features [Lowe, Distinctive Image Features from Scale-Invariant Keypoints, IJCV 60, 2004] of planes
whose contrast is made the same everywhere find a similarity; Gauss-Newton on these planes, from
coarse to fine, brings it below a pixel [Baker and Matthews, Lucas-Kanade 20 Years On, IJCV 56,
2004; both gradients averaged as in Benhimane and Malis, IROS 2004].

Coordinates of a frame run from its center, to the right and down, in units of its long side.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from engine.photo import area_average

Plane = NDArray[np.float32]
Points = NDArray[np.float64]
Matrix = NDArray[np.float64]

TRUSTED = 0.35
"""Below this trust the target counts as another scene."""

IN_PLACE = 0.1
"""Pixels of displacement below which the target has the photo's own frame."""

FINEST, FEATURES_SIDE = 1600, 900
"""Long sides in pixels of what is compared last, and of what features are sought in."""

FEATURES = 2000
SAMPLES = 200_000
"""Pixels that a step looks at."""


@dataclass(frozen=True, eq=False)
class Placement:
    """From a point (u, v) of the photo's frame to one of the target's.

    First the lens: (u, v) (1 + k1 r^2 + k2 r^4), r the distance from the center. Then the plane:
    x = (a u + b v + c) / (g u + h v + 1), y = (d u + e v + f) / (g u + h v + 1). `numbers` are
    a, b, c, d, e, f, g, h, k1, k2.
    """

    numbers: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    def __call__(self, points: Points) -> Points:
        """Where `points` (..., 2) of the photo's frame lie in the target's."""
        a, b, c, d, e, f, g, h, k1, k2 = self.numbers
        square = (points**2).sum(-1)
        u, v = np.moveaxis(points * (1.0 + square * (k1 + square * k2))[..., None], -1, 0)
        below = g * u + h * v + 1.0
        return np.stack([(a * u + b * v + c) / below, (d * u + e * v + f) / below], -1)

    @property
    def scale(self) -> float:
        """Long sides of the target per long side of the photo, in the middle of the frame."""
        a, b, c, d, e, f, g, h, _, _ = self.numbers
        return math.sqrt(abs((a - c * g) * (e - f * h) - (b - c * h) * (d - f * g)))


@dataclass(frozen=True, eq=False)
class Registration:
    """Where the target lies.

    `trust` in [0, 1], below TRUSTED another scene; `error` in pixels of the photo is the expected
    error of the placement; `blur` in pixels of the photo, the sigma by which the target is blurrier
    than the photo, negative where it is sharper. `in_place`: the target has the photo's own frame.
    """

    placement: Placement
    in_place: bool
    trust: float
    error: float
    blur: float

    @property
    def same_scene(self) -> bool:
        """Whether the target shows the photo's scene."""
        return self.trust >= TRUSTED

    def place(self, target: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """`target` (1, 3, H, W) on the photo's frame of `size` (h, w), and its weight (1, 1, h, w).

        Each pixel is the mean of what it covers. Its weight is 0 outside of the target and close to
        its border, else 1.
        """
        height, width = size
        if self.in_place:
            image = area_average(
                target, (min(height, target.shape[-2]), min(width, target.shape[-1]))
            )
            if image.shape[-2:] != size:
                image = interpolate(image, size, mode="bicubic").clamp(0.0, 1.0)
            return image, torch.ones(1, 1, height, width)
        return _resampled(self.placement, target, size)


def register(target: Tensor, picture: Tensor) -> Registration:
    """Find `target` (1, 3, h, w) in `picture` (1, 3, H, W), the whole photo; both encoded sRGB."""
    with _threads(torch.get_num_threads()):
        return _register(_luminance(target), _luminance(picture))


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """OpenCV works with `count` threads meanwhile."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _luminance(image: Tensor) -> Plane:
    red, green, blue = image[0].float()
    return np.ascontiguousarray((0.3 * red + 0.6 * green + 0.1 * blue).numpy())


def _register(target: Plane, photo: Plane) -> Registration:
    same = _same_shape(target, photo)
    placement = _start(target, photo)
    for side in (250, 600, FINEST):
        placement = _Pair(target, photo, side, placement).refined(placement)
    trust = _Pair(target, photo, 500, placement).correlation(placement)
    in_place = same and _displacement(placement, target.shape, photo.shape) < IN_PLACE
    if in_place:
        placement = _own_frame(target.shape, photo.shape)
    return Registration(placement, in_place, max(0.0, trust), 0.1, 0.0)


def _same_shape(target: Plane, photo: Plane) -> bool:
    (h, w), (height, width) = target.shape, photo.shape
    return abs(w * height - h * width) <= max(w, h, width, height)


def _own_frame(target: Sequence[int], photo: Sequence[int]) -> Placement:
    """The placement of a target that shows all of the photo's frame."""
    across = target[1] / max(target) / (photo[1] / max(photo))
    down = target[0] / max(target) / (photo[0] / max(photo))
    return Placement((across, 0.0, 0.0, 0.0, down, 0.0, 0.0, 0.0, 0.0, 0.0))


def _displacement(placement: Placement, target: Sequence[int], photo: Sequence[int]) -> float:
    """How far at most, in pixels of the photo, `placement` is from the photo's own frame."""
    v, u = np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.5, 0.5, 9), indexing="ij")
    points = np.stack([u * photo[1], v * photo[0]], -1) / max(photo)
    apart = placement(points) - _own_frame(target, photo)(points)
    return float(np.hypot(*np.moveaxis(apart, -1, 0)).max() / placement.scale * max(photo))


def _reduced(plane: Plane, factor: float) -> Plane:
    if factor >= 1.0:
        return plane
    size = max(8, round(plane.shape[1] * factor)), max(8, round(plane.shape[0] * factor))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _even(plane: Plane, sigma: float) -> Plane:
    """`plane` about 0 with a contrast of about 1 everywhere, in windows of `sigma` pixels."""
    centered = plane - cv2.GaussianBlur(plane, (0, 0), sigma)
    contrast = np.sqrt(cv2.GaussianBlur(centered * centered, (0, 0), sigma))
    floor = 0.2 * float(np.median(contrast)) + 0.002
    return np.asarray(centered / (contrast + floor), np.float32)


# Planes of Gauss-Newton: which of the ten numbers move together
SIMILARITY = np.zeros((10, 4))
SIMILARITY[[0, 4], 0] = SIMILARITY[2, 2] = SIMILARITY[5, 3] = SIMILARITY[3, 1] = 1.0
SIMILARITY[1, 1] = -1.0
AFFINE = np.eye(10)[:, :6]
ALL = np.eye(10)


def _start(target: Plane, photo: Plane) -> Placement:
    """The similarity that most features agree on."""
    planes = [_reduced(plane, FEATURES_SIDE / max(plane.shape)) for plane in (photo, target)]
    sift = cv2.SIFT.create(nfeatures=FEATURES)
    found = []
    for plane in planes:
        seen = (128.0 + 45.0 * _even(plane, 12.0)).clip(0, 255).astype(np.uint8)
        keys, features = sift.detectAndCompute(seen, None)
        if features is None or len(keys) < 4:
            return Placement()
        places = np.array([key.pt for key in keys]) + 0.5
        size = np.array(plane.shape[::-1])
        found.append(
            ((places - size / 2.0) / size.max(), np.sqrt(features / features.sum(1)[:, None]))
        )
    (here, ours), (there, theirs) = found
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(ours, theirs, k=2)
    good = [a for a, *b in pairs if b and a.distance < 0.8 * b[0].distance]
    if len(good) < 4:
        return Placement()
    source = here[[m.queryIdx for m in good]]
    goal = there[[m.trainIdx for m in good]]
    cv2.setRNGSeed(1)
    matrix, _ = cv2.estimateAffinePartial2D(
        source,
        goal,
        method=cv2.RANSAC,
        ransacReprojThreshold=0.008,
        maxIters=5000,
        confidence=0.9999,
    )
    if matrix is None:
        return Placement()
    return Placement((*matrix.flatten().tolist(), 0.0, 0.0, 0.0, 0.0))


class _Plane:
    """A picture's evened luminance, and where its pixels lie in its frame."""

    def __init__(self, plane: Plane, factor: float) -> None:
        height, width = plane.shape
        reduced = _reduced(plane, factor)
        self.plane = _even(reduced, 8.0)
        self.height, self.width = reduced.shape
        self.side = max(height, width) * factor
        # both sides were rounded, each by its own share
        self.pitch = np.array([width / self.width, height / self.height]) / max(height, width)

    def points(self) -> Points:
        """All pixels' centers (h, w, 2) in the frame."""
        v, u = np.meshgrid(np.arange(self.height) + 0.5, np.arange(self.width) + 0.5, indexing="ij")
        return (np.stack([u, v], -1) - self._middle) * self.pitch

    def slopes(self) -> tuple[Plane, Plane]:
        """Of brightness along the frame's axes."""
        across, down = _gradient(self.plane)
        return across / np.float32(self.pitch[0]), down / np.float32(self.pitch[1])

    def seen(self, plane: Plane, at: Points) -> Plane:
        """`plane` of this one's pixels at points (h, w, 2) of the frame."""
        return _sampled(plane, at / self.pitch + self._middle)

    def inside(self, at: Points) -> NDArray[np.bool_]:
        """Which points (..., 2) lie well within the frame."""
        return (np.abs(at / self.pitch) < self._middle - 3.0).all(-1)

    @property
    def _middle(self) -> Points:
        return np.array([self.width, self.height]) / 2.0


class _Pair:
    """A target and a photo to be laid over each other."""

    def __init__(self, target: Plane, photo: Plane, side: float, placement: Placement) -> None:
        """Both reduced to pixels of about one size, the photo's long side at most `side` pixels."""
        ours, theirs = max(photo.shape), max(target.shape)
        side = min(side, ours, theirs / placement.scale)
        self.photo = _Plane(photo, side / ours)
        self.target = _Plane(target, min(1.0, side * placement.scale / theirs))

    def correlation(self, placement: Placement) -> float:
        """How alike both are where they lie over each other, -1 to 1."""
        at = placement(self.photo.points())
        seen = self.target.seen(self.target.plane, at)
        inside = self.target.inside(at)
        if inside.sum() < 1000:
            return 0.0
        a, b = seen[inside], self.photo.plane[inside]
        return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))

    def refined(self, placement: Placement, free: Matrix = AFFINE, steps: int = 10) -> Placement:
        """`placement` after at most `steps` steps of Gauss-Newton that move `free` (10, n)."""
        gx, gy = self.photo.slopes()
        strong = np.hypot(gx, gy)
        found = np.flatnonzero(strong > np.median(strong))
        found = found[:: max(1, len(found) // SAMPLES)]
        chosen = found[: len(found) // 64 * 64].reshape(-1, 64)
        if len(chosen) < 10:
            return placement
        points = self.photo.points().reshape(-1, 2)[chosen]
        ours, gx, gy = (plane.flatten()[chosen] for plane in (self.photo.plane, gx, gy))
        theirs = [self.target.plane, *self.target.slopes()]
        for _ in range(steps):
            at = placement(points)
            inside = self.target.inside(at)
            if inside.sum() < 500:
                return placement
            seen, tx, ty = (self.target.seen(plane, at) for plane in theirs)
            residual = (seen - ours)[inside].astype(np.float64)
            numbers = np.array(placement.numbers)
            back = np.linalg.inv(numbers[[0, 1, 3, 4]].reshape(2, 2))
            # slopes of brightness along the axes of the target's frame, the mean of both pictures'
            hx = 0.5 * (tx + gx * back[0, 0] + gy * back[1, 0])
            hy = 0.5 * (ty + gx * back[0, 1] + gy * back[1, 1])
            slopes = _slopes(numbers, points[inside], at[inside], hx[inside], hy[inside]) @ free
            spread = 1.5 * np.median(np.abs(residual)) + 1e-6
            weight = 1.0 / (1.0 + (residual / spread) ** 2)
            normal = (slopes * weight[:, None]).T @ slopes
            normal += 1e-9 * np.trace(normal) * np.eye(len(normal))
            step = free @ np.linalg.solve(normal, slopes.T @ (weight * residual))
            placement = Placement(tuple((numbers - step).tolist()))
            if np.abs(placement(points) - at).max() < 0.01 * self.target.pitch.min():
                break
        return placement


def _gradient(plane: Plane) -> tuple[Plane, Plane]:
    """Slopes per pixel to the right and down."""
    kernel, one = np.array([-0.5, 0.0, 0.5]), np.ones(1)
    across = cv2.sepFilter2D(plane, cv2.CV_32F, kernel, one)
    down = cv2.sepFilter2D(plane, cv2.CV_32F, one, kernel)
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def _sampled(plane: Plane, at: Points) -> Plane:
    """`plane` (H, W) or (H, W, C) at points (h, w, 2) in its pixels; its border is repeated."""
    x, y = np.moveaxis((at - 0.5).astype(np.float32), -1, 0)
    border = cv2.BORDER_REPLICATE
    seen = cv2.remap(plane, x.copy(), y.copy(), cv2.INTER_CUBIC, borderMode=border)
    return np.asarray(seen, np.float32)


def _slopes(numbers: Points, points: Points, at: Points, hx: Plane, hy: Plane) -> Matrix:
    """How brightness at `points` (n, 2) changes with each of the ten numbers (n, 10)."""
    a, b, _, d, e, _, g, h, k1, k2 = numbers
    square = (points**2).sum(-1)
    lens = 1.0 + square * (k1 + square * k2)
    u, v = (points * lens[:, None]).T
    x, y = at.T
    below = g * u + h * v + 1.0
    hx, hy = hx / below, hy / below
    along = hx * x + hy * y
    hu = hx * (a - x * g) + hy * (d - y * g)
    hv = hx * (b - x * h) + hy * (e - y * h)
    swell = (hu * points[:, 0] + hv * points[:, 1]) * square
    columns = [
        hx * u,
        hx * v,
        hx,
        hy * u,
        hy * v,
        hy,
        -along * u,
        -along * v,
        swell,
        swell * square,
    ]
    return np.stack(columns, -1)


def _resampled(
    placement: Placement, target: Tensor, size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """The target, several samples to a pixel where it is finer, and its weight."""
    height, width = size
    source = np.ascontiguousarray(target[0].permute(1, 2, 0).numpy())
    rows, columns = source.shape[:2]
    unit = max(rows, columns)
    fine = max(1, math.ceil(placement.scale * unit / max(size) - 0.25))
    image, weight = torch.empty(1, 3, *size), torch.empty(1, 1, *size)
    strip = max(1, (1 << 20) // (width * fine * fine))
    u = ((np.arange(width * fine) + 0.5) / fine - width / 2.0) / max(size)
    for top in range(0, height, strip):
        end = min(height, top + strip)
        v = ((np.arange((end - top) * fine) + 0.5) / fine + top - height / 2.0) / max(size)
        points = np.stack(np.broadcast_arrays(u[None], v[:, None]), -1)
        at = placement(points) * unit + (columns / 2.0, rows / 2.0)
        seen = _sampled(source, at)
        cells = (end - top, width)
        image[..., top:end, :] = area_average(torch.from_numpy(seen).permute(2, 0, 1)[None], cells)
        border = np.minimum(at, (columns, rows) - at).min(-1) / fine
        clear = torch.from_numpy((border > 2.0).astype(np.float32))[None, None]
        weight[..., top:end, :] = (area_average(clear, cells) > 0.999).float()
    return image.clamp(0.0, 1.0), weight
