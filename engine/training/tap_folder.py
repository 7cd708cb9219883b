"""Tap-outs as a folder, in the form that `photofinish taps` writes.

A float32 TIFF per stage, and taps.json with their order and values: so the stages of any renderer
that can dump them can be learned. Beside them we put what entered the first stage, and M and H of
the photo as far as stages that a proxy learns read them. Where these are missing, as from another
renderer, H is measured on the picture that enters a stage, and the first stage of all cannot be
learned.
"""

import json
import os
import struct
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import tifffile
import torch
from numpy.random import Generator, default_rng
from torch import Tensor

from engine.color import luminance
from engine.errors import PhotofinishError
from engine.export import export_taps
from engine.files import reason, replacing, write_bytes
from engine.finisher import Finisher
from engine.formats import Meaning, write_tiff
from engine.metadata import Calibration, Metadata, Profile
from engine.photo import Photo
from engine.progress import Progress, Work
from engine.renderer import Tap
from engine.settings import Settings
from engine.slider import Setting
from engine.stage import Operator, Space, Stage
from engine.statistics import Statistics, measure
from engine.training.sampling import moved_settings, random_settings
from engine.training.sources import APART, Source
from engine.training.tap_outs import Item, Supply, TapOut
from engine.white import as_shot

UNREADABLE = (OSError, ValueError, RuntimeError, LookupError, TypeError, struct.error)
"""What reading a damaged TIFF raises."""

TAPS, PHOTO, RAW = "taps.json", "photo.json", "00_raw.tif"

T = TypeVar("T")


class Write(Protocol):
    """Writes what enters and leaves each stage of a photo; PHOTO is the last of its files."""

    def __call__(
        self, photo: Photo, settings: Settings, folder: Path, *, finisher: Finisher
    ) -> Work[Path]:
        """Return `folder`."""
        ...


def write_random(
    folder: Path,
    count: int,
    *,
    finisher: Finisher,
    source: Source,
    seed: int,
    by: Write | None = None,
) -> Work[list[Path]]:
    """Write `count` tap-outs of all stages at random settings, a folder each, into `folder`.

    Every other one has all sliders moved. Folders that an earlier run has finished are kept.
    """

    def one(index: int) -> Work[Path]:
        path = folder / f"{index + 1:05d}"
        if not (path / PHOTO).is_file():
            rng = default_rng([seed, index])
            photo = source(rng)
            settings = (random_settings if index % 2 else moved_settings)(finisher, rng)
            yield from (by or write)(photo, settings, path, finisher=finisher)
        return path

    return (yield from _by_turns(map(one, range(count)), count))


def write(
    photo: Photo,
    settings: Settings,
    folder: Path,
    *,
    finisher: Finisher,
    operators: Mapping[str, Operator] | None = None,
) -> Work[Path]:
    """Write what enters and leaves each stage of `photo` at `settings` into `folder`.

    By the stages themselves, or by `operators` for some.
    """
    yield from export_taps(photo, settings, folder, finisher=finisher, operators=operators)
    pixels = photo.image[0].permute(1, 2, 0).contiguous().numpy()
    with replacing(folder / RAW) as temporary:
        write_tiff(temporary, pixels, Meaning(None, linear=True, exif=photo.metadata.exif), 0)
    write_bytes(folder / PHOTO, json.dumps(_said(photo), indent=1).encode())
    return folder


def _by_turns(works: Iterable[Work[T]], count: int) -> Work[list[T]]:
    """The answers of `works`, of which there are `count`.

    As many as there are cores go on by turns: some wait for other programs.
    """
    answers: dict[int, T] = {}
    waiting = enumerate(works)
    running = dict(islice(waiting, os.cpu_count() or 1))
    try:
        while running:
            for index, work in list(running.items()):
                try:
                    note = next(work).note
                except StopIteration as done:
                    answers[index] = done.value
                    del running[index]
                    running.update(islice(waiting, 1))
                    note = "written"
                yield Progress(len(answers), count, f"Photo {index + 1}: {note}")
    finally:
        for work in running.values():
            work.close()
    return [answers[index] for index in range(count)]


