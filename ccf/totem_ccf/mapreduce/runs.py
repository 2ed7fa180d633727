"""Record batches in files between tasks: pieces of a file with rows, bytes and digest.

A piece is an Arrow IPC stream. Several pieces can lie behind one another in one file, so that a task of a phase writes
one file for all partitions. A piece is verified against its digest whenever it is opened.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

__all__ = ["Piece", "PieceWriter", "ShuffleError", "make_durable", "open_piece"]

BATCH_ROWS = 65_536
"""Rows of one record batch in a file."""
SMALL_BYTES = 65_536
"""Pieces of at most so many bytes are read and not mapped: mapping one takes longer."""


class ShuffleError(Exception):
    """Data between tasks can't be written, read or held in memory: the provider's side failed, not the program.

    The text names the file and the reason, and never shows a cell.
    """


@dataclass(frozen=True, slots=True)
class Piece:
    """Where some rows lie: a stream of ``length`` bytes from ``offset`` in the file ``path``.

    ``partition`` is the reduce task they are for (0 where there are no partitions); ``digest`` is the sha256 of the
    bytes in hexadecimal.
    """

    path: str
    partition: int
    offset: int
    length: int
    rows: int
    digest: str

    def to_json(self) -> dict[str, Any]:
        """Return the piece as a JSON object."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Piece:
        """Read what ``to_json`` gives."""
        return cls(**document)


class PieceWriter:
    """Writes pieces into one new file; used as a context manager.

    Raises:
        ShuffleError: the file can't be written.
    """

    def __init__(self, path: Path, schema: Any) -> None:
        self._path = path
        self._schema = schema
        self._offset = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb")
        except OSError as error:
            raise _failed(path, "write", error) from None

    def write(self, batches: Iterable[Any], partition: int = 0) -> Piece:
        """Write record batches as one piece."""
        sink = pa.BufferOutputStream()
        rows = 0
        with pa.ipc.new_stream(sink, self._schema) as stream:
            for batch in batches:
                rows += batch.num_rows
                for start in range(0, batch.num_rows, BATCH_ROWS):
                    stream.write_batch(batch.slice(start, BATCH_ROWS))
        buffer = sink.getvalue()
        piece = Piece(str(self._path), partition, self._offset, buffer.size, rows, hashlib.sha256(buffer).hexdigest())
        try:
            self._file.write(buffer)
        except OSError as error:
            raise _failed(self._path, "write", error) from None
        self._offset += buffer.size
        return piece

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError as failure:
            raise _failed(self._path, "write", failure) from error


def make_durable(pieces: Iterable[Piece], root: Path) -> None:
    """Have the files of the pieces on the disk, and the folders in which they lie, up to ``root``.

    Raises:
        ShuffleError: the disk does not take them.
    """
    files = {Path(piece.path) for piece in pieces}
    folders = {folder for file in files for folder in file.parents if folder.is_relative_to(root)}
    for path in (*sorted(files), *sorted(folders, reverse=True)):
        try:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _failed(path, "write", error) from None


def open_piece(piece: Piece, schema: Any) -> Any:
    """Return the rows of a piece as a table; a large one lies in the file: its pages come into memory when used.

    Raises:
        ShuffleError: the file is missing, shorter or other than it was written, or its columns are not ``schema``.
    """
    try:
        buffer = _mapped(piece) if piece.length > SMALL_BYTES else _read(piece)
    except OSError as error:
        raise _failed(piece.path, "read", error) from None
    if buffer.size != piece.length or hashlib.sha256(buffer).hexdigest() != piece.digest:
        raise ShuffleError(f"{piece.path}: the data between the tasks is not what was written (digest differs)")
    with pa.ipc.open_stream(buffer) as stream:
        table = stream.read_all()
    if table.schema != schema or table.num_rows != piece.rows:
        raise ShuffleError(f"{piece.path}: the data between the tasks has other columns or rows than expected")
    return table


def _mapped(piece: Piece) -> Any:
    with pa.memory_map(piece.path) as source:
        source.seek(piece.offset)
        return source.read_buffer(piece.length)


def _read(piece: Piece) -> Any:
    descriptor = os.open(piece.path, os.O_RDONLY)
    try:
        return pa.py_buffer(os.pread(descriptor, piece.length, piece.offset))
    finally:
        os.close(descriptor)


def _failed(path: Path | str, verb: str, error: OSError) -> ShuffleError:
    return ShuffleError(f"{path}: can't {verb} the data between the tasks: {error.strerror or type(error).__name__}")
