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

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from totem_ccf.faults import kill_point
from totem_ccf.mapreduce.groups import GROUP_ROWS, GroupBatch, Offsets, joined, sliced, sorted_rows
from totem_ccf.mapreduce.key_partitions import partition_numbers
from totem_ccf.mapreduce.pairs import Layout
from totem_ccf.mapreduce.runs import Piece, PieceWriter, ShuffleError
from totem_ccf.mapreduce.shuffle_reader import ShuffleReader
from totem_ccf.mapreduce.taking import taken
from totem_sdk.errors import InternalError

__all__ = ["GroupBatch", "Grouper", "Piece", "ShuffleError", "ShuffleReader", "ShuffleWriter"]


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
        batch = joined(self._batches, self._layout.schema)
        self._batches, self._bytes = [], 0
        order, starts = sorted_rows(self._layout, batch)
        firsts = pa.array(order[starts])
        keys = [column.take(firsts) for column in batch.columns[: self._layout.key_width]]
        order, ends = _by_partition(
            order, starts, partition_numbers(self._layout.key, keys, self._partitions), self._partitions
        )
        batch = taken(batch, order)
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
            batch = joined(self._batches, self._layout.schema)
            self._batches = []
            order, starts = sorted_rows(self._layout, batch)
            yield from sliced(self._layout, taken(batch, order), starts, group_rows)


def _by_partition(order: Offsets, starts: Offsets, numbers: Offsets, partitions: int) -> tuple[Offsets, list[int]]:
    """Reorder whole groups by their partition; return the order of the rows and where each partition ends."""
    if partitions == 1:
        return order, [len(order)]
    groups = np.argsort(numbers.astype(np.uint16), kind="stable")
    if len(starts) == len(order):
        # Partial folds: each key has one row, so its group is that row.
        return order[groups], [int(end) for end in np.cumsum(np.bincount(numbers, minlength=partitions))]
    lengths = np.diff(starts, append=len(order))
    ends = np.cumsum(lengths[groups])
    moves = starts[groups] - (ends - lengths[groups])
    rows = np.repeat(moves, lengths[groups]) + np.arange(len(order))
    sizes = np.bincount(numbers, weights=lengths, minlength=partitions)
    return order[rows], [int(end) for end in np.cumsum(sizes)]
