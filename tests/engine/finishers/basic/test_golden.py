"""The basic finisher at neutral against golden renders of the DNG SDK, every render of every case.

The renders come with shared data; their README says what each argument means.
"""

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine import white
from engine.color import PROPHOTO, SPACES, SRGB, between, encode, transform
from engine.difference import delta_e_2000
from engine.finishers.basic import BASIC
from engine.metadata import Calibration, Encoding, HueSatTable, Metadata, Profile
from engine.photo import Photo
from engine.renderer import Renderer
from engine.settings import Settings
from engine.statistics import measure

GOLDEN = Path(__file__).parents[5] / "shared" / "data" / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz") if path.stem != "curves")
WHITES = {"asshot": None, "t3200": (3200.0, 10.0), "t7500": (7500.0, -20.0)}
OUTPUTS = {
    "p3": "display-p3",
    "adobergb": "adobe-rgb",
    "rec2020": "rec2020",
    "prophoto": "prophoto",
}
LINEAR = np.array([[0.0, 0.0], [1.0, 1.0]])

pytestmark = pytest.mark.skipif(not CASES, reason=f"no golden renders at {GOLDEN}")


@dataclass(frozen=True)
class Case:
    arrays: dict[str, np.ndarray]
    meta: dict[str, Any]

    @property
    def common(self) -> dict[str, Any]:
        return self.meta["common"]


@lru_cache
def load(name: str) -> Case:
    with np.load(GOLDEN / f"{name}.npz") as archive:
        arrays = {key: archive[key] for key in archive.files}
    return Case(arrays, json.loads(str(arrays.pop("meta_json"))))


def metadata_of(case: Case) -> Metadata:
    arrays, common = case.arrays, case.common
    encoding = Encoding(common["hue_sat_map_encoding"])
    calibrations = []
    for i, illuminant in enumerate(common["calibration_illuminants"], start=1):
        if f"color_matrix{i}" in arrays:
            deltas = arrays.get(f"hue_sat_deltas{i}")
            calibrations.append(
                Calibration(
                    illuminant,
                    color_matrix=arrays[f"color_matrix{i}"],
                    forward_matrix=arrays.get(f"forward_matrix{i}"),
                    hue_sat_map=None if deltas is None else HueSatTable(deltas, encoding),
                )
            )
    look = arrays.get("look_table")
    profile = Profile(
        name=case.meta["case"],
        calibrations=tuple(calibrations),
        calibration_signature=common["profile_calibration_signature"],
        look_table=None
        if look is None
        else HueSatTable(look, Encoding(common["look_table_encoding"])),
        tone_curve=arrays.get("profile_tone_curve_xy"),
        baseline_exposure_offset=common["baseline_exposure_offset"],
        default_black_render_none=common["default_black_render"] == 1,
    )
    return Metadata(
        profile,
        full_size=(64, 48),
        camera_calibrations=tuple(
            np.array(common[f"camera_calibration{i}"])
            for i in "123"
            if f"camera_calibration{i}" in common
        ),
        camera_calibration_signature=common["camera_calibration_signature"],
        analog_balance=np.float64(common["analog_balance"]),
        as_shot_neutral=arrays["as_shot_neutral"],
        baseline_exposure=common["baseline_exposure"],
        shadow_scale=common["shadow_scale"],
    )


def photo_of(case: Case, source: str, arguments: dict[str, str]) -> Photo:
    """The case's picture with the render's arguments written into its metadata."""
    metadata = metadata_of(case)
    profile = metadata.profile
    if "shadows" in arguments:
        profile = replace(profile, shadows=float(arguments["shadows"]))
    if arguments.get("hsm") == "0":
        bare = tuple(replace(c, hue_sat_map=None) for c in profile.calibrations)
        profile = replace(profile, calibrations=bare)
    if arguments.get("look") == "0":
        profile = replace(profile, look_table=None)
    if arguments.get("ptc") == "0":
        profile = replace(profile, tone_curve=None)
    if arguments.get("curve") == "linear" and profile.tone_curve is None:
        profile = replace(profile, tone_curve=LINEAR)
    name = OUTPUTS.get(arguments.get("space", ""))
    metadata = metadata.replace(
        profile=profile,
        baseline_exposure=metadata.baseline_exposure + float(arguments.get("exp", 0.0)),
        output=SPACES[name] if name else None,
    )
    pixels = case.arrays["chart" if source == "chart" else "stage3"].astype(np.float32) / 65535.0
    image = torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()
    return Photo(image, metadata, measure(image.mean(1, keepdim=True), image))


def settings_of(name: str) -> Settings:
    if (at := WHITES[name]) is None:
        return Settings()
    temperature, tint = at
    settings = Settings().replace(BASIC.control("temperature"), temperature)
    return settings.replace(BASIC.control("tint"), tint)


def picture_of(array: np.ndarray) -> Tensor:
    pixels = array.astype(np.float64) / (65535.0 if array.dtype == np.uint16 else 1.0)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


RENDERS = [
    (case, f"{source}_{render}")
    for case in CASES
    for source in ("img", "chart")
    for render in load(case).meta["renders"]
    if f"{source}_{render}" in load(case).arrays
]


@pytest.mark.parametrize(("name", "render"), RENDERS)
def test_render(name: str, render: str) -> None:
    case = load(name)
    source, _, kind = render.partition("_")
    spec = case.meta["renders"][kind]
    photo = photo_of(case, source, spec["args"])
    golden = picture_of(case.arrays[render])
    taps = {
        t.stage.name: t.image for t in Renderer(photo, BASIC).render(settings_of(spec["white"]))
    }
    if kind.endswith("_pplin"):
        assert (taps["rgb_toning"].double() - golden).abs().max() < 1e-4
        return
    space = photo.metadata.output or SRGB
    picture = taps["color_conversion"]
    if spec["args"].get("space") == "srgb_linear":
        picture = transform(taps["rgb_toning"], between(PROPHOTO, SRGB)).clamp(0.0, 1.0)
        picture, golden = encode(picture, SRGB), encode(golden, SRGB)
    difference = delta_e_2000(picture, golden, space)
    assert difference.mean() < 0.02
    assert difference.max() < 0.15


@pytest.mark.parametrize("at", WHITES)
@pytest.mark.parametrize("name", CASES)
def test_white(name: str, at: str) -> None:
    case = load(name)
    temperature, tint = WHITES[at] or (None, None)
    resolved = white.resolve(metadata_of(case), temperature, tint)
    to_pcs = torch.from_numpy(PROPHOTO.to_xyz) @ resolved.camera_to_prophoto
    for computed, key in (
        (resolved.camera_white, "camera_white"),
        (resolved.camera_to_prophoto, "camera_to_prophoto"),
        (to_pcs, "camera_to_pcs"),
    ):
        golden = torch.from_numpy(np.float64(case.arrays[f"{key}_{at}"]))
        assert (computed - golden).abs().max() < 1e-6


@pytest.mark.parametrize("name", CASES)
def test_as_shot_temperature_and_tint(name: str) -> None:
    case = load(name)
    assert white.as_shot_temperature_tint(metadata_of(case)) == pytest.approx(
        case.common["as_shot_temp_tint"], abs=1e-3
    )
