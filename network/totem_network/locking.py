"""One command at a time changes a network; who comes meanwhile is told which one is at it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from totem_network.errors import NetworkError

__all__ = ["LOCK", "changing"]

LOCK = "lock"
"""The file in the network's folder that says which command is changing it."""

_POLL = 0.05


@contextmanager
def changing(folder: Path, command: str, *, patience: float = 0.0) -> Iterator[None]:
    """Let no other command change the network in ``folder`` until the block ends.

    The system takes the lock from a command that ends, however it ends: it is never left behind.

    Raises:
        NetworkError: another command is at it for longer than ``patience`` seconds (the message names it and its
            process), or the network was deleted meanwhile.
    """
    with _open(folder) as file:
        _wait(file, folder, patience)
        if not _is_there(folder / LOCK, file):
            raise NetworkError(f"the network in {folder} was deleted meanwhile")
        file.truncate(0)
        file.write(f"`{command}`, process {os.getpid()}")
        file.flush()
        yield


def _open(folder: Path) -> TextIO:
    try:
        return (folder / LOCK).open("a+")
    except OSError as error:
        raise NetworkError(f"{folder / LOCK} can't be written, so nothing is changed: {error.strerror}") from None


def _wait(file: TextIO, folder: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < end:
                time.sleep(_POLL)
                continue
            file.seek(0)
            raise NetworkError(
                f"another command ({file.read() or 'just begun'}) is changing the network in {folder}:"
                " wait for it, or end that process, and give this one again"
            ) from None
        return


def _is_there(path: Path, file: TextIO) -> bool:
    """Whether the open file is the one of this name: `down` deletes it with everything else."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
