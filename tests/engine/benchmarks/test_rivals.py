"""Rivals: the same tap-outs and the same budget for all three, and pictures that come of it."""

from functools import partial

import pytest
import torch
from torch.testing import assert_close

from engine.benchmarks import rivals as module
from engine.benchmarks.networks import EncodedCascade, UNet
from engine.benchmarks.rivals import (
    examples_of,
    learned,
    paper_network,
    question,
    rivals,
    written_examples,
)
from engine.finisher import Finisher
from engine.finishers.basic import BASIC
from engine.finishers.darktable import DARKTABLE
from engine.progress import finish
from engine.proxies.encoding import compress
from engine.proxies.pointwise import PointwiseProxy
from engine.settings import Settings
from engine.training.sources import source_of
from engine.training.tap_folder import write
from engine.training.train_proxies import Budget
from tests.photos import photo_of, scene

SMALL = Finisher(
    "small",
    tuple(
        BASIC.stage(name)
        for name in (
            "color_balance", "exposure", "texture", "saturation", "color_conversion", "sharpening",
        )
    ),
)  # fmt: skip
LEARNED = ["texture", "saturation", "sharpening"]
NAMES = ["paper", "srcnn", "unet"]
COUNT, SIDE, STEPS = 3, 40, 30
MADE = source_of([], apart=False)


SCENES = [photo_of(scene(36, 24, seed=seed)) for seed in range(8)]


