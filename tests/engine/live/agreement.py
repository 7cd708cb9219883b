"""How nearly the picture with a live stage is the exact one, on made and on real photos."""

from collections.abc import Iterable
from functools import cache

import pytest
import torch
from torch import Tensor

from engine.finishers.basic import BASIC
from engine.photo import Photo, open_photo
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import Setting
from engine.stage import Operator, Stage
from tests.conftest import SHARED
from tests.photos import photo_of, scene

NEEDED = 60.0
"""dB between finished pictures in [0, 1]."""

EXPOSURE = next(slider for slider in BASIC.sliders if slider.name == "exposure")

every_size = pytest.mark.parametrize(
    ("width", "height"), [(240, 160), (161, 97), (16, 33), (3, 2), (1, 1)]
)
every_photo = pytest.mark.parametrize(
    ("name", "long_side"),
    [
        ("gopro_hero6_GOPR0024.dng", 1600),
        ("gopro_hero6_GOPR0024.dng", 801),
        ("canon_eos_6d_lossy_linear.dng", 500),
        ("infiniteisp_Indoor1_8bit_wrapped.dng", 800),
    ],
)


@cache
def _opened(name: str) -> Photo:
    path = SHARED / "raws" / name
    if not path.is_file():
        pytest.skip(f"real files are not at hand: no {path}")
    return finish(open_photo(path)).reduced(1600)


def real(name: str, long_side: int) -> Photo:
    """A real photo, reduced. Skips where it is not at hand."""
    return _opened(name).reduced(long_side)


def made(width: int, height: int) -> Photo:
    """The made scene, or a corner of it."""
    whole = scene(max(width, 16), max(height, 16))
    return photo_of(whole[..., :height, :width])


def values(stage: Stage, seed: int) -> dict[str, Setting]:
    """All sliders of `stage` anywhere on their tracks, its other controls at rest."""
    place = torch.Generator().manual_seed(seed)
    shares = torch.rand(len(stage.sliders), generator=place).tolist()
    moved = zip(stage.sliders, shares, strict=True)
    return stage.neutral() | {s.name: float(s.denormalize(share)) for s, share in moved}


def agreement(
    stage: Stage, operator: Operator, photo: Photo, seeds: Iterable[int] = range(3)
) -> float:
    """Least PSNR, over settings, of finished pictures with `operator` against exact ones."""
    return min(
        decibels(
            Renderer(photo, BASIC, {stage.name: operator}).picture(_settings(stage, seed)),
            Renderer(photo, BASIC).picture(_settings(stage, seed)),
        )
        for seed in seeds
    )


def decibels(one: Tensor, other: Tensor) -> float:
    """PSNR of values in [0, 1]."""
    return float(-10.0 * torch.log10((one - other).double().square().mean() + 1e-12))


def _settings(stage: Stage, seed: int) -> Settings:
    settings = Settings().replace(EXPOSURE, seed - 1.0)
    chosen = values(stage, seed)
    for slider in stage.sliders:
        settings = settings.replace(slider, chosen[slider.name])
    return settings


def wild(width: int = 67, height: int = 51) -> Tensor:
    """A picture (1, 3, H, W) of noise from deep below black to far above white."""
    noise = torch.Generator().manual_seed(3)
    picture = torch.exp2(4.0 * torch.randn(1, 3, height, width, generator=noise) - 3.0)
    picture[..., ::7] *= -0.1
    picture[..., ::5, ::5] = 0.0
    return picture
