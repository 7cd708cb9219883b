"""darktable's sidecar beside a raw: ours is replaced, anybody else's kept, the newest found."""

import struct
import time

import pytest

from engine import sidecar as ours
from engine.errors import PhotofinishError
from engine.finishers import edited_with
from engine.finishers.basic import BASIC
from engine.finishers.darktable import DARKTABLE
from engine.finishers.darktable.history import History, Item, history_of
from engine.finishers.darktable.input import input_items
from engine.finishers.darktable.operators import item
from engine.finishers.darktable.sidecar import read_beside, read_sidecar, write_sidecar
from engine.settings import Settings

GRAIN = Item("grain", 2, struct.pack("<i3f", 2, 400.0, 25.0, 100.0))


def clear(value: float) -> Settings:
    return Settings().replace(DARKTABLE.control("clarity"), value)


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "IMG.dng"
    path.write_bytes(b"not read here")
    return path


def names(photo):
    return sorted(path.name for path in photo.parent.iterdir() if path != photo)


def by_module(read):
    return {i.module: i for i in read.own_input}


def theirs(photo, metadata, *items):
    """What the user has made in darktable."""
    path = photo.with_name(f"{photo.name}.xmp")
    path.write_bytes(History((*input_items(metadata), *items)).to_bytes())
    return path


def test_an_edit_goes_on_in_its_own_file(photo, metadata) -> None:
    for value in (10.0, 20.0, 30.0):
        path = write_sidecar(photo, clear(value), metadata)
        assert read_sidecar(path, metadata) == read_beside(photo, metadata)
        assert read_beside(photo, metadata).settings == clear(value)
    assert names(photo) == ["IMG.dng.xmp"]


def test_nothing_beside_the_photo_is_no_edit(photo, metadata) -> None:
    read = read_beside(photo, metadata)
    assert (read.settings, read.notes) == (Settings(), ())


def test_the_users_own_is_opened_and_kept_and_ours_goes_beside_it(photo, metadata) -> None:
    user = theirs(photo, metadata, item("exposure", {"exposure": 1.5}), GRAIN)
    before = user.read_bytes()
    read = read_beside(photo, metadata)
    assert dict(read.settings.values) == {"exposure": 1.5}
    assert any("grain" in note for note in read.notes)
    for value in (10.0, 20.0):
        write_sidecar(photo, clear(value), metadata)
    assert names(photo) == ["IMG.dng.xmp", "IMG_01.dng.xmp"]
    assert user.read_bytes() == before
    assert read_beside(photo, metadata).settings == clear(20.0)
    second = history_of(photo.with_name("IMG_01.dng.xmp").read_bytes())
    assert GRAIN.module in [i.module for i in second.items]


def test_what_the_photo_was_opened_with_is_written_whatever_lies_beside_it_now(
    photo, metadata, own_input
) -> None:
    theirs(photo, metadata, *own_input)
    opened = read_beside(photo, metadata).own_input
    theirs(photo, metadata)
    path = write_sidecar(photo, clear(10.0), metadata, opened)
    assert by_module(read_sidecar(path, metadata)) == {i.module: i for i in opened}
    assert path.name == "IMG_01.dng.xmp"
    again = write_sidecar(photo, clear(20.0), metadata)  # which goes on from its own
    assert by_module(read_sidecar(again, metadata)) == {i.module: i for i in opened}


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b'history_end="5"', b'history_end="4"'),
        lambda content: content.replace(b'num="0"', b'num="0" darktable:iop_order="1.0"'),
        lambda content: content.replace(b"</rdf:RDF>", b'<!-- rated --></rdf:RDF>'),
    ],
    ids=["a step undone", "an attribute", "a remark"],
)  # fmt: skip
def test_what_somebody_has_changed_is_theirs_from_then_on(photo, metadata, change) -> None:
    path = write_sidecar(photo, clear(10.0), metadata)
    changed = change(path.read_bytes())
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    again = write_sidecar(photo, clear(20.0), metadata)
    assert again.name == "IMG_01.dng.xmp"
    assert path.read_bytes() == changed
    assert write_sidecar(photo, clear(30.0), metadata) == again
    assert read_beside(photo, metadata).settings == clear(30.0)


@pytest.mark.parametrize("content", [b"", b"a letter", ours.xmp.Packet().to_bytes()])
def test_a_file_of_that_name_that_holds_no_history_is_left_alone(photo, metadata, content) -> None:
    other = photo.with_name(f"{photo.name}.xmp")
    other.write_bytes(content)
    read = read_beside(photo, metadata)
    assert read.settings == Settings()
    assert read.notes[0].startswith("IMG.dng.xmp was left alone. ")
    write_sidecar(photo, clear(10.0), metadata)
    assert names(photo) == ["IMG.dng.xmp", "IMG_01.dng.xmp"]
    assert other.read_bytes() == content
    assert read_beside(photo, metadata).notes == ()


def test_another_photos_sidecar_is_not_taken_for_a_duplicate(photo, metadata) -> None:
    other = photo.with_name("IMG_01.dng")
    other.write_bytes(b"not read here")
    write_sidecar(other, clear(50.0), metadata)
    assert read_beside(photo, metadata).settings == Settings()
    assert edited_with(photo) is None
    theirs(photo, metadata)
    write_sidecar(photo, clear(10.0), metadata)
    assert names(photo) == ["IMG.dng.xmp", "IMG_01.dng", "IMG_01.dng.xmp", "IMG_02.dng.xmp"]
    assert read_beside(other, metadata).settings == clear(50.0)
    assert read_beside(photo, metadata).settings == clear(10.0)


def test_a_folder_that_cannot_be_written_to_is_told(photo, metadata) -> None:
    nowhere = photo.parent / "gone" / "IMG.dng"
    with pytest.raises(PhotofinishError, match="cannot be written"):
        write_sidecar(nowhere, clear(1.0), metadata)


def test_both_finishers_edits_lie_side_by_side_and_the_newest_is_the_photos(
    photo, metadata
) -> None:
    assert edited_with(photo) is None
    basic = Settings().replace(BASIC.control("clarity"), 50.0)
    ours.Sidecar.for_raw(photo, BASIC).write(basic)
    assert edited_with(photo) is BASIC
    time.sleep(0.002)  # the edits' times are told to a thousandth of a second
    write_sidecar(photo, clear(10.0), metadata)
    assert edited_with(photo) is DARKTABLE
    time.sleep(0.002)
    sidecar = ours.Sidecar.for_raw(photo, BASIC)
    assert sidecar.read().settings == basic
    sidecar.write(basic)  # as it was: no edit
    assert edited_with(photo) is DARKTABLE
    sidecar.write(Settings())
    assert edited_with(photo) is BASIC
    assert read_beside(photo, metadata).settings == clear(10.0)
    assert names(photo) == ["IMG.dng.xmp", "IMG.xmp"]


def test_a_users_own_edit_in_darktable_is_none_of_ours(photo, metadata) -> None:
    theirs(photo, metadata)
    assert edited_with(photo) is None
