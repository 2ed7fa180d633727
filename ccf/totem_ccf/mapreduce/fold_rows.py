"""Folds in Python (``Folded``) from and to columns (``FoldLayout``): where partial groups leave a provider or come in.

The exact sum of floats lies in field ``acc`` as the kernel's runtime has it in memory (``runtime/sums.h``): a number of
128 bits in units of 2**-80, and where that does not hold the sum, a wide number behind it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from totem_ccf.mapreduce.pairs import FoldLayout, PairLayout
from totem_sdk.errors import InternalError
from totem_sdk.folds import Fold
from totem_sdk.interpreter.folded import UNIT, Folded
from totem_sdk.types import FLOAT, INT, Option, Tuple

__all__ = ["folds_from_columns", "folds_to_batch"]

_WINDOW_UNIT = 80
_WINDOW = struct.Struct("<Qq")
_CELLS = 70
_WIDE = struct.Struct(f"<IIII{_CELLS}q")
_HALF = (1 << 64) - 1


def folds_to_batch(layout: FoldLayout, rows: Sequence[tuple[Any, Folded]]) -> Any:
    """Return (key, fold) rows as a record batch of the layout."""
    counts = PairLayout(layout.key, Tuple((INT, INT))).from_python([(key, (fold.number, 0)) for key, fold in rows])
    batch = pa.RecordBatch.from_arrays([*counts.columns, *_accumulators(layout, rows)], schema=layout.schema)
    batch.validate()
    return batch


def folds_from_columns(layout: FoldLayout, columns: Sequence[Any]) -> list[Folded]:
    """Return the folds that lie in the columns behind the key's."""
    fold = Fold(layout.fold, layout.value)
    counts, sizes, *accumulators = columns
    numbers = counts.to_pylist()
    if any(sizes.to_pylist()):
        raise InternalError("a fold of texts can't leave its map task")
    if fold.kind != "sum":
        if fold.value == FLOAT:
            nans = accumulators[0].to_pylist()
            best = PairLayout(INT, Option(FLOAT)).values_to_python(accumulators[1:])
            parts = zip(numbers, nans, best, strict=True)
            return [Folded(fold, number, nan=nan, best=value) for number, nan, value in parts]
        values = PairLayout(INT, fold.value).values_to_python(accumulators)
        return [Folded(fold, number, best=value) for number, value in zip(numbers, values, strict=True)]
    if fold.value == FLOAT:
        sums = [_exact(data) for data in accumulators[0].to_pylist()]
        pairs = zip(numbers, sums, strict=True)
        return [Folded(fold, number, total=total, special=special) for number, (total, special) in pairs]
    low, high = (column.to_pylist() for column in accumulators)
    return [Folded(fold, n, total=h << 64 | part) for n, part, h in zip(numbers, low, high, strict=True)]


def _accumulators(layout: FoldLayout, rows: Sequence[tuple[Any, Folded]]) -> list[Any]:
    folds = [fold for _, fold in rows]
    if layout.fold != "sum":
        type_ = Option(FLOAT) if layout.value == FLOAT else layout.value
        best = PairLayout(INT, type_).from_python([(0, fold.best) for fold in folds]).columns[1:]
        return [pa.array([fold.nan for fold in folds], pa.bool_()), *best] if layout.value == FLOAT else best
    if layout.value == FLOAT:
        return [pa.array([_exact_bytes(fold.total, fold.special) for fold in folds], pa.binary())]
    return [
        pa.array([fold.total & _HALF for fold in folds], pa.uint64()),
        pa.array([fold.total >> 64 for fold in folds], pa.int64()),
    ]


def _exact_bytes(total: int, special: int) -> bytes:
    window, rest = divmod(total, 1 << (UNIT - _WINDOW_UNIT))
    if not rest and not special and -(1 << 127) <= window < 1 << 127:
        return _WINDOW.pack(window & _HALF, window >> 64)
    cells = [total >> 32 * cell & 0xFFFFFFFF for cell in range(_CELLS - 1)]
    return _WINDOW.pack(0, 0) + _WIDE.pack(special, 1, 0, 0, *cells, total >> 32 * (_CELLS - 1))


def _exact(data: bytes) -> tuple[int, int]:
    """Return an exact sum in units of 2**-UNIT, and which special values were added."""
    low, high = _WINDOW.unpack_from(data)
    total = (high << 64 | low) << (UNIT - _WINDOW_UNIT)
    if len(data) == _WINDOW.size:
        return total, 0
    special, is_wide, _, _, *cells = _WIDE.unpack_from(data, _WINDOW.size)
    if is_wide:
        total += sum(cell << 32 * position for position, cell in enumerate(cells))
    return total, special
