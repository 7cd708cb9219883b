"""Matches: targets that were made with hidden settings, and how near a match comes to them.

What counts is the exact picture at the settings found, beside the hidden one before it was rounded
to 8 bits.
"""

import io
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.benchmarks.draws import CLIPPED, clipped
from engine.benchmarks.quality import DIGITS, decibels
from engine.benchmarks.searches import SEARCHES, after
from engine.difference import delta_e_2000
from engine.finisher import Finisher
from engine.live.quick import Quick
from engine.match.free import Free
from engine.match.match import BASIC_SLIDERS, Match, Mode, match
from engine.match.registration import Placement
from engine.match.target import Target
from engine.photo import Photo
from engine.progress import Progress, Work, finish, within
from engine.renderer import Renderer
from engine.settings import Settings
from engine.slider import Slider

PAPERS = ("temperature", "tint", "contrast", "saturation")
"""The sliders that the paper regresses [Tseng et al. 2022, table 2]."""

RANGES = {"temperature": (3000.0, 9000.0), "tint": (-50.0, 50.0), "exposure": (-2.0, 2.0)}
"""What is drawn of these sliders; of the others SHARE of their range."""

SHARE, SEED = 0.8, 40_000

TURN, CROP, SCALE, JPEG_QUALITY, SOFTENED = 3.0, 0.1, 0.7, 80, 0.8
"""Of a target that is not registered: degrees, share of the frame, quality, sigma in pixels."""

DRAWN_AT, DRAWS = 256, 30
"""Long side of the pictures that settings are judged by as they are drawn, and how many at most."""

LONGER = 1, 10
"""Times that rivals have of ours."""


@dataclass(frozen=True, eq=False)
class Case:
    """A photo, hidden settings of some sliders and the exact picture that they make."""

    name: str
    photo: Photo
    sliders: tuple[Slider, ...]
    hidden: Settings
    picture: Tensor

    @property
    def target(self) -> Tensor:
        """The picture in 8 bits."""
        return (self.picture * 255.0).round() / 255.0


def matches(
    finisher: Finisher,
    quick: Quick,
    photos: Sequence[tuple[str, Photo]],
    each: int,
    rivals: int,
) -> Work[dict[str, object]]:
    """Every table: the basic sliders, the paper's four, targets not registered, other scenes.

    On so many of the first two's targets, `rivals` search as long as ours and ten times that.
    """
    basic = tuple(s for s in finisher.sliders if s.name in BASIC_SLIDERS)
    four = tuple(s for s in finisher.sliders if s.name in PAPERS)
    cases = yield from _cases(finisher, quick, photos, basic, each)
    small = yield from _cases(finisher, quick, photos, four, each)
    said: dict[str, object] = {"photos": len(photos), "targets": len(cases)}
    tables = {
        "basic": _synthetic(finisher, quick, cases, rivals),
        "four": _synthetic(finisher, quick, small, rivals),
        "unregistered": _unregistered(finisher, quick, cases),
        "look": _looks(finisher, quick, cases),
    }
    for i, (name, table) in enumerate(tables.items()):
        said[name] = yield from within(table, i, len(tables), name)
    return said


def _cases(
    finisher: Finisher,
    quick: Quick,
    photos: Sequence[tuple[str, Photo]],
    sliders: tuple[Slider, ...],
    each: int,
) -> Work[list[Case]]:
    cases: list[Case] = []
    for i, (name, photo) in enumerate(photos):
        small = Renderer(photo.reduced(DRAWN_AT), finisher, quick.exact)
        renderer = Renderer(photo, finisher, quick.exact)
        generator = torch.Generator().manual_seed(SEED + i)
        for _ in range(each):
            yield Progress(len(cases), len(photos) * each, f"drawing settings for {name}")
            chosen = hidden_settings(sliders, small, generator)
            cases.append(Case(name, photo, sliders, chosen, renderer.picture(chosen)))
    return cases


