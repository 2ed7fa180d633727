"""The directory of a job's Unix sockets, which need short paths and therefore do not lie in the job's own folder."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path

__all__ = ["make_sockets", "remove_sockets"]

_LONGEST_PATH = 107
"""Bytes that the path of a Unix socket may have (unix(7): ``sun_path`` of 108 bytes with its closing zero)."""

_LONGEST_NAME = "manager.sock"


def make_sockets(directory: Path) -> Path:
    """Make the directory for the sockets of the job in ``directory``, and return it.

    It is noted in the job's folder first, so that no crash leaves it unknown. It lies in the directory for temporary
    files (``TMPDIR``), or in ``/tmp`` where the path of the former is too long for a socket.
    """
    sockets = Path(tempfile.gettempdir()) / f"totem-{secrets.token_hex(8)}"
    if len(os.fsencode(sockets / _LONGEST_NAME)) > _LONGEST_PATH:
        sockets = Path("/tmp") / sockets.name  # noqa: S108 the name is random, and mkdir refuses what is there
    (directory / "sockets").write_text(str(sockets), encoding="utf-8")
    sockets.mkdir(mode=0o700)
    return sockets


def remove_sockets(directory: Path) -> None:
    """Remove the directory of sockets that is noted in the job's folder, whether the job has ended or has crashed."""
    note = directory / "sockets"
    if note.exists():
        if sockets := note.read_text(encoding="utf-8"):  # empty: the crash was before it was made
            shutil.rmtree(sockets, ignore_errors=True)
        note.unlink()
