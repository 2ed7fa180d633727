"""Private files: the old one or the whole new one, also after a power cut."""

import os
import stat

import pytest

from totem.ledger.files import write_private


def test_a_file_is_safe_before_its_name_and_its_name_before_the_call_returns(tmp_path, monkeypatch):
    path = tmp_path / "a.key"
    synced, sync = [], os.fsync

    def remember(number):
        synced.append(("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "file", path.exists()))
        sync(number)

    monkeypatch.setattr(os, "fsync", remember)
    write_private(path, b"one")
    assert synced == [("file", False), ("folder", True)]
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"one", 0o600)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.key"
    write_private(path, b"one")

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]