def hidden_settings(
    sliders: tuple[Slider, ...], renderer: Renderer, generator: torch.Generator
) -> Settings:
    """Settings whose picture does not clip; of a photo that always does, those that clip least."""
    drawn = []
    for _ in range(DRAWS):
        settings = _drawn(sliders, generator)
        share = clipped(renderer.picture(settings))
        if share <= CLIPPED:
            return settings
        drawn.append((share, settings))
    return min(drawn, key=itemgetter(0))[1]


def _drawn(sliders: tuple[Slider, ...], generator: torch.Generator) -> Settings:
    settings = Settings()
    for slider in sliders:
        middle, half = (slider.low + slider.high) / 2.0, (slider.high - slider.low) / 2.0
        low, high = RANGES.get(slider.name, (middle - SHARE * half, middle + SHARE * half))
        ends = torch.tensor([float(slider.normalize(end)) for end in (low, high)])
        at = ends[0] + (ends[1] - ends[0]) * torch.rand((), generator=generator)
        settings = settings.replace(slider, slider.at(float(at)))
    return settings


def _matched(
    finisher: Finisher, quick: Quick, case: Case, target: Tensor, mode: Mode
) -> tuple[Match, float]:
    began = time.perf_counter()
    work = match(
        case.photo, finisher, quick, Target(target, case.name), sliders=case.sliders, mode=mode
    )
    answer = finish(work)
    return answer, time.perf_counter() - began


