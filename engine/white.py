"""White: from Temperature and Tint, or from the camera's as-shot white, to a camera matrix.

Adobe, Digital Negative Specification 1.7.1, chapter 6 ("Mapping Camera Color Space to CIE XYZ
Space"). Temperature and Tint follow Adobe's scale: Robertson's isotherms [Wyszecki & Stiles,
Color Science, 2nd ed., table 1(3.11)], with the misprint in its row of 325 mired that photographs
edited elsewhere have relied on for twenty years; a unit of Tint is 1/3000 in CIE 1960 u v.

All tensors are float64; everything can be differentiated with respect to Temperature and Tint.
Their leading shape is kept: (B, 1, 1, 1) values give (B, 3, 3) matrices.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from engine.color import D50, D50_XYZ, D55, PROPHOTO, adaptation, xyz
from engine.metadata import Calibration, Matrix, Metadata, White
from engine.slider import Value

# mired, u, v, slope of the isotherm
_ISOTHERMS = torch.tensor(
    [
        (0, 0.18006, 0.26352, -0.24341),
        (10, 0.18066, 0.26589, -0.25479),
        (20, 0.18133, 0.26846, -0.26876),
        (30, 0.18208, 0.27119, -0.28539),
        (40, 0.18293, 0.27407, -0.30470),
        (50, 0.18388, 0.27709, -0.32675),
        (60, 0.18494, 0.28021, -0.35156),
        (70, 0.18611, 0.28342, -0.37915),
        (80, 0.18740, 0.28668, -0.40955),
        (90, 0.18880, 0.28997, -0.44278),
        (100, 0.19032, 0.29326, -0.47888),
        (125, 0.19462, 0.30141, -0.58204),
        (150, 0.19962, 0.30921, -0.70471),
        (175, 0.20525, 0.31647, -0.84901),
        (200, 0.21142, 0.32312, -1.0182),
        (225, 0.21807, 0.32909, -1.2168),
        (250, 0.22511, 0.33439, -1.4512),
        (275, 0.23247, 0.33904, -1.7298),
        (300, 0.24010, 0.34308, -2.0637),
        (325, 0.24702, 0.34655, -2.4681),  # the misprint: u = 0.24792 in the original
        (350, 0.25591, 0.34951, -2.9641),
        (375, 0.26400, 0.35200, -3.5814),
        (400, 0.27218, 0.35407, -4.3633),
        (425, 0.28039, 0.35577, -5.3762),
        (450, 0.28863, 0.35714, -6.7262),
        (475, 0.29685, 0.35823, -8.5955),
        (500, 0.30505, 0.35907, -11.324),
        (525, 0.31320, 0.35968, -15.628),
        (550, 0.32129, 0.36011, -23.325),
        (575, 0.32931, 0.36038, -40.770),
        (600, 0.33724, 0.36051, -116.45),
    ],
    dtype=torch.float64,
)
_MIRED = _ISOTHERMS[:, 0].contiguous()
_UV = _ISOTHERMS[:, 1:3]
_ALONG = torch.nn.functional.normalize(
    torch.stack([torch.ones_like(_MIRED), _ISOTHERMS[:, 3]], -1), dim=-1
)
_TINT_PER_UV = -3000.0
_TO_PROPHOTO = np.linalg.inv(PROPHOTO.to_xyz)
_D50_XYZ = D50_XYZ.numpy()  # taken once: not to be had inside torch.func's transforms

# EXIF LightSource: the temperature that stands for it when two calibrations are mixed (the middle
# of EXIF's own range for fluorescent lamps), and its chromaticity, for the mixing of three
# [CIE 15:2004: A, B, C, D, F1-F4, F8, F9]. None: by its temperature.
_OTHER = 255
_LIGHTS: dict[int, tuple[float, tuple[float, float] | None]] = {
    1: (5500.0, D55),
    2: (4150.0, (0.37208, 0.37529)),
    3: (2850.0, (0.4476, 0.4074)),
    4: (5500.0, D55),
    9: (5500.0, D55),
    10: (6500.0, (0.3127, 0.3290)),
    11: (7500.0, (0.2990, 0.3149)),
    12: (6400.0, (0.31310, 0.33727)),
    13: (5050.0, (0.34588, 0.35875)),
    14: (4150.0, (0.37417, 0.37281)),
    15: (3525.0, (0.40910, 0.39430)),
    16: (2925.0, (0.44018, 0.40329)),
    17: (2850.0, (0.4476, 0.4074)),
    18: (5500.0, (0.348483, 0.351747)),
    19: (6500.0, (0.310061, 0.316150)),
    20: (5500.0, D55),
    21: (6500.0, (0.3127, 0.3290)),
    22: (7500.0, (0.2990, 0.3149)),
    23: (5000.0, D50),
    24: (3200.0, None),
}


def chromaticity(temperature: Value, tint: Value) -> Tensor:
    """CIE x y (..., 2) of `temperature` (K) and `tint`."""
    mired = 1e6 / _float64(temperature)
    tint = _float64(tint)
    row = torch.searchsorted(_MIRED[1:], mired.detach().contiguous(), right=True).clamp_max(29)
    share = ((mired - _MIRED[row]) / (_MIRED[row + 1] - _MIRED[row]))[..., None]
    along = torch.nn.functional.normalize(torch.lerp(_ALONG[row], _ALONG[row + 1], share), dim=-1)
    uv = torch.lerp(_UV[row], _UV[row + 1], share) + along * (tint / _TINT_PER_UV)[..., None]
    u, v = uv.unbind(-1)
    return torch.stack([1.5 * u, v], -1) / (u - 4.0 * v + 2.0)[..., None]


def temperature_tint(xy: Tensor) -> tuple[Tensor, Tensor]:
    """Temperature (K) and tint of chromaticities `xy` (..., 2): the inverse of `chromaticity`."""
    x, y = xy.unbind(-1)
    uv = torch.stack([2.0 * x, 3.0 * y], -1) / (1.5 - x + 6.0 * y)[..., None]
    offset = uv[..., None, :] - _UV
    beyond = offset[..., 1] * _ALONG[:, 0] - offset[..., 0] * _ALONG[:, 1]
    crossed = torch.cat([beyond[..., 1:-1] <= 0.0, torch.ones_like(beyond[..., :1]).bool()], -1)
    row = crossed.int().argmax(-1) + 1
    after = -beyond.gather(-1, row[..., None])[..., 0].clamp_max(0.0)
    before = beyond.gather(-1, row[..., None] - 1)[..., 0]
    share = torch.where(row == 1, 0.0, after / torch.where(row == 1, 1.0, before + after))
    temperature = 1e6 / torch.lerp(_MIRED[row], _MIRED[row - 1], share)
    share = share[..., None]
    along = torch.nn.functional.normalize(torch.lerp(_ALONG[row], _ALONG[row - 1], share), dim=-1)
    tint = ((uv - torch.lerp(_UV[row], _UV[row - 1], share)) * along).sum(-1) * _TINT_PER_UV
    return temperature, tint


def resolve(metadata: Metadata, temperature: Value | None, tint: Value | None) -> White:
    """The white of `temperature` (K) and `tint`; None stands for the as-shot value of either."""
    if isinstance(temperature, Tensor) or isinstance(tint, Tensor):
        return _resolved(metadata, temperature, tint)
    return _known(metadata, temperature, tint)


def _resolved(metadata: Metadata, temperature: Value | None, tint: Value | None) -> White:
    if temperature is None and tint is None:
        return as_shot(metadata)
    if temperature is None or tint is None:
        shot_temperature, shot_tint = temperature_tint(as_shot(metadata).xy)
        temperature = shot_temperature if temperature is None else temperature
        tint = shot_tint if tint is None else tint
    return of_chromaticity(metadata, chromaticity(temperature, tint))


_KEPT = 8  # searches: every frame of a drag asks for what the one before has found
_known = lru_cache(_KEPT)(_resolved)


@lru_cache(_KEPT)
def as_shot(metadata: Metadata) -> White:
    """The white that the camera chose: AsShotNeutral, else AsShotWhiteXY, else D55."""
    if metadata.as_shot_neutral is not None and metadata.profile.calibrations:
        xy = _of_neutral(metadata, torch.from_numpy(np.float64(metadata.as_shot_neutral)))
    else:
        xy = _float64(metadata.as_shot_xy or D55)
    return of_chromaticity(metadata, xy)


def as_shot_temperature_tint(metadata: Metadata) -> tuple[float, float]:
    """Temperature (K) and tint that the panel shows for *as shot*."""
    temperature, tint = temperature_tint(as_shot(metadata).xy)
    return float(temperature), float(tint)


def of_chromaticity(metadata: Metadata, xy: Tensor) -> White:
    """The white at chromaticity `xy` (..., 2). A profile without matrices passes camera RGB on."""
    calibrations = metadata.profile.calibrations
    if not calibrations:
        one = torch.ones(*xy.shape[:-1], 3, dtype=torch.float64)
        return White(xy, one, torch.diag_embed(one), one[..., :0])
    weights = _weights(calibrations, xy)
    to_camera = _mix(weights, *_camera_matrices(metadata))
    light = xyz(xy)
    if any(c.forward_matrix is not None for c in calibrations):
        white = _camera_white(to_camera @ light[..., None])
        to_pcs = _by_forward_matrices(metadata, weights, white)
    else:
        from_pcs = to_camera @ adaptation(D50_XYZ, light)
        # as far out as adaptation follows: with the light itself, as in the DNG SDK, white would
        # come out yellow where that has too little blue
        seen = from_pcs @ D50_XYZ[:, None]
        white = _camera_white(seen)
        to_pcs = torch.linalg.inv(from_pcs / seen.amax(-2, keepdim=True))
    return White(xy, white, torch.from_numpy(_TO_PROPHOTO) @ to_pcs, weights)


def _camera_white(color: Tensor) -> Tensor:
    """Camera RGB (..., 3) of a white that is seen as `color` (..., 3, 1), at most 1."""
    return (color / color.amax(-2, keepdim=True)).clamp(0.001, 1.0)[..., 0]


def _by_forward_matrices(metadata: Metadata, weights: Tensor, white: Tensor) -> Tensor:
    """Camera RGB to XYZ D50 (..., 3, 3), by those forward matrices that the profile has."""
    forward = [c.forward_matrix for c in metadata.profile.calibrations]
    known = torch.tensor([matrix is not None for matrix in forward])
    matrices = [_normal_forward(m) for m in forward if m is not None]
    individual = torch.linalg.inv(_mix(weights, *_individual_matrices(metadata)))
    neutral = individual @ white[..., None]
    return _mix(_among(weights, known), *matrices) @ (individual / neutral)


def _of_neutral(metadata: Metadata, neutral: Tensor) -> Tensor:
    """The chromaticity whose camera RGB is `neutral` (3,): the matrix depends on it, so iterate."""
    xy = _float64(D50)
    for _ in range(30):
        last = xy
        to_camera = _mix(_weights(metadata.profile.calibrations, xy), *_camera_matrices(metadata))
        color = torch.linalg.solve(to_camera, neutral)
        xy = (color / color.sum())[:2]
        if float((xy - last).abs().sum()) < 1e-7:
            return xy
    return (xy + last) / 2.0  # it swings between two values


def _weights(calibrations: tuple[Calibration, ...], xy: Tensor) -> Tensor:
    """Shares (..., n) of the calibrations at the white `xy`."""
    one = torch.ones_like(xy[..., :1])
    if len(calibrations) >= 3:
        return _weights_of_three(calibrations[:3], xy)
    kelvin = [_temperature(c) for c in calibrations]
    if len(kelvin) == 1:
        return one
    if 0.0 in kelvin or kelvin[0] == kelvin[1]:
        return torch.cat([one, 0.0 * one], -1)
    temperature, _ = temperature_tint(xy)
    first = (1.0 / temperature - 1.0 / kelvin[1]) / (1.0 / kelvin[0] - 1.0 / kelvin[1])
    first = first.clamp(0.0, 1.0)
    return torch.stack([first, 1.0 - first], -1)


def _weights_of_three(calibrations: tuple[Calibration, ...], xy: Tensor) -> Tensor:
    """Inverse squared distances on the plane of 1/T and tint, sharpened [DNG 1.7.1, ch. 6]."""
    lights = torch.stack([_plane(_light_xy(c)) for c in calibrations])
    squared = (_plane(xy)[..., None, :] - lights).square().sum(-1)
    weights = 1.0 / (squared + 1e-8)
    weights = weights / weights.sum(-1, keepdim=True)
    weights = weights * weights * (3.0 - 2.0 * weights)
    weights = ((weights - 0.02) / 0.98).clamp(0.0, 1.0)
    return weights / weights.sum(-1, keepdim=True)


def _plane(xy: Tensor) -> Tensor:
    temperature, tint = temperature_tint(xy)
    return torch.stack([(1500.0 / temperature).clamp_max(1.0), tint / 200.0], -1)


def _temperature(calibration: Calibration) -> float:
    """The temperature (K) that stands for the calibration's light; 0 where it is unknown."""
    if calibration.illuminant == _OTHER and calibration.illuminant_xy is not None:
        return float(temperature_tint(_float64(calibration.illuminant_xy))[0])
    return _LIGHTS.get(calibration.illuminant, (0.0, None))[0]


