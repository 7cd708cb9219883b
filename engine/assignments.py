"""NAME=VALUE as typed on the command line, in our names or Camera Raw's."""

import difflib

from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.settings import Settings
from engine.slider import Control, CubeFile, Curve, Setting, Slider

AS_SHOT = ("as-shot", "as shot")


def assigned(settings: Settings, text: str, finisher: Finisher) -> Settings:
    """`settings` with one control set by `text`.

    A number for a slider (`as-shot` too where that is neutral), points "0,0;128,140;255,255" for a
    curve, a path for a .cube file. Names are taken in any case. Raises PhotofinishError.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise PhotofinishError(f"{text!r} is not of the form NAME=VALUE.")
    control = _control(name.strip(), finisher)
    return settings.replace(control, _value(value.strip(), control))


def _control(name: str, finisher: Finisher) -> Control:
    known = {control.name: control for control in finisher.controls}
    known |= {c.xmp.lower(): c for c in finisher.controls if c.xmp}
    wanted = name.lower().removeprefix("crs:")
    if wanted in known:
        return known[wanted]
    close = difflib.get_close_matches(wanted, known, 1)
    rest = f"; did you mean {known[close[0]].name!r}?" if close else "."
    raise PhotofinishError(f"There is no control named {name!r}{rest}")


def _value(text: str, control: Control) -> Setting:
    if isinstance(control, CubeFile):
        return text
    if isinstance(control, Slider) and control.default is None and text.lower() in AS_SHOT:
        return None
    try:
        return _points(text) if isinstance(control, Curve) else float(text)
    except ValueError:
        form = 'points like "0,0;128,140;255,255"' if isinstance(control, Curve) else "a number"
        raise PhotofinishError(f"{control.title} needs {form}, not {text!r}.") from None


def _points(text: str) -> tuple[tuple[float, float], ...]:
    pairs = [part.split(",") for part in text.split(";") if part.strip()]
    return tuple((float(x), float(y)) for x, y in pairs)
