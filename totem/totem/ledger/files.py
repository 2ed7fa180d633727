"""Files that hold keys: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from totem.ledger.errors import IdentityProblem

__all__ = ["read_text", "write_private"]


def write_private(path: Path, text: str) -> None:
    """Write a file with mode 0600, replacing an earlier one in one step."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


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
