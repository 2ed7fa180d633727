"""Pairs in columns: how keys and values lie between tasks.

A layout maps the types of a key and a value to Arrow fields, one after the other in the order of the types' leaves:
``k0, k1, …`` for the key and ``v0, v1, …`` for the value.

================  =====================================================================================
``int``           int64
``float``         float64
``bool``          bool
``str``           string (UTF-8)
``date``          date32
``datetime``      timestamp of microseconds without zone
``none``          null (a field without content, so that a batch of Nones has rows)
``num``           two fields: bool ``is float``, int64 with the int or with the bits of the binary64
``T?``            the fields of T, null where the value is None; if T is a tuple, before them a bool field that is
                  true where there is a tuple
``(T…)``          the fields of the items
================  =====================================================================================

A field can be null only as the table says. The lists that tuples become after a shuffle have the layout of the tuple.
"""

from __future__ import annotations

import datetime
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import pyarrow as pa

from totem_sdk.errors import InternalError
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, NONE, NUM, STR, Option, Scalar, Tuple, Type

__all__ = ["ARROW_TYPES", "FoldLayout", "Layout", "PairLayout"]

ARROW_TYPES: dict[Scalar, Any] = {
    INT: pa.int64(),
    FLOAT: pa.float64(),
    BOOL: pa.bool_(),
    STR: pa.string(),
    DATE: pa.date32(),
    DATETIME: pa.timestamp("us"),
    NONE: pa.null(),
}
"""The Arrow type of each scalar that is one field (``num`` is two)."""

_PYTHON_TYPES: dict[Scalar, tuple[type, ...]] = {
    INT: (int,),
    FLOAT: (float,),
    BOOL: (bool,),
    STR: (str,),
    DATE: (datetime.date,),
    DATETIME: (datetime.datetime,),
    NONE: (),
    NUM: (int, float),
}


class Layout(Protocol):
    """What a shuffle must know of the columns it moves: the key's type, all fields, and how many belong to the key."""

    @property
    def key(self) -> Type:
        """The type of the key."""

    @property
    def schema(self) -> Any:
        """The Arrow schema: the key's fields first."""

    @property
    def key_width(self) -> int:
        """The number of fields of the key."""


@dataclass(frozen=True)
class PairLayout:
    """The layout of emitted pairs of one (key, value) type."""

    key: Type
    value: Type

    @cached_property
    def schema(self) -> Any:
        """The Arrow schema: ``k0, k1, …`` and then ``v0, v1, …``."""
        return pa.schema([*_named("k", _fields(self.key)), *_named("v", _fields(self.value))])

    @cached_property
    def key_width(self) -> int:
        """The number of fields of the key."""
        return len(list(_fields(self.key)))

    def from_python(self, rows: Iterable[tuple[Any, Any]]) -> Any:
        """Make a record batch of (key, value) pairs.

        Raises:
            InternalError: a key or value is not of its type.
        """
        pairs = list(rows)
        try:
            arrays = [
                *_encode(self.key, [key for key, _ in pairs]),
                *_encode(self.value, [value for _, value in pairs]),
            ]
        except (pa.ArrowException, TypeError, ValueError, OverflowError, IndexError):
            # Their errors hold the value: it must not even be the context of ours.
            arrays = []
        if not arrays:
            raise InternalError(f"a pair is not of the types {self.key} and {self.value}")
        batch = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        if any(
            column.null_count and not field.nullable for column, field in zip(batch.columns, self.schema, strict=True)
        ):
            raise InternalError(f"a pair has a None that is not in its types {self.key} and {self.value}")
        return batch

    def to_python(self, batch: Any) -> list[tuple[Any, Any]]:
        """Return the pairs of a record batch; tuples are tuples."""
        return list(
            zip(
                self.keys_to_python(batch.columns[: self.key_width]),
                self.values_to_python(batch.columns[self.key_width :]),
                strict=True,
            )
        )

    def keys_to_python(self, columns: Sequence[Any]) -> list[Any]:
        """Return the keys that lie in the key's columns."""
        return _decode(self.key, iter(columns))

    def values_to_python(self, columns: Sequence[Any]) -> list[Any]:
        """Return the values that lie in the value's columns."""
        return _decode(self.value, iter(columns))


