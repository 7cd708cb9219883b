"""Golden renders through files: a linear DNG in, `photofinish render` out, nothing added between.

The finisher's own golden tests cover every render; these see to decoder, tags, rounding and output.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch

from engine import cli
from engine.color import SPACES, encode
from engine.difference import delta_e_2000
from resources.dng import write_dng

GOLDEN = Path(__file__).parents[3] / "shared" / "data" / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.npz") if path.stem != "curves")
WHITES = {
    "asshot": (),
    "t3200": ("--set", "temperature=3200", "--set", "crs:Tint=10"),
    "t7500": ("--set", "temperature=7500", "--set", "tint=-20"),
}
OUTPUTS = {
    "p3": "display-p3",
    "adobergb": "adobe-rgb",
    "rec2020": "rec2020",
    "prophoto": "prophoto",
}
RENDERS = (
    *("default", "exp_m1p5", "t3200", "linear", "adobergb"),
    *("srgb_linear", "matrix_only_pplin", "look_only_pplin"),
)

pytestmark = pytest.mark.skipif(not CASES, reason=f"no golden renders at {GOLDEN}")


def tags_of(arrays: dict[str, np.ndarray], meta: dict[str, Any], args: dict[str, str]) -> dict:
    """The case as DNG tags, with the render's arguments written into them."""
    common = meta["common"]
    curve = arrays.get("profile_tone_curve_xy")
    if args.get("ptc") == "0":
        curve = None
    if args.get("curve") == "linear" and curve is None:
        curve = np.array([[0.0, 0.0], [1.0, 1.0]])
    tags: dict[str, Any] = {
        "AnalogBalance": common["analog_balance"],
        "AsShotNeutral": arrays["as_shot_neutral"],
        "BaselineExposure": common["baseline_exposure"] + float(args.get("exp", 0.0)),
        "BaselineExposureOffset": common["baseline_exposure_offset"],
        "ShadowScale": common["shadow_scale"] * float(args.get("shadows", 5.0)) / 5.0,
        "DefaultBlackRender": common["default_black_render"],
        "CameraCalibrationSignature": common["camera_calibration_signature"],
        "ProfileCalibrationSignature": common["profile_calibration_signature"],
        "ProfileHueSatMapEncoding": common["hue_sat_map_encoding"],
        "ProfileLookTableEncoding": common["look_table_encoding"],
        "ProfileToneCurve": curve,
    }
    if tags["ShadowScale"] == 0.0:
        tags |= {"ShadowScale": 1.0, "DefaultBlackRender": 1}
    for i, illuminant in enumerate(common["calibration_illuminants"], start=1):
        if f"color_matrix{i}" not in arrays:
            continue
        tags[f"CalibrationIlluminant{i}"] = illuminant
        tags[f"ColorMatrix{i}"] = arrays[f"color_matrix{i}"]
        tags[f"ForwardMatrix{i}"] = arrays.get(f"forward_matrix{i}")
        tags[f"CameraCalibration{i}"] = common.get(f"camera_calibration{i}")
        deltas = arrays.get(f"hue_sat_deltas{i}")
        if deltas is not None and args.get("hsm") != "0":
            tags |= _table("ProfileHueSatMap", f"Data{i}", deltas)
    if "look_table" in arrays and args.get("look") != "0":
        tags |= _table("ProfileLookTable", "Data", arrays["look_table"])
    return tags


def _table(name: str, data: str, deltas: np.ndarray) -> dict[str, Any]:
    values, hues, saturations = deltas.shape[:3]
    return {f"{name}Dims": (hues, saturations, values), f"{name}{data}": deltas}


@pytest.mark.parametrize("name", CASES)
def test_renders_through_files(name: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with np.load(GOLDEN / f"{name}.npz") as archive:
        arrays = {key: archive[key] for key in archive.files}
    meta = json.loads(str(arrays.pop("meta_json")))
    for kind in RENDERS:
        golden = arrays.get(f"chart_{kind}")
        if golden is None:
            continue
        spec = meta["renders"][kind]
        raw, out = tmp_path / f"{kind}.dng", tmp_path / f"{kind}.tif"
        write_dng(raw, arrays["chart"], WhiteLevel=65535, **tags_of(arrays, meta, spec["args"]))
        taps = kind.endswith("_pplin")
        linear = taps or kind == "srgb_linear"
        space = "prophoto" if taps else OUTPUTS.get(spec["args"].get("space", ""), "srgb")
        command = ["render", str(raw), str(out), "--space", space, *WHITES[spec["white"]]]
        command += ["--bits", "32" if taps else "16", *(["--linear"] if linear else [])]
        assert cli.main(command) == 0, capsys.readouterr().err
        found = tifffile.imread(out)
        if taps:
            assert found.dtype == np.float32
            assert np.abs(found - golden).max() < 1e-4, kind
            continue
        assert found.dtype == np.uint16
        pictures = [
            torch.from_numpy(array / 65535.0).permute(2, 0, 1)[None] for array in (found, golden)
        ]
        if linear:
            pictures = [encode(picture, SPACES[space]) for picture in pictures]
        difference = delta_e_2000(pictures[0], pictures[1], SPACES[space])
        assert difference.mean() < 0.02, kind
        assert difference.max() < 0.15, kind
