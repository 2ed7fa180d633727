"""Rows of a record batch in another order.

Arrow gathers values of one width several times faster than values that each have a length of their own. The bytes of a
partial sum nearly always have one length (``totem_ccf.kernel.foldcolumns``), and so often have codes that are texts:
such a column is taken as one of fixed width, and is afterwards what it was before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["taken"]

_VARIABLE = (pa.binary(), pa.string())


def taken(batch: Any, order: npt.NDArray[np.int64]) -> Any:
    """Return the rows ``order`` of a record batch, each at most once: equal to ``batch.take``."""
    indices = pa.array(order)
    return pa.RecordBatch.from_arrays([_taken(column, indices) for column in batch.columns], schema=batch.schema)


def _taken(column: Any, indices: Any) -> Any:
    offsets = _offsets(column)
    width = 0 if offsets is None else _width(offsets)
    if offsets is None or width == 0:
        return column.take(indices)
    data = column.buffers()[2].slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
    fixed = pa.Array.from_buffers(pa.binary(width), len(column), [None, data]).take(indices)
    ends = np.arange(0, (len(indices) + 1) * width, width, dtype=np.int32)
    return pa.Array.from_buffers(column.type, len(indices), [None, pa.py_buffer(ends), fixed.buffers()[1]])


def _offsets(column: Any) -> npt.NDArray[np.int32] | None:
    """Return where the values of a column of variable width start and end, or None if it is another or has nulls."""
    if column.type not in _VARIABLE or column.null_count or len(column) == 0:
        return None
    return np.frombuffer(column.buffers()[1], dtype=np.int32, count=len(column) + 1, offset=4 * column.offset)


def _width(offsets: npt.NDArray[np.int32]) -> int:
    """Return how many bytes every value has, or 0 if that differs."""
    width = int(offsets[1] - offsets[0])
    # Most columns of other widths are told by their first value and their end.
    if int(offsets[-1] - offsets[0]) != width * (len(offsets) - 1):
        return 0
    return width if bool((np.diff(offsets) == width).all()) else 0
