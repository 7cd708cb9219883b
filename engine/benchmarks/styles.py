"""Styles: how near they come to rules that they were never told, and to looks of films.

A rule looks at each photo and sets its sliders. The style sees nothing but pictures finished by it,
and is asked for other photos by other cameras. Beside it: no edit, the one setting that does best
for all, and a style that was shown the sliders.
"""

import io
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from engine.cube import load_cube
from engine.difference import delta_e_2000
from engine.errors import PhotofinishError
from engine.finisher import Finisher
from engine.fractions import fractions_of, settings_at
from engine.match.match import BASIC_SLIDERS
from engine.photo import Photo, canonical_statistics
from engine.progress import Progress, Work, within
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import Slider
from engine.stage import Operator
from engine.style.descriptor import descriptor
from engine.style.features import features
from engine.style.learning import learn_pictures, learned
from engine.style.sequence import KEY, flicker, key_frames, smooth
from engine.style.style import Style
from engine.style.transport import Spread, Transport
from engine.training.rules import Rule

LONG_SIDE, PICTURE_SIDE = 160, 640
"""Pixels of the photos judged, and of the pictures that a style is learned from."""

RULES = {
    "normalized": Rule(lit=0.9, balanced=0.5, evened=40.0, fixed={"vibrance": 20.0}),
    "half way": Rule(
        light=-2.0,
        lit=0.5,
        balanced=0.5,
        contrast=10.0,
        evened=20.0,
        fixed={"saturation": -20.0, "shadows": 20.0},
    ),
    "monochrome": Rule(
        light=-2.4, lit=0.8, contrast=24.0, evened=22.0, fixed={"saturation": -100.0}
    ),
    "warm": Rule(
        lit=0.7,
        balanced=0.4,
        warmth=40.0,
        contrast=10.0,
        evened=8.0,
        fixed={"vibrance": 25.0, "highlights": -20.0},
    ),
}

PRESET_ON, PRESET_SIDE, PRESET_STEPS, STEP = 24, 48, 6, 0.01
"""Photos that the best preset is found on, their long side, steps, and the slider's for a slope."""

LOOKS = 8
"""Looks to pick the right one of."""

FRAMES, DRIFT, WARMING, PAN = 60, 1.5, 1.15, 0.1
"""Of the sequence: by how many EV its light goes up and down, how much redder it gets, how far the
camera turns as a share of the frame."""

DIGITS = 2
QUALITY = 92


def styles(
    finisher: Finisher,
    operators: Mapping[str, Operator],
    shown: Sequence[Photo],
    apart: Sequence[Photo],
    luts: Sequence[Path],
) -> Work[dict[str, object]]:
    """Every table: rules hidden in pictures of `shown` photos, judged on those `apart`; looks."""
    bench = _Bench(finisher, operators, shown, apart)
    parts = 2 + len(RULES)
    rules = {}
    for i, (name, rule) in enumerate(RULES.items()):
        rules[name] = yield from within(bench.hidden(rule), i, parts, name)
    said: dict[str, object] = {
        "pictures": len(shown),
        "photos_apart": len(apart),
        "delta_e": rules,
        "median_predict_ms": round(1000.0 * statistics.median(bench.predicted), 1),
        "median_learn_seconds": round(statistics.median(bench.learned), DIGITS),
    }
    said["sequence"] = yield from within(bench.sequence(), len(RULES), parts, "sequence")
    if luts:
        picked = yield from within(bench.picked(luts), len(RULES) + 1, parts, "looks")
        said["picked_of_8"] = round(picked, DIGITS + 1)
    return said


