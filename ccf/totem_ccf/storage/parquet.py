"""Parquet: the columns of a file, its row groups as fragments, and reading them.

A fragment is a range of row groups: the groups are joined from the first on until there are at least 262,144 rows, or
32 MiB uncompressed. The digest of a column in a fragment is over what the footer says of its chunks (physical and
logical type, compression, number of values) and over their bytes as they lie in the file; so reading some columns
verifies just those.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from totem_ccf.storage.columns import FileColumn, whole
from totem_ccf.storage.digests import digest_of_range
from totem_ccf.storage.errors import DataError
from totem_ccf.storage.records import BLOCK_BYTES, BLOCK_ROWS
from totem_ccf.storage.sources import reading

__all__ = ["ParquetSource"]

_LARGE_GROUP = 4 << 20
"""Row groups with more rows are read in parts."""
_PART_ROWS = 1 << 20
_MAGIC = b"PAR1"


_footer: tuple[tuple[int, ...], Any] | None = None
"""The footer that was read last, with what tells its file from any other state of it: a file has many fragments."""


def _open(path: str) -> Any:
    """Open a file, with the footer that is known of it if it is the file that was opened last, and unchanged."""
    global _footer  # noqa: PLW0603  one pair, replaced as a whole: threads may use it at once
    source = pa.OSFile(path)
    status = os.fstat(source.fileno())
    state = status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    known = _footer
    file = pq.ParquetFile(source, metadata=known[1] if known is not None and known[0] == state else None)
    _footer = state, file.metadata
    return file


class ParquetSource:
    """An open Parquet file.

    Raises:
        DataError: it can't be read (``missing``, ``unreadable``, ``truncated``, ``format``).
    """

    def __init__(self, path: str) -> None:
        self._path = path
        with self._reading():
            self._file = _open(path)
        self._metadata = self._file.metadata
        # Arrow makes both anew whenever it is asked, for all columns; and a file may have thousands of columns.
        self._schema = self._file.schema_arrow
        leaves = self._file.schema
        self._leaves = leaves
        self._leaf_of = {leaves.column(leaf).path: leaf for leaf in reversed(range(len(leaves)))}
        self.groups: int = self._metadata.num_row_groups
        """Number of row groups."""

    def fields(self) -> list[tuple[str, Any]]:
        """Return name and Arrow type of every column."""
        return [(field.name, field.type) for field in self._schema]

    def has_nulls(self, name: str) -> bool:
        """Tell whether a column has nulls: from the footer, or by reading the column if that does not say."""
        if not self._schema.field(name).nullable:
            return False
        leaf = self._leaf_of[name]
        unknown = []
        for group in range(self.groups):
            statistics = self._metadata.row_group(group).column(leaf).statistics
            if statistics is None or not statistics.has_null_count:
                unknown.append(group)
            elif statistics.null_count:
                return True
        with self._reading():
            return any(
                self._file.read_row_group(g, columns=[name], use_threads=False)[name].null_count for g in unknown
            )

    def ranges(self) -> Iterator[tuple[int, int, int]]:
        """Yield (first row group, row group after the last, rows) for each fragment."""
        start = rows = size = 0
        for group in range(self.groups):
            metadata = self._metadata.row_group(group)
            rows, size = rows + metadata.num_rows, size + metadata.total_byte_size
            if rows >= BLOCK_ROWS or size >= BLOCK_BYTES:
                yield start, group + 1, rows
                start, rows, size = group + 1, 0, 0
        if rows or start == 0:
            yield start, self.groups, rows

    def rows(self, start: int, stop: int) -> int:
        """Return the number of rows in a range of row groups."""
        return sum(self._metadata.row_group(group).num_rows for group in range(start, stop))

    def digest(self, name: str, start: int, stop: int) -> str:
        """Return the digest of one column in a range of row groups.

        Raises:
            DataError: the file can't be read or ends too early.
        """
        leaf = self._leaf_of[name]
        column = self._leaves.column(leaf)
        described: list[Any] = [column.physical_type, str(column.logical_type)]
        ranges = []
        for group in range(start, stop):
            chunk = self._metadata.row_group(group).column(leaf)
            described.append([chunk.compression, chunk.num_values])
            pages = [chunk.data_page_offset]
            if chunk.has_dictionary_page and chunk.dictionary_page_offset:
                pages.append(chunk.dictionary_page_offset)
            ranges.append((min(pages), min(pages) + chunk.total_compressed_size))
        with reading(self._path), Path(self._path).open("rb") as file:
            return digest_of_range(file, self._path, ranges, prefix=json.dumps(described).encode())

    def read(self, columns: Sequence[FileColumn], start: int, stop: int) -> Iterator[tuple[int, list[Any]]]:
        """Yield (rows before in this range, arrays of the columns) for parts of a range of row groups.

        Raises:
            DataError: a row group can't be decoded.
        """
        names = [column.source for column in columns]
        done = 0
        for group in range(start, stop):
            rows = self._metadata.row_group(group).num_rows
            with self._reading():
                if rows <= _LARGE_GROUP:
                    table = self._file.read_row_group(group, columns=names, use_threads=False)
                    parts = iter([[whole(table[name]) for name in names]])
                else:
                    parts = (
                        [batch[name] for name in names]
                        for batch in self._file.iter_batches(
                            _PART_ROWS, row_groups=[group], columns=names, use_threads=False
                        )
                    )
            while True:
                with self._reading():
                    arrays = next(parts, None)
                if arrays is None:
                    break
                yield done, arrays
                done += len(arrays[0])

    def close(self) -> None:
        """Close the file."""
        self._file.close(force=True)

    def __enter__(self) -> ParquetSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        damaged = False
        with reading(self._path):
            try:
                yield
            except pa.ArrowException:
                damaged = True
            except OSError as error:
                if error.errno is not None:
                    raise
                # Arrow's own, about what the file holds.
                damaged = True
        if damaged:
            raise self._damage()

    def _damage(self) -> DataError:
        with Path(self._path).open("rb") as data:
            begins = data.read(4) == _MAGIC
            size = data.seek(0, 2)
            data.seek(max(size - 4, 0))
            ends = data.read() == _MAGIC
        if begins and not ends:
            return DataError("truncated", self._path, "the Parquet file has no end: it was not written or copied whole")
        detail = "the Parquet file is damaged" if begins else "this is no Parquet file"
        return DataError("format", self._path, detail)
