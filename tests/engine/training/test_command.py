"""`photofinish train`: as somebody would type it."""

import json
from functools import partial

import pytest

from editor import cli as whole  # noqa: F401 - adds the verb
from engine.finishers.basic import BASIC
from engine.finishers.darktable import DARKTABLE
from engine.proxies import weights
from engine.training import darktable as opened
from engine.training import sources
from engine.training import train_proxies as training


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(sources, "LONG_SIDES", (48, 64))
    monkeypatch.setattr(opened, "LONG_SIDES", (160, 200))
    for name, value in {"PICTURES": 1, "HELD": 2, "POOL": 4}.items():
        monkeypatch.setattr(training, name, value)


@pytest.fixture
def ask(ask):
    return partial(ask, "train")


def test_proxies_are_trained_and_load(tmp_path, ask):
    status, answer, _ = ask(
        *("proxies", "--stage", "clarity", "--steps", 2, "--out", tmp_path, "--json")
    )
    said = json.loads(answer)
    assert status == 0
    assert said["stages"]["clarity"]["file"] == "basic_clarity.safetensors"
    assert weights.load(BASIC.stage("clarity"), tmp_path) is not None


def test_tap_outs_are_written_and_learned(tmp_path, ask):
    status, answer, _ = ask("tap-outs", tmp_path / "taps", "--count", 3, "--json")
    assert status == 0
    assert json.loads(answer)["photos"] == ["00001", "00002", "00003"]
    status, answer, _ = ask(
        *("proxies", "--stage", "saturation", "--tap-outs", tmp_path / "taps"),
        *("--steps", 1, "--out", tmp_path / "out"),
    )
    assert status == 0
    assert "dB" in answer


def test_tap_outs_of_darktables_are_written_by_darktable(tmp_path, ask, darktable):
    arguments = ("tap-outs", tmp_path, "--finisher", "darktable", "--count", 2, "--json")
    status, answer, _ = ask(*arguments)
    assert (status, json.loads(answer)["photos"]) == (0, ["00001", "00002"])
    names = [path.name for path in sorted((tmp_path / "00001").glob("*.tif"))]
    assert names[:2] == ["00_raw.tif", "01_exposure.tif"]
    assert len(names) == 1 + len(DARKTABLE)


def test_without_darktable_one_sentence_says_so(tmp_path, ask, without_darktable):
    status, _, complaint = ask("tap-outs", tmp_path, "--finisher", "darktable", "--count", 1)
    assert status == 1
    assert "darktable is not installed" in complaint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--stage", "sepia"), "basic has no stage 'sepia'"),
        (("--stage", "color_balance"), "no sliders that a proxy could learn"),
        (
            ("--finisher", "lightroom"),
            "There is no finisher 'lightroom'; there are basic and darktable.",
        ),
        (
            ("--finisher", "darktable"),
            "The stages of darktable need no training: their proxies are programs.",
        ),
        (("--device", "tpu"), "A device is cpu, cuda or mps, not 'tpu'."),
        (("--photos", "/nowhere"), "/nowhere is no folder."),
        (("--tap-outs", "/nowhere"), "/nowhere holds no tap-outs."),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path, ask, arguments, sentence):
    status, answer, complaint = ask("proxies", "--out", tmp_path, "--steps", 1, *arguments)
    assert status == 1
    assert answer == ""
    assert sentence in complaint
    assert complaint.count("\n") == 1
