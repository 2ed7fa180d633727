"""Keys in columns: their order and their partitions, for whole batches at once.

``totem_sdk.values.key_bytes`` and ``partition_of`` are the definition (abstract machine, §2). Here no key bytes are
made: the order of the bytes of one type is the order of its leaves from the left, None before everything, and each
leaf has an integer (or a rank among the texts of the batch) that is ordered as its bytes are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from totem_sdk.errors import InternalError
from totem_sdk.types import DATE, DATETIME, FLOAT, INT, Option, Scalar, Tuple, Type

__all__ = ["order_codes", "partition_numbers", "stable_order"]

Codes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]

_SIGN = np.uint64(1 << 63)
_NAN = np.uint64(0x7FF8000000000000)
_FNV_OFFSET = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)
_TAGS = {INT: 0x06, FLOAT: 0x08, DATE: 0x0C, DATETIME: 0x0E}
_HASHED_ROWS = 8192
"""Rows hashed at a time: what one pass touches stays in the processor's cache."""
_SAMPLE = 4096
"""Texts looked at to tell whether most differ."""
_LONGEST_WORDS = 32
"""Longest text that is made an integer: beyond, the integer would hardly ever fit."""
_FIRST_BYTES = np.array([(1 << 64) - (1 << (64 - 8 * count)) for count in range(9)], dtype=np.uint64)
"""Masks for the first 0 … 8 bytes of a word."""
_LONG_TEXT = 64
"""From this byte on few texts are left: those are hashed one by one."""


def order_codes(key: Type, columns: Sequence[Any]) -> tuple[Codes, int]:
    """Return one unsigned integer for each key and the bits that the largest one needs.

    Within this batch (and only there) the integers are equal where the keys' canonical bytes are, and ordered as
    they are.
    """
    rows = len(columns[0]) if columns else 0
    codes = np.zeros(rows, dtype=np.uint64)
    bits = 0
    for part, width in _order_parts(key, iter(columns)):
        if width:
            codes, bits = _append(codes, bits, part, width) if bits else (part, width)
    return codes, bits


def stable_order(codes: Codes, bits: int) -> tuple[Indices, Codes]:
    """Return the permutation that sorts codes of so many bits (equal ones keep their order), and the sorted codes."""
    rows = len(codes)
    position_bits = max(rows - 1, 0).bit_length()
    shift, mask = np.uint64(position_bits), np.uint64((1 << position_bits) - 1)
    if bits + position_bits <= 64:
        # Sorting plain integers that end in their position is much faster than a stable argsort.
        packed = (codes << shift) | np.arange(rows, dtype=np.uint64)
        packed.sort()
        return (packed & mask).astype(np.int64), packed >> shift
    order = np.argsort(codes)
    ordered = codes[order]
    groups = np.zeros(rows, dtype=np.uint64)
    np.cumsum(ordered[1:] != ordered[:-1], out=groups[1:])
    if int(groups[-1]) != rows - 1:
        packed = (groups << shift) | order.astype(np.uint64)
        packed.sort()
        order = (packed & mask).astype(np.int64)
    return order, ordered


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


def _append(codes: Codes, bits: int, part: Codes, width: int) -> tuple[Codes, int]:
    """Return codes that are ordered first by ``codes`` and then by ``part``."""
    if bits + width > 64:
        codes, bits = _ranks(codes)
    if bits + width > 64:
        part, width = _ranks(part)
    return (codes << np.uint64(width)) | part, bits + width


def _ranks(codes: Codes) -> tuple[Codes, int]:
    distinct, ranks = np.unique(codes, return_inverse=True)
    return ranks.astype(np.uint64), max(len(distinct) - 1, 0).bit_length()


def _order_parts(type_: Type, columns: Iterator[Any]) -> Iterator[tuple[Codes, int]]:
    """Yield order codes and their bits for each part of the key that takes part in the order, from the left."""
    match type_:
        case Scalar(name="none"):
            next(columns)
        case Scalar(name="num"):
            # Tag 06 of an int is before tag 08 of a float, whatever the value.
            flags = _numpy(next(columns)).astype(np.bool_)
            yield flags.astype(np.uint64), 1
            yield _narrow(_num_codes(flags, _numpy(next(columns))))
        case Scalar(name="bool"):
            yield _numpy(next(columns)).astype(np.uint64), 1
        case Scalar(name="str"):
            yield _text_codes(next(columns))
        case Scalar():
            yield _narrow(_number_codes(type_, next(columns)))
        case Option(item=Scalar() as item):
            column = next(columns)
            yield _valid(column).astype(np.uint64), 1 if column.null_count else 0
            yield from _order_parts(item, chain([column], columns))
        case Option(item=Tuple() as item):
            yield _numpy(next(columns)).astype(np.uint64), 1
            yield from _order_parts(item, columns)
        case Tuple(items=items):
            for each in items:
                yield from _order_parts(each, columns)
        case _:
            raise InternalError(f"a {type_} can't be a key")


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
                flags = _numpy(next(columns)).astype(np.bool_)
                self._bytes(np.where(flags, np.uint64(0x08), np.uint64(0x06)), where)
                self._words(_num_codes(flags, _numpy(next(columns))), where)
            case Scalar(name="bool"):
                self._bytes(0x04, where)
                self._bytes(_numpy(next(columns)).astype(np.uint64), where)
            case Scalar(name="str"):
                self._bytes(0x0A, where)
                self._texts(next(columns))
                self._bytes(0x00, where)
            case Scalar():
                self._bytes(_TAGS[type_], where)
                self._words(_number_codes(type_, next(columns)), where)
            case Option(item=Scalar() as item):
                column = next(columns)
                valid = _valid(column)
                self._bytes(0x02, _both(where, ~valid))
                self.feed(item, chain([column], columns), _both(where, valid))
            case Option(item=Tuple() as item):
                present = _numpy(next(columns)).astype(np.bool_)
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
        offsets, data = _binary(texts)
        if not data[int(offsets[0]) : int(offsets[-1])].all():
            offsets, data = _binary(pc.replace_substring(texts, pattern=b"\x00", replacement=b"\x00\xff"))
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


