"""Whole groups in columns: sorted batches of pairs, cut where one key ends and the next begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from totem_ccf.mapreduce.keys import order_codes, stable_order
from totem_ccf.mapreduce.pairs import Layout
from totem_ccf.mapreduce.runs import ShuffleError

__all__ = ["GROUP_ROWS", "GroupBatch", "Offsets", "joined", "sliced", "sorted_rows", "starts_of"]

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


def joined(parts: Iterable[Any], schema: Any) -> Any:
    """Return record batches or tables as one record batch (``schema`` is needed where there may be none)."""
    tables = [part if isinstance(part, pa.Table) else pa.Table.from_batches([part]) for part in parts]
    try:
        table = pa.concat_tables(tables) if tables else schema.empty_table()
        # Arrow would copy even a single chunk.
        columns = [c.chunk(0) if c.num_chunks == 1 else c.combine_chunks() for c in table.columns]
        return pa.RecordBatch.from_arrays(columns, schema=table.schema)
    except (pa.ArrowInvalid, pa.ArrowCapacityError, TypeError):
        raise ShuffleError("the texts of one group, or of one memory limit, exceed the 2 GiB of a column") from None


def sorted_rows(layout: Layout, batch: Any) -> tuple[Offsets, Offsets]:
    """Return the stable order of a batch by its keys, and where in it the groups start."""
    order, codes = stable_order(*order_codes(layout.key, batch.columns[: layout.key_width]))
    return order, starts_of(codes)


def starts_of(codes: npt.NDArray[np.uint64]) -> Offsets:
    """Return where in sorted codes each group starts."""
    if len(codes) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1])


def sliced(layout: Layout, batch: Any, starts: Offsets, group_rows: int) -> Iterator[GroupBatch]:
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
