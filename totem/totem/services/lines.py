"""The lines of a result, however many there are: in memory or in a file, gone through in bounded memory."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from totem.ledger.files import sync_folder

__all__ = ["ResultLines"]

_CHUNK = 1 << 20


class ResultLines:
    """Canonical JSON lines, each ``[key,value]`` and a line feed.

    May be gone through as often as one likes, but not twice at the same time. The file is open, so it may be removed
    from its folder meanwhile.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @classmethod
    def of(cls, data: bytes = b"") -> ResultLines:
        """Return lines that are in memory."""
        return cls(io.BytesIO(data))

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines, each with its line feed."""
        self._file.seek(0)
        return iter(self._file)

    def __len__(self) -> int:
        """Return the number of lines."""
        return self._number

    def pairs(self) -> Iterator[tuple[Any, Any]]:
        """Yield key and value of each line, in plan order."""
        for line in self:
            key, value = json.loads(line)
            yield key, value

    def sha256(self, salt: bytes = b"") -> str:
        """Return the sha256 of ``salt`` and all lines, in hexadecimal."""
        digest = hashlib.sha256(salt)
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    @property
    def size(self) -> int:
        """Bytes that the lines have together."""
        return self._file.seek(0, os.SEEK_END)

    def pieces(self) -> Iterator[bytes]:
        """Yield the lines as bytes, in pieces of bounded size."""
        self._file.seek(0)
        while piece := self._file.read(_CHUNK):
            yield piece

    def write_to(self, path: Path) -> None:
        """Write the lines to a file.

        Raises:
            OSError: they can't be written.
        """
        self._file.seek(0)
        with path.open("wb") as file:
            shutil.copyfileobj(self._file, file, _CHUNK)

    def is_stored_in(self, path: Path) -> bool:
        """Make a file safe and tell whether it holds exactly these lines.

        Raises:
            OSError: it can't be read or made safe.
        """
        if not path.is_file():
            return False
        with path.open("rb") as file:
            os.fsync(file.fileno())
            is_same = ResultLines(file).sha256() == self.sha256()
        sync_folder(path.parent)
        return is_same

    def close(self) -> None:
        """Close the file, after which nothing can be read any more."""
        self._file.close()

    def is_of(self, path: Path) -> bool:
        """Tell whether these are the lines of the file at ``path``, which must not be written then."""
        if isinstance(self._file, io.BytesIO):
            return False
        return os.path.samestat(os.fstat(self._file.fileno()), path.stat())

    @cached_property
    def _number(self) -> int:
        return sum(1 for _ in self)