def _valid(column: Any) -> Mask:
    mask: Mask = pc.is_valid(column).to_numpy(zero_copy_only=False)
    return mask


def _numpy(column: Any) -> Any:
    """Return a fixed-width column as a numpy array, nulls as zero."""
    if column.null_count:
        column = pc.fill_null(column, pa.scalar(0).cast(column.type))
    return column.to_numpy(zero_copy_only=False)


def _binary(column: Any) -> tuple[Indices, npt.NDArray[np.uint8]]:
    """Return the offsets and the bytes of a column of bytes."""
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, dtype=np.int32, count=len(column) + 1, offset=4 * column.offset)
    return starts.astype(np.int64), np.frombuffer(data if data is not None else b"", dtype=np.uint8)


def _number_codes(type_: Scalar, column: Any) -> Codes:
    """Return the 8 payload bytes of ``key_bytes`` as a big-endian number, for int, float, date and datetime."""
    if type_ == FLOAT:
        return _float_codes(_numpy(column).view(np.uint64))
    if type_ == DATE:
        column = column.cast(pa.int32()).cast(pa.int64())
    elif type_ == DATETIME:
        column = column.cast(pa.int64())
    codes: Codes = _numpy(column).view(np.uint64) ^ _SIGN
    return codes


def _num_codes(flags: Mask, bits: npt.NDArray[np.int64]) -> Codes:
    words = bits.view(np.uint64)
    return np.where(flags, _float_codes(words), words ^ _SIGN)


def _float_codes(bits: Codes) -> Codes:
    bits = np.where(np.isnan(bits.view(np.float64)), _NAN, bits)
    flips = (bits.view(np.int64) >> 63).view(np.uint64) | _SIGN
    return bits ^ flips


def _narrow(codes: Codes) -> tuple[Codes, int]:
    if len(codes) == 0:
        return codes, 0
    lowest = codes.min()
    return codes - lowest, int(codes.max() - lowest).bit_length()


def _text_codes(column: Any) -> tuple[Codes, int]:
    """Return codes that are ordered as the bytes of the texts are.

    Two ways lead there, and only time tells them apart: short texts that mostly differ become integers made of their
    bytes; all others the ranks of the distinct texts.
    """
    texts = pc.fill_null(column, "")
    sample = texts.slice(0, _SAMPLE)
    if 4 * len(pc.unique(sample)) > len(sample):
        codes, bits = _text_words(texts)
        if bits <= 64:
            return codes, bits
    encoded = pc.dictionary_encode(texts)
    count = len(encoded.dictionary)
    ranks = np.empty(count, dtype=np.uint64)
    # Arrow compares texts by their bytes.
    ranks[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(count, dtype=np.uint64)
    return ranks[encoded.indices.to_numpy()], max(count - 1, 0).bit_length()


def _text_words(texts: Any) -> tuple[Codes, int]:
    """Return texts as integers of their bytes, without those that all have in common; with more than 64 bits: none."""
    offsets, data = _binary(texts)
    data = np.append(data[int(offsets[0]) : int(offsets[-1])], np.zeros(8, dtype=np.uint8))
    starts, lengths = offsets[:-1] - offsets[0], np.diff(offsets)
    longest = int(lengths.max(initial=0))
    codes = np.zeros(len(texts), dtype=np.uint64)
    bits = 0
    if longest > _LONGEST_WORDS:
        return codes, 65
    anywhere = np.ndarray((len(data) - 7,), dtype=">u8", buffer=data, strides=(1,))
    parts = []
    for position in range(0, longest, 8):
        left = np.clip(lengths - position, 0, 8)
        words = anywhere[np.where(left, starts + position, 0)].astype(np.uint64) & _FIRST_BYTES[left]
        parts.append(_narrow(words >> np.uint64(8 * max(position + 8 - longest, 0))))
    if not data[:-8].all():
        # "a" and "a\0" have the same words.
        parts.append(_narrow(lengths.astype(np.uint64)))
    for part, width in parts:
        bits += width
        if bits <= 64 and width:
            codes = part if bits == width else (codes << np.uint64(width)) | part
    return codes, bits
