"""The columnar shuffle: emits of map tasks in, whole groups in the abstract machine's order out.

::

    map task     ShuffleWriter.add(batch) …  finish() ─► pieces: (partition, run) each sorted by key, stable
    combiner     Grouper.add(batch) …        groups() ─► GroupBatch …
    reduce task  ShuffleReader(layout, pieces of its partition, tasks in order) ─► GroupBatch …

Groups come in the order of their canonical key bytes, the values of a group by (map task, number of the emit). The
number is never stored: a run holds emits that directly follow those of the run before, runs are given in the order of
the tasks, and every sort is stable. So it makes no difference how often a task spilled.

Memory: a writer and a grouper keep at most about ``memory_limit`` bytes of emits before they write a run; while a run
is sorted, it is there twice. A reader maps the runs and copies at most about ``memory_limit`` bytes at a time, but a
group is always whole: for a group that is larger, memory grows with it (the provider must have room for the largest
group of a partition; the texts of one batch of groups may have 2 GiB at most).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from totem_ccf.faults import kill_point
from totem_ccf.mapreduce.keys import order_codes, partition_numbers, stable_order
from totem_ccf.mapreduce.pairs import Layout
from totem_ccf.mapreduce.runs import Piece, PieceWriter, ShuffleError, open_piece
from totem_sdk.errors import InternalError

__all__ = ["GroupBatch", "Grouper", "Piece", "ShuffleError", "ShuffleReader", "ShuffleWriter"]

GROUP_ROWS = 262_144
"""Values in a GroupBatch, unless one group alone has more."""

Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True)
class GroupBatch:
    """Whole groups in order: ``keys`` has one row for each, the values of group i are ``offsets[i]:offsets[i + 1]``.

    ``keys`` and ``values`` are record batches with the key's and the other fields of the layout.
    """

    keys: Any
    values: Any
    offsets: Offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1


class ShuffleWriter:
    """The map side: takes a task's emits in order and writes them sorted, for each partition.

    Args:
        layout: the fields of the emits.
        partitions: how many reduce tasks there are.
        directory: where the files of this attempt go; created with the first run.
        memory_limit: bytes of emits after which a run is written.

    Raises:
        ShuffleError: a file can't be written.
    """

    def __init__(self, layout: Layout, partitions: int, directory: Path, memory_limit: int) -> None:
        self._layout = layout
        self._partitions = partitions
        self._directory = directory
        self._memory_limit = memory_limit
        self._batches: list[Any] = []
        self._bytes = 0
        self._runs = 0
        self._pieces: list[Piece] = []
        self.rows = 0

    def add(self, batch: Any) -> None:
        """Take the next emits, a record batch of the layout."""
        if batch.schema != self._layout.schema:
            raise InternalError(f"emits have the fields {batch.schema.names}, not {self._layout.schema.names}")
        self._batches.append(batch)
        self._bytes += batch.nbytes
        self.rows += batch.num_rows
        if self._bytes > self._memory_limit:
            self._spill()

    def finish(self) -> tuple[Piece, ...]:
        """Write what is left and return the pieces that have rows, by partition and, within it, in their order."""
        self._spill()
        return tuple(sorted(self._pieces, key=lambda piece: piece.partition))

    def _spill(self) -> None:
        if not any(batch.num_rows for batch in self._batches):
            return
        batch = _joined(self._batches, self._layout.schema)
        self._batches, self._bytes = [], 0
        order, starts = _sorted(self._layout, batch)
        firsts = pa.array(order[starts])
        keys = [column.take(firsts) for column in batch.columns[: self._layout.key_width]]
        order, ends = _by_partition(
            order, starts, partition_numbers(self._layout.key, keys, self._partitions), self._partitions
        )
        batch = batch.take(pa.array(order))
        with PieceWriter(self._directory / f"run-{self._runs:04d}.arrow", self._layout.schema) as writer:
            for partition, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
                if end > start:
                    self._pieces.append(writer.write([batch.slice(start, end - start)], partition))
                    kill_point("worker:shuffle")
        self._runs += 1


class Grouper:
    """Groups the emits of one task for its combiner; writes runs only if they exceed ``memory_limit`` bytes.

    Raises:
        ShuffleError: a file can't be written or read.
    """

    def __init__(self, layout: Layout, directory: Path, memory_limit: int) -> None:
        self._layout = layout
        self._directory = directory
        self._memory_limit = memory_limit
        self._batches: list[Any] = []
        self._bytes = 0
        self._writer: ShuffleWriter | None = None

    def add(self, batch: Any) -> None:
        """Take the next emits, a record batch of the layout."""
        if self._writer is not None:
            self._writer.add(batch)
            return
        self._batches.append(batch)
        self._bytes += batch.nbytes
        if self._bytes > self._memory_limit:
            self._writer = ShuffleWriter(self._layout, 1, self._directory, self._memory_limit)
            for held in self._batches:
                self._writer.add(held)
            self._batches = []

    def groups(self, group_rows: int = GROUP_ROWS) -> Iterator[GroupBatch]:
        """Yield every group in order; to be called once, after the last ``add``."""
        kill_point("worker:combine")
        if self._writer is not None:
            yield from ShuffleReader(self._layout, self._writer.finish(), self._memory_limit).groups(group_rows)
        else:
            batch = _joined(self._batches, self._layout.schema)
            self._batches = []
            order, starts = _sorted(self._layout, batch)
            yield from _sliced(self._layout, batch.take(pa.array(order)), starts, group_rows)


class ShuffleReader:
    """The reduce side: merges the pieces of one partition.

    Args:
        layout: the fields that the writers had.
        pieces: the partition's pieces: the tasks in order, the pieces of a task as its writer returned them.
        memory_limit: about how many bytes are copied at a time.
    """

    def __init__(self, layout: Layout, pieces: Sequence[Piece], memory_limit: int) -> None:
        self._layout = layout
        self._pieces = tuple(pieces)
        self._memory_limit = memory_limit
        self.rows = sum(piece.rows for piece in self._pieces)
        """Number of values in the partition."""

    def groups(self, group_rows: int = GROUP_ROWS) -> Iterator[GroupBatch]:
        """Yield every group in order, about ``group_rows`` values at a time.

        Raises:
            ShuffleError: a piece can't be read or is not what was written, or a group has more than 2 GiB of texts.
        """
        runs = [_Run(open_piece(piece, self._layout.schema)) for piece in self._pieces]
        size = sum(piece.length for piece in self._pieces) // max(self.rows, 1) + 1
        # What is read is there as columns, as codes, and sorted.
        rows = self._memory_limit // (4 * (size + 8))
        while runs := [run for run in runs if run.position < run.table.num_rows]:
            for run in runs:
                run.show(max(rows // len(runs), 1))
            batch, starts = self._merge(runs)
            yield from _sliced(self._layout, batch, starts, group_rows)

    def _merge(self, runs: list[_Run]) -> tuple[Any, Offsets]:
        """Take from every run what surely belongs to whole groups; return it sorted, with the starts of the groups.

        Each run shows its next rows. A key below the last shown key of every run that has more rows is complete.
        """
        layout = self._layout
        shown = _joined([run.shown(layout.key_width) for run in runs], None)
        codes, bits = order_codes(layout.key, shown.columns)
        ends = np.cumsum([run.stop - run.position for run in runs])
        pieces = np.split(codes, ends[:-1])
        bounds = [piece[-1] for run, piece in zip(runs, pieces, strict=True) if run.stop < run.table.num_rows]
        if bounds:
            bound = min(bounds)
            counts = [int(np.searchsorted(piece, bound)) for piece in pieces]
            if not any(counts):
                for run, piece in zip(runs, pieces, strict=True):
                    if piece[-1] == bound:
                        run.show(2 * len(piece))
            pieces = [piece[:count] for piece, count in zip(pieces, counts, strict=True)]
        batch = _joined([run.take(len(piece)) for run, piece in zip(runs, pieces, strict=True)], layout.schema)
        codes = np.concatenate(pieces)
        if not bool((codes[:-1] <= codes[1:]).all()):
            order, codes = stable_order(codes, bits)
            batch = batch.take(pa.array(order))
        return batch, _starts(codes)


class _Run:
    """A sorted piece that is being merged: rows before ``position`` are taken, rows before ``stop`` are shown."""

    def __init__(self, table: Any) -> None:
        self.table = table
        self.position = 0
        self.stop = 0

    def show(self, rows: int) -> None:
        """Show so many rows from ``position`` on, or all there are."""
        self.stop = max(self.stop, min(self.position + rows, self.table.num_rows))

    def shown(self, width: int) -> Any:
        """Return the first ``width`` columns of what is shown."""
        return self.table.slice(self.position, self.stop - self.position).select(range(width))

    def take(self, rows: int) -> Any:
        """Return the next rows and step over them."""
        taken = self.table.slice(self.position, rows)
        self.position += rows
        return taken


def _joined(parts: Iterable[Any], schema: Any) -> Any:
    """Return record batches or tables as one record batch (``schema`` is needed where there may be none)."""
    tables = [part if isinstance(part, pa.Table) else pa.Table.from_batches([part]) for part in parts]
    try:
        table = pa.concat_tables(tables) if tables else schema.empty_table()
        # Arrow would copy even a single chunk.
        columns = [c.chunk(0) if c.num_chunks == 1 else c.combine_chunks() for c in table.columns]
        return pa.RecordBatch.from_arrays(columns, schema=table.schema)
    except (pa.ArrowInvalid, pa.ArrowCapacityError, TypeError):
        raise ShuffleError("the texts of one group, or of one memory limit, exceed the 2 GiB of a column") from None


def _sorted(layout: Layout, batch: Any) -> tuple[Offsets, Offsets]:
    """Return the stable order of a batch by its keys, and where in it the groups start."""
    order, codes = stable_order(*order_codes(layout.key, batch.columns[: layout.key_width]))
    return order, _starts(codes)


def _starts(codes: npt.NDArray[np.uint64]) -> Offsets:
    """Return where in sorted codes each group starts."""
    if len(codes) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1])


def _by_partition(order: Offsets, starts: Offsets, numbers: Offsets, partitions: int) -> tuple[Offsets, list[int]]:
    """Reorder whole groups by their partition; return the order of the rows and where each partition ends."""
    if partitions == 1:
        return order, [len(order)]
    lengths = np.diff(starts, append=len(order))
    groups = np.argsort(numbers.astype(np.uint16), kind="stable")
    ends = np.cumsum(lengths[groups])
    moves = starts[groups] - (ends - lengths[groups])
    rows = np.repeat(moves, lengths[groups]) + np.arange(len(order))
    sizes = np.bincount(numbers, weights=lengths, minlength=partitions)
    return order[rows], [int(end) for end in np.cumsum(sizes)]


def _sliced(layout: Layout, batch: Any, starts: Offsets, group_rows: int) -> Iterator[GroupBatch]:
    """Yield a sorted batch as groups, about ``group_rows`` values at a time."""
    width = layout.key_width
    keys = batch.select(range(width)).take(pa.array(starts))
    values = batch.select(range(width, batch.num_columns))
    offsets = np.append(starts, batch.num_rows)
    first = 0
    while first < len(starts):
        last = max(int(np.searchsorted(offsets, offsets[first] + group_rows, side="right")) - 1, first + 1)
        start, stop = int(offsets[first]), int(offsets[last])
        yield GroupBatch(
            keys.slice(first, last - first), values.slice(start, stop - start), offsets[first : last + 1] - start
        )
        first = last
