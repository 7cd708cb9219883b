"""Scenes made of nothing, so that training needs no photographs: dead leaves under uneven light.

Opaque things of all sizes cover each other, which gives the edges and the statistics of natural
pictures [Lee, Mumford, Huang, Occlusion Models for Natural Images, IJCV 41, 2001; Achddou et al.,
Synthetic Images as a Regularity Prior, SSVM 2021]; each has a texture, and light and shade with
soft and hard borders lie over all, which gives the reach of tones. One in some is the still life of
the sample photo.
"""

from functools import lru_cache

import cv2
import numpy as np
import torch
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from torch import Tensor

from engine.color import PROPHOTO, SRGB, between, luminance, transform
from resources.scene import paint

Plane = NDArray[np.float32]
Points = NDArray[np.float64]

STILL_LIVES = 6
STILL_LIFE_SIDE = 1024
BRIGHTEST = 8.0
TILE = 1024
FADES = (0.25, 0.45, 0.6, 0.75, 0.9)


def made_scene(rng: Generator, width: int, height: int) -> Tensor:
    """A random scene (1, 3, H, W), linear ProPhoto, 1 about white."""
    if rng.random() < 0.2:
        picture = _still_life(rng, width, height)
    else:
        picture = _dead_leaves(rng, width, height) * _light(rng, width, height)[..., None]
    scene = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    scene = transform(scene, between(SRGB, PROPHOTO)).clamp_min(0.0)
    # as a camera would meter it: what is bright, but no lamp, just below white
    bright = torch.quantile(luminance(scene).flatten()[::5], 0.9).clamp_min(1e-4)
    return (scene * (rng.uniform(0.25, 0.8) / bright)).clamp_max(BRIGHTEST)


def _still_life(rng: Generator, width: int, height: int) -> Plane:
    whole = _painted(int(rng.integers(STILL_LIVES)))
    share = rng.uniform(0.45, 1.0)
    rows = min(len(whole), round(share * whole.shape[1] * height / width))
    columns = round(share * whole.shape[1])
    top = int(rng.integers(len(whole) - rows + 1))
    left = int(rng.integers(whole.shape[1] - columns + 1))
    part = whole[top : top + rows, left : left + columns]
    return _resized(part, width, height)


@lru_cache(maxsize=STILL_LIVES)
def _painted(seed: int) -> Plane:
    return np.asarray(paint(STILL_LIFE_SIDE, seed + 11), np.float32)


def _dead_leaves(rng: Generator, width: int, height: int) -> Plane:
    """Reflectances (H, W, 3)."""
    picture = _material(rng, width, height)
    for size in sorted(0.35 * rng.pareto(1.6, int(rng.integers(30, 160))) + 0.008, reverse=True):
        radius = min(size, 0.5) * width
        mask = np.zeros((height, width), np.uint8)
        center = rng.uniform(0.0, 1.0, 2) * (width, height)
        _draw(mask, center, radius, rng)
        x, y, w, h = cv2.boundingRect(mask)
        if w < 2 or h < 2:
            continue
        share = (mask[y : y + h, x : x + w] / np.float32(255.0))[..., None]
        patch = picture[y : y + h, x : x + w]
        patch += (_material(rng, w, h) - patch) * share
    return picture


def _draw(mask: NDArray[np.uint8], center: Points, radius: float, rng: Generator) -> None:
    """An ellipse or a polygon, its border smooth."""
    if rng.random() < 0.5:
        axes = radius, radius * rng.uniform(0.25, 1.0)
        angles = np.linspace(0.0, 2.0 * np.pi, 60)
    else:
        axes = radius, radius
        angles = np.sort(rng.uniform(0.0, 2.0 * np.pi, int(rng.integers(3, 8))))
    outline = np.stack([np.cos(angles), np.sin(angles)], 1) * axes
    turn = rng.uniform(0.0, np.pi)
    turned = outline @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = np.round((turned + center) * 16.0).astype(np.int32)
    cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, 4)


def _material(rng: Generator, width: int, height: int) -> Plane:
    """A surface (H, W, 3): one color, or two in each other, with a texture of some strength."""
    fade, strength = rng.uniform(0.4, 0.9), rng.choice([0.1, 0.4, 1.0]) * rng.random()
    grain = _fractal(rng, width, height, fade)
    first, second = _color(rng), _color(rng)
    share = rng.choice([0.0, 1.0]) * (0.5 + 0.5 * np.tanh(2.0 * grain))[..., None]
    color = first + (second - first) * share
    return np.asarray(color * np.exp2(strength * grain)[..., None], np.float32)


def _color(rng: Generator) -> Plane:
    """A reflectance (3,): dark ones as likely as bright ones, most of little chroma."""
    level = 2.0 ** rng.uniform(-4.5, -0.1)
    return np.asarray(level * np.exp2(rng.normal(0.0, 1.0, 3) * rng.beta(1.2, 3.0)), np.float32)


def _light(rng: Generator, width: int, height: int) -> Plane:
    """What falls on the scene (H, W): a smooth field, and shade with a border of some softness."""
    ev = rng.uniform(0.0, 1.5) * _fractal(rng, width, height, 0.25)
    for _ in range(int(rng.integers(0, 3))):
        shade = np.zeros((height, width), np.uint8)
        _draw(shade, rng.uniform(0.0, 1.0, 2) * (width, height), rng.uniform(0.2, 0.7) * width, rng)
        soft = cv2.GaussianBlur(shade, (0, 0), width * 0.05 * rng.random() ** 3 + 0.3)
        ev = ev - rng.uniform(1.0, 5.0) * (soft / np.float32(255.0))
    if rng.random() < 0.3:  # a lamp, or the sun
        y, x = np.mgrid[0:height, 0:width].astype(np.float32) / width
        at = rng.uniform(0.0, 1.0), rng.uniform(0.0, height / width)
        radius = rng.uniform(0.01, 0.2)
        glow = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / radius**2)
        ev = ev + rng.uniform(1.0, 5.0) * glow
    return np.asarray(np.exp2(ev), np.float32)


def _fractal(rng: Generator, width: int, height: int, fade: float) -> Plane:
    """Noise (H, W) of deviation about 1 whose octaves are each about `fade` of the coarser one."""
    tile = _tile(min(FADES, key=lambda known: abs(known - fade)))
    # as deep a crop as there is, so that small things have coarse texture too
    scale = min(1.0, TILE / max(width, height)) * rng.uniform(0.5, 1.0)
    columns, rows = max(2, int(width * scale)), max(2, int(height * scale))
    top, left = int(rng.integers(TILE - rows + 1)), int(rng.integers(TILE - columns + 1))
    part = tile[top : top + rows, left : left + columns][:: rng.choice([-1, 1])]
    return _resized(part, width, height)


@lru_cache(maxsize=len(FADES))
def _tile(fade: float) -> Plane:
    rng = default_rng(round(1000 * fade))
    total = np.zeros((TILE, TILE), np.float32)
    for octave in range(1, 11):
        coarse = rng.standard_normal((2**octave, 2**octave)).astype(np.float32)
        total += np.float32(fade**octave) * _resized(coarse, TILE, TILE)
    return np.asarray((total - total.mean()) / total.std(), np.float32)


def _resized(picture: Plane, width: int, height: int) -> Plane:
    shrinks = picture.shape[0] > height
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.float32)
