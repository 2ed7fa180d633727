"""Moves columns between Arrow and the kernel's memory, a column at a time, one copy each.

The order of Arrow's columns is that of ``PairLayout``; a column of a table is laid out like a value of its type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from totem_ccf.kernel.areas import Area, SlotArea
from totem_ccf.kernel.linear import Array, LinearMemory
from totem_ccf.mapreduce.executor import InputError
from totem_ccf.mapreduce.pairs import ARROW_TYPES
from totem_sdk.errors import InternalError
from totem_sdk.types import BOOL, INT, NONE, NUM, STR, Option, Scalar, Tuple, Type

__all__ = ["Columns", "text_sizes", "without_null_texts"]


@dataclass(frozen=True, slots=True)
class _Part:
    """One Arrow column: its type, the slot with its values, the flags that must be set for it to have a value.

    ``nulls`` is the one of these flags that is not a column of its own, but which rows of this one are null.
    """

    type: Scalar
    slot: SlotArea | None
    flags: tuple[SlotArea, ...] = ()
    nulls: SlotArea | None = None


def _parts(type_: Type, slots: Iterator[SlotArea], flags: tuple[SlotArea, ...] = ()) -> Iterator[_Part]:
    match type_:
        case Option(item=item):
            flag = next(slots)
            inside = (*flags, flag)
            if isinstance(item, Tuple):
                yield _Part(BOOL, flag, flags)
                yield from _parts(item, slots, inside)
            elif item == NUM:
                yield _Part(BOOL, next(slots), inside, flag)
                yield _Part(INT, next(slots), inside)
            elif isinstance(item, Scalar):
                yield _Part(item, next(slots), inside, flag)
        case Tuple(items=items):
            for item in items:
                yield from _parts(item, slots, flags)
        case Scalar() if type_ == NUM:
            yield _Part(BOOL, next(slots), flags)
            yield _Part(INT, next(slots), flags)
        case Scalar() if type_ == NONE:
            yield _Part(NONE, None)
        case Scalar():
            yield _Part(type_, next(slots), flags)
        case _:
            raise InternalError(f"a {type_} can't be laid out in columns")


class Columns:
    """Moves the columns of values into a memory and out of it."""

    def __init__(self, memory: LinearMemory) -> None:
        self._memory = memory

    def write(self, area: Area, columns: Iterator[Any], texts: int) -> int:
        """Write the next columns into an area, texts from address ``texts`` on; return the address behind them.

        Raises:
            InputError: a column is not of its type, or its texts don't fit into the memory.
        """
        for part in _parts(area.type, iter(area.slots)):
            column = next(columns)
            if column.type != ARROW_TYPES[part.type]:
                raise InputError(f"a column is of Arrow's type {column.type}, not {ARROW_TYPES[part.type]}")
            if part.nulls is not None:
                self._put(part.nulls, _validity(column))
            if part.slot is None:
                continue
            if part.type == STR:
                texts = self._put_texts(part.slot, column, texts)
            else:
                self._put(part.slot, _values(column, part.type))
        return texts

    def read(self, area: Area, rows: int, large: Mapping[int, bytes]) -> list[Any]:
        """Return the columns of an area as Arrow arrays.

        ``large`` has texts of the last row that are not in their column, by the address of the column.
        """
        return [self._array(part, rows, large) for part in _parts(area.type, iter(area.slots))]

    def _put(self, slot: SlotArea, values: Array) -> None:
        np.copyto(self._memory.array(slot.address, values.dtype, len(values)), values)

    def _put_texts(self, slot: SlotArea, column: Any, texts: int) -> int:
        offsets, data = _text_buffers(column)
        start, end = int(offsets[0]), int(offsets[-1])
        self._memory.reserve(texts + end - start)
        np.subtract(offsets, offsets[0], out=self._memory.array(slot.address, np.int32, len(offsets)))
        self._memory.set_bytes(texts, data[start:end])
        self._memory.set_number(slot.cell, np.uint32, texts)
        return texts + end - start

    def _array(self, part: _Part, rows: int, large: Mapping[int, bytes]) -> Any:
        slot = part.slot
        if slot is None:
            return pa.nulls(rows)
        present = None
        for flag in part.flags:
            here = self._memory.array(flag.address, np.bool_, rows)
            present = here if present is None else present & here
        bitmap = None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
        if part.type == STR:
            offsets = self._memory.array(slot.address, np.int32, rows + 1).copy()
            data = self._memory.array(slot.data, np.uint8, int(offsets[-1])).tobytes()
            if slot.address in large:
                data += large[slot.address]
                offsets[-1] += len(large[slot.address])
            return pa.Array.from_buffers(pa.string(), rows, [bitmap, pa.py_buffer(offsets), pa.py_buffer(data)])
        if part.type == BOOL:
            values = np.packbits(self._memory.array(slot.address, np.bool_, rows), bitorder="little")
        else:
            values = self._memory.array(slot.address, np.int32 if slot.width == 4 else np.int64, rows).copy()
        return pa.Array.from_buffers(ARROW_TYPES[part.type], rows, [bitmap, pa.py_buffer(values)])


def without_null_texts(batch: Any) -> Any:
    """Return the batch with no bytes under the nulls of its text columns (Arrow allows some; they must not count)."""
    for i, column in enumerate(batch.columns):
        if column.type == pa.string() and column.null_count:
            offsets, _ = _text_buffers(column)
            if np.diff(offsets)[~_validity(column)].any():
                texts = pc.if_else(column.is_valid(), pc.fill_null(column, ""), pa.scalar(None, pa.string()))
                batch = batch.set_column(i, batch.schema.field(i), texts)
    return batch


def text_sizes(columns: Sequence[Any], rows: int) -> npt.NDArray[np.int64] | None:
    """Return, for 0 to ``rows``, how many bytes of texts all rows before have; None if no column has texts."""
    total: npt.NDArray[np.int64] | None = None
    for column in columns:
        if column.type == pa.string():
            offsets, _ = _text_buffers(column)
            if total is None:
                total = np.zeros(rows + 1, dtype=np.int64)
            total += offsets - offsets[0]
    return total


def _text_buffers(column: Any) -> tuple[Array, Array]:
    """Return the offsets (one more than rows) and the bytes of a column of texts."""
    _, offsets, data = column.buffers()
    if offsets is None or offsets.size == 0:
        return np.zeros(1, dtype=np.int32), np.zeros(0, dtype=np.uint8)
    return (
        np.frombuffer(offsets, dtype=np.int32, count=len(column) + 1, offset=4 * column.offset),
        np.frombuffer(data if data is not None else b"", dtype=np.uint8),
    )


def _validity(column: Any) -> Array:
    """Return for each row whether it has a value."""
    valid = column.buffers()[0]
    if column.null_count == 0 or valid is None:
        return np.full(len(column), column.null_count == 0, dtype=np.bool_)
    return _bits(valid, column.offset, len(column))


def _values(column: Any, type_: Scalar) -> Array:
    """Return the values of a column of fixed width; those of nulls are arbitrary."""
    data = column.buffers()[1]
    if len(column) == 0 or data is None:
        return np.zeros(len(column), dtype=np.bool_ if type_ == BOOL else np.int64)
    if type_ == BOOL:
        return _bits(data, column.offset, len(column))
    width = column.type.bit_width // 8
    dtype = np.int32 if width == 4 else np.int64
    return np.frombuffer(data, dtype=dtype, count=len(column), offset=width * column.offset)


def _bits(buffer: Any, offset: int, rows: int) -> Array:
    packed = np.frombuffer(buffer, dtype=np.uint8, count=(offset % 8 + rows + 7) // 8, offset=offset // 8)
    return np.unpackbits(packed, bitorder="little")[offset % 8 : offset % 8 + rows].view(np.bool_)
