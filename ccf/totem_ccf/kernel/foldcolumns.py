"""Folds between the kernel's memory and Arrow (``FoldLayout``).

The exact sum of floats (field ``acc``) is what ``runtime/sums.h`` declares: 16 bytes with the window, or the whole
struct where values did not fit into it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from totem_ccf.kernel.columns import Columns
from totem_ccf.kernel.folding import Fold
from totem_ccf.kernel.linear import Array, LinearMemory
from totem_ccf.kernel.roles import OutPlan
from totem_ccf.mapreduce.executor import InputError
from totem_sdk.errors import InternalError
from totem_sdk.types import FLOAT

__all__ = ["accumulator_columns", "fold_batch", "totals"]

_WINDOW_BYTES = 16
_EXACT_BYTES = _WINDOW_BYTES + 16 + 8 * 70


def fold_batch(memory: LinearMemory, out: OutPlan, rows: int, large: Mapping[int, bytes]) -> Any:
    """Return the first ``rows`` keys of a table of folds, and what their values were folded to, as a record batch."""
    if out.table is None:
        raise InternalError("there is no table of folds")
    counts = memory.array(out.table.counts, np.int64, rows)
    if rows and counts[-1] == 0:
        # The last key was put into the table, but its first value did not fit any more: it comes again.
        rows, counts = rows - 1, counts[:-1]
    columns = Columns(memory)
    fold = out.table.fold
    if fold.kind != "sum":
        accumulators = columns.read(out.value, rows, {})
    elif fold.value == FLOAT:
        accumulators = [_float_sums(memory, out, rows)]
    else:
        low, high = (memory.array(slot.address, np.int64, rows).copy() for slot in out.value.slots)
        accumulators = [pa.array(low.view(np.uint64)), pa.array(high)]
    sizes = pa.array(np.zeros(rows, dtype=np.int64))
    arrays = [*columns.read(out.key, rows, large), pa.array(counts.copy()), sizes, *accumulators]
    return pa.RecordBatch.from_arrays(arrays, schema=out.layout.schema)


def _float_sums(memory: LinearMemory, out: OutPlan, rows: int) -> Any:
    low, high, wide = (memory.array(slot.address, np.int64, rows) for slot in out.value.slots)
    windows = np.stack([low, high], axis=1)
    lengths = np.where(wide == 0, _WINDOW_BYTES, _EXACT_BYTES)
    data = windows.tobytes()
    if wide.any():
        parts = []
        for row, address in enumerate(wide):
            parts.append(data[_WINDOW_BYTES * row : _WINDOW_BYTES * (row + 1)])
            if address:
                rest = memory.array(int(address) + _WINDOW_BYTES, np.uint8, _EXACT_BYTES - _WINDOW_BYTES)
                parts.append(rest.tobytes())
        data = b"".join(parts)
    offsets = np.zeros(rows + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return pa.Array.from_buffers(pa.binary(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def accumulator_columns(fold: Fold, columns: Sequence[Any], place: Callable[[bytes], int]) -> list[Any]:
    """Return a fold's fields as Arrow columns of its accumulator type.

    ``place`` puts the bytes of a wide sum into memory and returns their address.

    Raises:
        InputError: a field is not what the kernel writes.
    """
    if fold.kind != "sum":
        return list(columns)
    if fold.value != FLOAT:
        low, high = columns
        return [low.view(pa.int64()), high]
    (column,) = columns
    _, offset_buffer, data_buffer = column.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int32, count=len(column) + 1, offset=4 * column.offset)
    data = np.frombuffer(data_buffer, dtype=np.uint8)
    lengths = np.diff(offsets)
    if not np.isin(lengths, (_WINDOW_BYTES, _EXACT_BYTES)).all():
        raise InputError("a partial sum is not of a size that the kernel writes")
    wide = np.zeros(len(column), dtype=np.int64)
    if (lengths == _WINDOW_BYTES).all():
        windows = data[offsets[0] : offsets[-1]].view(np.int64).reshape(-1, 2)
    else:
        windows = np.empty((len(column), 2), dtype=np.int64)
        for row, start in enumerate(offsets[:-1]):
            windows[row] = data[start : start + _WINDOW_BYTES].view(np.int64)
            if lengths[row] == _EXACT_BYTES:
                wide[row] = place(bytes(_WINDOW_BYTES) + data[start + _WINDOW_BYTES : offsets[row + 1]].tobytes())
    return [pa.array(np.ascontiguousarray(part)) for part in (windows[:, 0], windows[:, 1], wide)]


def totals(column: Any, starts: Array) -> Array:
    """Return the sum of an int64 column for each group; ``starts`` are the groups' first rows."""
    return np.add.reduceat(column.to_numpy(zero_copy_only=False), starts)
