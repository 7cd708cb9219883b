"""Color balance: camera RGB to linear ProPhoto, by Temperature and Tint.

Adobe, Digital Negative Specification 1.7.1, chapter 6; white.py has the matrices.
"""

import torch
from torch import Tensor

from engine import white
from engine.color import luminance, transform
from engine.highlights import without_false_color
from engine.metadata import Metadata, White
from engine.slider import Scale, Slider, Value
from engine.stage import Kind, Space, Stage
from engine.statistics import Statistics
from engine.strips import gradients_wanted

TEMPERATURE = Slider(
    "temperature",
    2000.0,
    50000.0,
    default=None,
    unit="K",
    xmp="Temperature",
    step=50.0,
    scale=Scale.MIRED,
)
TINT = Slider("tint", -150.0, 150.0, default=None, xmp="Tint")


def exact(
    image: Tensor,
    metadata: Metadata,
    statistics: Statistics,
    *,
    temperature: Value | None,
    tint: Value | None,
) -> Tensor:
    """Return camera RGB `image` (B, 3, H, W) as linear ProPhoto, unclipped.

    The white is `metadata.white`, which `carry` has resolved from `temperature` and `tint`.
    """
    chosen = metadata.white or white.resolve(metadata, temperature, tint)
    balanced = image / chosen.camera_white[..., None, None].to(image)
    balanced = without_false_color(image, balanced)
    return transform(balanced, chosen.camera_to_prophoto * chosen.camera_white[..., None, :])


def carry(
    metadata: Metadata,
    statistics: Statistics,
    *,
    temperature: Value | None,
    tint: Value | None,
) -> tuple[Metadata, Statistics]:
    """Resolve the white, and move H by what it does to the mean color of the photo."""
    shot = metadata.white or white.as_shot(metadata)
    if temperature is None and tint is None:
        return metadata.replace(white=shot), statistics
    chosen = white.resolve(metadata, temperature, tint)
    mean = statistics.mean_camera
    ev: Value = torch.log2(_luminance(chosen, mean) / _luminance(shot, mean))
    if not (gradients_wanted() or isinstance(temperature, Tensor) or isinstance(tint, Tensor)):
        ev = float(ev)
    return metadata.replace(white=chosen), statistics.carried(ev)


def _luminance(chosen: White, camera: Tensor) -> Tensor:
    """Luminance, (B, 1, 1, 1) or a scalar as `chosen`, of one camera RGB (3,)."""
    color = chosen.camera_to_prophoto.to(camera) @ camera
    y = luminance(color.reshape(-1, 3, 1, 1)).clamp_min(1e-6)
    return y if color.ndim == 2 else y.squeeze()


STAGE = Stage(
    "color_balance", (TEMPERATURE, TINT), exact, Kind.PROGRAM, Space.SCENE, carry, profile_part=True
)
