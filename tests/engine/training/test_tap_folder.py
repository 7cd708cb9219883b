"""Tap-outs as folders: what is written is read, and another renderer's pictures are learned."""

import json

import pytest
import torch
from numpy.random import default_rng
from torch.testing import assert_close

from engine.errors import PhotofinishError
from engine.export import export_taps
from engine.finishers.basic import BASIC
from engine.progress import finish
from engine.renderer import Renderer
from engine.settings import Settings
from engine.training import tap_folder
from engine.training.tap_folder import (
    folders_in,
    read,
    read_taps,
    write,
    write_random,
    written_supply,
)
from engine.training.unprocess import exposed, random_shot
from tests.photos import scene

TONE = BASIC.stage("tone_mapping")


def moved(**values) -> Settings:
    settings = Settings()
    for name, value in values.items():
        settings = settings.replace(BASIC.control(name), value)
    return settings


SETTINGS = moved(temperature=4200.0, exposure=0.7, dehaze=20.0, shadows=40.0, contrast=15.0)


@pytest.fixture(scope="module")
def photo():
    rng = default_rng(3)
    return exposed(scene(120, 80), random_shot(rng), (72, 48), rng)


@pytest.fixture
def folder(photo, tmp_path):
    return finish(write(photo, SETTINGS, tmp_path / "one", finisher=BASIC))


def test_every_stage_comes_back_with_its_values_and_statistics(photo, folder):
    before = photo.image
    for tap in Renderer(photo, BASIC).finish(SETTINGS):
        tap_out = read(folder, BASIC, tap.stage)
        assert torch.equal(tap_out.input, before)
        assert torch.equal(tap_out.output, tap.image)
        assert tap_out.values == tap.values
        truth = tap.stage.exact(
            tap_out.input, tap_out.metadata, tap_out.statistics, **tap_out.values
        )
        assert_close(truth, tap.image, rtol=1e-4, atol=1e-5)
        before = tap.image


def test_what_photofinish_taps_writes_is_enough(photo, tmp_path):
    finish(export_taps(photo, SETTINGS, tmp_path, finisher=BASIC))
    tap_out = read(tmp_path, BASIC, TONE)
    assert tap_out.values["shadows"] == 40.0
    made = list(Renderer(photo, BASIC).finish(SETTINGS))
    held = next(tap for tap in made if tap.stage == TONE)
    measured, carried = (float(s.quantile(0.5)) for s in (tap_out.statistics, held.statistics))
    assert measured == pytest.approx(carried, abs=0.7)
    with pytest.raises(PhotofinishError, match="nothing that enters and leaves Detail"):
        written_supply([tmp_path], BASIC, BASIC.stage("detail"), seed=0, apart=False)


def test_a_switched_off_stage_was_at_neutral(photo, tmp_path):
    off = SETTINGS.switch("tone_mapping", on=False)
    finish(write(photo, off, tmp_path, finisher=BASIC))
    assert read(tmp_path, BASIC, TONE).values == TONE.neutral()


def test_random_ones_are_written_and_learned_from(tmp_path):
    def source(rng):
        return exposed(scene(96, 64), random_shot(rng), (48, 32), rng)

    written = finish(write_random(tmp_path, 5, finisher=BASIC, source=source, seed=1))
    assert folders_in(tmp_path) == written
    training = written_supply(written, BASIC, TONE, seed=0, apart=False)
    apart = written_supply(written, BASIC, TONE, seed=0, apart=True)
    held = apart(0)(default_rng(0)).input
    seen = [training(i)(default_rng(0)).input for i in range(12)]
    assert not any(torch.equal(held, image) for image in seen)
    assert len({float(image.sum()) for image in seen}) == 4


