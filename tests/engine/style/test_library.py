"""Library: the user's own styles, beside those that ship."""

from dataclasses import replace

import platformdirs
import pytest

from engine.errors import PhotofinishError
from engine.style.library import folder, keep, named, own, remove, shipped


@pytest.fixture(autouse=True)
def empty(tmp_path, monkeypatch):
    monkeypatch.setattr(platformdirs, "user_data_dir", lambda *_: str(tmp_path / "data"))


@pytest.fixture
def mine():
    return replace(shipped()[0], name="Mine")


def test_what_is_kept_is_there_until_it_is_removed(mine) -> None:
    keep(mine)
    assert [style.name for style in own()[0]] == ["Mine"]
    assert named("mine").sliders == mine.sliders
    remove("Mine")
    assert own() == ([], ())


@pytest.mark.parametrize("name", ["Mine", "mine", "auto"])
def test_a_name_that_is_taken_is_told(mine, name) -> None:
    keep(mine)
    with pytest.raises(PhotofinishError, match="already"):
        keep(replace(mine, name=name))


@pytest.mark.parametrize("name", ["", " ", "a/b", "..", "c:d"])
def test_a_name_that_makes_no_file_is_told(mine, name) -> None:
    with pytest.raises(PhotofinishError, match="cannot be called"):
        keep(replace(mine, name=name))


def test_a_damaged_style_is_told_and_the_others_are_there(mine) -> None:
    path = keep(mine)
    (folder() / "broken.style.safetensors").write_bytes(path.read_bytes()[:100])
    styles, refused = own()
    assert [style.name for style in styles] == ["Mine"]
    assert refused == ("broken.style.safetensors is no style of Photofinish, or it is damaged.",)


def test_a_name_that_no_style_has_is_told_with_those_there_are() -> None:
    with pytest.raises(PhotofinishError, match="Auto, Airy, Faded"):
        named("sepia")