def folders_in(folder: Path) -> list[Path]:
    """The folders with taps in `folder`, itself included. Raises PhotofinishError for none."""
    found = sorted(path.parent for path in folder.glob(f"*/{TAPS}"))
    if (folder / TAPS).is_file():
        found.insert(0, folder)
    if not found:
        raise PhotofinishError(f"{folder} holds no tap-outs.")
    return found


def written_supply(
    folders: Sequence[Path], finisher: Finisher, stage: Stage, *, seed: int, apart: bool
) -> Supply:
    """The tap-outs of `stage` in `folders`; only those kept apart, or only the others.

    Raises PhotofinishError where none of them holds the stage.
    """
    able = [folder for folder in folders if _holds(folder, stage)]
    kept = [folder for i, folder in enumerate(able) if (i % APART == APART - 1) == apart] or able
    if not kept:
        raise PhotofinishError(f"The tap-outs hold nothing that enters and leaves {stage.title}.")

    def item(index: int) -> Item:
        at = index if apart else int(default_rng([seed, index]).integers(len(kept)))
        read_once = read(kept[at % len(kept)], finisher, stage)

        def tap_out(_: Generator) -> TapOut:
            return read_once

        return tap_out

    return item


def read(folder: Path, finisher: Finisher, stage: Stage) -> TapOut:
    """The tap-out of `stage` in `folder`. Raises PhotofinishError where it cannot be read."""
    about = _json(folder / TAPS)
    taps = about["taps"]
    at = _position(taps, stage)
    before = RAW if at == 0 else taps[at - 1]["file"]
    image, output = _picture(folder / before), _picture(folder / taps[at]["file"])
    if image.shape != output.shape:
        raise PhotofinishError(f"Pictures in {folder} differ in size.")
    values = [_values(tap, finisher, folder) for tap in taps[: at + 1]]
    if (folder / PHOTO).is_file():
        metadata, statistics = _understood(_json(folder / PHOTO), folder)
        for tap, value in zip(taps[: at + 1], values, strict=True):
            metadata, statistics = finisher.stage(tap["stage"]).carry(metadata, statistics, **value)
    else:
        metadata = Metadata(Profile("", ()), (image.shape[-1], image.shape[-2]))
        scene = stage.space in (Space.SCENE, Space.PROFILE)
        light = luminance(image) if scene else image.mean(1, keepdim=True)
        statistics = measure(light, image)
    return TapOut(image, metadata, statistics, values[at], output)


def read_taps(folder: Path, finisher: Finisher) -> tuple[Photo, list[Tap]]:
    """The photo in `folder` and all its taps. Raises PhotofinishError where any is not there."""
    about = _json(folder / TAPS)["taps"]
    if [tap["stage"] for tap in about] != [stage.name for stage in finisher]:
        raise PhotofinishError(f"{folder} does not hold every stage of {finisher.name}.")
    metadata, statistics = _understood(_json(folder / PHOTO), folder)
    photo = Photo(_picture(folder / RAW), metadata, statistics)
    taps, image = [], photo.image
    for tap, stage in zip(about, finisher, strict=True):
        values = _values(tap, finisher, folder)
        metadata, statistics = stage.carry(metadata, statistics, **values)
        if not stage.idle(values):
            image = _picture(folder / tap["file"])
        taps.append(Tap(stage, values, image, metadata, statistics))
    return photo, taps


def _holds(folder: Path, stage: Stage) -> bool:
    taps = _json(folder / TAPS)["taps"]
    names = [tap["stage"] for tap in taps]
    return stage.name in names and (names[0] != stage.name or (folder / RAW).is_file())


def _position(taps: list[dict[str, Any]], stage: Stage) -> int:
    return [tap["stage"] for tap in taps].index(stage.name)


