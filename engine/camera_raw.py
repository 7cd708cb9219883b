"""Camera Raw settings: our controls as crs: properties, and what of theirs we do not know.

Names, ranges and defaults: Adobe, XMP Specification Part 2, "Camera Raw namespace", and what Camera
Raw 11 to 15 write. Process versions before 6.7 (2012) have other tone sliders of the same names.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.settings import Settings
from engine.slider import Control, Curve, Points, Setting, Slider
from engine.xmp import Packet, Property

NAMESPACE = "http://ns.adobe.com/camera-raw-settings/1.0/"
PREFIX = "crs"
PROCESS_2012 = 6.7
PROCESS_WRITTEN = 11.0  # the first that knows Texture
LEAST_KELVIN = 1000.0
"""Below, a Temperature is a step that somebody took for one."""
PRESET_WHITES = {  # Camera Raw's named whites: kelvin, tint
    "Daylight": (5500.0, 10.0),
    "Cloudy": (6500.0, 10.0),
    "Shade": (7500.0, 10.0),
    "Tungsten": (2850.0, 0.0),
    "Fluorescent": (3800.0, 21.0),
    "Flash": (5500.0, 0.0),
}
THEIR_DEFAULTS = {"Sharpness": 40, "ColorNoiseReduction": 25, "LuminanceSmoothing": 0}
"""What Camera Raw applies to a raw where these are missing."""

_ONLY_2012 = re.compile(r"2012|^Dehaze$|^Texture$")
_BEFORE_2012 = (
    *("Exposure", "HighlightRecovery", "FillLight", "Shadows", "Brightness", "Contrast"),
    *("Clarity", "ToneCurve"),
)
_FEATURES = (  # what they call it, and the properties that make it visible
    ("Grain", r"GrainAmount"),
    ("Color grading", r"ColorGrade\w+(Sat|Lum)|SplitToning\w+Saturation"),
    ("Vignette", r"(PostCrop)?VignetteAmount"),
    ("Camera calibration", r"(Red|Green|Blue)(Hue|Saturation)|ShadowTint"),
    ("Black and white", r"ConvertToGrayscale"),
    ("Lens correction", r"LensProfileEnable|LensManualDistortionAmount|AutoLateralCA|Chromatic\w+"),
    ("Defringe", r"Defringe(Purple|Green)Amount|Defringe"),
    ("Perspective", r"Perspective(Vertical|Horizontal|Rotate|X|Y|Upright|Aspect)"),
    ("Crop", r"HasCrop"),
    ("Local adjustments", r"\w+BasedCorrections|Retouch\w+|RedEyeInfo"),
    ("Point color", r"PointColors"),
)
_SILENT = re.compile(  # bookkeeping, and shapes of features that are off without their amount
    r"(Process)?Version|HasSettings|AlreadyApplied|WhiteBalance|CameraProfile\w*|ToneCurve\w*|"
    r"RawFileName|CameraModelRestriction|Name|Group|UUID|Cluster|PresetType|Supports\w+|"
    r"Requires\w+|Treatment|SortName|ShortName|Description|Copyright|ContactInfo|Look|Amount|"
    r"CompatibleVersion|\w*Digest|Grain\w+|GrayMixer\w+|ColorGrade\w+|SplitToning\w+|Crop\w+|"
    r"(PostCrop)?Vignette\w+|Lens\w+|Defringe\w+|Perspective\w+|Upright\w+|Auto\w*Adjust\w*|"
    r"OverrideLookVignette|LookName|Toggle\w+|Preset|Incremental\w+"
)
_OTHER_DEFAULTS = {
    "ParametricShadowSplit": 25.0,
    "ParametricMidtoneSplit": 50.0,
    "ParametricHighlightSplit": 75.0,
    "ColorNoiseReductionDetail": 50.0,
    "ColorNoiseReductionSmoothness": 50.0,
    "LuminanceNoiseReductionDetail": 50.0,
    "CurveRefineSaturation": 100.0,
    "SDRBlend": 0.0,
}


@dataclass(frozen=True)
class Imported:
    """Camera Raw settings in our terms; `notes` say in plain sentences what was left or changed."""

    values: Mapping[str, Setting]
    notes: tuple[str, ...] = ()


def present(packet: Packet, finisher: Finisher) -> bool:
    """Whether the packet holds settings, and not just a note about its raw."""
    says = packet.text(NAMESPACE, "HasSettings")
    if says:
        return says.lower() == "true"
    known = {"WhiteBalance", *(control.xmp for control in _mapped(finisher))}
    return not known.isdisjoint(packet.names(NAMESPACE))


def read(packet: Packet, finisher: Finisher, *, partial: bool = False) -> Imported:
    """Our values of the packet's active settings; a nested Look does not touch them.

    `partial` is for presets, which leave out what they do not change: nothing is said about that.
    """
    if packet.text(NAMESPACE, "AlreadyApplied").lower() == "true":
        return Imported({}, ("The XMP says its settings are already applied; they were left out.",))
    notes: list[str] = []
    old = _old_process(packet, notes)
    values: dict[str, Setting] = {}
    for control in _mapped(finisher):
        if old and _ONLY_2012.search(control.xmp):
            continue
        value = _value(packet, control, notes)
        if value is not None:
            values[control.name] = value
    _read_white(packet, finisher, values, notes)
    if not partial:
        notes += _missing(packet, finisher)
    notes += _unknown(packet, finisher)
    return Imported(values, tuple(notes))


def write(
    packet: Packet,
    settings: Settings,
    finisher: Finisher,
    as_shot: tuple[float, float] | None = None,
) -> None:
    """Set the crs: properties of all our controls, rounded as Camera Raw writes them.

    A stage that is off is written at neutral. `as_shot` (kelvin, tint) fills in the one of the two
    that stays as shot beside a custom other. What already says the same keeps its wording.
    """
    values = {name: value for stage in finisher for name, value in stage.values(settings).items()}
    white_before = _white(packet)
    custom = any(values[c.name] is not None for c in _mapped(finisher) if c.default is None)
    for control in _mapped(finisher):
        value = values[control.name]
        if value is None and custom and as_shot:
            value = as_shot[0] if control.xmp == "Temperature" else as_shot[1]
        if value is None:
            packet.remove(NAMESPACE, control.xmp)
        elif _parse(packet.get(NAMESPACE, control.xmp), control) != value:
            packet.set(NAMESPACE, PREFIX, control.xmp, _format(value, control))
    own = {
        "WhiteBalance": _white_name(packet, white_before) if custom else "As Shot",
        "ToneCurveName2012": _curve_name(values, finisher),
        "HasSettings": "True",
        "AlreadyApplied": "False",
    }
    if (_number(packet.text(NAMESPACE, "ProcessVersion")) or 0.0) < PROCESS_WRITTEN:
        own["ProcessVersion"] = f"{PROCESS_WRITTEN:.1f}"
    if not packet.text(NAMESPACE, "Version"):
        own["Version"] = "11.3"
    for name, text in own.items():
        packet.set(NAMESPACE, PREFIX, name, text)


def digest(packet: Packet, finisher: Finisher) -> str:
    """What the crs: properties of our controls say, as a short digest, whatever their wording.

    Defaults are left out, so that a control which a later version adds changes nothing.
    """
    as_shot = packet.text(NAMESPACE, "WhiteBalance") == "As Shot"
    says = {}
    for control in _mapped(finisher):
        if control.default is not None or not as_shot:
            value = _parse(packet.get(NAMESPACE, control.xmp), control)
            if value not in (None, control.default):
                says[control.xmp] = value
    return hashlib.sha256(json.dumps(says, sort_keys=True).encode()).hexdigest()[:16]


def _mapped(finisher: Finisher) -> Iterator[Slider | Curve]:
    for control in finisher.controls:
        if control.xmp and isinstance(control, Slider | Curve):
            yield control


def _value(packet: Packet, control: Slider | Curve, notes: list[str]) -> Setting:
    content = packet.get(NAMESPACE, control.xmp)
    if content is None:
        return None
    value = _parse(content, control)
    if isinstance(value, float) and isinstance(control, Slider):
        inside = min(max(value, control.low), control.high)
        if control.xmp == "Temperature" and value < LEAST_KELVIN:
            notes.append(f"Temperature {value:g} is no color temperature and was ignored.")
            return None
        if inside != value:
            notes.append(f"{control.title} {value:g} is out of range and was taken as {inside:g}.")
        return inside
    try:
        return control.check(value)
    except PhotofinishError:
        notes.append(f"{control.xmp} cannot be read and was ignored.")
        return None


def _read_white(
    packet: Packet, finisher: Finisher, values: dict[str, Setting], notes: list[str]
) -> None:
    """Settle Temperature and Tint by what WhiteBalance says."""
    named = {c.xmp: c.name for c in _mapped(finisher) if c.default is None}
    white = packet.text(NAMESPACE, "WhiteBalance")
    if white in ("As Shot", "Auto"):
        for name in named.values():
            if white == "As Shot" or len(values.keys() & set(named.values())) < len(named):
                values.pop(name, None)
    if white == "Auto" and not values.keys() & set(named.values()):
        notes.append("White balance Auto is not known here; as shot was taken.")
    if white in PRESET_WHITES and "Temperature" not in packet.names(NAMESPACE):
        for xmp, value in zip(("Temperature", "Tint"), PRESET_WHITES[white], strict=True):
            if xmp in named:
                values[named[xmp]] = value


def _old_process(packet: Packet, notes: list[str]) -> bool:
    names = packet.names(NAMESPACE)
    version = _number(packet.text(NAMESPACE, "ProcessVersion"))
    if version is None:
        version = 5.0 if "Exposure" in names and "Exposure2012" not in names else PROCESS_2012
    if version >= PROCESS_2012:
        return False
    theirs = [
        _told(packet, name)
        for name in names
        if (name in _BEFORE_2012 or _ONLY_2012.search(name)) and _moved(packet, name)
    ]
    ignored = f": {', '.join(theirs)}" if theirs else ""
    notes.append(
        f"The settings are of process version {version:g}, older than 2012, whose tone sliders"
        f" mean other things; they were ignored{ignored}."
    )
    return True


def _missing(packet: Packet, finisher: Finisher) -> Iterator[str]:
    for control in _mapped(finisher):
        if control.xmp in THEIR_DEFAULTS and packet.get(NAMESPACE, control.xmp) is None:
            theirs = THEIR_DEFAULTS[control.xmp]
            rest = f"; Camera Raw would apply {theirs}" if theirs else ""
            yield f"{control.xmp} is missing in the XMP and is 0 here{rest}."


def _unknown(packet: Packet, finisher: Finisher) -> Iterator[str]:
    """A sentence for each of their features that is on and that we do not have."""
    known = {control.xmp for control in _mapped(finisher)}
    names = [n for n in packet.names(NAMESPACE) if n not in known and _moved(packet, n)]
    for feature, pattern in _FEATURES:
        theirs = [name for name in names if re.fullmatch(pattern, name)]
        if theirs:
            yield f"{feature} was ignored ({', '.join(_told(packet, n) for n in theirs)})."
        names = [name for name in names if name not in theirs]
    look = packet.nested(NAMESPACE, "Look")
    if look.get("Name") and (_number(look.get("Amount", "1")) or 0.0) > 0.0:
        yield f"The look {look['Name']!r} was ignored."
    rest = [n for n in names if not _SILENT.fullmatch(n) and n not in _BEFORE_2012]
    if rest:
        yield f"Not known here and ignored: {', '.join(_told(packet, n) for n in rest)}."


def _moved(packet: Packet, name: str) -> bool:
    """Whether a property says anything beyond its default."""
    content = packet.get(NAMESPACE, name)
    if content is None:
        return True  # a structure: somebody put it there
    if isinstance(content, tuple):
        return content not in ((), ("0, 0", "255, 255"))
    number = _number(content)
    if number is None:
        return content.strip().lower() not in ("", "false", "none", "linear")
    return number != _OTHER_DEFAULTS.get(name, 0.0)


def _told(packet: Packet, name: str) -> str:
    content = packet.get(NAMESPACE, name)
    short = isinstance(content, str) and len(content) <= 12 and content not in ("True", "")
    return f"{name} {content}" if short else name


def _parse(content: Property | None, control: Control) -> float | Points | None:
    """A property in our terms; None where it is none or makes no sense."""
    if isinstance(control, Slider):
        return _number(content) if isinstance(content, str) else None
    if not isinstance(content, tuple):
        return None
    pairs = [[_number(part) for part in item.split(",")] for item in content]
    return tuple(
        (pair[0], pair[1])
        for pair in pairs
        if len(pair) == 2 and pair[0] is not None and pair[1] is not None
    )


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _format(value: Setting, control: Slider | Curve) -> Property:
    if isinstance(control, Slider) and isinstance(value, float):
        signed = control.low < 0.0 or control.xmp == "SharpenRadius"
        text = f"{value:.{control.decimals}f}"
        if float(text) == 0.0:
            return f"{0:.{control.decimals}f}"
        return f"+{text}" if signed and value > 0.0 else text
    assert isinstance(value, tuple)  # a Curve has checked it
    rounded = {round(x): round(y) for x, y in value}
    return tuple(f"{x}, {y}" for x, y in rounded.items())


def _white(packet: Packet) -> tuple[Property | None, ...]:
    return tuple(packet.get(NAMESPACE, name) for name in ("Temperature", "Tint"))


def _white_name(packet: Packet, before: tuple[Property | None, ...]) -> str:
    """A named white keeps its name as long as its numbers stay."""
    name = packet.text(NAMESPACE, "WhiteBalance")
    return name if name in PRESET_WHITES and _white(packet) == before else "Custom"


def _curve_name(values: Mapping[str, Setting], finisher: Finisher) -> str:
    curves = [c for c in _mapped(finisher) if isinstance(c, Curve)]
    moved = any(values[curve.name] != curve.default for curve in curves)
    return "Custom" if moved else "Linear"
