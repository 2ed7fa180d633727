"""Files that hold keys and what else is nobody's business: written whole or not at all, for their owner's eyes only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from totem.ledger.errors import IdentityProblem

__all__ = ["read_text", "replacing", "sync_folder", "write_private"]


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that is either the old one or the whole new one, whatever happens."""
    with replacing(path) as stream:
        stream.write(data)
    sync_folder(path.parent)


@contextmanager
def replacing(path: Path, *, mode: int = 0o600, prefix: str | None = None) -> Iterator[BinaryIO]:
    """Give a temporary file that takes a file's place, made safe, where nothing is raised; else it is removed.

    Its name begins with ``prefix`` (default: made of the file's). The folder is still to be synced (``sync_folder``).
    """
    number, name = tempfile.mkstemp(dir=path.parent, prefix=prefix or f".{path.name}.")
    try:
        with os.fdopen(number, "wb") as stream:
            yield stream
            os.fchmod(number, mode)
            stream.flush()
            os.fsync(number)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder as safe as the files that they name."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        IdentityProblem: the file can't be read; the message names it.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise IdentityProblem(f"{path}: {reason}") from None