def _values(tap: dict[str, Any], finisher: Finisher, folder: Path) -> dict[str, Setting]:
    """A tap's values, checked. Raises PhotofinishError where the finisher has no such controls."""
    try:
        stage = finisher.stage(tap["stage"])
        controls = {control.name: control for control in stage.controls}
        given = {name: controls[name].check(value) for name, value in tap["values"].items()}
    except (KeyError, AttributeError) as error:
        raise PhotofinishError(
            f"{folder / TAPS} has a stage or control that {finisher.name} has not: {error}."
        ) from error
    return {**stage.neutral(), **given}


def _picture(path: Path) -> Tensor:
    try:
        pixels = np.asarray(tifffile.imread(path), np.float32)
    except UNREADABLE as error:
        raise PhotofinishError(f"{path} cannot be read as a TIFF.") from error
    if pixels.ndim != 3 or pixels.shape[2] != 3 or not np.isfinite(pixels).all():
        raise PhotofinishError(f"{path} is no picture of three finite channels.")
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()


def _json(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text("utf-8"))
        if path.name == TAPS:
            [(tap["stage"], tap["file"], tap["values"]) for tap in said["taps"]]
    except OSError as error:
        raise PhotofinishError(f"{path} cannot be read: {reason(error)}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PhotofinishError(f"{path} is damaged.") from error
    if not isinstance(said, dict):
        raise PhotofinishError(f"{path} is damaged.")
    return said


def _said(photo: Photo) -> dict[str, object]:
    m, h = photo.metadata, photo.statistics
    calibrations = [
        {
            "illuminant": c.illuminant,
            "illuminant_xy": c.illuminant_xy,
            "color_matrix": c.color_matrix.tolist(),
            "forward_matrix": _listed(c.forward_matrix),
        }
        for c in m.profile.calibrations
    ]
    return {
        "full_size": m.full_size,
        "scale": m.scale,
        "monochrome": m.monochrome,
        "calibrations": calibrations,
        "as_shot_neutral": _listed(m.as_shot_neutral),
        "as_shot_xy": m.as_shot_xy,
        "baseline_exposure": m.baseline_exposure + m.profile.baseline_exposure_offset,
        "tone_curve": _listed(m.profile.tone_curve),
        "noise_profile": _listed(m.noise_profile),
        "iso": m.exif.iso,
        "histogram": h.histogram.tolist(),
        "quantiles": h.quantiles.tolist(),
        "mean_camera": h.mean_camera.tolist(),
        "clipped": float(h.clipped),
    }


def _understood(said: dict[str, Any], folder: Path) -> tuple[Metadata, Statistics]:
    try:
        calibrations = tuple(
            Calibration(
                c["illuminant"],
                np.array(c["color_matrix"], float),
                _array(c["forward_matrix"]),
                illuminant_xy=_pair(c["illuminant_xy"]),
            )
            for c in said["calibrations"]
        )
        metadata = Metadata(
            Profile("Tap-outs", calibrations, tone_curve=_array(said["tone_curve"])),
            full_size=(int(said["full_size"][0]), int(said["full_size"][1])),
            as_shot_neutral=_array(said["as_shot_neutral"]),
            as_shot_xy=_pair(said["as_shot_xy"]),
            baseline_exposure=float(said["baseline_exposure"]),
            noise_profile=_array(said["noise_profile"]),
            monochrome=bool(said["monochrome"]),
            scale=float(said["scale"]),
        )
        statistics = Statistics(
            histogram=torch.tensor(said["histogram"]),
            quantiles=torch.tensor(said["quantiles"]),
            mean_camera=torch.tensor(said["mean_camera"]),
            clipped=torch.tensor(float(said["clipped"])),
        )
        return metadata.replace(white=as_shot(metadata)), statistics
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        raise PhotofinishError(f"{folder / PHOTO} is damaged.") from error


def _listed(array: np.ndarray[Any, Any] | None) -> object:
    return None if array is None else array.tolist()


def _array(said: Any) -> np.ndarray[Any, Any] | None:
    return None if said is None else np.array(said, float)


def _pair(said: Any) -> tuple[float, float] | None:
    return None if said is None else (float(said[0]), float(said[1]))
