"""Columns of keys as numpy arrays, and their numbers as integers that are ordered as their canonical bytes are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from totem_sdk.types import DATE, DATETIME, FLOAT, Scalar

__all__ = ["Codes", "Indices", "Mask", "binary", "num_codes", "number_codes", "numpy", "valid"]

Codes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]

_SIGN = np.uint64(1 << 63)
_NAN = np.uint64(0x7FF8000000000000)


def valid(column: Any) -> Mask:
    """Return where a column has no null."""
    mask: Mask = pc.is_valid(column).to_numpy(zero_copy_only=False)
    return mask


def numpy(column: Any) -> Any:
    """Return a fixed-width column as a numpy array, nulls as zero."""
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(0).cast(column.type))
    return column.to_numpy(zero_copy_only=False)


def binary(column: Any) -> tuple[Indices, npt.NDArray[np.uint8]]:
    """Return the offsets and the bytes of a column of bytes."""
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, dtype=np.int32, count=len(column) + 1, offset=4 * column.offset)
    return starts.astype(np.int64), np.frombuffer(data if data is not None else b"", dtype=np.uint8)


def number_codes(type_: Scalar, column: Any) -> Codes:
    """Return the 8 payload bytes of ``key_bytes`` as a big-endian number, for int, float, date and datetime."""
    if type_ == FLOAT:
        return _float_codes(numpy(column).view(np.uint64))
    if type_ == DATE:
        column = column.cast(pa.int32()).cast(pa.int64())
    elif type_ == DATETIME:
        column = column.cast(pa.int64())
    codes: Codes = numpy(column).view(np.uint64) ^ _SIGN
    return codes


def num_codes(flags: Mask, bits: npt.NDArray[np.int64]) -> Codes:
    """Return the 8 payload bytes of a num: of a float where ``flags`` is true, else of an int."""
    words = bits.view(np.uint64)
    return np.where(flags, _float_codes(words), words ^ _SIGN)


def _float_codes(bits: Codes) -> Codes:
    bits = np.where(np.isnan(bits.view(np.float64)), _NAN, bits)
    flips = (bits.view(np.int64) >> 63).view(np.uint64) | _SIGN
    return bits ^ flips
