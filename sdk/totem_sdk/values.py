"""Values outside a program: canonical key bytes, partitions, result lines (abstract machine, §2 and §6).

Values are Python's: int, float, bool, str, None, datetime.date, datetime.datetime, and tuples (lists count as
tuples). These functions are the definition; faster ones elsewhere are tested against them.
"""

from __future__ import annotations

import datetime
import json
import math
import struct
from typing import Any

from totem_sdk.errors import InternalError, InvalidDocument
from totem_sdk.limits import INT_MAX, INT_MIN
from totem_sdk.types import BOOL, FLOAT, INT, NONE, NUM, STR, Option, Tuple, Type, Union

__all__ = [
    "PARTITIONS",
    "canonical_json",
    "json_line",
    "key_bytes",
    "partition_of",
    "read_value",
    "result_line",
    "text_bytes",
]

PARTITIONS = 16
"""Logical partitions of a shuffle whose reducer has no state."""

_EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
_EPOCH = datetime.datetime(1970, 1, 1)
_MICROSECOND = datetime.timedelta(microseconds=1)
_CANONICAL_NAN = 0x7FF8000000000000
_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3
_MASK = (1 << 64) - 1
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def key_bytes(value: Any) -> bytes:
    """Return the canonical bytes of a key: equal bytes, equal group; groups are ordered by them.

    ==========  ==== ==================================================================
    None        02
    bool        04   00 or 01
    int         06   8 bytes, big-endian, sign bit flipped
    float       08   8 bytes of the binary64, big-endian: sign bit flipped if it was 0, all bits flipped if it was 1;
                     every NaN is 7ff8000000000000 before that
    str         0a   UTF-8 with 00 written as 00 ff, then 00
    date        0c   days since 1970-01-01 as an int's 8 bytes
    datetime    0e   microseconds since 1970-01-01T00:00:00 as an int's 8 bytes
    tuple       10   the items, then 00
    ==========  ==== ==================================================================

    The order is that of the values within a type, and of the tags between types.
    """
    match value:
        case None:
            return b"\x02"
        case bool():
            return b"\x04\x01" if value else b"\x04\x00"
        case int():
            return b"\x06" + _int_bytes(value)
        case float():
            bits = _CANONICAL_NAN if math.isnan(value) else struct.unpack(">Q", struct.pack(">d", value))[0]
            bits = bits ^ _MASK if bits >> 63 else bits ^ (1 << 63)
            return b"\x08" + struct.pack(">Q", bits)
        case str():
            return b"\x0a" + value.encode().replace(b"\x00", b"\x00\xff") + b"\x00"
        case datetime.datetime():
            return b"\x0e" + _int_bytes((value - _EPOCH) // _MICROSECOND)
        case datetime.date():
            return b"\x0c" + _int_bytes(value.toordinal() - _EPOCH_DAY)
        case tuple() | list():
            return b"\x10" + b"".join(key_bytes(item) for item in value) + b"\x00"
    raise InternalError(f"a {type(value).__name__} can't be a key")


def _int_bytes(value: int) -> bytes:
    return struct.pack(">Q", (value & _MASK) ^ (1 << 63))


def partition_of(key: bytes, partitions: int = PARTITIONS) -> int:
    """Return the partition of canonical key bytes: FNV-1a of 64 bits, folded to 32, modulo the number of partitions."""
    if partitions == 1:
        return 0
    digest = _FNV_OFFSET
    for byte in key:
        digest = ((digest ^ byte) * _FNV_PRIME) & _MASK
    return (digest ^ (digest >> 32)) % partitions


def text_bytes(value: Any) -> int:
    """Return the UTF-8 bytes of all texts in a value: what sized charges count."""
    match value:
        case str():
            return len(value.encode()) if not value.isascii() else len(value)
        case tuple() | list():
            return sum(text_bytes(item) for item in value)
    return 0


def canonical_json(value: Any) -> str:
    """Return the one JSON text of a key or value: no spaces, no escapes beyond JSON's own, tuples as lists.

    Floats are the shortest text that reads back, as ``repr`` writes it; NaN and infinities as Python's json does.
    """
    return _ENCODER.encode(value)


def json_line(type_: Type, value: Any) -> str:
    """Return the text as which mrjob writes a value between its steps: its ``SORT_VALUES`` goes by these texts."""
    return json.dumps(_bare(type_, value))


def _bare(type_: Type, value: Any) -> Any:
    """Return a value as Python has it, where one of a union is no tuple of options."""
    match type_:
        case Union(items=items):
            there = (_bare(item, part) for item, part in zip(items, value, strict=True) if part is not None)
            return next(there, None)
        case Tuple(items=items):
            return tuple(_bare(item, part) for item, part in zip(items, value, strict=True))
        case Option(item=item):
            return None if value is None else _bare(item, value)
        case _:
            return value


def result_line(key: Any, value: Any) -> str:
    """Return the canonical JSON line of one result: ``[key,value]`` and a line feed."""
    return canonical_json([key, value]) + "\n"


def read_value(type_: Type, document: Any) -> Any:
    """Return the key or value of a type that ``canonical_json`` has written, tuples as tuples.

    Raises:
        InvalidDocument: the document is no value of the type; the text names the type and shows no value.
    """
    match type_:
        case Option(item=item):
            return None if document is None else read_value(item, document)
        case Tuple(items=items):
            if isinstance(document, list) and len(document) == len(items):
                return tuple(read_value(item, part) for item, part in zip(items, document, strict=True))
        case _ if _is_of(type_, document):
            return document
    raise InvalidDocument(f"not a value of the type {type_}")


def _is_of(type_: Type, value: Any) -> bool:
    match value:
        case None:
            return type_ == NONE
        case bool():
            return type_ == BOOL
        case int():
            return type_ in (INT, NUM) and INT_MIN <= value <= INT_MAX
        case float():
            return type_ in (FLOAT, NUM)
        case str():
            # Half of a surrogate pair is no text: it has no UTF-8 bytes.
            return type_ == STR and not any("\ud800" <= character <= "\udfff" for character in value)
    return False
