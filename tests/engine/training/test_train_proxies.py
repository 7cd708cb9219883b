"""Training: seeded, resumable, the best kept; what comes out loads and does better than nothing."""

import json
import re

import pytest
import torch
from numpy.random import default_rng
from safetensors.torch import load_file, save_file

from engine.errors import PhotofinishError
from engine.finishers.basic import BASIC
from engine.progress import finish
from engine.proxies import weights
from engine.proxies.pointwise import PointwiseProxy
from engine.training import checkpoints, sources
from engine.training import train_proxies as training
from engine.training.losses import decibels, loss, seen
from engine.training.sources import photos_in, source_of
from engine.training.tap_folder import write_random
from engine.training.train_proxies import Budget, device_of, train_proxies
from tests.photos import photo_of, scene

SATURATION, DEHAZE, CLARITY = (BASIC.stage(n) for n in ("saturation", "dehaze", "clarity"))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Training on next to nothing."""
    monkeypatch.setattr(sources, "LONG_SIDES", (48, 64))
    for name, value in {"PICTURES": 2, "HELD": 3, "VALIDATE_EVERY": 4, "POOL": 8}.items():
        monkeypatch.setattr(training, name, value)


def tiny(stage):
    return PointwiseProxy(stage, width=8)


def work(out, steps=10, stages=(SATURATION,), **more):
    more.setdefault("build", tiny)
    return train_proxies(BASIC, stages, out, budget=Budget(steps=steps), **more)


def weights_in(out, stage="saturation"):
    return load_file(out / f"basic_{stage}.safetensors")


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_the_same_seed_gives_the_same_weights(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        finish(work(tmp_path / name, seed=seed))
    assert equal(weights_in(tmp_path / "a"), weights_in(tmp_path / "b"))
    assert not equal(weights_in(tmp_path / "a"), weights_in(tmp_path / "c"))


@pytest.mark.parametrize("stopped_after", [3, 6])
def test_resumed_equals_uninterrupted(tmp_path, stopped_after):
    finish(work(tmp_path / "through"))
    stopped = work(tmp_path / "resumed")
    for _ in range(stopped_after):
        next(stopped)
    stopped.close()
    assert not (tmp_path / "resumed" / weights.MANIFEST).exists()
    trained = finish(work(tmp_path / "resumed", resume=True))
    assert trained[0].steps == 10
    assert equal(weights_in(tmp_path / "through"), weights_in(tmp_path / "resumed"))
    assert not (tmp_path / "resumed" / "checkpoints").exists(), "nothing is left lying about"


def test_a_resumed_run_does_not_repeat_what_was_finished(tmp_path):
    stages = (SATURATION, BASIC.stage("vibrance"))
    stopped = work(tmp_path, stages=stages)
    for step in stopped:
        if "Vibrance: step 2" in step.note:
            break
    stopped.close()
    notes = [step.note for step in work(tmp_path, stages=stages, resume=True)]
    assert not any("Saturation: step" in note for note in notes)
    assert "Vibrance: step 3" in " ".join(notes)


def test_without_resume_a_run_starts_anew(tmp_path):
    stopped = work(tmp_path)
    for _ in range(5):
        next(stopped)
    stopped.close()
    notes = [step.note for step in work(tmp_path)]
    assert any("step 1," in note for note in notes)


def test_the_loss_falls_and_the_proxy_learns(tmp_path):
    begun = work(tmp_path, steps=300, build=lambda stage: PointwiseProxy(stage, width=24))
    losses = []
    while True:
        try:
            note = next(begun).note
        except StopIteration as done:
            (trained,) = done.value
            break
        losses += [float(part) for part in re.findall(r"loss ([0-9.]+\d)", note)]
    assert losses[-1] < 0.85 * losses[10]
    assert trained.score.mean_db > trained.score.without_db + 0.3, trained.score
    said = json.loads((tmp_path / weights.MANIFEST).read_text())["proxies"]["basic/saturation"]
    assert said["validation"]["mean_db"] == pytest.approx(trained.score.mean_db, abs=0.01)
    assert said["steps"] == 300
    assert said["trained_on"] == "made scenes"


def test_progress_goes_from_nothing_to_all(tmp_path):
    steps = list(work(tmp_path, stages=(SATURATION, BASIC.stage("vibrance"))))
    shares = [step.done / step.total for step in steps]
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert "dB" in steps[-1].note


def test_areawise_stages_are_trained_by_default(tmp_path):
    assert [stage.name for stage in training.learnable(BASIC)] == ["tone_mapping", "clarity"]
    (trained,) = finish(work(tmp_path, steps=2, stages=(CLARITY,), build=training.proxy_for))
    photo = photo_of(scene(64, 48))
    proxy = weights.load(CLARITY, tmp_path)
    out = proxy(photo.image, photo.metadata, photo.statistics, clarity=40.0)
    assert out.shape == photo.image.shape
    assert trained.file == tmp_path / "basic_clarity.safetensors"


@pytest.mark.parametrize("name", ["detail", "dehaze", "texture", "sharpening"])
def test_areawise_stages_that_are_fast_by_themselves_can_be_learned_too(tmp_path, name):
    stage = BASIC.stage(name)
    finish(work(tmp_path, steps=2, stages=(stage,), build=training.proxy_for))
    assert weights.load(stage, tmp_path) is not None


def test_written_tap_outs_are_learned_as_well(tmp_path):
    made = write_random(
        tmp_path / "taps", 5, finisher=BASIC, source=source_of((), apart=False), seed=0
    )
    finish(made)
    (trained,) = finish(work(tmp_path / "out", tap_outs=tmp_path / "taps"))
    said = json.loads((tmp_path / "out" / weights.MANIFEST).read_text())["proxies"]
    assert said["basic/saturation"]["trained_on"] == "5 written tap-outs"
    assert trained.steps == 10


class TestPhotos:
    def test_every_fourth_is_kept_apart(self, tmp_path, monkeypatch):
        for i in range(8):
            (tmp_path / f"{i}.png").touch()
        files = photos_in([tmp_path])
        assert [path.stem for path in files] == [str(i) for i in range(8)]
        opened = set()

        def picture(path):
            opened.add(path.stem)
            return torch.full((1, 3, 64, 80), 0.4)

        monkeypatch.setattr(sources, "_picture", picture)
        for apart, expected in ((True, {"3", "7"}), (False, {"0", "1", "2", "4", "5", "6"})):
            opened.clear()
            draw = source_of(files, apart=apart)
            for i in range(60):
                assert draw(default_rng(i)).image.isfinite().all()
            assert opened == expected

    @pytest.mark.parametrize("content", [0, 1])
    def test_too_few(self, tmp_path, content):
        for i in range(content):
            (tmp_path / f"{i}.jpg").touch()
        with pytest.raises(PhotofinishError, match="fewer than two"):
            photos_in([tmp_path])

    def test_no_folder(self, tmp_path):
        with pytest.raises(PhotofinishError, match="is no folder"):
            photos_in([tmp_path / "nowhere"])

    def test_a_file_that_is_no_picture(self, tmp_path):
        for i in range(4):
            (tmp_path / f"{i}.jpg").write_text("no picture")
        with pytest.raises(PhotofinishError, match="cannot be read as a picture"):
            finish(work(tmp_path / "out", photos=[tmp_path]))


class TestCheckpoints:
    @pytest.fixture
    def stopped(self, tmp_path):
        begun = work(tmp_path)
        for _ in range(6):
            next(begun)
        begun.close()
        return checkpoints.path_of(tmp_path, "basic", SATURATION)

    def test_damaged(self, tmp_path, stopped):
        stopped.write_bytes(stopped.read_bytes()[:-7])
        with pytest.raises(PhotofinishError, match="is damaged; without --resume"):
            finish(work(tmp_path, resume=True))

    def test_of_another_seed(self, tmp_path, stopped):
        with pytest.raises(PhotofinishError, match="is of seed 0"):
            finish(work(tmp_path, resume=True, seed=5))

    def test_of_another_network(self, tmp_path, stopped):
        with pytest.raises(PhotofinishError, match="is damaged"):
            finish(work(tmp_path, resume=True, build=lambda s: PointwiseProxy(s, width=9)))

    def test_without_bookkeeping(self, tmp_path, stopped):
        save_file(load_file(stopped), stopped)
        with pytest.raises(PhotofinishError, match="is damaged"):
            finish(work(tmp_path, resume=True))


class TestDevice:
    def test_the_cpu_is_everywhere(self):
        assert device_of("cpu").type == "cpu"

    @pytest.mark.parametrize("name", ["cuda", "mps"])
    def test_a_missing_one_is_a_sentence(self, name, monkeypatch, tmp_path):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        with pytest.raises(PhotofinishError, match=f"There is no {name} device here"):
            finish(work(tmp_path, device=name))

    def test_no_such(self):
        with pytest.raises(PhotofinishError, match="cpu, cuda or mps"):
            device_of("tpu")


class TestLoss:
    photo = photo_of(scene(48, 32))

    def test_equal_pictures_have_none(self):
        image = self.photo.image
        assert loss(image, image, self.photo.metadata, DEHAZE) == 0.0
        assert decibels(image, image, self.photo.metadata, DEHAZE).item() == 100.0

    def test_dark_tones_count_as_seen(self):
        about = self.photo.metadata
        levels = [torch.full((1, 3, 8, 8), level) for level in (0.01, 0.8)]
        dark, bright = (loss(level + 0.005, level, about, SATURATION).item() for level in levels)
        assert dark > 5.0 * bright

    def test_above_white_little_counts(self):
        about = self.photo.metadata
        white, brighter = (seen(torch.full((1, 3, 2, 2), v), about, DEHAZE) for v in (1.0, 2.0))
        grey = seen(torch.full((1, 3, 2, 2), 0.5), about, DEHAZE)
        assert 0 < (brighter - white).max() < 0.3 * (white - grey).max()

    def test_areawise_stages_are_held_to_their_edges(self):
        image = self.photo.image
        checks = torch.full_like(image, 0.01)
        checks[..., ::2] *= -1.0
        about = self.photo.metadata
        flat = loss(image + 0.01, image, about, DEHAZE)
        assert loss(image + checks, image, about, DEHAZE) > 1.5 * flat
        flat = loss(image + 0.01, image, about, SATURATION)
        assert loss(image + checks, image, about, SATURATION) < 1.5 * flat
