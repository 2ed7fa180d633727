"""Fragments: the immutable pieces of a dataset, each the input of one map task."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from totem_ccf.storage.columns import ARROW, BadCell, FileColumn, conform, item_of
from totem_ccf.storage.delimited import read_block
from totem_ccf.storage.digests import digest_of_range
from totem_ccf.storage.errors import DataError
from totem_ccf.storage.objects import ObjectScanner, read_objects
from totem_ccf.storage.options import CsvOptions
from totem_ccf.storage.parquet import ParquetSource
from totem_ccf.storage.records import Block, CsvScanner, LineScanner, Scanner, blocks
from totem_ccf.storage.sources import Format, is_compressed, open_stream, reading
from totem_ccf.storage.text import read_lines
from totem_sdk.errors import InternalError

__all__ = ["BATCH_ROWS", "Fragment", "file_digest"]

BATCH_ROWS = 65_536
"""Rows in a batch unless asked otherwise."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a file: whole rows, always the same ones.

    ``path`` is absolute; ``start`` and ``stop`` are row groups of a Parquet file, bytes of a plain file, and 0 and
    the size of a compressed one. ``first_row`` is the number of the file's rows before it, ``rows`` its own. ``digest``
    is over the bytes as they lie in the file (of Parquet: ``column_digests`` has one for each column, and the digest
    is over these); None where the dataset was opened without digests. ``columns`` are all that the dataset has,
    ``width`` is the number of cells and ``header`` the number of bytes in a CSV file's header (of JSON lines: those of
    their byte order mark).
    """

    path: str
    format: Format
    columns: tuple[FileColumn, ...]
    start: int
    stop: int
    first_row: int
    rows: int
    digest: str | None
    column_digests: tuple[tuple[str, str], ...] = ()
    width: int = 1
    header: int = 0
    csv: CsvOptions = field(default_factory=CsvOptions)

    def read(self, columns: Sequence[str], batch_rows: int = BATCH_ROWS, *, verify: bool = True) -> Iterator[Any]:
        """Yield the rows as record batches of at most ``batch_rows`` rows with the named columns, in that order.

        The columns are int64, float64, bool, string, date32 and timestamp('us') arrays (see ``columns``), with nulls
        only where the schema says so. Without columns the batches have rows all the same. With ``verify`` (and a
        digest) every byte that the rows are read from is first checked to be what it was when the dataset was opened.

        Raises:
            DataError: the file is not there, not readable, not what it was, or a cell is not what the schema says.
        """
        known = {column.name: column for column in self.columns}
        if missing := [name for name in columns if name not in known]:
            raise InternalError(f"the fragment has no column {missing[0]}")
        wanted = [known[name] for name in columns]
        schema = pa.schema([(column.name, ARROW[item_of(column.type)]) for column in wanted])
        rows = 0
        before = self._state()
        parts = self._parquet(wanted, verify) if self.format == "parquet" else self._plain(wanted, verify)
        for count, arrays in parts:
            rows += count
            if arrays:
                whole = pa.RecordBatch.from_arrays(arrays, schema=schema)
            else:
                whole = pa.RecordBatch.from_struct_array(pa.Array.from_buffers(pa.struct([]), count, [None]))
            for start in range(0, count, batch_rows):
                yield whole.slice(start, batch_rows)
        if self._state() != before:
            raise DataError("changed", self.path, "the file was changed while it was read")
        if rows != self.rows:
            raise DataError("changed", self.path, f"the fragment has {rows} rows, it was opened with {self.rows}")

    def to_json(self) -> dict[str, Any]:
        """Return the fragment as a JSON object: for the provider's own processes only, it names columns and paths."""
        return {
            "path": self.path,
            "format": self.format,
            "columns": [column.to_json() for column in self.columns],
            "start": self.start,
            "stop": self.stop,
            "first_row": self.first_row,
            "rows": self.rows,
            "digest": self.digest,
            "column_digests": [list(pair) for pair in self.column_digests],
            "width": self.width,
            "header": self.header,
            "csv": self.csv.to_json(),
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Fragment:
        """Read what ``to_json`` gives."""
        return cls(
            **{
                **document,
                "columns": tuple(FileColumn.from_json(column) for column in document["columns"]),
                "column_digests": tuple((name, digest) for name, digest in document["column_digests"]),
                "csv": CsvOptions.from_json(document["csv"]),
            }
        )

    def _state(self) -> tuple[int, ...]:
        """Return what changes when somebody writes to the file or puts another in its place.

        Of Parquet and compressed files digest and rows come from two readings. Of plain files they come from one, so
        nothing is told, and rows may be appended meanwhile.
        """
        path = Path(self.path)
        if self.format != "parquet" and not is_compressed(path):
            return ()
        with reading(path):
            found = path.stat()
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def _conform(self, array: Any, column: FileColumn, first_row: int) -> Any:
        try:
            return conform(array, column.type)
        except BadCell as cell:
            row = first_row + cell.row + 1
            raise DataError(cell.kind, self.path, cell.detail, row=row, column=column.name, hint=cell.hint) from None

    def _parquet(self, columns: Sequence[FileColumn], verify: bool) -> Iterator[tuple[int, list[Any]]]:
        with ParquetSource(self.path) as source:
            if self.stop > source.groups or source.rows(self.start, self.stop) != self.rows:
                raise self._changed()
            fields = dict(source.fields())
            if any(column.source not in fields for column in columns):
                raise self._changed()
            if verify and self.digest is not None:
                published = dict(self.column_digests)
                for column in columns:
                    if source.digest(column.source, self.start, self.stop) != published[column.source]:
                        raise self._changed()
            if not columns:
                yield self.rows, []
                return
            for done, arrays in source.read(columns, self.start, self.stop):
                first_row = self.first_row + done
                yield len(arrays[0]), [self._conform(*pair, first_row) for pair in zip(arrays, columns, strict=True)]

    def _plain(self, columns: Sequence[FileColumn], verify: bool) -> Iterator[tuple[int, list[Any]]]:
        for block in self._blocks(verify):
            if self.format == "jsonl":
                yield from read_objects(self.path, block, columns)
                continue
            if self.format == "csv":
                arrays = read_block(self.path, block, columns, self.width, self.csv)
            else:
                arrays = [self._of_text(column, block) for column in columns]
            yield block.rows, arrays

    def _of_text(self, column: FileColumn, block: Block) -> Any:
        if column.name == "file":
            return pa.repeat(pa.scalar(Path(self.path).name, pa.string()), block.rows)
        return read_lines(self.path, block)

    def _blocks(self, verify: bool) -> Iterator[Block]:
        path = Path(self.path)
        check = verify and self.digest is not None
        if is_compressed(path):
            if check and file_digest(self.path, self.start, self.stop, 0) != self.digest:
                raise self._changed()
            with reading(path), open_stream(path) as stream:
                stream.read(self.header)
                yield from blocks(stream, self._scanner(), self.path, start=self.header)
        else:
            with reading(path), path.open("rb") as file:
                header = file.read(self.header)
                file.seek(self.start)
                data = file.read(self.stop - self.start)
            if len(data) < self.stop - self.start:
                raise DataError("truncated", self.path, "the file ends before its last fragment does")
            if check and hashlib.sha256(header + data).hexdigest() != self.digest:
                raise self._changed()
            yield Block(self.start, data, self.first_row, self.rows)

    def _scanner(self) -> Scanner:
        if self.format == "jsonl":
            return ObjectScanner()
        return CsvScanner(self.csv.delimiter) if self.format == "csv" else LineScanner()

    def _changed(self) -> DataError:
        return DataError("changed", self.path, "the file is not what it was when the dataset was opened or published")


def file_digest(path: str, start: int, stop: int, header: int) -> str:
    """Return the digest of bytes of a file, with those of its header before them.

    Raises:
        DataError: the file can't be read or ends too early.
    """
    with reading(path), Path(path).open("rb") as file:
        return digest_of_range(file, path, [(0, header), (start, stop)])
