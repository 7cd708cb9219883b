"""Atomic writes: the old file or the new one."""

import os
import stat

import pytest

from engine.errors import PhotofinishError
from engine.files import STALE_SECONDS, replacing, sweep, write_bytes


def test_the_new_file_takes_the_place_and_the_mode_of_the_old_one(tmp_path):
    target = tmp_path / "a"
    write_bytes(target, b"old")
    target.chmod(0o640)
    write_bytes(target, b"new")
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [target]


def test_until_the_block_ends_the_old_file_is_there(tmp_path):
    target = tmp_path / "a"
    write_bytes(target, b"old")
    with replacing(target) as temporary:
        temporary.write_bytes(b"new")
        assert target.read_bytes() == b"old"
        assert temporary.parent == target.parent
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_whatever_ends_the_block_early_changes_nothing(tmp_path, error):
    target = tmp_path / "a"
    write_bytes(target, b"old")

    def half_way():
        with replacing(target) as temporary:
            temporary.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        half_way()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_is_written_is_synced_before_it_is_named(tmp_path, monkeypatch):
    calls = []
    sync, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (calls.append("sync"), sync(handle)))
    monkeypatch.setattr(os, "replace", lambda *a: (calls.append("replace"), rename(*a)))
    write_bytes(tmp_path / "a", b"new")
    assert calls == ["sync", "replace", "sync"]


def test_where_nothing_can_be_written_it_is_a_sentence(tmp_path):
    with pytest.raises(PhotofinishError, match=r"a cannot be written: no such file or directory\."):
        write_bytes(tmp_path / "gone" / "a", b"new")
    (tmp_path / "folder").mkdir()
    with pytest.raises(PhotofinishError, match="folder cannot be written"):
        write_bytes(tmp_path / "folder", b"new")


def test_sweep_takes_only_old_temporary_files_of_the_target(tmp_path):
    target = tmp_path / "a.xmp"
    old, young, other = (tmp_path / n for n in (".a.xmp.1.tmp", ".a.xmp.2.tmp", ".b.xmp.3.tmp"))
    for path in (target, old, young, other):
        path.write_bytes(b"")
    long_ago = target.stat().st_mtime - STALE_SECONDS - 10
    for path in (target, old, other):
        os.utime(path, (long_ago, long_ago))
    sweep(target)
    assert sorted(tmp_path.iterdir()) == sorted([target, young, other])
