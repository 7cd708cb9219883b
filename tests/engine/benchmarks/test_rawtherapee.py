"""RawTherapee's profile: every tool is switched on, and none is without effect."""

import os
import subprocess
from configparser import ConfigParser

import numpy as np
import pytest
import tifffile

from engine.benchmarks import rawtherapee

ALWAYS_ON = ("White Balance", "Exposure")
"""Tools without a switch: they rest by their values."""

TOOLS = [
    *ALWAYS_ON,
    "HLRecovery",
    "Directional Pyramid Denoising",
    "Dehaze",
    "Shadows & Highlights",
    "Local Contrast",
    "Directional Pyramid Equalizer",
    "Luminance Curve",
    "HSV Equalizer",
    "Vibrance",
    "Sharpening",
]

installed = pytest.mark.skipif(
    rawtherapee.found() is None, reason="rawtherapee-cli is not installed"
)


def read(path):
    profile = ConfigParser(interpolation=None)
    profile.optionxform = str  # names keep their capitals
    profile.read(path, "utf-8")
    return profile


@pytest.fixture
def profile(tmp_path):
    rawtherapee.write_profile(tmp_path / "look.pp3")
    return read(tmp_path / "look.pp3")


def test_every_tool_is_switched_on(profile):
    assert {*TOOLS} == {*profile.sections()} - {"Version", "Color Management"}
    assert all(profile[tool]["Enabled"] == "true" for tool in TOOLS if tool != "Exposure")


@pytest.mark.parametrize("curve", ["HCurve", "SCurve", "VCurve"])
def test_a_curve_of_hues_has_two_nodes_away_from_the_middle(profile, curve):
    kind, *nodes = profile["HSV Equalizer"][curve].rstrip(";").split(";")
    places = np.reshape([float(number) for number in nodes], (-1, 4))
    assert kind == "1"
    assert (places[:, 1] != 0.5).all()


def test_the_long_side_is_part_of_the_profile(tmp_path):
    rawtherapee.write_profile(tmp_path / "small.pp3", 1600)
    assert read(tmp_path / "small.pp3")["Resize"]["Width"] == "1600"


@pytest.fixture(scope="module")
def finished(raw, tmp_path_factory):
    """Finish the small raw without one tool, or at another size."""
    folder = tmp_path_factory.mktemp("rawtherapee")

    def without(tool=None, long_side=None):
        rawtherapee.write_profile(folder / "look.pp3", long_side)
        profile = read(folder / "look.pp3")
        if tool in ALWAYS_ON:
            profile.remove_section(tool)
        elif tool is not None:
            profile[tool]["Enabled"] = "false"
        with (folder / "edited.pp3").open("w") as file:
            profile.write(file, space_around_delimiters=False)
        command = rawtherapee.command(raw, folder / "out.tif", folder / "edited.pp3")
        environment = os.environ | rawtherapee.environment(folder)
        subprocess.run(command, env=environment, capture_output=True, check=True)
        return tifffile.imread(folder / "out.tif").astype(float)

    return without


@pytest.fixture(scope="module")
def whole(finished):
    return finished()


@installed
@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_changes_the_picture(finished, whole, tool):
    assert np.abs(finished(tool) - whole).mean() > 30.0  # of 65535


@installed
def test_the_picture_is_neither_dark_nor_white_and_of_the_size_asked_for(finished, whole):
    assert 0.1 < whole.mean() / 65535 < 0.9
    assert finished(long_side=192).shape[1] == 192