def _synthetic(
    finisher: Finisher, quick: Quick, cases: Sequence[Case], rivals: int
) -> Work[dict[str, object]]:
    others: dict[str, list[float]] = {}
    against = {i * len(cases) // max(rivals, 1) for i in range(min(rivals, len(cases)))}
    scores, apart, seconds, off = [], [], [], []
    for i, case in enumerate(cases):
        yield Progress(i, len(cases), case.name)
        answer, took = _matched(finisher, quick, case, case.target, Mode.AUTO)
        exact = Renderer(case.photo, finisher)
        picture, hidden = exact.picture(answer.settings), exact.picture(case.hidden)
        scores.append(decibels(picture, hidden))
        apart.append(float(delta_e_2000(picture, hidden).mean()))
        seconds.append(took)
        free = Free(case.sliders, Settings(), case.photo.metadata)
        errors = (free.fractions(answer.settings) - free.fractions(case.hidden)).abs()
        off.append(float(errors.max()))
        for name, search in SEARCHES.items() if i in against else ():
            for times in LONGER:
                yield Progress(i, len(cases), f"{case.name}, {name}, {times} x")
                over = after(times * took)
                settings = search(case.photo, finisher, quick, case.target, free, over)
                score = decibels(exact.picture(settings), hidden)
                others.setdefault(f"{name}_{times}x", []).append(score)
    return _spread(scores) | {
        "rivals_median_db": {
            name: round(statistics.median(found), DIGITS) for name, found in others.items()
        },
        "median_delta_e": round(statistics.median(apart), 3),
        "median_seconds": round(statistics.median(seconds), DIGITS),
        "median_worst_slider_error": round(statistics.median(off), 4),
    }


def _unregistered(
    finisher: Finisher, quick: Quick, cases: Sequence[Case]
) -> Work[dict[str, object]]:
    """Targets turned, cropped, smaller, in JPEG, softened or sharpened, scored in their frame."""
    scores, off, seconds, refused = [], [], [], 0
    for i, case in enumerate(cases):
        yield Progress(i, len(cases), case.name)
        target, true = displaced(case.target, i)
        answer, took = _matched(finisher, quick, case, target, Mode.AUTO)
        if answer.found is None:
            refused += 1
            continue
        picture = Renderer(case.photo, finisher).picture(answer.settings)
        scores.append(decibels(picture, case.picture))
        off.append(_off(answer.found.placement, true, case.photo.size) * max(target.shape[-2:]))
        seconds.append(took)
    told: dict[str, object] = {"not_found": refused}
    if scores:
        told["median_pixels_off"] = round(statistics.median(off), 3)
        told["worst_pixels_off"] = round(max(off), 3)
        told["median_seconds"] = round(statistics.median(seconds), DIGITS)
    return _spread(scores) | told


def displaced(target: Tensor, seed: int) -> tuple[Tensor, Placement]:
    """`target` (1, 3, H, W) as somebody else would hand it on, and where that lies.

    Softened or sharpened by turns.
    """
    pixels = np.ascontiguousarray(target[0].permute(1, 2, 0).numpy())
    height, width = pixels.shape[:2]
    sign = 1.0 if seed % 4 < 2 else -1.0
    size = round(width * (1.0 - CROP) * SCALE), round(height * (1.0 - CROP) * SCALE)
    pixels = cv2.GaussianBlur(pixels, (0, 0), 0.5 / SCALE)  # so that fewer pixels do not alias
    matrix = cv2.getRotationMatrix2D((width / 2.0, height / 2.0), sign * TURN, SCALE)
    matrix[:, 2] += (size[0] - width) / 2.0, (size[1] - height) / 2.0
    seen = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(seen, (0, 0), SOFTENED)
    seen = soft if seed % 2 else seen + 0.5 * (seen - soft)
    stored = io.BytesIO()
    codes = (seen.clip(0.0, 1.0) * 255.0).round().astype(np.uint8)
    Image.fromarray(codes).save(stored, "JPEG", quality=JPEG_QUALITY)
    again = np.asarray(Image.open(stored).convert("RGB")).astype(np.float32) / 255.0
    return torch.from_numpy(again).permute(2, 0, 1)[None], _placement(matrix, (width, height), size)


def _placement(
    matrix: cv2.typing.MatLike, photo: tuple[int, int], target: tuple[int, int]
) -> Placement:
    """What `matrix` (2, 3), between centers of pixels, is between the frames of two pictures."""
    turn = matrix[:, :2] * (max(photo) / max(target))
    middle = matrix @ (*(np.array(photo) / 2.0 - 0.5), 1.0)
    shift = (middle + 0.5 - np.array(target) / 2.0) / max(target)
    (a, b), (d, e) = turn.tolist()
    c, f = shift.tolist()
    return Placement((a, b, c, d, e, f, 0.0, 0.0, 0.0, 0.0))


def _off(found: Placement, true: Placement, size: tuple[int, int]) -> float:
    """How far both are apart in a photo of `size`, root mean square, by the target's long side."""
    across, down = (np.linspace(-0.4, 0.4, 9) * side / max(size) for side in size)
    points = np.stack(np.meshgrid(across, down), -1)
    return float(np.sqrt(np.square(found(points) - true(points)).sum(-1).mean()))


def _looks(finisher: Finisher, quick: Quick, cases: Sequence[Case]) -> Work[dict[str, object]]:
    """Each photo's targets and the looks of the next one's."""
    falls, ends = [], []
    names = list(dict.fromkeys(case.name for case in cases))
    for i, case in enumerate(cases if len(names) > 1 else ()):
        yield Progress(i, len(cases), case.name)
        other = cases[(i + len(cases) // len(names)) % len(cases)]
        goal = Target(other.target, other.name)
        answer = finish(match(case.photo, finisher, quick, goal, mode=Mode.LOOK))
        assert answer.look is not None
        falls.append(1.0 - answer.look[1] / answer.look[0])
        free = Free(finisher.sliders, Settings(), case.photo.metadata)
        at, rest = free.fractions(answer.settings), free.fractions(free.rest)
        ends.append(int((((at < 0.01) | (at > 0.99)) & (at != rest)).sum()))
    if not falls:
        return {}  # of one photo alone
    return {
        "median_fall": round(statistics.median(falls), 3),
        "worst_fall": round(min(falls), 3),
        "share_by_60_percent": round(sum(fall >= 0.6 for fall in falls) / len(falls), 3),
        "sliders_at_an_end": round(statistics.fmean(ends), DIGITS),
    }


def _spread(scores: Sequence[float]) -> dict[str, object]:
    """Of PSNRs in dB; nothing of none."""
    if not scores:
        return {}
    ordered = sorted(scores)
    return {
        "median_db": round(statistics.median(ordered), DIGITS),
        "tenth_percentile_db": round(ordered[len(ordered) // 10], DIGITS),
        "worst_db": round(ordered[0], DIGITS),
    }
