"""Files that hold keys and what else is nobody's business: written whole or not at all, for their owner's eyes only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from totem.ledger.errors import IdentityProblem

__all__ = ["read_text", "sync_folder", "write_private"]


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 that is either the old one or the whole new one, whatever happens."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


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
