"""Weights: what is saved comes back; what is damaged, foreign or of another stage is refused."""

import hashlib
import json
import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import PhotofinishError
from engine.finishers.basic import BASIC
from engine.proxies import weights
from engine.proxies.pointwise import PointwiseProxy
from tests.photos import photo_of, scene

SATURATION, VIBRANCE = BASIC.stage("saturation"), BASIC.stage("vibrance")


def trained(stage=SATURATION, seed=0):
    torch.manual_seed(seed)
    proxy = PointwiseProxy(stage, width=8)
    torch.nn.init.normal_(proxy.answer.weight, std=0.05)
    return proxy


@pytest.fixture
def folder(tmp_path) -> Path:
    for stage in (SATURATION, VIBRANCE):
        weights.save(trained(stage), stage, tmp_path, finisher="basic", about={"seed": 7})
    return tmp_path


@pytest.fixture
def file(folder) -> Path:
    return folder / "basic_saturation.safetensors"


def manifest(folder, **changes):
    path = folder / weights.MANIFEST
    said = json.loads(path.read_text())
    said["proxies"]["basic/saturation"].update(changes)
    path.write_text(json.dumps(said))


def vouch_for(file):
    """Enter the file's own hash, as somebody would who swaps files."""
    manifest(file.parent, sha256=hashlib.sha256(file.read_bytes()).hexdigest())


def refusal(folder, stage=SATURATION) -> str:
    with pytest.raises(PhotofinishError) as caught:
        weights.load(stage, folder)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_what_was_saved_comes_back_and_renders_alike(folder):
    photo = photo_of(scene(48, 32))
    before = trained()(photo.image, photo.metadata, photo.statistics, saturation=40.0)
    loaded = weights.load(SATURATION, folder)
    after = loaded(photo.image, photo.metadata, photo.statistics, saturation=40.0)
    assert torch.equal(before, after)
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())


def test_the_manifest_says_what_it_is(folder):
    said = json.loads((folder / weights.MANIFEST).read_text())["proxies"]
    assert list(said) == ["basic/saturation", "basic/vibrance"]
    assert said["basic/saturation"]["numbers"] == {"width": 8}
    assert said["basic/saturation"]["seed"] == 7


def test_saving_again_replaces_one_entry_alone(folder):
    before = json.loads((folder / weights.MANIFEST).read_text())["proxies"]
    weights.save(trained(seed=1), SATURATION, folder, finisher="basic", about={})
    after = json.loads((folder / weights.MANIFEST).read_text())["proxies"]
    assert after["basic/vibrance"] == before["basic/vibrance"]
    assert after["basic/saturation"]["sha256"] != before["basic/saturation"]["sha256"]


class TestRefused:
    def test_no_manifest(self, tmp_path):
        assert "manifest.json cannot be read" in refusal(tmp_path)

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"proxies": 3}', '{"proxies": {"a": 1}}'])
    def test_damaged_manifest(self, folder, text):
        (folder / weights.MANIFEST).write_text(text)
        assert "manifest.json is damaged" in refusal(folder)

    def test_manifest_that_is_no_text(self, folder):
        (folder / weights.MANIFEST).write_bytes(b"\xff\xfe\x80")
        assert "manifest.json is damaged" in refusal(folder)

    def test_a_file_outside_of_the_folder(self, folder):
        manifest(folder, file="../basic_saturation.safetensors")
        assert "manifest.json is damaged" in refusal(folder)

    def test_stage_without_a_proxy(self, folder):
        assert "no proxy of Exposure" in refusal(folder, BASIC.stage("exposure"))

    def test_missing_file(self, folder, file):
        file.unlink()
        assert "cannot be read" in refusal(folder)

    def test_one_wrong_bit(self, folder, file):
        content = bytearray(file.read_bytes())
        content[-5] ^= 1
        file.write_bytes(content)
        assert "is damaged, or not the file" in refusal(folder)

    def test_truncated_file(self, folder, file):
        file.write_bytes(file.read_bytes()[:-20])
        assert "is damaged, or not the file" in refusal(folder)
        vouch_for(file)
        assert "is damaged" in refusal(folder)

    def test_no_safetensors_at_all(self, folder, file):
        file.write_bytes(b"\x80\x04K\x01.")
        vouch_for(file)
        assert "is damaged" in refusal(folder)

    def test_weights_of_another_stage(self, folder, file):
        file.write_bytes((folder / "basic_vibrance.safetensors").read_bytes())
        vouch_for(file)
        assert "no proxy of Saturation" in refusal(folder)

    def test_weights_of_another_finisher(self, folder, file):
        save_file(load_file(file), file, {"finisher": "darktable", "stage": "saturation"})
        vouch_for(file)
        assert "no proxy of Saturation" in refusal(folder)

    def test_weights_of_another_shape(self, folder, file):
        weights.save(
            PointwiseProxy(SATURATION, width=9), SATURATION, folder, finisher="basic", about={}
        )
        manifest(folder, numbers={"width": 8})
        assert "does not fit" in refusal(folder)

    @pytest.mark.parametrize(
        "changes",
        [
            {"architecture": "transformer"},
            {"numbers": {"depth": 3}},
            {"numbers": {"width": 10**9}},
            {"numbers": {"width": -1}},
            {"numbers": "wide"},
        ],
    )
    def test_networks_that_we_do_not_have(self, folder, changes):
        manifest(folder, **changes)
        assert "does not fit" in refusal(folder)

    def test_weights_that_are_no_numbers(self, folder, file):
        tensors = load_file(file)
        tensors["hidden.bias"][0] = float("nan")
        save_file(tensors, file, {"finisher": "basic", "stage": "saturation"})
        vouch_for(file)
        assert "no numbers" in refusal(folder)


class TestShipped:
    @pytest.fixture
    def ours(self, folder, monkeypatch):
        monkeypatch.setattr(weights, "shipped_folder", lambda: folder)
        weights._shipped.cache_clear()
        yield folder
        weights._shipped.cache_clear()

    def test_sound_ones_are_all_there(self, ours):
        assert set(weights.shipped(BASIC)) == {"saturation", "vibrance"}
        assert weights.problems(BASIC) == ()

    def test_a_damaged_one_is_left_out_and_told_once(self, ours, caplog):
        file = ours / "basic_saturation.safetensors"
        file.write_bytes(file.read_bytes()[:-1])
        with caplog.at_level(logging.WARNING):
            assert set(weights.shipped(BASIC)) == {"vibrance"}
            weights.shipped(BASIC)
        assert len(caplog.messages) == 1
        assert weights.problems(BASIC) == tuple(caplog.messages)
        assert "Saturation runs exactly instead." in caplog.messages[0]

    def test_a_damaged_manifest_leaves_all_out(self, ours):
        (ours / weights.MANIFEST).write_text("no")
        assert weights.shipped(BASIC) == {}
        assert "All stages run exactly instead." in weights.problems(BASIC)[0]

    def test_no_proxies_are_no_problem(self, tmp_path, monkeypatch):
        monkeypatch.setattr(weights, "shipped_folder", lambda: tmp_path)
        weights._shipped.cache_clear()
        assert weights.shipped(BASIC) == {}
        assert weights.problems(BASIC) == ()
        weights._shipped.cache_clear()
