"""The partition of a key: FNV-1a of its canonical bytes, for whole batches at once.

The bytes are never put together: each leaf of the key feeds its own to the states of all rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from totem_ccf.mapreduce.key_columns import Codes, Mask, binary, num_codes, number_codes, numpy, valid
from totem_sdk.errors import InternalError
from totem_sdk.types import DATE, DATETIME, FLOAT, INT, Option, Scalar, Tuple, Type

__all__ = ["partition_numbers"]

_FNV_OFFSET = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)
_TAGS = {INT: 0x06, FLOAT: 0x08, DATE: 0x0C, DATETIME: 0x0E}
_HASHED_ROWS = 8192
"""Rows hashed at a time: what one pass touches stays in the processor's cache."""
_LONG_TEXT = 64
"""From this byte on few texts are left: those are hashed one by one."""


def partition_numbers(key: Type, columns: Sequence[Any], partitions: int) -> npt.NDArray[np.int64]:
    """Return the partition of each key: FNV-1a of its canonical bytes, folded, modulo ``partitions``."""
    rows = len(columns[0]) if columns else 0
    numbers = np.zeros(rows, dtype=np.int64)
    if partitions == 1:
        return numbers
    for start in range(0, rows, _HASHED_ROWS):
        hashes = _Hashes(min(_HASHED_ROWS, rows - start))
        hashes.feed(key, iter([column.slice(start, _HASHED_ROWS) for column in columns]), None)
        folded = hashes.state ^ (hashes.state >> np.uint64(32))
        numbers[start : start + _HASHED_ROWS] = folded % np.uint64(partitions)
    return numbers


class _Hashes:
    """FNV-1a states of some keys, fed with the bytes of ``key_bytes`` from the left."""

    def __init__(self, rows: int) -> None:
        self.state = np.full(rows, _FNV_OFFSET, dtype=np.uint64)

    def feed(self, type_: Type, columns: Iterator[Any], where: Mask | None) -> None:
        """Feed the canonical bytes of the keys for which ``where`` is true (None: of all)."""
        match type_:
            case Scalar(name="none"):
                next(columns)
                self._bytes(0x02, where)
            case Scalar(name="num"):
                flags = numpy(next(columns)).astype(np.bool_)
                self._bytes(np.where(flags, np.uint64(0x08), np.uint64(0x06)), where)
                self._words(num_codes(flags, numpy(next(columns))), where)
            case Scalar(name="bool"):
                self._bytes(0x04, where)
                self._bytes(numpy(next(columns)).astype(np.uint64), where)
            case Scalar(name="str"):
                self._bytes(0x0A, where)
                self._texts(next(columns))
                self._bytes(0x00, where)
            case Scalar():
                self._bytes(_TAGS[type_], where)
                self._words(number_codes(type_, next(columns)), where)
            case Option(item=Scalar() as item):
                column = next(columns)
                present = valid(column)
                self._bytes(0x02, _both(where, ~present))
                self.feed(item, chain([column], columns), _both(where, present))
            case Option(item=Tuple() as item):
                present = numpy(next(columns)).astype(np.bool_)
                self._bytes(0x02, _both(where, ~present))
                self.feed(item, columns, _both(where, present))
            case Tuple(items=items):
                self._bytes(0x10, where)
                for each in items:
                    self.feed(each, columns, where)
                self._bytes(0x00, where)
            case _:
                raise InternalError(f"a {type_} can't be a key")

    def _bytes(self, byte: int | Codes, where: Mask | None) -> None:
        mixed = (self.state ^ (np.uint64(byte) if isinstance(byte, int) else byte)) * _FNV_PRIME
        if where is None:
            self.state = mixed
        else:
            np.copyto(self.state, mixed, where=where)

    def _words(self, words: Codes, where: Mask | None) -> None:
        for shift in range(56, -8, -8):
            self._bytes((words >> np.uint64(shift)) & np.uint64(0xFF), where)

    def _texts(self, column: Any) -> None:
        # Where there is no key there is a null: fed as an empty text it changes nothing.
        texts = pc.fill_null(column, "").cast(pa.binary())
        offsets, data = binary(texts)
        if not data[int(offsets[0]) : int(offsets[-1])].all():
            offsets, data = binary(pc.replace_substring(texts, pattern=b"\x00", replacement=b"\x00\xff"))
        lengths = np.diff(offsets)
        order = np.argsort(-lengths, kind="stable")
        states, starts, lengths = self.state[order], offsets[:-1][order], lengths[order]
        for position in range(int(lengths[0]) if len(lengths) else 0):
            count = int(np.searchsorted(-lengths, -position, side="left"))
            if position >= _LONG_TEXT and count < _LONG_TEXT:
                for row in range(count):
                    text = data[int(starts[row]) + position : int(starts[row] + lengths[row])].tobytes()
                    states[row] = _fnv(int(states[row]), text)
                break
            states[:count] = (states[:count] ^ data[starts[:count] + position].astype(np.uint64)) * _FNV_PRIME
        self.state[order] = states


def _fnv(state: int, data: bytes) -> int:
    prime, mask = int(_FNV_PRIME), (1 << 64) - 1
    for byte in data:
        state = ((state ^ byte) * prime) & mask
    return state


def _both(where: Mask | None, more: Mask) -> Mask:
    return more if where is None else where & more
