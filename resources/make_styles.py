"""Make what ships with the program of styles: `python -m resources.make_styles --photos DIR`.

How photos look that are finished neutrally is measured on the photographs of DIR, as random cameras
would have recorded them. The styles are learned on made scenes, finished by rules that look at each
of them.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from numpy.random import default_rng
from torch import Tensor

from engine.finishers.basic import BASIC
from engine.live.operators import compiled_operators
from engine.match.match import BASIC_SLIDERS
from engine.photo import Photo
from engine.renderer import Renderer
from engine.style.features import LONG_SIDE, features, features_unfinished
from engine.style.learning import LEFT_ALONE, NEUTRAL
from engine.style.style import SUFFIX, Look, Style, write_style
from engine.style.transport import Spread, Transport
from engine.training.rules import Rule
from engine.training.sources import made, photos_in, unprocessed

SEED, EACH, SCENES = 20_261, 6, 240
"""Random cameras for each photograph, and how many scenes are made for the styles."""

RULES = {
    "Auto": Rule(
        light=-2.2, lit=0.85, balanced=0.35, contrast=4.0, evened=12.0,
        fixed={"highlights": -15.0, "shadows": 12.0, "vibrance": 10.0},
    ),
    "Airy": Rule(
        light=-1.5, lit=0.9, balanced=0.5, warmth=6.0, contrast=-22.0, evened=8.0,
        fixed={"highlights": -30.0, "shadows": 45.0, "blacks": 25.0, "vibrance": -8.0},
    ),
    "Golden": Rule(
        light=-2.3, lit=0.7, balanced=0.4, warmth=42.0, contrast=10.0, evened=8.0,
        fixed={"highlights": -20.0, "shadows": 18.0, "vibrance": 26.0, "tint": 4.0},
    ),
    "Faded": Rule(
        light=-2.1, lit=0.7, balanced=0.5, warmth=10.0, contrast=-38.0, evened=12.0,
        fixed={"whites": -30.0, "blacks": 55.0, "saturation": -32.0},
    ),
    "Moody": Rule(
        light=-3.5, lit=0.75, balanced=0.5, warmth=-16.0, contrast=26.0, evened=6.0,
        fixed={"highlights": -40.0, "blacks": -15.0, "saturation": -22.0, "vibrance": -10.0},
    ),
    "Monochrome": Rule(
        light=-2.4, lit=0.8, contrast=24.0, evened=22.0,
        fixed={"saturation": -100.0, "whites": 12.0, "blacks": -10.0},
    ),
}  # fmt: skip


def neutral_look(files: Sequence[Path]) -> Spread:
    """How the photographs in `files` look, recorded by random cameras and finished neutrally."""
    photos = (
        unprocessed(file, default_rng([SEED, i, turn]))
        for i, file in enumerate(files)
        for turn in range(EACH)
    )
    return Spread.of(_seen((photo.reduced(LONG_SIDE) for photo in photos), None))


def style_of(name: str, rule: Rule, scenes: Sequence[Photo], before: Spread) -> Style:
    """The style that `rule` has on `scenes`, which look as `before` finished neutrally."""
    after = Spread.of(_seen(scenes, rule))
    sliders = tuple(name for name in BASIC_SLIDERS if name not in LEFT_ALONE)
    return Style(name, BASIC.name, sliders, Look(Transport(before, after)), len(scenes))


def _seen(photos: Iterable[Photo], rule: Rule | None) -> Tensor:
    if rule is None:
        return torch.stack([features_unfinished(photo) for photo in photos])
    operators = compiled_operators(BASIC)
    pictures = (Renderer(p, BASIC, operators).picture(rule.settings(p, BASIC)) for p in photos)
    return torch.stack([features(picture) for picture in pictures])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Make the styles that come with the program.")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="Photographs, to measure anew.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "styles", metavar="DIR")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    if chosen.photos is not None:
        look = neutral_look(photos_in([chosen.photos]))
        plain = Style("Neutral", BASIC.name, (), Look(Transport(look, look)), look.count)
        write_style(plain, chosen.out / NEUTRAL)
    scenes = [made(LONG_SIDE, default_rng([SEED, i])) for i in range(SCENES)]
    before = Spread.of(_seen(scenes, None))
    for name, rule in RULES.items():
        style = style_of(name, rule, scenes, before)
        write_style(style, chosen.out / f"{name.lower()}{SUFFIX}")


if __name__ == "__main__":
    main()
