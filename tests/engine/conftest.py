"""Fixtures of the engine's tests."""

from pathlib import Path

import pytest

from engine import cli
from resources.dng import write_dng
from resources.sample import BLACK, NOISE, WHITE_LEVEL, camera, expose
from resources.scene import paint


@pytest.fixture
def ask(capsys):
    """Run a command line; its status, what it printed and what it complained of."""

    def run(*arguments: object) -> tuple[int, str, str]:
        status = cli.main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture(scope="session")
def raw(tmp_path_factory) -> Path:
    """The sample's scene, 384 px wide, without the preview: RawTherapee takes the larger one."""
    profile, to_camera, neutral = camera()
    path = tmp_path_factory.mktemp("raw") / "small.dng"
    write_dng(
        path,
        expose(paint(384), to_camera),
        cfa="RGGB",
        Make="Photofinish",
        Model="Sample Camera",
        ProfileName=profile.name,
        CalibrationIlluminant1=profile.calibrations[1].illuminant,
        ColorMatrix1=profile.calibrations[1].color_matrix,
        AsShotNeutral=neutral,
        BlackLevel=BLACK,
        WhiteLevel=WHITE_LEVEL,
        NoiseProfile=NOISE,
        ISOSpeedRatings=400,
    )
    return path
