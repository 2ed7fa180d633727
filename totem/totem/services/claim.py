"""One ``totem dev`` a home folder: who has it, and where its API listens."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from totem.logs import logger
from totem.services.errors import BadInput, InTheWay
from totem.services.home import Home

__all__ = ["Claim", "claimed"]

_log = logger("dev")


class Claim:
    """This process's hold of a home folder."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def tell(self, url: str) -> None:
        """Let others know where the API of this process listens; where that can't be written, the log says so."""
        said = json.dumps({"pid": os.getpid(), "url": url}).encode()
        # Not through the stream, which would keep what it could not write, and fail with it when it is closed.
        try:
            os.ftruncate(self._stream.fileno(), 0)
            os.write(self._stream.fileno(), said)  # the file was opened to append
        except OSError as error:
            # The lock is what keeps others away: they are only not told where to look.
            _log.warning("others can't be told where this process listens", problem=error.strerror)


@contextmanager
def claimed(home: Home) -> Iterator[Claim]:
    """Have a home folder, which is made if it is not there, for this process alone; nothing of that stays behind.

    Raises:
        InTheWay: code ``running``: another process has it; the message says which one and where.
        BadInput: the folder can't be used.
    """
    path = home.root / "dev.lock"
    try:
        home.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        stream = _lock(path)
    except OSError as error:
        raise BadInput(f"{home.root}: {error.strerror}", code="not-writable") from None
    with stream:
        try:
            Claim(stream).tell("")
            yield Claim(stream)
        finally:
            path.unlink(missing_ok=True)


def _lock(path: Path) -> TextIO:
    """Return the locked file of this path.

    Raises:
        InTheWay: another process has locked it.
        OSError: it can't be opened.
    """
    while True:
        stream = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if os.path.samestat(path.stat(), os.fstat(stream.fileno())):
                    return stream
        except BlockingIOError:
            with stream:
                raise _in_the_way(path.parent, stream) from None
        except BaseException:
            stream.close()
            raise
        stream.close()  # whoever had it has ended and deleted it in the meantime


def _in_the_way(folder: Path, stream: TextIO) -> InTheWay:
    stream.seek(0)
    try:
        told = json.loads(stream.read())
        where = f"process {told['pid']}, " + (told["url"] or "which is only starting")
    except ValueError:
        where = "it is only starting"  # between its lock and its word
    return InTheWay(
        f"another `totem dev` runs in {folder}: {where}",
        code="running",
        hint="use that one, or end it (Ctrl-C); `--dir DIR` is for another consortium beside it",
    )
