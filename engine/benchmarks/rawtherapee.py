"""RawTherapee with tools comparable to ours: a profile for its command line, and the command.

The profile is a .pp3 of RawTherapee 5.9 (GPL-3; nothing of it is used here but its file format).
"""

import shutil
from pathlib import Path

PROGRAM = "rawtherapee-cli"

TOOLS = """\
[Version]
AppVersion=5.9
Version=349

[White Balance]
Enabled=true
Setting=Custom
Temperature=5200
Green=1.02

[Exposure]
Compensation=0.6
Contrast=15
Saturation=5
CurveMode=Standard
Curve=1;0;0;0.25;0.22;0.75;0.78;1;1;

[HLRecovery]
Enabled=true
Method=Blend

[Directional Pyramid Denoising]
Enabled=true
Luma=20
Ldetail=50
Chroma=20
CMethod=MAN

[Dehaze]
Enabled=true
Strength=20

[Shadows & Highlights]
Enabled=true
Highlights=30
Shadows=30

[Local Contrast]
Enabled=true
Radius=80
Amount=0.2

[Directional Pyramid Equalizer]
Enabled=true
Mult1=1.2
Mult2=1.3

[Luminance Curve]
Enabled=true
Contrast=10
Chromaticity=10

[HSV Equalizer]
Enabled=true
HCurve=1;0;0.52;0.35;0.35;0.5;0.48;0.35;0.35;
SCurve=1;0;0.55;0.35;0.35;0.5;0.45;0.35;0.35;
VCurve=1;0;0.53;0.35;0.35;0.5;0.47;0.35;0.35;

[Vibrance]
Enabled=true
Pastels=20
Saturated=10

[Sharpening]
Enabled=true
Method=usm
Radius=1
Amount=150

[Color Management]
OutputProfile=RTv4_sRGB
"""
"""What corresponds to every stage of ours; texture is its contrast by detail levels."""

SIZE = """
[Resize]
Enabled=true
DataSpecified=3
Width={0}
Height={0}
"""


def found() -> str | None:
    """The path of RawTherapee's command line, if it is installed."""
    return shutil.which(PROGRAM)


def write_profile(path: Path, long_side: int | None = None) -> None:
    """Write the edit; `long_side` in pixels is part of it. It reduces what it has finished."""
    path.write_text(TOOLS + ("" if long_side is None else SIZE.format(long_side)), "utf-8")


def command(raw: Path, out: Path, profile: Path) -> list[str]:
    """Finish `raw` as `profile` says: a deflated 16-bit TIFF."""
    return [
        found() or PROGRAM,
        *("-q", "-o", str(out), "-tz", "-b16", "-Y"),
        *("-p", str(profile), "-c", str(raw)),
    ]


def default_command(raw: Path, out: Path) -> list[str]:
    """Finish `raw` as RawTherapee does by itself: a JPEG."""
    return [found() or PROGRAM, "-q", "-o", str(out), "-d", "-j95", "-Y", "-c", str(raw)]


def environment(folder: Path) -> dict[str, str]:
    """Where it keeps its settings: in `folder`, not among the user's own."""
    return {"RT_SETTINGS": str(folder / "settings"), "RT_CACHE": str(folder / "cache")}
