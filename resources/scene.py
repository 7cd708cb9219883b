"""The scene of the sample photo: a still life on a terrace above a lake, at golden hour.

Painted from back to front in linear light: sky, clouds, hills in haze, the lake that mirrors them,
a wooden table, a striped cloth, and ellipsoids that are fruit, a vase and a lay figure, traced and
shaded one by one; a pillar in deep shade and backlit ivy frame it. Values are linear sRGB, 1 about
white paper in the sun. Everything is drawn in fractions of the width, so it looks alike
at any size.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]  # float32
Color = tuple[float, float, float]
Vector = tuple[float, float, float]
Profile = tuple[tuple[float, float], ...]

ASPECT = 0.75
HORIZON = 0.30  # below the top, in widths
FOCAL = 1.12  # in widths
TABLE_HEIGHT = -0.40  # m, seen from the camera
TABLE_END = 2.15  # m
SHORE = HORIZON + 0.05
SUN_AT = (-0.315, HORIZON - 0.098)

# Heights and radii, bottom to top.
PEAR = (
    (0.0, 0.30), (0.02, 0.55), (0.10, 0.86), (0.25, 1.0), (0.40, 0.95), (0.55, 0.72), (0.68, 0.50),
    (0.80, 0.41), (0.90, 0.36), (0.96, 0.26), (1.0, 0.10),
)  # fmt: skip
VASE = (
    (0.0, 0.50), (0.03, 0.58), (0.12, 0.78), (0.28, 0.97), (0.40, 1.0), (0.52, 0.93), (0.63, 0.70),
    (0.72, 0.45), (0.80, 0.34), (0.88, 0.33), (0.94, 0.40), (0.98, 0.52), (1.0, 0.55),
)  # fmt: skip

SUN_DIRECTION = np.array((-0.80, 0.42, 0.26), np.float32)
SUN_DIRECTION /= np.linalg.norm(SUN_DIRECTION)
SUNLIGHT = np.array((1.42, 0.98, 0.56), np.float32)
SKYLIGHT = np.array((0.23, 0.27, 0.37), np.float32)
BOUNCE = np.array((0.17, 0.115, 0.07), np.float32)


@dataclass(frozen=True)
class Solid:
    """An ellipsoid: center and radii in m; `turn` degrees about the line of sight.

    `blush` is a second color, mixed in by `spots` of the noise or, where 0, from the top down.
    `bump` roughens the surface, `gloss` mirrors the sky, `glow` lets light through. With a
    `profile` of (height, radius), both from 0 to 1 of the box that the radii span, it is turned on
    a lathe instead; `hollow` at the top.
    """

    center: Vector
    radii: Vector
    color: Color
    turn: float = 0.0
    blush: Color | None = None
    spots: float = 0.0
    bump: float = 0.0
    gloss: float = 0.3
    glow: float = 0.0
    grain: tuple[float, float] = (2.0, 2.0)
    profile: Profile = ()
    hollow: bool = False

    @property
    def transform(self) -> NDArray[np.float32]:
        """The matrix that makes it a unit sphere."""
        c, s = np.cos(np.radians(self.turn)), np.sin(np.radians(self.turn))
        rotation = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
        return np.asarray(rotation / np.array(self.radii)[:, None], np.float32)


def paint(width: int, seed: int = 7) -> Plane:
    """Return the scene (H, W, 3), H = 3/4 W."""
    rng = np.random.default_rng(seed)
    picture = _landscape(width)
    x, v = _grid(width)
    solids = sorted(_still_life(rng), key=lambda solid: -solid.center[2])
    _table(picture, x, v, solids)
    for solid in solids:
        _trace(picture, solid, solids)
    _pillar(picture, x, v)
    _ivy(picture, rng)
    _glare(picture, x, v)
    return picture


def _landscape(width: int) -> Plane:
    """Sky, hills and lake; a little out of focus, so half the size is enough to paint them in."""
    x, v = _grid(width // 2)
    landscape = _sky(x, v)
    _hills(landscape, x, v)
    _lake(landscape, x, v)
    size = width, round(width * ASPECT)
    return _plane(cv2.resize(landscape, size, interpolation=cv2.INTER_LINEAR))


def _plane(values: NDArray[Any]) -> Plane:
    """`values` as float32, which OpenCV keeps and NumPy likes to widen."""
    return np.asarray(values, np.float32)


def _grid(width: int) -> tuple[Plane, Plane]:
    """Pixel centers: x (1, W) from -0.5 to 0.5 and v (H, 1) from the top, both in widths."""
    x = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    v = (np.arange(round(width * ASPECT), dtype=np.float32) + 0.5) / width
    return x[None, :], v[:, None]


@cache
def _noise(seed: int, fade: float = 0.55, side: int = 1024) -> Plane:
    """Tileable fractal noise (side, side), mean 0, deviation 1; each octave `fade` of the last."""
    rng = np.random.default_rng(seed)
    total = np.zeros((side, side), np.float32)
    for octave in range(2, 10):
        cells = 1 << octave
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        coarse = np.pad(coarse, 2, mode="wrap")
        step = side // cells
        fine = cv2.resize(coarse, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        total += fine[2 * step : -2 * step, 2 * step : -2 * step] * fade**octave
    total -= total.mean()
    return total / total.std()


def _sample(noise: Plane, u: Plane, w: Plane) -> Plane:
    """`noise` at coordinates of which 1 is one tile."""
    u, w = np.broadcast_arrays(u, w)
    side = noise.shape[0]
    at = [np.ascontiguousarray((c % 1.0) * side, np.float32) for c in (u, w)]
    return cv2.remap(noise, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)


def _rich(noise: Plane, u: Plane, w: Plane) -> Plane:
    """`noise` with finer grain than a tile holds, for what is near."""
    return _sample(noise, u, w) + 0.28 * _sample(noise, 6.3 * u + 0.3, 6.3 * w + 0.7)


def _step(low: float, high: float, value: Plane) -> Plane:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def _mix(a: Plane | Color, b: Plane | Color, share: Plane) -> Plane:
    """From color `a` to color `b`."""
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    return a + (b - a) * share[..., None]


def _sun_distance(x: Plane, v: Plane) -> Plane:
    return np.sqrt((x - SUN_AT[0]) ** 2 + (v - SUN_AT[1]) ** 2)


def _sky(x: Plane, v: Plane) -> Plane:
    elevation = np.clip((HORIZON - v) / HORIZON, 0.0, 1.0)
    near = np.exp(-3.2 * _sun_distance(x, v))
    horizon = _mix((0.52, 0.36, 0.33), (1.25, 0.70, 0.30), near)
    zenith = _mix((0.045, 0.115, 0.30), (0.13, 0.20, 0.34), near)
    sky = horizon + (zenith - horizon) * (np.broadcast_to(elevation, near.shape) ** 0.55)[..., None]

    height = (HORIZON - v) + 0.045
    u, w = 0.032 * x / height, 0.05 / height + 0.02 * x
    texture = _noise(11, 0.60)
    cover = _sample(texture, u + 0.13, w * 0.55)
    deck = 0.50 * np.exp(-(((elevation - 0.5) / 0.3) ** 2))
    density = _step(-0.15, 1.35, cover + deck)
    toward = _sample(texture, u + 0.13 + 0.010 * (SUN_AT[0] - x), w * 0.55 + 0.006)
    thick = np.clip(density + 0.7 * _step(-0.2, 1.5, toward), 0.0, 1.6)
    lit = np.exp(-2.3 * thick)
    bright = _mix((0.88, 0.56, 0.42), (2.1, 1.12, 0.48), near)
    shade = _mix((0.17, 0.17, 0.25), (0.42, 0.26, 0.25), near)
    cloud = shade + (bright - shade) * lit[..., None]
    fade = _step(0.02, 0.2, np.broadcast_to(elevation, near.shape))
    sky = sky + (cloud - sky) * (0.9 * density * fade)[..., None]

    distance = _sun_distance(x, v)
    glow = 1.6 * np.exp(-distance / 0.035) + 0.35 * np.exp(-distance / 0.16)
    disc = 60.0 * _step(0.0165, 0.0145, distance)
    return sky + (glow + disc)[..., None] * np.array((1.0, 0.72, 0.40), np.float32)


def _hills(picture: Plane, x: Plane, v: Plane) -> None:
    texture = _noise(3, 0.62)
    near = np.exp(-3.5 * np.abs(x - SUN_AT[0]))
    haze = _mix((0.36, 0.31, 0.37), (1.10, 0.62, 0.30), near)
    layers = 5
    for i in range(layers):
        depth = 1.0 - i / (layers - 1)  # 1 far, 0 near
        line = _sample(_noise(21 + i, 0.5), 0.09 * (2.2 - depth) * x + 0.37 * i, x * 0.0)
        fine = _sample(texture, x * 2.3, x * 0.0 + 0.1 * i)
        slope = 0.040 * (x + 0.1) * (i % 2 * 2 - 1)
        ridge = (
            SHORE
            - 0.010
            - 0.046 * depth
            - (0.018 + 0.014 * depth) * line
            - slope * (1 - 0.5 * depth)
        )
        ridge = ridge - fine * (0.0004 + 0.0042 * (1.0 - depth) ** 2)
        ridge = np.minimum(ridge, SHORE - 0.004)
        rows = slice(int(max(0.0, float(ridge.min()) - 0.002) * picture.shape[1]), None)
        below = v[rows] - ridge
        cover = np.clip(below * picture.shape[1] + 0.5, 0.0, 1.0) * (v[rows] < SHORE + 0.004)
        lumps = _rich(texture, x * 3.1 + 0.3 * i, v[rows] * 6.0)
        slant = lumps - _rich(texture, x * 3.1 + 0.3 * i - 0.004, v[rows] * 6.0 - 0.004)
        light = np.clip(0.55 + 1.1 * slant + 0.12 * lumps, 0.05, 2.0)
        meadow = _step(0.2, 1.4, _sample(_noise(5), x * 0.8 + 0.2 * i, v[rows] * 3.0))
        ground = _mix((0.055, 0.085, 0.040), (0.21, 0.20, 0.06), meadow) * light[..., None]
        air = np.clip(
            0.10 + 0.78 * depth**0.8 + 0.9 * (1 - depth) * below.clip(0, None) * 0.5, 0, 1
        )
        color = ground + (haze - ground) * air[..., None]
        picture[rows] += (color - picture[rows]) * cover[..., None]


def _lake(picture: Plane, x: Plane, v: Plane) -> None:
    width = picture.shape[1]
    top = int(SHORE * width)
    below = v[top:] - SHORE
    distance = 0.02 / (below + 0.006)
    texture = _noise(31, 0.70)
    waves = _sample(texture, 0.35 * x * distance + 0.11, 0.9 * distance)
    ripple = _sample(texture, 2.1 * x * distance, 5.0 * distance)
    reach = below * (1.0 + 0.10 * waves + 0.06 * ripple) + 0.0016 * waves
    rows = np.clip((SHORE - 0.88 * reach) * width, 0, top - 1)
    columns = (x + 0.5) * width + 0.004 * width * waves * below / 0.1
    at = [
        np.ascontiguousarray(np.broadcast_to(c, waves.shape), np.float32) for c in (columns, rows)
    ]
    mirrored = cv2.remap(
        np.minimum(picture[:top], 3.0),
        at[0],
        at[1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    mirror = 0.35 + 0.5 * np.exp(-below / 0.09)
    deep = np.array((0.020, 0.045, 0.060), np.float32)
    water = mirrored * mirror[..., None] * np.array((0.92, 0.97, 1.0), np.float32) + deep
    beam = np.exp(-(((x - SUN_AT[0]) / (0.018 + 0.30 * below)) ** 2))
    sparkle = np.clip(ripple + 0.6 * waves - 0.55, 0.0, None) ** 2
    water += (3.2 * beam * sparkle)[..., None] * np.array((1.0, 0.72, 0.42), np.float32)
    blend = np.clip((v[top:] - SHORE) * width * 0.5, 0.0, 1.0)[..., None]
    picture[top:] += (water - picture[top:]) * blend


def _environment(direction: Plane) -> Plane:
    """What a mirror sees in `direction` (..., 3): sky, glowing towards the sun, or table."""
    up = direction[..., 1]
    near = np.clip(direction @ SUN_DIRECTION, 0.0, 1.0)
    sky = _mix((0.55, 0.47, 0.46), (0.14, 0.22, 0.40), _step(0.0, 0.9, up))
    sky += (near**6)[..., None] * np.array((0.9, 0.5, 0.22), np.float32)
    return _mix((0.06, 0.04, 0.028), sky, _step(-0.08, 0.06, up))


def _light(normal: Plane, lit: Plane, open_: Plane) -> Plane:
    """Irradiance on surfaces of `normal` (..., 3): sun where `lit`, the rest where `open_`."""
    toward = normal @ SUN_DIRECTION
    sky = _mix(BOUNCE, SKYLIGHT, 0.5 + 0.5 * normal[..., 1])
    front = np.clip(0.5 - 0.5 * normal[..., 2], 0.0, 1.0)
    fill = np.array((0.12, 0.125, 0.14), np.float32) * front[..., None]
    return (
        SUNLIGHT * (np.clip(toward, 0.0, None) * lit)[..., None] + (sky + fill) * open_[..., None]
    )


def _shadow(points: Plane, solids: Sequence[Solid]) -> tuple[Plane, Plane]:
    """How much of the sun and how much of the sky reaches `points` (..., 3) past `solids`."""
    lit = np.ones(points.shape[:-1], np.float32)
    open_ = lit.copy()
    for solid in solids:
        matrix = solid.transform
        away = (np.asarray(solid.center, np.float32) - points) @ matrix.T
        ray = matrix @ SUN_DIRECTION
        along = np.clip((away @ ray) / (ray @ ray), 0.0, None)
        miss = np.sqrt(((away - along[..., None] * ray) ** 2).sum(-1))
        soft = 0.03 + 0.10 * along / (along + 0.4)  # the penumbra widens
        lit *= _step(0.0, 1.0, 0.5 + (miss - 1.0) / (2.0 * soft))
        open_ *= 1.0 - 0.72 / (1.0 + 0.55 * np.clip((away**2).sum(-1) - 0.7, 0.0, None) ** 1.2)
    return lit, open_


def _soft_shadow(points: Plane, solids: Sequence[Solid]) -> tuple[Plane, Plane]:
    """`_shadow` at every fourth pixel of a large surface: shadows of this sun are soft."""
    height, width = points.shape[:2]
    step = 4 if min(height, width) > 160 else 1
    sparse = _shadow(points[step // 2 :: step, step // 2 :: step], solids)
    if step == 1:
        return sparse
    lit, open_ = (_plane(cv2.resize(s, (width, height))) for s in sparse)
    return lit, open_


def _table(picture: Plane, x: Plane, v: Plane, solids: Sequence[Solid]) -> None:
    width = picture.shape[1]
    top = int((HORIZON - TABLE_HEIGHT * FOCAL / TABLE_END) * width)
    z = -TABLE_HEIGHT * FOCAL / (v[top:] - HORIZON)
    wide, deep = np.broadcast_arrays(x * z / FOCAL, z)

    ground = np.stack([wide, np.full_like(wide, TABLE_HEIGHT), deep], -1)
    lit, open_ = _soft_shadow(ground, solids)
    leafy = _sample(_noise(41, 0.5), wide * 0.55 + 0.3 + 0.2 * deep, deep * 0.4 + 0.21)
    lit = lit * (0.12 + 0.88 * _step(-0.9, 0.2, leafy + 1.1 - 2.4 * _step(0.15, 0.75, wide)))

    plank = np.floor(deep / 0.145)
    seam = np.abs(deep / 0.145 - plank - 0.5)
    grain = _rich(_noise(51, 0.72), wide * 1.1 + plank * 0.37, deep * 7.0 + plank * 0.11)
    knots = _sample(_noise(52, 0.5), wide * 0.8 + plank * 0.61, deep * 1.7)
    tone = np.clip(0.5 + 0.16 * grain + 0.14 * knots + 0.12 * np.sin(plank * 2.4), 0.0, 1.0)
    wood = _mix((0.10, 0.055, 0.030), (0.46, 0.30, 0.17), tone)
    wood *= (1.0 - 0.8 * _step(0.475, 0.497, seam))[..., None]
    wood *= _step(0.0, 0.012, TABLE_END - deep)[..., None] * 0.35 + 0.65

    along, across = 0.97 * wide + 0.24 * deep, -0.24 * wide + 0.97 * deep
    folds = _sample(_noise(61, 0.38), along * 0.42, across * 0.42 + 0.4)
    inside = _step(0.0, 0.006, 0.36 - np.abs(along - 0.31 + 0.012 * folds)) * _step(
        0.0, 0.006, 0.21 - np.abs(across - 1.34 + 0.012 * folds)
    )
    stripe = np.abs((along * 9.0 + 0.15 * folds) % 1.0 - 0.5)
    linen = _mix((0.74, 0.68, 0.58), (0.10, 0.20, 0.38), _step(0.31, 0.33, stripe))
    thin = np.abs((along * 9.0 + 0.15 * folds) % 1.0 - 0.17)
    linen = _mix(linen, (0.55, 0.08, 0.07), _step(0.022, 0.014, thin))
    weave = _rich(_noise(62, 0.95), along * 2.0, across * 2.0)
    linen *= (1.0 + 0.05 * weave)[..., None]
    color = _mix(wood, linen, inside)

    tilt_x = -(cv2.Sobel(folds, cv2.CV_32F, 1, 0, ksize=3)) * (width / 4000) * 2.0 * inside
    tilt_z = (cv2.Sobel(folds, cv2.CV_32F, 0, 1, ksize=3)) * (width / 4000) * 1.2 * inside
    tilt_x += 0.10 * grain * (1.0 - inside)
    normal = np.stack([tilt_x, np.ones_like(tilt_x), tilt_z], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    surface = color * _light(normal, lit, open_)
    sight = ground / np.linalg.norm(ground, axis=-1, keepdims=True)
    bounce = sight - 2.0 * (sight * normal).sum(-1, keepdims=True) * normal
    sheen = (0.03 + 0.35 * (1.0 - np.abs((sight * normal).sum(-1))) ** 5) * (1 - inside) * open_
    surface += _environment(bounce) * (sheen * np.clip(0.7 + 0.3 * grain, 0, 1))[..., None]
    picture[top:] = surface


def _trace(picture: Plane, solid: Solid, solids: Sequence[Solid]) -> None:
    """Paint one ellipsoid over the picture."""
    width = picture.shape[1]
    cx, cy, cz = solid.center
    size = max(solid.radii) * FOCAL / (cz - max(solid.radii)) * 1.15
    column, row = cx / cz * FOCAL + 0.5, HORIZON - cy / cz * FOCAL
    rows = slice(max(0, int((row - size) * width)), max(0, int((row + size) * width) + 2))
    columns = slice(max(0, int((column - size) * width)), max(0, int((column + size) * width) + 2))
    patch = picture[rows, columns]
    if patch.size == 0:
        return
    x, v = _grid(width)
    x, v = np.broadcast_arrays(x[:, columns], v[rows])
    sight = np.stack([x, HORIZON - v, np.full_like(x, FOCAL)], -1)
    matrix = solid.transform
    p, q = sight @ matrix.T, matrix @ np.asarray(solid.center, np.float32)
    t, outward, cover = _meet_lathe(p, q, solid.profile) if solid.profile else _meet_sphere(p, q)
    points = sight * t[..., None]
    local = t[..., None] * p - q
    normal = outward @ matrix
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True) + 1e-9

    u = np.arctan2(local[..., 0], -local[..., 2]) / (2 * np.pi) * solid.grain[0]
    w = np.arcsin(np.clip(local[..., 1], -1, 1)) / np.pi * solid.grain[1]
    offset = 0.37 * cx + 0.73 * cz
    mottle = _sample(_noise(71, 0.60), u + offset, w + offset)
    if solid.bump:
        fine = _noise(72, 0.80)
        at = u * 1.6 + offset, w * 1.6
        here = _rich(fine, *at)
        normal = normal.copy()
        normal[..., 0] -= solid.bump * (_rich(fine, at[0] + 0.004, at[1]) - here)
        normal[..., 1] -= solid.bump * (_rich(fine, at[0], at[1] + 0.004) - here)
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)

    color = np.asarray(solid.color, np.float32) * (1.0 + 0.07 * mottle)[..., None]
    if solid.blush is not None:
        share = (
            _step(-1.0, 1.0, mottle + solid.spots - 1.0)
            if solid.spots
            else _step(-0.5, 0.95, local[..., 1] + 0.28 * mottle)
        )
        color = _mix(color, np.asarray(solid.blush, np.float32), share)

    polish = np.full_like(t, solid.gloss)
    if solid.hollow:
        inside = (local[..., 1] > 0.985) & (
            np.hypot(local[..., 0], local[..., 2]) < 0.82 * solid.profile[-1][1]
        )
        color = np.where(inside[..., None], np.float32(0.006), color)
        polish = np.where(inside, np.float32(0.0), polish)

    near = [s for s in solids if s is not solid and _close(s, solid)]
    lit, open_ = _soft_shadow(points, near)
    ground = np.clip((points[..., 1] - TABLE_HEIGHT) / (2.0 * solid.radii[1]), 0.0, 1.0)
    open_ *= 0.45 + 0.55 * np.sqrt(ground)
    shade = color * _light(normal, lit, open_)
    if solid.glow:
        through = np.clip(0.35 - normal @ SUN_DIRECTION, 0.0, 1.0) * 0.25 + 0.1
        shade += color * SUNLIGHT * (solid.glow * through * lit)[..., None]
    view = sight / np.linalg.norm(sight, axis=-1, keepdims=True)
    facing = -(view * normal).sum(-1)
    bounce = view + 2.0 * facing[..., None] * normal
    fresnel = 0.04 + 0.96 * np.clip(1.0 - facing, 0.0, 1.0) ** 5
    shade += _environment(bounce) * (polish * fresnel * open_)[..., None] * 1.2
    spot = np.clip(bounce @ SUN_DIRECTION, 0.0, 1.0)
    shade += SUNLIGHT * (polish * lit * (9.0 * spot**420 + 0.25 * spot**30))[..., None]
    patch += (shade - patch) * cover[..., None]


def _meet_sphere(p: Plane, q: Plane) -> tuple[Plane, Plane, Plane]:
    """Where rays t p - q first meet the unit sphere: t, the normal there, coverage of the pixel."""
    a, b = (p * p).sum(-1), p @ q
    hit = b * b - a * (q @ q - 1.0)
    edge = np.hypot(*np.gradient(hit)) + 1e-12
    t = (b - np.sqrt(np.clip(hit, 0.0, None))) / a
    return t, t[..., None] * p - q, np.clip(hit / edge + 0.5, 0.0, 1.0)


def _meet_lathe(p: Plane, q: Plane, profile: Profile) -> tuple[Plane, Plane, Plane]:
    """The same for a turned form that stands in the cube from -1 to 1."""
    heights, radii = np.array(profile).T
    fine = np.linspace(0.0, 1.0, 257)
    curve = np.interp(fine, heights, radii)
    curve = np.convolve(
        np.pad(curve, 22, mode="edge"), np.hanning(45) / np.hanning(45).sum(), "valid"
    )
    steepness = np.gradient(curve, 2.0 / 256)

    def outside(t: Plane) -> Plane:
        at = t[..., None] * p - q
        height = at[..., 1] * 0.5 + 0.5
        radius = np.float32(np.interp(height, fine, curve))
        beyond = np.hypot(at[..., 0], at[..., 2]) - radius
        return np.maximum(beyond, np.abs(at[..., 1]) - 1.0)

    middle = (p @ q) / (p * p).sum(-1)
    half = 1.5 / np.sqrt((p * p).sum(-1))
    steps = 40
    low, high = middle - half, middle + half
    near, clearest, found = low.copy(), np.full_like(low, np.inf), np.zeros(low.shape, bool)
    for i in range(1, steps + 1):
        t = low + (high - low) * (i / steps)
        depth = outside(t)
        clearest = np.where(found, clearest, np.minimum(clearest, depth))
        found |= depth < 0.0
        near = np.where(found, near, t)
    far = near + (high - low) / steps
    for _ in range(9):
        t = 0.5 * (near + far)
        within = outside(t) < 0.0
        near, far = np.where(within, near, t), np.where(within, t, far)
    t = np.where(found, far, middle)
    at = t[..., None] * p - q
    slope = np.interp(at[..., 1] * 0.5 + 0.5, fine, steepness)
    around = np.hypot(at[..., 0], at[..., 2]) + 1e-6
    normal = np.stack([at[..., 0] / around, -slope, at[..., 2] / around], -1).astype(np.float32)
    normal[at[..., 1] > 0.997] = (0.0, 1.0, 0.0)
    cover = cv2.GaussianBlur(found.astype(np.float32), (0, 0), 0.6)
    return t.astype(np.float32), normal, cover


def _close(one: Solid, other: Solid) -> bool:
    """Whether `one` may shade or touch `other`."""
    gap = np.linalg.norm(np.subtract(one.center, other.center))
    return bool(gap < 3.0 * (max(one.radii) + max(other.radii)))


def _still_life(rng: np.random.Generator) -> Iterator[Solid]:
    def on_table(x: float, z: float, r: float | Vector, color: Color, **more: Any) -> Solid:
        radii = (r, r, r) if isinstance(r, float) else r
        return Solid((x, TABLE_HEIGHT + radii[1] * 0.985, z), radii, color, **more)

    peel: Any = {"bump": 0.16, "gloss": 0.35, "glow": 0.06}
    yield on_table(-0.16, 1.36, 0.047, (0.86, 0.30, 0.025), **peel)
    yield on_table(-0.06, 1.31, 0.045, (0.88, 0.34, 0.03), **peel)
    yield Solid((-0.108, TABLE_HEIGHT + 0.121, 1.35), (0.045,) * 3, (0.85, 0.28, 0.02), **peel)
    apple: Any = {"blush": (0.66, 0.34, 0.07), "spots": -0.1, "gloss": 0.7, "grain": (5.0, 0.6)}
    yield on_table(0.055, 1.37, (0.044, 0.041, 0.044), (0.52, 0.025, 0.03), **apple)
    yield on_table(0.02, 1.20, (0.041, 0.038, 0.041), (0.58, 0.04, 0.035), **apple)
    yield on_table(
        -0.27, 1.22, (0.050, 0.035, 0.036), (0.90, 0.66, 0.05), bump=0.10, gloss=0.4, turn=-14
    )
    yield on_table(
        -0.20, 1.12, (0.034, 0.030, 0.030), (0.40, 0.52, 0.06), bump=0.08, gloss=0.4, turn=9
    )
    pear: Any = {
        "blush": (0.66, 0.34, 0.08),
        "spots": 0.15,
        "gloss": 0.35,
        "bump": 0.03,
        "profile": PEAR,
    }
    yield on_table(0.150, 1.27, (0.043, 0.064, 0.043), (0.50, 0.52, 0.09), **pear)
    stalk: Any = {"gloss": 0.1, "turn": 12.0}
    yield Solid(
        (0.152, TABLE_HEIGHT + 0.134, 1.27), (0.0022, 0.014, 0.0022), (0.10, 0.06, 0.03), **stalk
    )
    yield Solid(
        (0.057, TABLE_HEIGHT + 0.085, 1.37), (0.002, 0.011, 0.002), (0.10, 0.06, 0.03), **stalk
    )
    yield Solid(
        (0.022, TABLE_HEIGHT + 0.079, 1.20), (0.002, 0.011, 0.002), (0.10, 0.06, 0.03), **stalk
    )
    yield Solid((-0.104, TABLE_HEIGHT + 0.164, 1.338), (0.006, 0.003, 0.006), (0.12, 0.16, 0.04))
    yield from _grapes(rng)
    yield from _vase()
    yield from _figure()
    marbles = ((0.01, 0.22, 0.26), (0.34, 0.02, 0.17), (0.02, 0.06, 0.34), (0.03, 0.22, 0.06))
    for i, color in enumerate(marbles):
        at = -0.10 + 0.062 * i + 0.01 * np.sin(3.0 * i), 1.075 + 0.022 * np.cos(5.0 * i)
        yield on_table(*at, 0.0125, color, gloss=1.2, glow=1.2)


def _grapes(rng: np.random.Generator) -> Iterator[Solid]:
    for layer, count in ((0, 16), (1, 10), (2, 4)):
        for i in range(count):
            angle, reach = 2.4 * i + layer, 0.062 * np.sqrt((i + 0.5) / count) * (1 - 0.25 * layer)
            center = (
                0.285 + 1.35 * reach * np.cos(angle),
                TABLE_HEIGHT + 0.015 + 0.021 * layer,
                1.20 + reach * np.sin(angle),
            )
            hue = rng.uniform(0.0, 1.0)
            color = (0.10 + 0.07 * hue, 0.02, 0.09 + 0.06 * (1.0 - hue))
            radius = rng.uniform(0.0135, 0.0165)
            yield Solid(
                center,
                (radius,) * 3,
                color,
                blush=(0.22, 0.18, 0.28),
                spots=-0.3,
                gloss=0.6,
                glow=0.5,
            )


def _vase() -> Iterator[Solid]:
    glaze: Any = {"blush": (0.025, 0.16, 0.25), "spots": 0.2, "gloss": 1.3, "grain": (1.0, 1.0)}
    at, radii = (-0.335, TABLE_HEIGHT + 0.150, 1.62), (0.090, 0.150, 0.090)
    yield Solid(at, radii, (0.015, 0.065, 0.20), profile=VASE, hollow=True, **glaze)


def _figure() -> Iterator[Solid]:
    """A lay figure of pale wood, one arm up: skin-like tones, round forms."""
    skin, x, z = (0.76, 0.47, 0.33), 0.225, 1.58
    parts = (
        # across, up, towards us, radii, turn
        (0.000, 0.372, 0.000, (0.026, 0.036, 0.029), 6),  # head
        (-0.001, 0.328, 0.000, (0.012, 0.016, 0.012), 0),  # neck
        (0.000, 0.275, 0.000, (0.042, 0.048, 0.028), 0),  # chest
        (0.000, 0.225, 0.000, (0.024, 0.022, 0.021), 0),  # waist
        (0.000, 0.192, 0.000, (0.035, 0.028, 0.026), 0),  # hips
        (-0.022, 0.134, 0.000, (0.018, 0.050, 0.019), -5),  # thighs
        (0.024, 0.134, 0.000, (0.018, 0.050, 0.019), 7),
        (-0.028, 0.050, 0.002, (0.014, 0.046, 0.015), -2),  # shins
        (0.031, 0.050, 0.002, (0.014, 0.046, 0.015), 2),
        (-0.031, 0.008, 0.014, (0.015, 0.009, 0.026), 0),  # feet
        (0.035, 0.008, 0.014, (0.015, 0.009, 0.026), 0),
        (-0.049, 0.305, 0.000, (0.015, 0.015, 0.015), 0),  # shoulders
        (0.049, 0.305, 0.000, (0.015, 0.015, 0.015), 0),
        (-0.078, 0.329, 0.004, (0.036, 0.013, 0.013), -38),  # raised arm
        (-0.113, 0.376, 0.006, (0.011, 0.034, 0.011), 18),
        (-0.125, 0.418, 0.006, (0.010, 0.017, 0.006), 16),  # hand
        (0.062, 0.262, 0.004, (0.013, 0.040, 0.013), 16),  # lowered arm
        (0.080, 0.196, 0.010, (0.011, 0.036, 0.011), 12),
        (0.088, 0.150, 0.012, (0.010, 0.018, 0.007), 8),
    )
    for across, up, toward, radii, turn in parts:
        center = (x + across, TABLE_HEIGHT + up, z - toward)
        yield Solid(center, radii, skin, turn=turn, gloss=0.25, bump=0.012, grain=(1.0, 0.3))


def _pillar(picture: Plane, x: Plane, v: Plane) -> None:
    """Rough stone on the right, in deep shade, its left edge catching the sun."""
    width = picture.shape[1]
    texture, rough = _noise(81, 0.62), _noise(82, 0.78)
    left = 0.372 + 0.004 * _sample(texture, v * 0.0 + 0.2, v * 1.1)
    first = int((0.36 + 0.5) * width)
    across, down = np.broadcast_arrays(x[:, first:], v)
    course = np.floor(down / 0.082)
    joint = np.abs(down / 0.082 - course - 0.5)
    brick = (across + 0.05 * course + 0.02 * np.sin(course * 5.1)) / 0.105
    cell = np.floor(brick)
    head = np.abs(brick - cell - 0.5)
    wobble = 0.018 * _sample(texture, across * 2.5, down * 2.5)
    mortar = np.maximum(_step(0.44, 0.485, joint + wobble), _step(0.455, 0.488, head + wobble))
    grit = _rich(rough, across * 2.2, down * 2.2)
    slant = grit - _rich(rough, across * 2.2 - 0.003, down * 2.2 - 0.003)
    tone = np.clip(0.5 + 0.22 * np.sin(cell * 7.3 + course * 3.1) + 0.13 * grit, 0.0, 1.0)
    stone = _mix((0.20, 0.17, 0.15), (0.46, 0.38, 0.30), tone)
    moss = _step(
        0.5, 1.8, _sample(_noise(83, 0.6), across * 1.2, down * 1.2) + 1.2 * _step(0.3, 0.75, down)
    )
    stone = _mix(stone, (0.07, 0.11, 0.03), 0.7 * moss)
    relief = np.clip(0.9 + 0.9 * slant - 0.62 * mortar, 0.15, 2.0)
    inward = across - left
    dim = 0.045 + 0.11 * np.exp(-np.clip(inward, 0, None) / 0.05)
    light = dim[..., None] * np.array((0.85, 0.95, 1.2), np.float32)
    rim = np.exp(-np.clip(inward, 0.0, None) / 0.0035) * (0.5 + 0.5 * np.clip(1 + grit, 0, 2))
    light = light + (0.75 * rim)[..., None] * SUNLIGHT
    cover = np.clip(inward * width + 0.5, 0.0, 1.0)[..., None]
    patch = picture[:, first:]
    patch += (stone * relief[..., None] * light - patch) * cover


def _ivy(picture: Plane, rng: np.random.Generator) -> None:
    """Leaves hanging in from above and climbing on the pillar; the outer ones glow in the sun."""
    stems = [(0.52, -0.02, 2.75, 0.55), (0.46, -0.03, 2.95, 0.42), (0.40, -0.02, 2.2, 0.30)]
    stems += [(0.36, 0.78, -1.45, 0.34), (0.44, 0.80, -1.75, 0.30), (0.50, 0.5, -2.0, 0.25)]
    for sx, sv, heading, length in stems:
        at, angle = np.array((sx, sv)), heading
        for i in range(round(length / 0.0048)):
            angle += rng.normal(0.0, 0.08) + (0.013 if heading > 0 else 0.0) * (1.6 - angle)
            at = at + 0.0048 * np.array((np.cos(angle), np.sin(angle)))
            side = 1.0 if i % 2 else -1.0
            base = at + rng.normal(0.0, 0.006, 2)
            size = rng.uniform(0.010, 0.023)
            _leaf(picture, base, angle + side * rng.uniform(0.6, 1.4), size, rng)


def _leaf(
    picture: Plane, base: NDArray[np.float64], angle: float, size: float, rng: np.random.Generator
) -> None:
    width = picture.shape[1]
    t = np.linspace(0.0, 1.0, 14)
    half = 0.42 * np.sin(np.pi * t**0.75) * (1.0 + 0.10 * np.sin(5 * np.pi * t))
    curl = rng.uniform(-0.25, 0.25)
    outline = np.concatenate([np.stack([t, half], 1), np.stack([t, -half], 1)[::-1]])
    outline[:, 1] = outline[:, 1] * rng.uniform(0.55, 1.0) + curl * outline[:, 0] ** 2
    c, s = np.cos(angle), np.sin(angle)
    corners = (outline @ np.array([[c, s], [-s, c]])) * size + base
    pixels = (corners + np.array((0.5, 0.0))) * width
    low = np.floor(pixels.min(0)).astype(int) - 1
    high = np.ceil(pixels.max(0)).astype(int) + 2
    low, high = np.maximum(low, 0), np.minimum(high, (width, picture.shape[0]))
    if (high <= low).any():
        return
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    cv2.fillPoly(mask, [np.round((pixels - low) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    y, x = np.mgrid[low[1] : high[1], low[0] : high[0]].astype(np.float32) / np.float32(width)
    along = ((x - 0.5 - base[0]) * c + (y - base[1]) * s) / size
    across = (-(x - 0.5 - base[0]) * s + (y - base[1]) * c) / size - curl * along**2
    vein = np.exp(-((across / 0.025) ** 2)) + 0.5 * np.exp(
        -((((np.abs(across) * 1.2 - along * 1.0) % 0.16 - 0.08) / 0.012) ** 2)
    )
    outer = float(np.clip((0.40 - base[0]) / 0.09, 0.0, 1.0))  # out of the pillar's shade
    turned = rng.uniform(0.0, 1.0)
    sun = outer * (0.25 + 0.75 * turned) * 0.85 + 0.05
    green = np.array((0.16, 0.36, 0.035)) * (1 - 0.3 * turned) + np.array(
        (0.30, 0.12, 0.0)
    ) * rng.uniform(0, 0.5)
    glowing = green * 1.25 * sun * np.array((1.25, 1.0, 0.6)) + green * np.array(
        (0.05, 0.06, 0.075)
    )
    light = (1.0 - 0.25 * vein) * (
        0.85 + 0.22 * np.tanh(across * 9.0) * (turned - 0.5) + 0.25 * (along - 0.4)
    )
    color = np.float32(glowing) * light[..., None]
    alpha = (mask / np.float32(255.0))[..., None]
    patch = picture[low[1] : high[1], low[0] : high[0]]
    patch += (color - patch) * alpha


def _glare(picture: Plane, x: Plane, v: Plane) -> None:
    """Light scattered in the lens, around the sun and everywhere."""
    distance = _sun_distance(x, v)
    veil = 0.10 * np.exp(-distance / 0.10) + 0.022 * np.exp(-distance / 0.5)
    picture += veil[..., None] * np.array((1.0, 0.68, 0.38), np.float32)
