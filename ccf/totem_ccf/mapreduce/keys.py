"""Keys in columns: their order, for whole batches at once.

``totem_sdk.values.key_bytes`` is the definition (abstract machine, §2). Here no key bytes are
made: the order of the bytes of one type is the order of its leaves from the left, None before everything, and each
leaf has an integer (or a rank among the texts of the batch) that is ordered as its bytes are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow.compute as pc

from totem_ccf.mapreduce.key_columns import Codes, Indices, binary, num_codes, number_codes, numpy, valid
from totem_sdk.errors import InternalError
from totem_sdk.types import Option, Scalar, Tuple, Type

__all__ = ["order_codes", "stable_order"]

_SAMPLE = 4096
"""Texts looked at to tell whether most differ."""
_LONGEST_WORDS = 32
"""Longest text that is made an integer: beyond, the integer would hardly ever fit."""
_FIRST_BYTES = np.array([(1 << 64) - (1 << (64 - 8 * count)) for count in range(9)], dtype=np.uint64)
"""Masks for the first 0 … 8 bytes of a word."""


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
            flags = numpy(next(columns)).astype(np.bool_)
            yield flags.astype(np.uint64), 1
            yield _narrow(num_codes(flags, numpy(next(columns))))
        case Scalar(name="bool"):
            yield numpy(next(columns)).astype(np.uint64), 1
        case Scalar(name="str"):
            yield _text_codes(next(columns))
        case Scalar():
            yield _narrow(number_codes(type_, next(columns)))
        case Option(item=Scalar() as item):
            column = next(columns)
            yield valid(column).astype(np.uint64), 1 if column.null_count else 0
            yield from _order_parts(item, chain([column], columns))
        case Option(item=Tuple() as item):
            yield numpy(next(columns)).astype(np.uint64), 1
            yield from _order_parts(item, columns)
        case Tuple(items=items):
            for each in items:
                yield from _order_parts(each, columns)
        case _:
            raise InternalError(f"a {type_} can't be a key")


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
    offsets, data = binary(texts)
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