def test_every_other_one_has_all_sliders_moved(tmp_path, photo):
    written = finish(write_random(tmp_path, 4, finisher=BASIC, source=lambda _: photo, seed=2))
    moved = []
    for folder in written:
        _, taps = read_taps(folder, BASIC)
        told = {name: value for tap in taps for name, value in tap.values.items()}
        moved.append(sum(told[slider.name] != slider.default for slider in BASIC.sliders))
    assert moved[::2] == [len(BASIC.sliders)] * 2
    assert max(moved[1::2]) < len(BASIC.sliders)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path, photo):
    drawn = []

    def source(rng):
        drawn.append(int(rng.integers(100)))
        return photo

    def work(folder):
        return write_random(folder, 3, finisher=BASIC, source=source, seed=7)

    whole = finish(work(tmp_path / "whole"))
    from_the_start, begun = list(drawn), work(tmp_path / "parts")
    while next(begun).done < 1:
        pass
    begun.close()
    assert (tmp_path / "parts" / "00001" / tap_folder.PHOTO).is_file()
    drawn.clear()
    parts = finish(work(tmp_path / "parts"))
    assert drawn
    assert from_the_start[0] not in drawn
    for one, other in zip(whole, parts, strict=True):
        (first, taps), (again, same) = read_taps(one, BASIC), read_taps(other, BASIC)
        assert torch.equal(first.image, again.image)
        assert torch.equal(taps[-1].image, same[-1].image)


def test_all_taps_come_back(photo, folder):
    again, taps = read_taps(folder, BASIC)
    assert torch.equal(again.image, photo.image)
    for tap, made in zip(taps, Renderer(photo, BASIC).finish(SETTINGS), strict=True):
        assert tap.stage == made.stage
        assert tap.values == made.values
        assert torch.equal(tap.image, made.image)


class TestRefused:
    def test_a_stage_that_is_not_there(self, folder):
        path = folder / tap_folder.TAPS
        said = json.loads(path.read_text())
        del said["taps"][3]
        path.write_text(json.dumps(said))
        with pytest.raises(PhotofinishError, match="does not hold every stage of basic"):
            read_taps(folder, BASIC)

    def test_no_tap_outs(self, tmp_path):
        with pytest.raises(PhotofinishError, match="holds no tap-outs"):
            folders_in(tmp_path)

    @pytest.mark.parametrize("text", ["", "[]", '{"taps": [3]}', '{"taps": 0}'])
    def test_damaged_list(self, folder, text):
        (folder / tap_folder.TAPS).write_text(text)
        with pytest.raises(PhotofinishError, match=r"taps\.json is damaged"):
            read(folder, BASIC, TONE)

    def test_damaged_photo(self, folder):
        (folder / tap_folder.PHOTO).write_text('{"scale": "large"}')
        with pytest.raises(PhotofinishError, match=r"photo\.json is damaged"):
            read(folder, BASIC, TONE)

    def test_damaged_picture(self, folder):
        (folder / "05_tone_mapping.tif").write_bytes(b"II*\0")
        with pytest.raises(PhotofinishError, match="tone_mapping"):
            read(folder, BASIC, TONE)

    def test_missing_picture(self, folder):
        (folder / "05_tone_mapping.tif").unlink()
        with pytest.raises(PhotofinishError, match="tone_mapping"):
            read(folder, BASIC, TONE)

    def test_controls_of_another_finisher(self, folder):
        path = folder / tap_folder.TAPS
        said = json.loads(path.read_text())
        said["taps"][4]["values"] = {"sigmoid": 3.0}
        path.write_text(json.dumps(said))
        with pytest.raises(PhotofinishError, match="that basic has not: 'sigmoid'"):
            read(folder, BASIC, TONE)

    def test_values_out_of_range(self, folder):
        path = folder / tap_folder.TAPS
        said = json.loads(path.read_text())
        said["taps"][4]["values"] = {"shadows": 300.0}
        path.write_text(json.dumps(said))
        with pytest.raises(PhotofinishError, match="between -100 and 100"):
            read(folder, BASIC, TONE)
