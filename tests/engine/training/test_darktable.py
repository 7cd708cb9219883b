"""Tap-outs of darktable's: its own pictures, of raws that are made of photos."""

import pytest
import torch
from numpy.random import default_rng

from engine.benchmarks.quality import decibels
from engine.errors import PhotofinishError
from engine.finishers.darktable import DARKTABLE, program
from engine.finishers.darktable.proxies import PROXIES, entered_by_us
from engine.finishers.darktable.whole import tap
from engine.photo import open_photo
from engine.progress import finish
from engine.settings import Settings
from engine.training.darktable import write, write_raw
from engine.training.sampling import moved_settings
from engine.training.sources import source_of
from engine.training.tap_folder import read_taps, write_random
from engine.white import as_shot

MADE = source_of((), apart=False, long_sides=(160, 200))


@pytest.fixture(scope="module")
def photo():
    return MADE(default_rng(4))


@pytest.fixture(scope="module")
def written(photo, tmp_path_factory, darktable):
    """A folder at settings that leave two stages alone, and these settings."""
    settings = moved_settings(DARKTABLE, default_rng(1))
    settings = settings.replace(DARKTABLE.control("exposure"), 0.5)
    for name in ("tone_equalizer", "sharpen"):
        for slider in DARKTABLE.stage(name).sliders:
            settings = settings.replace(slider, slider.default)
    folder = tmp_path_factory.mktemp("taps") / "one"
    return finish(write(photo, settings, folder, finisher=DARKTABLE)), settings


def test_each_stage_is_the_picture_that_darktable_makes_up_to_it(photo, written, tmp_path):
    folder, settings = written
    first, taps = read_taps(folder, DARKTABLE)
    metadata = first.metadata.replace(scale=1.0)
    raw = tmp_path / "raw.dng"
    write_raw(raw, photo.image, metadata)
    side = max(photo.size) // 2
    images = {"": first.image, **{tap.stage.name: tap.image for tap in taps}}
    for name in ("", "tone_equalizer", "color_balance_rgb", "sigmoid", "local_contrast"):
        theirs = finish(tap(raw, metadata, settings, name, side))
        assert torch.allclose(images[name], theirs, atol=1e-3), name


def test_the_proxies_make_the_same_of_what_enters(written):
    folder, _ = written
    first, taps = read_taps(folder, DARKTABLE)
    image = first.image
    for t in taps:
        if t.stage.name in PROXIES and not t.stage.idle(t.values):
            answer = PROXIES[t.stage.name](image, t.metadata, t.statistics, **t.values)
            assert decibels(answer.clamp(0.0, 1.0), t.image.clamp(0.0, 1.0)) > 40.0, t.stage.name
        image = t.image


def test_stages_at_neutral_change_nothing(written):
    folder, settings = written
    _, taps = read_taps(folder, DARKTABLE)
    images = {t.stage.name: t.image for t in taps}
    assert torch.equal(images["tone_equalizer"], images["exposure"])
    assert torch.equal(images["sharpen"], images["contrast_equalizer"])
    assert not torch.equal(images["sigmoid"], images["color_balance_rgb"])
    assert {t.stage.name: t.values for t in taps} == {s.name: s.values(settings) for s in DARKTABLE}


def test_a_raw_is_the_photo_that_it_was_made_of(photo, tmp_path):
    shot = photo.metadata.replace(as_shot_neutral=as_shot(photo.metadata).camera_white.numpy())
    write_raw(tmp_path / "raw.dng", photo.image, shot)
    opened = finish(open_photo(tmp_path / "raw.dng"))
    assert opened.size == photo.size
    small, again = (entered_by_us(p.reduced(32)).image.clamp(0.0, 1.0) for p in (photo, opened))
    assert decibels(small, again) > 30.0


def test_nothing_is_left_of_a_photo_that_darktable_fails_on(photo, stand_in, tmp_path):
    stand_in("echo no light >&2; exit 1")
    with pytest.raises(PhotofinishError, match="darktable failed: no light"):
        finish(write(photo, Settings(), tmp_path / "one", finisher=DARKTABLE))
    assert not (tmp_path / "one").exists()


def test_a_closed_run_stops_darktable(photo, stand_in, tmp_path, monkeypatch):
    stand_in(f'echo $$ >> "{tmp_path}/started"; exec sleep 60')
    stopped, popen = [], program.subprocess.Popen

    class Watched(popen):
        def kill(self):
            stopped.append(self.pid)
            super().kill()

    monkeypatch.setattr(program.subprocess, "Popen", Watched)
    work = write_random(
        tmp_path / "taps", 4, finisher=DARKTABLE, source=lambda _: photo, seed=0, by=write
    )
    for _ in range(8):
        next(work)
    work.close()
    assert stopped
    assert not (tmp_path / "taps").exists()
