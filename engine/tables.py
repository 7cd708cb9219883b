"""Tables of a camera profile: hue and saturation maps, look tables, gain-table maps.

Adobe, Digital Negative Specification 1.7.1, chapter 6 and tags ProfileHueSatMapData,
ProfileLookTableData, ProfileGainTableMap.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.clipping import clipped
from engine.color import srgb_decode, srgb_encode
from engine.curves import total_exposure
from engine.metadata import Encoding, GainTableMap, HueSatTable, Metadata, Profile

Floats = NDArray[np.float32]
_TINY = 1e-12


def hue_sat_map(profile: Profile, weights: Tensor) -> HueSatTable | None:
    """The profile's HueSatMaps mixed by the calibrations' `weights` (n,); None if it has none."""
    if all(c.hue_sat_map is None for c in profile.calibrations):
        return None
    maps = [(c.hue_sat_map, w) for c, w in zip(profile.calibrations, weights.tolist(), strict=True)]
    known = [(table, weight) for table, weight in maps if table is not None]
    total = sum(weight for _, weight in known)
    shares = [weight / total if total > 0.0 else 1.0 / len(known) for _, weight in known]
    mixed = sum(share * table.deltas for (table, _), share in zip(known, shares, strict=True))
    return HueSatTable(np.asarray(mixed, dtype=np.float32), known[0][0].encoding)


def depends_on_encoded_value(table: HueSatTable) -> bool:
    """Whether it is read at sRGB-encoded values.

    The specification ignores the encoding of a map that does not depend on value.
    """
    return table.encoding is Encoding.SRGB and len(table.deltas) > 1


def apply_hue_sat_maps(image: Tensor, profile: Profile, weights: Tensor) -> Tensor:
    """Apply the profile's HueSatMaps to `image` (B, 3, H, W), mixed by `weights` (n,) or (B, n).

    Weights of each picture are mixed behind the lookup, so that gradients reach them.
    """
    if weights.ndim == 1:
        table = hue_sat_map(profile, weights)
        return image if table is None else apply_hue_sat(image, table)
    tables = [c.hue_sat_map for c in profile.calibrations]
    known = [(i, table) for i, table in enumerate(tables) if table is not None]
    if not known:
        return image
    there = weights[:, [i for i, _ in known]].to(image) + _TINY
    shares = (there / there.sum(1, keepdim=True)).unbind(1)
    parts = [(table, share[:, None, None]) for (_, table), share in zip(known, shares, strict=True)]
    return _with_deltas(image, parts)


def apply_hue_sat(image: Tensor, table: HueSatTable) -> Tensor:
    """Shift hue, scale saturation and value of linear ProPhoto `image` (B, 3, H, W) in [0, 1]."""
    return _with_deltas(image, [(table, None)])


def _with_deltas(image: Tensor, parts: Sequence[tuple[HueSatTable, Tensor | None]]) -> Tensor:
    """`image` moved by the sum of tables of one shape, each times its share (B, 1, 1)."""
    hue, saturation, value = rgb_to_hsv(image)
    encoded = depends_on_encoded_value(parts[0][0])
    if encoded:
        value = srgb_encode(value)
    looked_up = []
    for table, share in parts:
        planes = _deltas(table.deltas, hue, saturation, value)
        looked_up.append(planes if share is None else [plane * share for plane in planes])
    shift, saturation_scale, value_scale = (
        torch.stack(planes).sum(0) if len(planes) > 1 else planes[0]
        for planes in zip(*looked_up, strict=True)
    )
    value = (value * value_scale).clamp(0.0, 1.0)
    if encoded:
        value = srgb_decode(value)
    hue = torch.add(hue, shift, alpha=6.0 / 360.0)
    return hsv_to_rgb(hue, (saturation * saturation_scale).clamp_max(1.0), value)


def rgb_to_hsv(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue in [0, 6), saturation, value, each (B, H, W), of `image` (B, 3, H, W)."""
    red, green, blue = image.unbind(1)
    value = torch.maximum(torch.maximum(red, green), blue)
    chroma = value - torch.minimum(torch.minimum(red, green), blue)
    scale = 1.0 / chroma.clamp_min(_TINY)
    from_red = (green - blue) * scale
    from_red = torch.where(from_red < 0.0, from_red + 6.0, from_red)
    from_green = (blue - red) * scale + 2.0
    from_blue = (red - green) * scale + 4.0
    hue = torch.where(green >= value, from_green, from_blue)
    hue = torch.where(red >= value, from_red, hue)
    return hue, chroma / value.clamp_min(_TINY), value


