"""The reduce side of the shuffle: merges the sorted pieces of a partition into whole groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from totem_ccf.mapreduce.groups import GROUP_ROWS, GroupBatch, Offsets, joined, sliced, starts_of
from totem_ccf.mapreduce.keys import order_codes, stable_order
from totem_ccf.mapreduce.pairs import Layout
from totem_ccf.mapreduce.runs import Piece, open_piece
from totem_ccf.mapreduce.taking import taken

__all__ = ["ShuffleReader"]


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
            yield from sliced(self._layout, batch, starts, group_rows)

    def _merge(self, runs: list[_Run]) -> tuple[Any, Offsets]:
        """Take from every run what surely belongs to whole groups; return it sorted, with the starts of the groups.

        Each run shows its next rows. A key below the last shown key of every run that has more rows is complete.
        """
        layout = self._layout
        shown = joined([run.shown(layout.key_width) for run in runs], None)
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
        batch = joined([run.take(len(piece)) for run, piece in zip(runs, pieces, strict=True)], layout.schema)
        codes = np.concatenate(pieces)
        if not bool((codes[:-1] <= codes[1:]).all()):
            order, codes = stable_order(codes, bits)
            batch = taken(batch, order)
        return batch, starts_of(codes)


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