@pytest.fixture(scope="module", autouse=True)
def small():
    """Training on next to nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PICTURES", 2)
        patch.setattr(module, "SETTINGS", 2)
        patch.setattr(module, "UNet", partial(UNet, width=8, levels=3))
        yield


def source(rng):
    return SCENES[int(rng.integers(len(SCENES)))]


def work(steps=2, seed=0, source=source):
    budget = Budget(steps=steps)
    made = examples_of(SMALL, source, count=COUNT, long_side=SIDE, seed=seed)
    return rivals(SMALL, made, budget=budget, seed=seed)


@pytest.fixture(scope="module")
def examples():
    return finish(examples_of(SMALL, source, count=COUNT, long_side=SIDE))


@pytest.fixture(scope="module")
def started():
    return finish(work(steps=1))


@pytest.fixture(scope="module")
def trained():
    return finish(work(steps=STEPS))


@pytest.mark.parametrize("name", NAMES)
class TestEachContender:
    def test_its_pictures_are_nearer_than_at_the_start(self, name, started, trained, examples):
        def error(contender):
            pictures = [contender.finish(e.photo, e.settings) - e.picture for e in examples]
            return float(torch.cat(pictures).abs().mean())

        assert error(trained[name]) < 0.9 * error(started[name])

    def test_a_picture_is_as_large_as_its_photo_and_can_be_shown(self, name, trained):
        photo = photo_of(scene(37, 23))
        settings = Settings().replace(BASIC.control("exposure"), 4.0)
        picture = trained[name].finish(photo, settings)
        assert picture.shape == photo.image.shape
        assert picture.min() >= 0.0
        assert picture.max() <= 1.0
        assert not picture.requires_grad

    def test_the_sliders_matter(self, name, trained):
        photo = photo_of(scene(48, 32))
        moved = Settings().replace(BASIC.control("saturation"), -100.0)
        pictures = [trained[name].finish(photo, settings) for settings in (Settings(), moved)]
        assert not torch.equal(*pictures)


def test_the_same_seed_gives_the_same_pictures(examples):
    e, trained = examples[0], [finish(work(seed=seed)) for seed in (0, 0, 1)]
    for name in NAMES:
        one, same, other = (contenders[name].finish(e.photo, e.settings) for contenders in trained)
        assert torch.equal(one, same)
        assert not torch.equal(one, other)


class TestOperators:
    def test_each_learned_stage_can_be_judged_alone(self, trained, examples):
        for name in ("paper", "srcnn"):
            assert list(trained[name].operators) == LEARNED
            t = examples[0].tap_outs["saturation"]
            operator = trained[name].operators["saturation"]
            answer = operator(t.input, t.metadata, t.statistics, **t.values)
            assert (answer - t.output).abs().mean() < (t.input - t.output).abs().mean()

    def test_one_network_for_all_has_none(self, trained):
        assert not trained["unet"].operators

    def test_every_network_was_given_its_steps(self, trained):
        assert {name: [run.step for run in trained[name].runs] for name in NAMES} == {
            "paper": [STEPS] * 3,
            "srcnn": [STEPS] * 3,
            "unet": [STEPS],
        }

    def test_networks_stand_in_for_darktables_modules_that_are_no_gain_and_no_matrix(self):
        assert {stage.name for stage in learned(DARKTABLE)} == {
            "tone_equalizer", "contrast_equalizer", "sharpen", "color_balance_rgb", "sigmoid",
            "local_contrast",
        }  # fmt: skip

    def test_networks_stand_in_for_ten_stages_of_the_basic_finisher(self):
        stages = {stage.name: paper_network(stage) for stage in learned(BASIC)}
        pixel = {name for name, n in stages.items() if isinstance(n, PointwiseProxy)}
        assert pixel == {"rgb_toning", "color_mixer", "vibrance", "saturation"}
        areas = {name for name, n in stages.items() if isinstance(n, EncodedCascade)}
        assert areas == {
            "detail", "dehaze", "tone_mapping", "clarity", "texture", "sharpening",
        }  # fmt: skip
        assert pixel | areas == set(stages)


class TestExamples:
    def test_what_leaves_a_stage_is_what_it_makes_of_what_entered(self, examples):
        for example in examples:
            for name, t in example.tap_outs.items():
                truth = SMALL.stage(name).exact(t.input, t.metadata, t.statistics, **t.values)
                assert_close(t.output, truth)

    def test_half_of_them_have_all_sliders_moved(self, examples):
        moved = [len(example.settings.values) for example in examples]
        assert moved[::2] == [len(SMALL.sliders)] * COUNT
        assert max(moved[1::2]) < len(SMALL.sliders)

    def test_written_ones_are_the_same(self, examples, tmp_path):
        folders = []
        for number, e in enumerate(examples):
            folder = tmp_path / str(number)
            folders.append(finish(write(e.photo, e.settings, folder, finisher=SMALL)))
        for example, read in zip(examples, finish(written_examples(SMALL, folders)), strict=True):
            assert read.settings == example.settings
            assert_close(read.picture, example.picture)
            assert list(read.tap_outs) == list(example.tap_outs)
            for name, t in example.tap_outs.items():
                assert_close(read.tap_outs[name].input, t.input)
                assert_close(read.tap_outs[name].output, t.output)
                assert read.tap_outs[name].values == t.values

    def test_photos_are_reduced(self):
        for example in finish(examples_of(SMALL, MADE, count=1, long_side=SIDE, seed=3)):
            assert max(example.picture.shape) == SIDE

    def test_all_three_learn_from_the_same(self, monkeypatch):
        drawn, learned_from, loss = [], [], module.loss

        def counted(rng):
            drawn.append(source(rng))
            return drawn[-1]

        def recorded(answer, truth, metadata, stage):
            learned_from.append((stage.name, truth.untyped_storage().data_ptr()))
            return loss(answer, truth, metadata, stage)

        monkeypatch.setattr(module, "loss", recorded)
        finish(work(source=counted))
        assert len(drawn) == COUNT
        a_network = 2 * module.PICTURES
        of_stages = len(LEARNED) * a_network
        paper, srcnn = learned_from[:of_stages], learned_from[of_stages : 2 * of_stages]
        unet = learned_from[2 * of_stages :]
        assert paper == srcnn
        assert [name for name, _ in paper[::a_network]] == LEARNED
        assert len(unet) == a_network
        assert set(unet) & set(paper), "the pictures that leave the last stage"


class TestQuestion:
    def test_nothing_is_moved_at_neutral(self):
        _, moved = question(SMALL, source_photo(), Settings())
        assert not moved.any()

    def test_a_temperature_is_compared_with_the_one_as_shot(self):
        control = SMALL.control("temperature")
        photo = source_photo()
        cool, warm = (
            question(SMALL, photo, Settings().replace(control, kelvin))[1][0, 0]
            for kelvin in (3500.0, 9000.0)
        )
        assert cool < 0.0 < warm

    def test_darktables_first_stage_gets_color_that_is_balanced_already(self):
        photo = source_photo()
        picture, moved = question(DARKTABLE, photo, Settings())
        assert_close(picture, compress(photo.image))
        assert moved.shape == (1, len(DARKTABLE.sliders))
        assert not moved.any()

    def test_what_the_camera_took_for_white_is_grey(self):
        photo = photo_of(torch.full((1, 3, 6, 4), 0.4))
        picture, _ = question(SMALL, photo, Settings())
        assert_close(picture, picture.mean(1, keepdim=True).expand(-1, 3, -1, -1))


def source_photo():
    return photo_of(scene(24, 16))


def test_progress_goes_from_nothing_to_all():
    steps = list(work())
    shares = [step.done / step.total for step in steps]
    assert 0.0 < shares[0] < 0.1
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert steps[-1].note.startswith("unet: step 2")


def test_it_can_be_closed_anywhere_and_leaves_torch_as_it_was():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    for stopped_after in (1, COUNT + 1, COUNT + 4, COUNT + 7):
        begun = work(steps=1)
        for _ in range(stopped_after):
            next(begun)
            assert torch.equal(torch.random.get_rng_state(), before)
            assert torch.is_grad_enabled()
        begun.close()
        assert torch.is_grad_enabled()
        assert torch.equal(torch.random.get_rng_state(), before)
