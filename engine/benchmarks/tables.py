"""Tables: the pointwise stages baked for a drag, against the stages themselves.

On photos, on smooth gradients of all hues through clipping, and on greys; by CIEDE2000 between the
exact picture and the 8-bit one for the screen. Areawise stages rest, all other sliders are moved.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from engine.benchmarks.draws import all_moved
from engine.benchmarks.quality import unpacked
from engine.difference import delta_e_2000, lab
from engine.finisher import Finisher
from engine.live.operators import live_operators
from engine.live.renderer import LiveRenderer
from engine.metadata import Calibration, Metadata, Profile
from engine.photo import Photo, canonical_statistics
from engine.progress import Progress, Work, finish
from engine.renderer import Renderer
from engine.settings import Settings
from engine.stage import Kind

COARSEST = 33
"""Nodes along a side of the plain lattice; a drag's is as fine as this many nodes can make it."""

COLORING = ("temperature", "tint")
"""Sliders that color greys, beside those of the color mixer."""

DIGITS = 2


def tables(
    finisher: Finisher, photos: Sequence[tuple[str, Photo]], settings: int
) -> Work[dict[str, object]]:
    """For the plain lattice and a drag's: the mean of all, worst mean, worst 99th percentile."""
    pictures = [*photos, ("gradients", gradients())]
    operators = live_operators(finisher)
    found: dict[str, list[tuple[float, float]]] = {"plain": [], "drag": []}
    for i, (name, photo) in enumerate(pictures):
        exact = Renderer(photo, finisher)
        live = {
            "plain": LiveRenderer(photo, finisher, operators, nodes=COARSEST),
            "drag": LiveRenderer(photo, finisher, operators),
        }
        for seed in range(settings):
            yield Progress(i * settings + seed, len(pictures) * settings, f"Tables on {name}")
            chosen = pointwise(finisher, seed)
            truth = exact.picture(chosen)
            for kind, renderer in live.items():
                shown = unpacked(finish(renderer.render(chosen)))
                apart = delta_e_2000(truth, shown).flatten()
                found[kind].append((float(apart.mean()), float(apart.quantile(0.99))))
    return {
        **{kind: _summary(apart) for kind, apart in found.items()},
        "chroma_of_greys": round(_chroma_of_greys(finisher, settings), DIGITS),
        "settings": settings,
    }


def pointwise(finisher: Finisher, seed: int) -> Settings:
    """Random settings of the pointwise stages alone."""
    areawise = [stage for stage in finisher if stage.kind is Kind.AREAWISE]
    return all_moved(finisher, seed).reset(c for stage in areawise for c in stage.controls)


def gradients() -> Photo:
    """Ramps of light from deep shade through clipping, in all hues."""
    light = torch.logspace(-9.0, 1.0, 480, base=2.0).view(1, 1, 1, -1)
    angle = torch.linspace(0.0, 2.0 * math.pi, 320).view(1, 1, -1, 1)
    hues = torch.cat([torch.cos(angle + k * 2.0 * math.pi / 3.0) for k in range(3)], 1)
    return _photo(light * (1.0 + 0.4 * hues))


def greys() -> Photo:
    """Greys from deep shade through clipping."""
    light = torch.logspace(-10.0, 1.0, 4096, base=2.0)
    return _photo(light.view(1, 1, 64, 64).expand(-1, 3, -1, -1))


def _photo(scene: Tensor) -> Photo:
    """`scene`, white balanced, as taken by a camera that sees XYZ."""
    neutral = np.array([0.9642, 1.0, 0.8251])  # D50, ICC.1:2022
    height, width = scene.shape[-2:]
    about = Metadata(
        profile=Profile("XYZ", (Calibration(23, np.eye(3)),)),
        full_size=(width, height),
        as_shot_neutral=neutral,
    )
    white = torch.from_numpy(neutral).float().view(1, 3, 1, 1)
    image = (scene * white).clamp(0.0, 1.0).contiguous()
    return Photo(image, about, canonical_statistics(image, about))


def _chroma_of_greys(finisher: Finisher, settings: int) -> float:
    """The most that any grey gets, CIELAB, under sliders that do not color greys."""
    photo, most = greys(), 0.0
    live = LiveRenderer(photo, finisher)
    coloring = [finisher.control(name) for name in COLORING]
    for seed in range(settings):
        chosen = pointwise(finisher, seed).reset(coloring).switch("color_mixer", on=False)
        _, a, b = lab(unpacked(finish(live.render(chosen)))).unbind(1)
        most = max(most, float(torch.hypot(a, b).max()))
    return most


def _summary(apart: Sequence[tuple[float, float]]) -> dict[str, float]:
    means, tails = zip(*apart, strict=True)
    return {
        "mean_de": round(sum(means) / len(means), DIGITS),
        "worst_mean_de": round(max(means), DIGITS),
        "worst_p99_de": round(max(tails), DIGITS),
        "median_p99_de": round(sorted(tails)[len(tails) // 2], DIGITS),
    }