def _light_xy(calibration: Calibration) -> Tensor:
    if calibration.illuminant == _OTHER and calibration.illuminant_xy is not None:
        return _float64(calibration.illuminant_xy)
    kelvin, known = _LIGHTS.get(calibration.illuminant, (0.0, D50))
    return chromaticity(kelvin, 0.0) if known is None else _float64(known)


@lru_cache(_KEPT)
def _camera_matrices(metadata: Metadata) -> list[Matrix]:
    """XYZ to camera RGB under each calibration's light: AB CC CM."""
    colors = [_normal_color(c.color_matrix) for c in metadata.profile.calibrations]
    return [i @ c for i, c in zip(_individual_matrices(metadata), colors, strict=True)]


@lru_cache(_KEPT)
def _individual_matrices(metadata: Metadata) -> list[Matrix]:
    """AB CC: how this very camera differs from the one that was profiled."""
    balance = np.diag(np.float64(metadata.analog_balance))
    count = len(metadata.profile.calibrations)
    signed = metadata.camera_calibration_signature == metadata.profile.calibration_signature
    own = metadata.camera_calibrations[:count] if signed else ()
    matrices = [balance @ np.float64(matrix) for matrix in own]
    return matrices + [balance] * (count - len(matrices))


def _normal_color(matrix: Matrix) -> Matrix:
    """ColorMatrix to four decimals, scaled where D50 does not reach a camera value of about 1.

    Profiles agree on no scale, and two of different scales would mix unevenly.
    """
    peak = float((matrix @ _D50_XYZ).max())
    scale = 1.0 if peak <= 0.0 or 0.99 <= peak <= 1.01 else 1.0 / peak
    return np.asarray(np.round(np.float64(matrix) * scale, 4))


def _normal_forward(matrix: Matrix) -> Matrix:
    """ForwardMatrix to four decimals, its rows scaled so that white is D50."""
    rounded = np.round(np.float64(matrix), 4)
    return np.asarray(rounded * (_D50_XYZ / rounded.sum(1))[:, None])


def _among(weights: Tensor, known: Tensor) -> Tensor:
    """`weights` (..., n) shared out among those calibrations that are `known` (n,)."""
    kept = weights[..., known]
    total = kept.sum(-1, keepdim=True)
    return torch.where(total > 0.0, kept / total.clamp_min(1e-12), 1.0 / kept.shape[-1])


def _mix(weights: Tensor, *matrices: Matrix) -> Tensor:
    return torch.einsum("...n,nij->...ij", weights, torch.from_numpy(np.stack(matrices)))


def _float64(value: Value | tuple[float, float]) -> Tensor:
    """`value` as float64; sliders' trailing axes (B, 1, 1, 1) become (B,)."""
    tensor = torch.as_tensor(value, dtype=torch.float64)
    return tensor.reshape(tensor.shape[0]) if tensor.ndim == 4 else tensor