def hsv_to_rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """The inverse of `rgb_to_hsv` (B, 3, H, W); `hue` may be any number of turns of 6."""
    chroma = value * saturation
    channels = []
    for offset in (5.0, 3.0, 1.0):
        sector = torch.remainder(hue + offset, 6.0)
        channels.append(value - chroma * torch.minimum(sector, 4.0 - sector).clamp(0.0, 1.0))
    return torch.stack(channels, 1)


def apply_gain_table_map(image: Tensor, table: GainTableMap, metadata: Metadata) -> Tensor:
    """Raise `image` (B, 3, H, W), linear ProPhoto in [0, 1], by gains of its place and brightness.

    Where the image is a strip, `metadata.strip` says of what.
    """
    rows, columns, points = table.gains.shape
    top, height = metadata.strip or (0, image.shape[-2])
    y = (torch.arange(image.shape[-2], device=image.device) + (top + 0.5)) / height
    x = (torch.arange(image.shape[-1], device=image.device) + 0.5) / image.shape[-1]
    row = ((y - table.origin[0]) / table.spacing[0]).clamp(0.0, rows - 1.0)
    column = ((x - table.origin[1]) / table.spacing[1]).clamp(0.0, columns - 1.0)

    red, green, blue = image.unbind(1)
    smallest = torch.minimum(torch.minimum(red, green), blue)
    largest = torch.maximum(torch.maximum(red, green), blue)
    exposure = 2.0 ** total_exposure(metadata)
    weights = [exposure * float(weight) for weight in table.weights]
    level = weights[0] * red + weights[1] * green + weights[2] * blue
    level = (level + weights[3] * smallest + weights[4] * largest).clamp(0.0, 1.0)
    if table.gamma != 1.0:
        level = level.clamp_min(_TINY) ** table.gamma
    (gain,) = interpolate(table.gains[..., None], row[:, None], column, level * points)
    return clipped(image * gain.unsqueeze(1))


def _deltas(deltas: Floats, hue: Tensor, saturation: Tensor, value: Tensor) -> list[Tensor]:
    """Hue shift, saturation scale and value scale; the hue wraps round."""
    values, hues, saturations, _ = deltas.shape
    closed = np.concatenate([deltas, deltas[:, :1]], axis=1)
    return interpolate(
        closed, value * (values - 1), hue * (hues / 6.0), saturation * (saturations - 1)
    )


def interpolate(table: Floats, a: Tensor, b: Tensor, c: Tensor) -> list[Tensor]:
    """The K planes of `table` (A, B, C, K) at positions in entries, trilinear, its ends held.

    The positions broadcast to one shape. Each corner is one gather from a shifted view.
    """
    # one more entry along each axis, so that an entry's upper neighbour always exists
    padded = np.pad(table, ((0, 1), (0, 1), (0, 1), (0, 0)), mode="edge")
    flats = [plane.flatten() for plane in torch.from_numpy(padded).to(c).unbind(-1)]
    across_b, across_a = padded.shape[2], padded.shape[1] * padded.shape[2]
    (a, a_share), (b, b_share), (c, c_share) = (
        _cell(position, count) for position, count in zip((a, b, c), table.shape, strict=False)
    )
    cells = a * across_a + b * across_b + c
    index = cells.to(torch.int32).flatten()

    def along_c(flat: Tensor, offset: int) -> Tensor:
        low = flat[offset:].index_select(0, index).view_as(cells)
        high = flat[offset + 1 :].index_select(0, index).view_as(cells)
        return torch.lerp(low, high, c_share)

    def along_b(flat: Tensor, offset: int) -> Tensor:
        return torch.lerp(along_c(flat, offset), along_c(flat, offset + across_b), b_share)

    if table.shape[0] == 1:
        return [along_b(flat, 0) for flat in flats]
    return [torch.lerp(along_b(flat, 0), along_b(flat, across_a), a_share) for flat in flats]


def _cell(position: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The entry at or below `position` and the way to the next."""
    below = position.detach().floor().clamp(0.0, count - 1.0)
    return below, position - below
