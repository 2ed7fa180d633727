"""Puts what a task reads into the kernel's memory, as much at a time as fits: rows, pairs, groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from totem_ccf.kernel.areas import ROWS, Area
from totem_ccf.kernel.attempt import Attempt
from totem_ccf.kernel.columns import text_sizes, without_null_texts
from totem_ccf.kernel.foldcolumns import accumulator_columns, totals
from totem_ccf.kernel.linear import Array, LinearMemory
from totem_ccf.kernel.roles import GroupPlan
from totem_ccf.mapreduce.executor import InputError
from totem_ccf.mapreduce.pairs import PairLayout
from totem_ccf.mapreduce.shuffle import GroupBatch
from totem_sdk.errors import InternalError
from totem_sdk.types import Option

__all__ = ["GroupFeed", "RowFeed"]

CHUNK_BYTES = 64 << 20
"""Bytes of texts that are put into memory at a time, unless one row alone has more."""


class RowFeed:
    """Puts rows of a dataset, or pairs of the step before, into memory; ``rows`` counts them."""

    def __init__(self, attempt: Attempt) -> None:
        self.rows = 0
        self._attempt = attempt
        plan = attempt.plan
        if plan.pair is None:
            columns = plan.program.schema.columns
            self._areas = [plan.columns[position] for position in plan.columns]
            self._names = [columns[position].name for position in plan.columns]
        else:
            self._areas = list(plan.pair)
            self._names = PairLayout(plan.pair[0].type, plan.pair[1].type).schema.names

    def put(self, batch: Any) -> Iterator[int]:
        """Put one batch into memory, part by part; yield how many rows each part has.

        Raises:
            InputError: the batch doesn't have the columns of the program, or nulls where there can't be any.
        """
        if missing := [name for name in self._names if name not in batch.schema.names]:
            raise InputError(f"the batch has no column {missing[0]!r} (it has: {', '.join(batch.schema.names)})")
        batch = without_null_texts(batch.select(self._names))
        if self._attempt.plan.pair is None:
            _check_nulls(self._areas, batch)
        sizes = text_sizes(batch.columns, batch.num_rows)
        start = 0
        while start < batch.num_rows:
            end = _chunk_end(sizes, start, batch.num_rows)
            columns = iter([column.slice(start, end - start) for column in batch.columns])
            texts = self._attempt.texts
            for area in self._areas:
                texts = self._attempt.columns.write(area, columns, texts)
            self.rows += end - start
            yield end - start
            start = end


class GroupFeed:
    """Puts groups of pairs or of folds into memory, a group that doesn't fit part by part.

    ``values`` counts the values of the groups that were put there.
    """

    def __init__(self, attempt: Attempt, groups: GroupPlan) -> None:
        self.values = 0
        self._attempt = attempt
        self._groups = groups
        self._columns: Sequence[Any] = ()
        self._sizes: Array | None = None
        self._next = self._end = 0

    def put(self, batch: GroupBatch) -> Iterator[int]:
        """Put the groups of one batch into memory, part by part; yield how many groups each part has."""
        attempt, groups = self._attempt, self._groups
        keys, values = without_null_texts(batch.keys), without_null_texts(batch.values)
        offsets = batch.offsets
        self._columns = values.columns
        self.values += values.num_rows
        counts = sizes = offsets[:0]
        if groups.fold is not None and len(batch):
            counts, sizes = (totals(column, offsets[:-1]) for column in self._columns[:2])
            self._columns = self._columns[2:]
            self.values += int(counts.sum()) - values.num_rows
        self._sizes = text_sizes(self._columns, values.num_rows)
        key_sizes = text_sizes(keys.columns, len(batch))
        group = 0
        while group < len(batch):
            start = int(offsets[group])
            rows_end = _chunk_end(self._sizes, start, int(offsets[-1]))
            last = int(np.searchsorted(offsets, rows_end, side="right")) - 1
            last = max(group + 1, min(last, _chunk_end(key_sizes, group, len(batch))))
            self._next, self._end = start, int(offsets[last])
            columns = iter([column.slice(group, last - group) for column in keys.columns])
            texts = attempt.columns.write(groups.key, columns, attempt.texts)
            attempt.memory.set_number(groups.texts, np.uint32, texts)
            rows = self._put_values()
            ends = attempt.memory.array(groups.ends, np.uint32, last - group)
            np.minimum(offsets[group + 1 : last + 1] - start, rows, out=ends, casting="unsafe")
            if groups.fold is not None:
                attempt.memory.array(groups.values, np.int64, last - group)[:] = counts[group:last]
                attempt.memory.array(groups.sizes, np.int64, last - group)[:] = sizes[group:last]
            yield last - group
            group = last

    def more(self) -> None:
        """Put the next values of a group into memory that did not fit."""
        if self._next == self._end:
            raise InternalError("the code asks for values of a group that has no more")
        self._put_values()

    def _put_values(self) -> int:
        attempt, groups = self._attempt, self._groups
        end = _chunk_end(self._sizes, self._next, self._end)
        rows = end - self._next
        columns = [column.slice(self._next, rows) for column in self._columns]
        texts = attempt.memory.number(groups.texts, np.uint32)
        if groups.fold is not None:
            columns = accumulator_columns(groups.fold, columns, _Placer(attempt.memory, texts).place)
        attempt.columns.write(groups.value, iter(columns), texts)
        attempt.memory.set_number(groups.end, np.uint32, rows)
        attempt.memory.set_number(groups.left, np.int64, self._end - end)
        left_bytes = 0 if self._sizes is None else int(self._sizes[self._end] - self._sizes[end])
        attempt.memory.set_number(groups.left_bytes, np.int64, left_bytes)
        self._next = end
        return rows


class _Placer:
    """Puts bytes one behind the other from an address on."""

    def __init__(self, memory: LinearMemory, address: int) -> None:
        self._memory = memory
        self._next = address

    def place(self, data: bytes) -> int:
        address = self._next
        self._next += len(data)
        self._memory.reserve(self._next)
        self._memory.set_bytes(address, data)
        return address


def _chunk_end(sizes: Array | None, start: int, end: int) -> int:
    """Return where a part ends that begins with row ``start``; ``sizes`` are as of ``text_sizes``."""
    end = min(end, start + ROWS)
    if sizes is None or sizes[end] - sizes[start] <= CHUNK_BYTES:
        return end
    fits = int(np.searchsorted(sizes[: end + 1], sizes[start] + CHUNK_BYTES, side="right")) - 1
    return max(start + 1, fits)


def _check_nulls(areas: Sequence[Area], batch: Any) -> None:
    """Check that a dataset's columns have nulls only where their types say so."""
    for area, column, name in zip(areas, batch.columns, batch.schema.names, strict=True):
        if column.null_count and not isinstance(area.type, Option):
            raise InputError(f"column {name!r} has nulls, but its type is {area.type}")