class _Bench:
    """The photos, and how long styles took on them."""

    def __init__(
        self,
        finisher: Finisher,
        operators: Mapping[str, Operator],
        shown: Sequence[Photo],
        apart: Sequence[Photo],
    ) -> None:
        self._finisher, self._operators = finisher, operators
        self._shown, self._apart = shown, [photo.reduced(LONG_SIDE) for photo in apart]
        self._described: list[Tensor] = []
        self.predicted: list[float] = []
        self.learned: list[float] = []

    def hidden(self, rule: Rule) -> Work[dict[str, float]]:
        """CIEDE2000 to the rule's own pictures."""
        edits = [rule.settings(photo, self._finisher) for photo in self._shown]
        wanted = [self._picture(p, rule.settings(p, self._finisher)) for p in self._apart]
        style = yield from within(self._learn(edits), 0, 4)
        supervised = yield from within(self._supervised(edits), 1, 4)
        preset = yield from within(self._preset(edits), 2, 4)
        sliders = self._finisher.sliders
        found: dict[str, list[float]] = {}
        for photo, goal in zip(self._apart, wanted, strict=True):
            began = time.perf_counter()
            by_style = style.predict(photo, self._finisher, self._operators)
            self.predicted.append(time.perf_counter() - began)
            home = fractions_of(sliders, Settings(), photo.metadata)
            answers = {
                "neutral": Settings(),
                "preset": settings_at(sliders, (home + preset).clamp(0.0, 1.0), Settings()),
                "style": by_style,
                "supervised": supervised.predict(photo, self._finisher, self._operators),
            }
            for name, settings in answers.items():
                apart = delta_e_2000(self._picture(photo, settings), goal)
                found.setdefault(name, []).append(float(apart.mean()))
        means = {name: statistics.fmean(values) for name, values in found.items()}
        gap = means["preset"] - means["supervised"]
        closed = (means["preset"] - means["style"]) / gap if gap > 0.0 else 0.0
        told = {name: round(mean, DIGITS) for name, mean in means.items()}
        return told | {"gap_closed": round(closed, DIGITS)}

    def sequence(self) -> Work[dict[str, float]]:
        """Of a photo in changing light: changes against one setting's, errors against a guess's."""
        rule = RULES["normalized"]
        edits = [rule.settings(photo, self._finisher) for photo in self._shown]
        style = yield from within(self._learn(edits), 0, 2)
        photo = max(self._apart, key=lambda photo: float(photo.statistics.quantiles[4]))
        frames = [_in_other_light(photo, i / (FRAMES - 1)) for i in range(FRAMES)]
        each = []
        for i, frame in enumerate(frames):
            yield Progress(FRAMES + i, 2 * FRAMES, f"frame {i + 1}")
            each.append(style.predict(frame, self._finisher, self._operators))
        keys = {key: each[key] for key in key_frames(FRAMES)}
        smoothed = smooth(keys, FRAMES, frames[0], self._finisher)
        wanted = [self._picture(f, rule.settings(f, self._finisher)) for f in frames]

        def error(settings: Sequence[Settings]) -> float:
            pairs = zip(frames, settings, wanted, strict=True)
            return statistics.fmean(
                float(delta_e_2000(self._picture(f, chosen), goal).mean())
                for f, chosen, goal in pairs
            )

        def change(settings: Sequence[Settings]) -> float:
            return flicker(frames, settings, self._finisher, self._operators)

        fixed = change([each[FRAMES // 2]] * FRAMES)
        return {
            "frames": FRAMES,
            "key_frames_apart": KEY,
            "change_over_fixed": round(change(smoothed) / fixed, 3),
            "change_each_over_fixed": round(change(each) / fixed, 3),
            "error_over_each": round(error(smoothed) / error(each), 3),
        }

    def picked(self, luts: Sequence[Path]) -> Work[float]:
        """How often a photo in the right look of eight is the nearest to where its style has it."""
        plain = [_encoded(self._picture(photo, Settings())) for photo in self._shown]
        before = torch.stack([features(picture) for picture in plain])
        looks = {}
        for i, path in enumerate(luts):
            yield Progress(i, len(luts), path.stem)
            cube = load_cube(path)
            looks[path.stem] = torch.stack([features(cube.apply(picture)) for picture in plain])
        half = len(plain) // 2
        right = total = 0
        for name, look in looks.items():
            transport = Transport(Spread.of(before[half:]), Spread.of(look[half:]))
            for i in range(half):
                wanted = transport(before[i])
                ways = (transport.weight * (looks[other][i] - wanted) for other in looks)
                distances = [float(way.square().sum()) for way in ways]
                right += list(looks)[distances.index(min(distances))] == name
                total += 1
        return right / total

    def _learn(self, edits: Sequence[Settings]) -> Work[Style]:
        """A style, from JPEG files of the shown photos with these `edits`."""
        with tempfile.TemporaryDirectory() as name:
            for i, (photo, settings) in enumerate(zip(self._shown, edits, strict=True)):
                yield Progress(i, 2 * len(edits), "finishing pictures")
                (Path(name) / f"{i:04d}.jpg").write_bytes(_jpeg(self._picture(photo, settings)))
            began = time.perf_counter()
            found = yield from within(learn_pictures(Path(name), "hidden", self._finisher), 1, 2)
            self.learned.append(time.perf_counter() - began)
            return found.style

    def _supervised(self, edits: Sequence[Settings]) -> Work[Style]:
        """A style that was shown the sliders."""
        if not self._described:
            for i, photo in enumerate(self._shown):
                yield Progress(i, len(self._shown), "describing")
                self._described.append(descriptor(photo, self._finisher, self._operators))
        moved = torch.stack([self._moved(p, s) for p, s in zip(self._shown, edits, strict=True)])
        return (
            yield from learned(
                "supervised", self._finisher, torch.stack(self._described), moved, edits
            )
        )

    def _moved(self, photo: Photo, settings: Settings) -> Tensor:
        sliders = self._finisher.sliders
        here = fractions_of(sliders, Settings(), photo.metadata)
        return fractions_of(sliders, settings, photo.metadata) - here

    def _preset(self, edits: Sequence[Settings]) -> Work[Tensor]:
        """By how much (n,) every slider is best moved, for all photos alike."""
        photos = [photo.reduced(PRESET_SIDE) for photo in self._shown[:PRESET_ON]]
        goals = [self._picture(p, s) for p, s in zip(photos, edits[: len(photos)], strict=True)]
        moved = torch.stack([self._moved(p, s) for p, s in zip(self._shown, edits, strict=True)])
        at = moved.mean(0)
        sliders = self._finisher.sliders
        free = [i for i, s in enumerate(sliders) if s.name in BASIC_SLIDERS]

        def missing(at: Tensor) -> Tensor:
            return torch.cat(
                [
                    (self._picture(p, _at(sliders, at, p)) - goal).flatten()
                    for p, goal in zip(photos, goals, strict=True)
                ]
            ).double()

        best = missing(at)
        for step in range(PRESET_STEPS):
            slopes = []
            for done, i in enumerate(free):
                yield Progress(step * len(free) + done, PRESET_STEPS * len(free), "best preset")
                to = at.clone()
                to[i] += STEP
                slopes.append((missing(to) - best) / STEP)
            jacobian = torch.stack(slopes)
            normal = jacobian @ jacobian.mT
            normal += 1e-3 * normal.diagonal().max() * torch.eye(len(free), dtype=torch.float64)
            by = torch.linalg.solve(normal, jacobian @ best)
            for share in (1.0, 0.5, 0.25):
                to = at.clone()
                to[free] -= share * by
                tried = missing(to)
                if tried.square().sum() < best.square().sum():
                    at, best = to, tried
                    break
            else:
                break
        return at

    def _picture(self, photo: Photo, settings: Settings) -> Tensor:
        return Renderer(photo, self._finisher, self._operators).picture(settings)


def sorted_looks(folder: Path) -> list[Path]:
    """One .cube file of each kind of look in `folder`, at most LOOKS. Raises PhotofinishError."""
    kinds = sorted(path for path in folder.iterdir() if path.is_dir())
    found = [min(kind.glob("*.cube"), default=None) for kind in kinds]
    looks = [path for path in found if path is not None][:LOOKS]
    if len(looks) < LOOKS:
        raise PhotofinishError(f"{folder} holds fewer than {LOOKS} folders of .cube files.")
    return looks


def _at(sliders: tuple[Slider, ...], moved: Tensor, photo: Photo) -> Settings:
    home = fractions_of(sliders, Settings(), photo.metadata)
    return settings_at(sliders, (home + moved).clamp(0.0, 1.0), Settings())


def _in_other_light(photo: Photo, share: float) -> Photo:
    """A frame of `photo` after `share` of the sequence: light rises and falls, the camera turns."""
    height, width = photo.image.shape[-2:]
    kept = round(width * (1.0 - PAN))
    left = round(share * (width - kept))
    light = 2.0 ** (DRIFT * (0.5 - abs(share - 0.5)) * 2.0 - DRIFT)
    colored = torch.tensor([WARMING**share, 1.0, WARMING**-share]).view(3, 1, 1)
    image = (photo.image[..., left : left + kept] * light * colored).clamp_max(1.0)
    metadata = photo.metadata.replace(full_size=(kept, height), scale=1.0)
    return replace(
        photo, image=image, metadata=metadata, statistics=canonical_statistics(image, metadata)
    )


def _encoded(picture: Tensor) -> Tensor:
    return (picture * 255.0).round() / 255.0


def _jpeg(picture: Tensor) -> bytes:
    pixels = (picture[0].permute(1, 2, 0) * 255.0).round().byte().numpy()
    stored = io.BytesIO()
    Image.fromarray(pixels).save(stored, "JPEG", quality=QUALITY)
    return stored.getvalue()
