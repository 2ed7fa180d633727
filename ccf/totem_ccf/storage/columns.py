"""Columns: Arrow's types against the machine's, and arrays brought into the machine's form.

==================================================  ============  ==============================
in a file                                           in a schema   in a batch
==================================================  ============  ==============================
integers of up to 64 bits, unsigned up to 32        ``int``       int64
floating point of 16, 32, 64 bits                   ``float``     float64
booleans                                            ``bool``      bool
texts (also large, views)                           ``str``       string
dates of 32 or 64 bits                              ``date``      date32
timestamps of s, ms, us, ns; with a zone: as UTC    ``datetime``  timestamp of us without zone
dictionaries of these                               the same      the same, decoded
columns that are null throughout                    ``str?``      string
==================================================  ============  ==============================

Everything else (decimals, unsigned 64-bit integers, times of day, durations, bytes, lists, structs, maps) can't be
had: such columns are left out of a schema that is made from the file, with the reason. A cell is refused (kind
``type``) if its value can't be held exactly: a timestamp with parts of a microsecond, a date outside the years 1 to
9999, an integer above 2^53 as a float.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from totem_sdk.type_texts import parse_type
from totem_sdk.types import (
    BOOL,
    DATE,
    DATETIME,
    FLOAT,
    INT,
    STR,
    Option,
    Type,
)

__all__ = [
    "ARROW",
    "BadCell",
    "FileColumn",
    "conform",
    "first_failing",
    "item_of",
    "machine_type",
    "unsupported",
    "whole",
]

ARROW: dict[Type, Any] = {
    INT: pa.int64(),
    FLOAT: pa.float64(),
    BOOL: pa.bool_(),
    STR: pa.string(),
    DATE: pa.date32(),
    DATETIME: pa.timestamp("us"),
}
"""The Arrow type of a column in a batch."""

_EPOCH = datetime.datetime(1970, 1, 1)
_MICROSECOND = datetime.timedelta(microseconds=1)
# As Arrow holds them: days and microseconds since 1970.
_RANGES: dict[Type, tuple[int, int]] = {
    DATE: ((datetime.datetime.min - _EPOCH).days, (datetime.datetime.max - _EPOCH).days),
    DATETIME: (
        (datetime.datetime.min - _EPOCH) // _MICROSECOND,
        (datetime.datetime.max - _EPOCH) // _MICROSECOND,
    ),
}


class BadCell(Exception):
    """A cell of a column is not what the schema says: its row in the array, what is wrong; the rest as in DataError."""

    def __init__(self, kind: str, row: int, detail: str, hint: str = "") -> None:
        super().__init__(detail)
        self.hint = hint
        self.kind = kind
        self.row = row
        self.detail = detail


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of a dataset in one file: its name in the schema, its name and position in the file, its type."""

    name: str
    source: str
    position: int
    type: Type

    def to_json(self) -> list[Any]:
        """Return the column as a JSON list."""
        return [self.name, self.source, self.position, str(self.type)]

    @classmethod
    def from_json(cls, document: list[Any]) -> FileColumn:
        """Read what ``to_json`` gives."""
        name, source, position, type_ = document
        return cls(name, source, position, parse_type(type_))


def item_of(type_: Type) -> Type:
    """Return T for ``T?``, and any other type as it is."""
    return type_.item if isinstance(type_, Option) else type_


def machine_type(type_: Any) -> Type | None:
    """Return the type in a schema for an Arrow type in a file, or None if it can't be had."""
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    if pa.types.is_null(type_) or pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return STR
    for test, result in (
        (pa.types.is_string_view, STR),
        (pa.types.is_boolean, BOOL),
        (pa.types.is_floating, FLOAT),
        (pa.types.is_date, DATE),
        (pa.types.is_timestamp, DATETIME),
    ):
        if test(type_):
            return result
    return INT if pa.types.is_integer(type_) and type_ != pa.uint64() else None


def unsupported(type_: Any) -> str:
    """Return why a column of this Arrow type can't be had, and what to do."""
    if type_ == pa.uint64():
        return "unsigned integers of 64 bits don't fit int: store it as a signed integer, a float or a text"
    if pa.types.is_decimal(type_):
        return "decimals are not exact as float: store it as a float, or as an integer of its smallest unit"
    if pa.types.is_nested(type_):
        return "lists, structs and maps are not rows: store their parts as columns of their own"
    return f"there is no type for {type_}: store it as a number, a text, a date or a timestamp"


def whole(chunked: Any) -> Any:
    """Return a chunked array as one array (Arrow's own ``combine_chunks`` would copy even a single chunk)."""
    return chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()


def first_failing(rows: int, fits: Callable[[int], bool]) -> int:
    """Return the first row that does not fit; ``fits(n)`` tells whether the first n rows do, and all of them don't.

    Asks about log2(rows) times.
    """
    fitting, failing = 0, rows
    while failing - fitting > 1:
        middle = (fitting + failing) // 2
        if fits(middle):
            fitting = middle
        else:
            failing = middle
    return fitting


def conform(array: Any, type_: Type) -> Any:
    """Return an array as the machine has a column of this type.

    Raises:
        BadCell: a cell is not of the type; the first one.
    """
    item = item_of(type_)
    if array.type != ARROW[item]:
        array = _cast(array, item)
    if array.null_count and not isinstance(type_, Option):
        row = int(np.argmax(pc.is_null(array).to_numpy(zero_copy_only=False)))
        raise BadCell(
            "type", row, f"there is no value; the column is {type_}, not {type_}?", f"write {type_}? in the schema"
        )
    if item == STR:
        _check_text(array)
    elif item in _RANGES and len(array) > array.null_count:
        _check_range(array, item)
    return array


def _cast(array: Any, item: Type) -> Any:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.type == ARROW[item]:
        return array
    target = ARROW[item]
    if (cast := _try_cast(array, target)) is not None:
        return cast
    row = first_failing(len(array), lambda stop: _try_cast(array.slice(0, stop), target) is not None)
    raise BadCell("type", row, f"a value of {array.type} can't be held exactly as {item}")


def _try_cast(array: Any, target: Any) -> Any:
    # Arrow's error holds the value: it must not even be the context of ours.
    try:
        return array.cast(target)
    except pa.ArrowInvalid:
        return None


def _check_text(array: Any) -> None:
    if not _is_utf8(array):
        row = first_failing(len(array), lambda stop: _is_utf8(array.slice(0, stop)))
        raise BadCell("encoding", row, "a text is not UTF-8")


def _is_utf8(array: Any) -> bool:
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _check_range(array: Any, item: Type) -> None:
    low, high = _RANGES[item]
    limits = pc.min_max(array)
    if limits["min"].value < low or limits["max"].value > high:
        numbers = array.cast(pa.int32() if item == DATE else pa.int64())
        outside = pc.or_(pc.less(numbers, low), pc.greater(numbers, high))
        row = int(np.argmax(pc.fill_null(outside, False).to_numpy(zero_copy_only=False)))
        raise BadCell("type", row, f"a {item} is outside the years 1 to 9999")
