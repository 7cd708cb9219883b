"""A finisher of every kind of control, whose stages do nothing: for what reads and writes them."""

import inspect
from typing import Any

from torch import Tensor

from engine.finisher import Finisher
from engine.slider import Control, CubeFile, Curve, Scale, Slider
from engine.stage import Kind, Space, Stage


def stage(name: str, *controls: Control) -> Stage:
    def exact(image: Tensor, metadata: Any, statistics: Any, **values: Any) -> Tensor:
        return image

    takes = [inspect.Parameter(c.name, inspect.Parameter.KEYWORD_ONLY) for c in controls]
    exact.__signature__ = inspect.Signature(takes)  # type: ignore[attr-defined]
    return Stage(name, controls, exact, Kind.PROGRAM, Space.SCENE)


TEMPERATURE = Slider(
    "temperature", 2000.0, 50000.0, None, "K", "Temperature", 50.0, scale=Scale.MIRED
)
TINT = Slider("tint", -150.0, 150.0, None, xmp="Tint")
EXPOSURE = Slider("exposure", -5.0, 5.0, unit="EV", xmp="Exposure2012", step=0.05, decimals=2)
CONTRAST = Slider("contrast", -100.0, 100.0, xmp="Contrast2012")
HIGHLIGHTS = Slider("highlights", -100.0, 100.0, xmp="Highlights2012")
DEHAZE = Slider("dehaze", -100.0, 100.0, xmp="Dehaze")
CURVE = Curve("tone_curve", xmp="ToneCurvePV2012")
CURVE_RED = Curve("tone_curve_red", xmp="ToneCurvePV2012Red")
HUE_RED = Slider("hue_red", -100.0, 100.0, xmp="HueAdjustmentRed")
NOISE = Slider("luminance_noise", 0.0, 100.0, xmp="LuminanceSmoothing")
COLOR_NOISE = Slider("color_noise", 0.0, 100.0, xmp="ColorNoiseReduction")
AMOUNT = Slider("sharpen_amount", 0.0, 150.0, xmp="Sharpness")
RADIUS = Slider("sharpen_radius", 0.5, 3.0, 1.0, xmp="SharpenRadius", step=0.1, decimals=1)
LUT = CubeFile("lut")
LUT_AMOUNT = Slider("lut_amount", 0.0, 100.0, 100.0)

FINISHER = Finisher(
    "basic",
    (
        stage("detail", NOISE, COLOR_NOISE),
        stage("color_balance", TEMPERATURE, TINT),
        stage("exposure", EXPOSURE),
        stage("dehaze", DEHAZE),
        stage("tone_mapping", HIGHLIGHTS),
        stage("rgb_toning", CONTRAST, CURVE, CURVE_RED),
        stage("color_mixer", HUE_RED),
        stage("creative_lut", LUT, LUT_AMOUNT),
        stage("sharpening", AMOUNT, RADIUS),
    ),
)