@dataclass(frozen=True)
class FoldLayout:
    """The layout of folded emits: one row for all values of a key that were folded early, in the map task.

    After the key's fields ``k0, k1, …``:

    ``n``       int64: how many values were folded (at least 1)
    ``size``    int64: the UTF-8 bytes of their texts (``totem_sdk.values.text_bytes``)

    and then what they were folded to:

    ============================  ============================================================================
    sum of ``int``                ``lo`` uint64 and ``hi`` int64: the low and high half of a 128-bit integer
    sum of ``float``              ``acc`` binary: the exact sum, as the kernel's runtime writes it
    min, max of ``float``         ``nan`` bool: the first of the values is NaN; ``v0``: the first smallest or
                                  largest of those that are not, null where there is none
    min, max of the other types   the fields ``v0, v1, …`` of the value
    ============================  ============================================================================

    (Drawn from the left, a NaN that comes first wins every comparison and any other loses every one: the two fields
    are all that is needed to fold on in the order of the tasks.) For a shuffle all of it is value.
    """

    key: Type
    fold: Literal["sum", "min", "max"]
    value: Type

    @cached_property
    def schema(self) -> Any:
        """The Arrow schema: ``k0, k1, …, n, size`` and the accumulator."""
        counts = [pa.field("n", pa.int64(), nullable=False), pa.field("size", pa.int64(), nullable=False)]
        return pa.schema([*_named("k", _fields(self.key)), *counts, *self._accumulator()])

    @cached_property
    def key_width(self) -> int:
        """The number of fields of the key."""
        return len(list(_fields(self.key)))

    def _accumulator(self) -> list[Any]:
        if self.fold == "sum":
            if self.value == INT:
                return [pa.field("lo", pa.uint64(), nullable=False), pa.field("hi", pa.int64(), nullable=False)]
            if self.value == FLOAT:
                return [pa.field("acc", pa.binary(), nullable=False)]
        elif self.value == FLOAT:
            return [pa.field("nan", pa.bool_(), nullable=False), *_named("v", _fields(Option(FLOAT)))]
        elif FLOAT not in (leaves := [leaf for leaf, _ in _walk(self.value)]) and NUM not in leaves:
            return _named("v", _fields(self.value))
        raise InternalError(f"there is no folded layout for {self.fold} of {self.value}")


def _named(letter: str, fields: Iterable[tuple[Any, bool]]) -> list[Any]:
    return [pa.field(f"{letter}{i}", type_, nullable=nullable) for i, (type_, nullable) in enumerate(fields)]


def _walk(type_: Type, optional: bool = False) -> Iterator[tuple[Scalar, bool]]:
    """Yield the scalars of a type as they are laid out, and whether each can be null; BOOL for a tuple's presence."""
    match type_:
        case Scalar():
            yield type_, optional or type_ == NONE
        case Option(item=Scalar() as item):
            yield item, True
        case Option(item=Tuple() as item):
            yield BOOL, False
            yield from _walk(item, optional=True)
        case Tuple(items=items):
            for each in items:
                yield from _walk(each, optional)
        case _:
            raise InternalError(f"a {type_} can't be laid out in columns")


def _fields(type_: Type) -> Iterator[tuple[Any, bool]]:
    for scalar, nullable in _walk(type_):
        if scalar == NUM:
            yield pa.bool_(), nullable
            yield pa.int64(), nullable
        else:
            yield ARROW_TYPES[scalar], nullable


def _encode(type_: Type, values: list[Any]) -> Iterator[Any]:
    match type_:
        case Scalar() if not set(map(type, values)) <= {*_PYTHON_TYPES[type_], type(None)}:
            # Arrow would convert them: 1.5 to the integer 1, True to 1.
            raise TypeError(type_.name)
        case Scalar(name="num"):
            yield pa.array([None if value is None else isinstance(value, float) for value in values], pa.bool_())
            yield pa.array([_bits(value) if isinstance(value, float) else value for value in values], pa.int64())
        case Scalar():
            yield pa.array(values, ARROW_TYPES[type_])
        case Option(item=Scalar() as item):
            yield from _encode(item, values)
        case Option(item=Tuple() as item):
            yield pa.array([value is not None for value in values], pa.bool_())
            yield from _encode(item, values)
        case Tuple(items=items):
            for i, each in enumerate(items):
                yield from _encode(each, [None if value is None else value[i] for value in values])
        case _:
            raise InternalError(f"a {type_} can't be laid out in columns")


def _decode(type_: Type, columns: Iterator[Any]) -> list[Any]:
    match type_:
        case Scalar(name="num"):
            flags, bits = _list(next(columns)), _list(next(columns))
            return [_float(b) if flag else b for flag, b in zip(flags, bits, strict=True)]
        case Scalar():
            return _list(next(columns))
        case Option(item=Scalar() as item):
            return _decode(item, columns)
        case Option(item=Tuple() as item):
            present = _list(next(columns))
            return [value if here else None for here, value in zip(present, _decode(item, columns), strict=True)]
        case Tuple(items=items):
            return list(zip(*[_decode(each, columns) for each in items], strict=True))
    raise InternalError(f"a {type_} can't be laid out in columns")


def _list(column: Any) -> list[Any]:
    if column.null_count == 0 and column.type in (pa.int64(), pa.float64(), pa.bool_()):
        items: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
    else:
        items = column.to_pylist()
    return items


def _bits(value: float) -> int:
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


def _float(bits: int) -> float:
    return float(struct.unpack("<d", struct.pack("<q", bits))[0])
