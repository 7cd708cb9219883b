"""Registration: which part of the photo's frame a target shows.

Features [Lowe, Distinctive Image Features from Scale-Invariant Keypoints, IJCV 60, 2004] find a
similarity where the target does not show about the whole frame; Gauss-Newton, from coarse to fine,
brings it below a pixel [Baker and Matthews, Lucas-Kanade 20 Years On, IJCV 56, 2004; both gradients
averaged as in Benhimane and Malis, IROS 2004]. What is compared has the same contrast everywhere,
and the photo first gets the target's look as far as a polynomial of its colors can give it: else
tones would move soft edges.

Coordinates of a frame run from its center, to the right and down, in units of its long side.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

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
Numbers = tuple[float, ...]

TRUSTED = 0.35
"""Below this trust the target counts as another scene."""

SURE, FOUND = 0.9, 0.6
"""Trust above which no start but the first is tried, and none but those of features: a start may
end in a place that is but nearly right."""

HOPELESS = 0.12
"""Trust up to which a start is given up."""

IN_PLACE, ALMOST = 0.1, 0.6
"""Pixels of the photo: up to the first the target has the photo's own frame, and up to the second
where it is no less alike there."""

COARSE, MIDDLE, FINEST = 200, 500, 1600
"""Long sides in pixels of what is compared."""

FEATURES_SIDE, FEATURES = 800, 1500
"""Long side in pixels of what features are sought in, and how many at most."""

SAMPLES = 80_000
"""Pixels that a step looks at."""

LOOK_SIDE = 100
"""Long side in pixels of what the target's look is learned from."""

LENS, MORE = 0.995, 0.985
"""Share of the residual that a placement bent by a simple lens must not exceed to be taken for a
plane one, and that one bent in any way must not exceed to be taken for that: noise finds some way.
"""

NEAR = 4.0
"""Pixels from its own frame at which the finest look may still say that a target lies there."""

CORNERS = np.array([[0.5, 0.5], [0.5, -0.5], [-0.5, 0.5], [-0.5, -0.5]])

NO_WORSE = 1.015
"""Factor of the residual up to which the photo's own frame serves as well."""

ALIKE = 20.0
"""Pixels whose residuals count as one, as what is near is alike."""

RINGS = np.linspace(0.06, 0.34, 15)
"""Frequencies, in cycles per pixel, between which sharpness is compared."""

SCALES = (0.15, 7.0)
"""Shares of the photo's long side that a target may show, inverted."""


@dataclass(frozen=True, eq=False)
class Placement:
    """From a point (u, v) of the photo's frame to one of the target's.

    First the lens: (u, v) (1 + k1 r^2 + k2 r^4), r the distance from the center. Then the plane:
    x = (a u + b v + c) / (g u + h v + 1), y = (d u + e v + f) / (g u + h v + 1). `numbers` are
    a, b, c, d, e, f, g, h, k1, k2.
    """

    numbers: Numbers = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    def __call__(self, points: Points) -> Points:
        """Where `points` (..., 2) of the photo's frame lie in the target's."""
        a, b, c, d, e, f, g, h, k1, k2 = self.numbers
        u, v = points[..., 0], points[..., 1]
        if k1 or k2:
            square = u * u + v * v
            lens = 1.0 + square * (k1 + square * k2)
            u, v = u * lens, v * lens
        out = np.empty(points.shape)
        out[..., 0] = a * u + b * v + c
        out[..., 1] = d * u + e * v + f
        if g or h:
            out /= (g * u + h * v + 1.0)[..., None]
        return out

    @property
    def scale(self) -> float:
        """What a length of 1 of the photo's frame becomes in the target's, at its center."""
        a, b, c, d, e, f, g, h, _, _ = self.numbers
        return math.sqrt(abs((a - c * g) * (e - f * h) - (b - c * h) * (d - f * g)))


@dataclass(frozen=True, eq=False)
class Registration:
    """Where the target lies.

    `in_place`: the target has the photo's own frame, and is not resampled. `trust` in [0, 1]: how
    alike both are there; below TRUSTED it counts as another scene. `error` in pixels of the target:
    what to expect of the placement's (RMS over the frame). `blur` in pixels of the photo: sigma of
    the blur between photo and target, negative where the target is the sharper one.
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
        if not self.in_place:
            return _resampled(self.placement, target, size)
        smaller = min(size[0], target.shape[-2]), min(size[1], target.shape[-1])
        image = area_average(target, smaller)
        if smaller != size:
            image = interpolate(image, size, mode="bicubic").clamp(0.0, 1.0)
        return image, torch.ones(1, 1, *size)


def register(target: Tensor, picture: Tensor) -> Registration:
    """Find `target` (1, 3, h, w) in `picture` (1, 3, H, W), the whole photo; both encoded sRGB.

    Same pictures, same answer. `picture` is best between 500 and 1600 pixels long.
    """
    with _threads(torch.get_num_threads()):
        return _register(_picture(target), _picture(picture))


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """OpenCV works with `count` threads meanwhile."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


class _Picture(NamedTuple):
    """Pixels (h, w) or (h, w, 3) reduced from those of a picture with shape `full`."""

    pixels: Plane
    full: tuple[int, ...]

    def reduced(self, side: float) -> "_Picture":
        """This one with a long side of at most about `side` pixels, averaged over areas."""
        factor = side / max(self.pixels.shape[:2])
        return self if factor >= 1.0 else self._replace(pixels=_reduced(self.pixels, factor))


def _picture(image: Tensor) -> _Picture:
    """No longer than FINEST."""
    pixels = np.ascontiguousarray(image[0].float().permute(1, 2, 0).numpy())
    return _Picture(pixels, pixels.shape).reduced(FINEST)


def _reduced(pixels: Plane, factor: float) -> Plane:
    size = max(8, round(pixels.shape[1] * factor)), max(8, round(pixels.shape[0] * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.float32)


def _register(target: _Picture, photo: _Picture) -> Registration:
    target = target._replace(pixels=_luminance(target.pixels))
    best, trust = Placement(), -1.0
    for doubt, starts in _starts(target, photo):
        if trust > doubt:
            break
        for start in starts:
            placement, found = _settled(target, photo, start)
            if found > trust:
                best, trust = placement, found
    if trust < TRUSTED:
        return Registration(best, False, max(0.0, trust), math.inf, 0.0)
    own = _own_frame(target.full, photo.full)
    if _same_shape(target.full, photo.full) and _apart(best, own, CORNERS) * FINEST < NEAR:
        pair = _Pair(target, photo, FINEST, own, 4.0)
        near = pair.refined(own, AFFINE, steps=4)
        if pair.is_own(near, own):
            return Registration(own, True, min(1.0, trust), pair.error(near), pair.blur(own))
    pair = _Pair(target, photo, FINEST, best, 4.0)
    best = pair.with_lens(best)
    return Registration(best, False, min(1.0, trust), pair.error(best), pair.blur(best))


def _luminance(pixels: Plane) -> Plane:
    """(H, W), encoded."""
    return np.asarray(pixels @ np.array([0.3, 0.6, 0.1], np.float32))


def _starts(target: _Picture, photo: _Picture) -> Iterator[tuple[float, Iterable[Placement]]]:
    """Where the target may lie, roughly, each if trust is still no more than that.

    What costs little comes first, what is rare last.
    """
    plain = photo._replace(pixels=_luminance(photo.pixels))
    mirrored = target._replace(pixels=np.ascontiguousarray(target.pixels[:, ::-1]))
    yield 0.0, [_centered(target.full, photo.full, 0)]
    yield SURE, _by_features(target, plain, 12.0, 0.2)
    yield FOUND, _by_features(target, plain, 24.0, 3.0)  # where noise covers what little there is
    yield FOUND, [_centered(target.full, photo.full, quarters) for quarters in (1, 2, 3)]
    yield FOUND, [_mirrored(_centered(target.full, photo.full, quarters)) for quarters in range(4)]
    yield FOUND, map(_mirrored, _by_features(mirrored, plain, 12.0, 0.2))


def _mirrored(placement: Placement) -> Placement:
    """Of the target whose mirrored picture lies at `placement`."""
    a, b, c, *rest = placement.numbers
    return Placement((-a, -b, -c, *rest))


def _settled(target: _Picture, photo: _Picture, placement: Placement) -> tuple[Placement, float]:
    """`placement` brought to within a pixel or so, and the trust in it."""
    free = ALL if any(placement.numbers[6:]) else AFFINE
    for side in (COARSE, MIDDLE):
        if not SCALES[0] < placement.scale < SCALES[1]:
            return placement, 0.0
        pair = _Pair(target, photo, side, placement, 8.0)
        if pair.empty:
            return placement, 0.0
        placement = pair.refined(placement, free)
        trust = pair.correlation(placement)
        if trust < HOPELESS:
            return placement, trust
    placement = pair.with_lens(placement)
    return placement, pair.correlation(placement)


def _same_shape(target: Sequence[int], photo: Sequence[int]) -> bool:
    (h, w), (height, width) = target[:2], photo[:2]
    return abs(w * height - h * width) <= max(w, h, width, height)


def _own_frame(target: Sequence[int], photo: Sequence[int]) -> Placement:
    """The placement of a target that shows all of the photo's frame."""
    across = target[1] / max(target[:2]) / (photo[1] / max(photo[:2]))
    down = target[0] / max(target[:2]) / (photo[0] / max(photo[:2]))
    return Placement((across, 0.0, 0.0, 0.0, down, 0.0, 0.0, 0.0, 0.0, 0.0))


def _centered(target: Sequence[int], photo: Sequence[int], quarters: int) -> Placement:
    """The placement of a target that shows as much as it can of a photo turned by `quarters`."""
    turned = photo[1::-1] if quarters % 2 else photo[:2]
    fit = _own_frame(target, turned).numbers
    scale = max(fit[0], fit[4])
    cos, sin = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[quarters]
    return Placement(
        (scale * cos, -scale * sin, 0.0, scale * sin, scale * cos, 0.0, 0.0, 0.0, 0.0, 0.0)
    )


AFFINE, BARREL, ALL = np.eye(10)[:, :6], np.eye(10)[:, [*range(6), 8]], np.eye(10)
"""Which of the ten numbers move: none that bends, the lens's first, all."""


def _by_features(
    target: _Picture, photo: _Picture, window: float, floor: float
) -> Iterator[Placement]:
    """The similarity that most features agree on, and what a lens would make of it."""
    here, ours = _features(photo, window, floor)
    there, theirs = _features(target, window, floor)
    if min(len(here), len(there)) < 8:
        return
    matcher = cv2.BFMatcher(cv2.NORM_L2)
    back = [match.trainIdx for match in matcher.match(theirs, ours)]
    good = [
        first
        for first, second in matcher.knnMatch(ours, theirs, k=2)
        if first.distance < 0.8 * second.distance and back[first.trainIdx] == first.queryIdx
    ]
    if len(good) < 5:
        return
    source = here[[match.queryIdx for match in good]]
    goal = there[[match.trainIdx for match in good]]
    cv2.setRNGSeed(1)
    matrix, agreeing = cv2.estimateAffinePartial2D(
        source, goal, ransacReprojThreshold=0.01, maxIters=5000, confidence=0.9999
    )
    if matrix is None or agreeing.sum() < 5:
        return
    similar = Placement((*matrix.flatten().tolist(), 0.0, 0.0, 0.0, 0.0))
    yield similar
    yield _through(source, goal, similar)


def _features(picture: _Picture, window: float, floor: float) -> tuple[Points, Plane]:
    """Where in the frame (n, 2), and what (n, 128) [Arandjelovic and Zisserman, CVPR 2012]."""
    plane = picture.reduced(FEATURES_SIDE).pixels
    seen = (128.0 + 45.0 * _even(plane, window, floor)).clip(0, 255).astype(np.uint8)
    keys, features = cv2.SIFT.create(nfeatures=FEATURES).detectAndCompute(seen, None)
    if features is None:
        return np.empty((0, 2)), np.empty((0, 128), np.float32)
    frame = _Frame(plane, picture.full)
    places = np.array([key.pt for key in keys]) + 0.5
    features = features / (features.sum(1, keepdims=True) + 1e-6)
    return (places - frame.middle) * frame.pitch, np.asarray(np.sqrt(features), np.float32)


def _through(source: Points, goal: Points, placement: Placement) -> Placement:
    """`placement` with a lens and in perspective, that brings most of `source` to `goal` (n, 2)."""
    rest = np.diag([0.0] * 6 + [3.0] * 4)  # what few points do not show stays 0
    for _ in range(15):
        at = placement(source)
        apart = (at - goal).T.flatten()
        numbers = np.array(placement.numbers)
        slopes = _moves(numbers, source, at)
        weight = np.tile(1.0 / (1.0 + ((at - goal) ** 2).sum(1) / 0.005**2) ** 2, 2)
        normal = (slopes * weight[:, None]).T @ slopes + 1e-4 * rest
        step = np.linalg.solve(normal, slopes.T @ (weight * apart) + 1e-4 * rest @ numbers)
        placement = Placement(tuple((numbers - step).tolist()))
    return placement


def _even(plane: Plane, sigma: float, floor: float = 0.2) -> Plane:
    """`plane` about 0 with a contrast of about 1 everywhere, in windows of `sigma` pixels.

    What has less than `floor` times the contrast that is usual in the picture stays weak.
    """
    centered = plane - cv2.GaussianBlur(plane, (0, 0), sigma)
    contrast = np.sqrt(cv2.GaussianBlur(centered * centered, (0, 0), sigma))
    least = floor * float(np.median(contrast)) + 0.002
    return np.asarray(centered / (contrast + least), np.float32)


class _Frame:
    """A picture's plane, and where its pixels lie in its frame."""

    def __init__(self, plane: Plane, full: Sequence[int]) -> None:
        self.plane = plane
        self.height, self.width = plane.shape
        # both sides of `full` were rounded, each by its own share
        self.pitch = np.array([full[1] / self.width, full[0] / self.height]) / max(full[:2])
        self.middle = np.array([self.width, self.height]) / 2.0

    def points(self, pixels: NDArray[np.int64] | None = None) -> Points:
        """The centers (..., 2) of those pixels, or of all (h, w, 2), in the frame."""
        if pixels is not None:
            place = np.stack([pixels % self.width, pixels // self.width], -1) + 0.5
            return np.asarray((place - self.middle) * self.pitch)
        points = np.empty((self.height, self.width, 2))
        points[..., 0] = (np.arange(self.width) + 0.5 - self.middle[0]) * self.pitch[0]
        points[..., 1] = ((np.arange(self.height) + 0.5 - self.middle[1]) * self.pitch[1])[:, None]
        return points

    def slopes(self) -> tuple[Plane, Plane]:
        """Of brightness along the frame's axes."""
        across, down = _gradient(self.plane)
        return across / np.float32(self.pitch[0]), down / np.float32(self.pitch[1])

    def seen(self, plane: Plane, at: Points) -> Plane:
        """`plane` of this one's pixels at points (h, w, 2) of the frame."""
        return _sampled(plane, at / self.pitch + self.middle)

    def inside(self, at: Points) -> NDArray[np.bool_]:
        """Which points (..., 2) lie well within the frame."""
        reach = (self.middle - 3.0) * self.pitch
        return np.asarray((np.abs(at[..., 0]) < reach[0]) & (np.abs(at[..., 1]) < reach[1]))


def _as_target(target: _Picture, photo: _Picture, placement: Placement) -> Numbers | None:
    """By what the terms of `_terms` are multiplied to give the photo the target's look.

    None where this explains little: the placement is wrong, or tones depend on the place.
    """
    side = min(LOOK_SIDE, max(target.full) * placement.scale)
    small = photo.reduced(side).pixels
    there = _Frame(target.reduced(side / placement.scale).pixels, target.full)
    at = placement(_Frame(small[..., 0], photo.full).points())
    inside = there.inside(at)
    if inside.sum() < 200:
        return None
    terms = np.stack([term[inside] for term in _terms(small)], -1)
    goal = there.seen(there.plane, at)[inside]
    normal = (terms.T @ terms).astype(np.float64) + 1e-6 * len(goal) * np.eye(terms.shape[1])
    shares = np.linalg.solve(normal, terms.T @ goal)
    left = float(np.var(goal - terms @ shares) / (np.var(goal) + 1e-9))
    return tuple(shares.tolist()) if left < 0.4 else None


def _terms(pixels: Plane) -> Iterator[Plane]:
    """Planes of which each look is about a sum."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    middle = _luminance(pixels)
    yield np.ones_like(red)
    yield from (red, green, blue)
    yield from (red * red, green * green, blue * blue)
    yield from (red * green, green * blue, blue * red)
    yield middle**3


def _toned(pixels: Plane, shares: Numbers | None) -> Plane:
    if shares is None:
        return _luminance(pixels)
    total = np.zeros(pixels.shape[:2], np.float32)
    for share, term in zip(shares, _terms(pixels), strict=True):
        total += np.float32(share) * term
    return total


class _Pair:
    """A target and a photo to be laid over each other, pixels of both of about one size."""

    def __init__(
        self, target: _Picture, photo: _Picture, side: float, start: Placement, window: float
    ) -> None:
        """The photo's long side becomes at most `side` pixels; contrast is evened in a `window`."""
        side = min(side, max(photo.pixels.shape), max(target.pixels.shape) * start.scale)
        look = _as_target(target, photo, start)
        ours = _toned(photo.reduced(side).pixels, look)
        theirs = target.reduced(side / start.scale).pixels
        self._unevened = theirs, ours
        self.target = _Frame(_even(theirs, window), target.full)
        self.photo = _Frame(_even(ours, window), photo.full)
        self.sides = max(target.full), max(photo.full)
        self._theirs = np.stack([self.target.plane, *self.target.slopes()], -1)
        self._our_slopes = self.photo.slopes()
        strength = np.abs(self._our_slopes[0]) + np.abs(self._our_slopes[1])
        found = np.flatnonzero(strength > np.median(strength[::4, ::4]))
        found = found[:: max(1, math.ceil(len(found) / SAMPLES))]
        self._samples = found[: len(found) // 64 * 64].reshape(-1, 64)

    @property
    def empty(self) -> bool:
        """Whether the photo shows nothing to hold on to."""
        return self._samples.size < 500

    def correlation(self, placement: Placement) -> float:
        """How alike both are where they lie over each other, -1 to 1."""
        at = placement(self.photo.points())
        inside = self.target.inside(at)
        if inside.sum() < 1000:
            return 0.0
        a, b = self.target.seen(self.target.plane, at)[inside], self.photo.plane[inside]
        return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum() + 1e-9))

    def refined(self, placement: Placement, free: Matrix, steps: int = 12) -> Placement:
        """`placement` after at most `steps` steps of Gauss-Newton that move `free` (10, n)."""
        points = self.photo.points(self._samples)
        for _ in range(steps):
            slopes, residual, _ = self._linear(placement, points)
            if len(residual) < 500:
                break
            slopes = slopes @ free
            weight = _weight(residual)
            normal = (slopes * weight[:, None]).T @ slopes
            normal += 1e-9 * np.trace(normal) * np.eye(len(normal))
            step = free @ np.linalg.solve(normal, slopes.T @ (weight * residual))
            moved = Placement(tuple((np.array(placement.numbers) - step).tolist()))
            far = np.abs(moved(points[::8, ::8]) - placement(points[::8, ::8])).max()
            placement = moved
            if far < 0.02 * self.target.pitch.min():
                break
        return placement

    def _linear(self, placement: Placement, points: Points) -> tuple[Matrix, Points, Points]:
        """Slopes (n, 10) and residuals (n,) at those of `points` that the target shows; these."""
        at = placement(points)
        inside = self.target.inside(at)
        gx, gy = (plane.reshape(-1)[self._samples] for plane in self._our_slopes)
        theirs, tx, ty = np.moveaxis(self.target.seen(self._theirs, at), -1, 0)
        ours = self.photo.plane.reshape(-1)[self._samples]
        residual = (theirs - ours)[inside].astype(np.float64)
        numbers = np.array(placement.numbers)
        back = np.linalg.inv(numbers[[0, 1, 3, 4]].reshape(2, 2))
        # slopes of brightness along the axes of the target's frame, the mean of both pictures'
        hx = 0.5 * (tx + gx * back[0, 0] + gy * back[1, 0])
        hy = 0.5 * (ty + gx * back[0, 1] + gy * back[1, 1])
        slopes = _slopes(numbers, points[inside], at[inside], hx[inside], hy[inside])
        return slopes, residual, points[inside]

    def with_lens(self, placement: Placement) -> Placement:
        """`placement` refined, bent by lens and perspective where that is clearly more alike."""
        best = self.refined(Placement((*placement.numbers[:6], 0.0, 0.0, 0.0, 0.0)), AFFINE)
        points = self.photo.points(self._samples[::4])
        for free, share in ((BARREL, LENS), (ALL, MORE)):
            bent = self.refined(best, free)
            far = np.hypot(*np.moveaxis(bent(points) - best(points), -1, 0))
            seen = np.sqrt((far**2).mean()) >= 0.05 * self.target.pitch.max()
            if seen and self._cost(bent, best) < share:
                best = bent
        return best

    def is_own(self, placement: Placement, own: Placement) -> bool:
        """Whether `own` serves as well as `placement`."""
        far = _apart(placement, own, self.photo.points(self._samples)) * self.sides[1]
        return far < IN_PLACE or (far < ALMOST and self._cost(own, placement) < NO_WORSE)

    def _cost(self, placement: Placement, other: Placement) -> float:
        """How much more unlike both are by `placement` than by `other`, as a factor."""
        points = self.photo.points(self._samples)
        first, second = (self._linear(each, points)[1] for each in (placement, other))
        spread = _spread(second)
        costs = (np.log1p((each / spread) ** 2).mean() for each in (first, second))
        return float(next(costs) / next(costs))

    def error(self, placement: Placement) -> float:
        """The standard error of `placement` in pixels of the target, RMS over what it shows."""
        points = self.photo.points(self._samples)
        slopes, residual, points = self._linear(placement, points)
        bent = [number for number in range(6, 10) if placement.numbers[number]]
        free = np.eye(10)[:, [*range(6), *bent]]
        slopes = slopes @ free
        weight = _weight(residual)
        inverse = np.linalg.inv((slopes * weight[:, None]).T @ slopes)
        spread = float((weight * residual**2).sum() / weight.sum())
        points = points[:: max(1, len(points) // 500)]
        at = placement(points)
        moves = _moves(np.array(placement.numbers), points, at) @ free
        square = 2.0 * spread * float(((moves @ inverse) * moves).sum(1).mean())
        return math.sqrt(ALIKE * square) * self.sides[0]

    def blur(self, placement: Placement) -> float:
        """Sigma in pixels of the photo by which the target is blurrier, negative if sharper.

        From how the ratio of both spectra falls with frequency, whatever its level: that of a
        blur is exp(-2 (pi f sigma)^2).
        """
        theirs, ours = (plane - cv2.GaussianBlur(plane, (0, 0), 6.0) for plane in self._unevened)
        at = placement(self.photo.points())
        inside = cv2.erode(self.target.inside(at).astype(np.uint8), np.ones((9, 9), np.uint8))
        window = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 8.0)
        there = self.target.seen(theirs, at)
        first = np.fft.rfft2(there * window)
        second = np.fft.rfft2(ours * window)
        down, across = (np.fft.fftfreq(there.shape[0]), np.fft.rfftfreq(there.shape[1]))
        frequency = np.hypot(down[:, None], across[None])
        ring = np.digitize(frequency, RINGS)
        power = [
            np.bincount(ring.ravel(), part.ravel(), len(RINGS) + 1)[1:-1]
            for part in ((first * second.conj()).real, np.abs(second) ** 2, np.abs(first) ** 2)
        ]
        gain = np.maximum(power[0], 1e-9) / power[1]
        coherent = power[0] ** 2 / (power[1] * power[2])
        middle = 0.5 * (RINGS[1:] + RINGS[:-1])
        weight = np.where(power[0] > 0.0, coherent, 0.0)
        slope = np.polyfit(middle**2, np.log(gain), 1, w=np.sqrt(weight + 1e-6))[0]
        square = -slope / (2.0 * math.pi**2)
        return (
            math.copysign(math.sqrt(abs(square)), square)
            * self.sides[1]
            * float(self.photo.pitch.mean())
        )


def _spread(residual: Points) -> float:
    return 1.5 * float(np.median(np.abs(residual))) + 1e-6


def _weight(residual: Points) -> Points:
    return 1.0 / (1.0 + (residual / _spread(residual)) ** 2)


def _apart(first: Placement, second: Placement, points: Points) -> float:
    """How far at most both bring points of the photo apart, as a share of its long side."""
    apart = first(points) - second(points)
    return float(np.hypot(*np.moveaxis(apart, -1, 0)).max() / second.scale)


def _gradient(plane: Plane) -> tuple[Plane, Plane]:
    """Slopes per pixel to the right and down."""
    kernel, one = np.array([-0.5, 0.0, 0.5]), np.ones(1)
    across = cv2.sepFilter2D(plane, cv2.CV_32F, kernel, one)
    down = cv2.sepFilter2D(plane, cv2.CV_32F, one, kernel)
    return np.asarray(across, np.float32), np.asarray(down, np.float32)


def _sampled(plane: Plane, at: Points) -> Plane:
    """`plane` (H, W) or (H, W, C) at points (h, w, 2) in its pixels; its border is repeated."""
    x, y = ((at[..., axis] - 0.5).astype(np.float32) for axis in (0, 1))
    seen = cv2.remap(plane, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
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


def _moves(numbers: Points, points: Points, at: Points) -> Matrix:
    """How the places `at` of `points` (n, 2) change with each of the ten numbers: x, then y."""
    one, none = np.ones(len(at), np.float32), np.zeros(len(at), np.float32)
    along = (_slopes(numbers, points, at, *axis) for axis in ((one, none), (none, one)))
    return np.concatenate(list(along))


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
