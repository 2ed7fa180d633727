"""Typed rows out of text files: the types of CSV columns, the value of a cell, the row objects that a job gets.

The rules are those by which datasets are published: a cell is an int (64 bits), a float, a bool (``true``, ``false``
in lower case, upper case or capitalised), a date (``2011-03-27``), a datetime (``2011-03-27T01:30``, with a space for
the T, with seconds and up to six digits of a fraction if it likes) or a text; an empty cell is None and makes its
column optional. A column has the first of these types that all its cells have; a column without any value is ``str?``.
"""

from __future__ import annotations

import csv
import datetime
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from totem_sdk.errors import InvalidDocument
from totem_sdk.schema import Column, Schema
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, STR, Option, Type

__all__ = ["infer_schema", "parse_cell", "parse_record", "row_class", "split_record"]

_INT = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|nan)", re.IGNORECASE)
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?")
_ORDER: tuple[Type, ...] = (INT, FLOAT, BOOL, DATE, DATETIME, STR)


def split_record(line: str) -> list[str]:
    """Return the cells of one line of CSV (comma, double quotes).

    Raises:
        InvalidDocument: the line is no record, for example because a quoted cell goes on in the next line.
    """
    try:
        records = list(csv.reader([line], strict=True))
    except csv.Error as error:
        raise InvalidDocument(f"not a record of CSV: {error}") from None
    return records[0] if records else []


def parse_cell(text: str, type_: Type) -> Any:
    """Return the value of a cell as one of a column's type; empty is None.

    Raises:
        ValueError: the text is no value of the type, or empty where the column isn't optional. The message doesn't
            hold the text.
    """
    if isinstance(type_, Option):
        return parse_cell(text, type_.item) if text else None
    value = _value(text, type_)
    if value is None:
        raise ValueError(f"expected {type_}" if text else f"expected {type_}, the cell is empty")
    return value


def _value(text: str, type_: Type) -> Any:
    """Return the value of a cell, or None where it is none of the type."""
    if type_ == STR:
        return text or None
    if type_ == BOOL:
        return _BOOL.get(text)
    if type_ == INT:
        return _int(text)
    if type_ == FLOAT:
        return float(text) if _FLOAT.fullmatch(text) else None
    pattern, kind = (_DATE, datetime.date) if type_ == DATE else (_DATETIME, datetime.datetime)
    if pattern.fullmatch(text) is None:
        return None
    # Python 3.10's fromisoformat took only 3 or 6 digits of a fraction; padding keeps every version equal.
    whole, dot, fraction = text.partition(".")
    try:
        return kind.fromisoformat(f"{whole}.{fraction:0<6}" if dot else whole)
    except ValueError:
        return None


def _int(text: str) -> int | None:
    if not _INT.fullmatch(text) or len(text.lstrip("+-0")) > 19:
        return None
    value = int(text)
    return value if -(1 << 63) <= value < 1 << 63 else None


def infer_schema(header: Sequence[str], records: Iterable[Sequence[str]]) -> Schema:
    """Return the schema of a CSV file from its header and all its records.

    Raises:
        InvalidDocument: a record has more or fewer cells than the header, or a name of the header can't be a column's.
    """
    candidates: list[list[Type]] = [list(_ORDER) for _ in header]
    empty = [False] * len(header)
    filled = [False] * len(header)
    for number, record in enumerate(records, start=1):
        if len(record) != len(header):
            raise InvalidDocument(f"row {number} has {len(record)} cells; the header has {len(header)}")
        for position, text in enumerate(record):
            if not text:
                empty[position] = True
                continue
            filled[position] = True
            candidates[position] = [type_ for type_ in candidates[position] if _value(text, type_) is not None]
    columns: list[Column] = []
    for position, name in enumerate(header):
        found = candidates[position][0] if filled[position] else STR
        columns.append(Column(name, Option(found) if empty[position] or not filled[position] else found))
    return Schema(tuple(columns))


def parse_record(record: Sequence[str], schema: Schema) -> tuple[Any, ...]:
    """Return the values of a record.

    Raises:
        InvalidDocument: the number of cells is wrong or a cell is no value of its column's type; names the column.
    """
    if len(record) != len(schema.columns):
        raise InvalidDocument(f"the row has {len(record)} cells; the schema has {len(schema.columns)} columns")
    values: list[Any] = []
    for text, column in zip(record, schema.columns, strict=True):
        try:
            values.append(parse_cell(text, column.type))
        except ValueError as error:
            raise InvalidDocument(f"column {column.name!r}: {error}") from None
    return tuple(values)


def row_class(schema: Schema) -> type:
    """Return the class of a schema's rows: called with all values, read by column name, and nothing else."""
    names = [column.name for column in schema.columns]

    def refuse(self: object, name: str, value: object = None) -> NoReturn:
        del self, value
        raise AttributeError(f"rows can't be changed (column {name!r})")

    row = type("Row", (), {"__slots__": names, "__setattr__": refuse, "__delattr__": refuse})
    setters = [getattr(row, name).__set__ for name in names]

    def fill(self: object, *values: Any) -> None:
        for setter, value in zip(setters, values, strict=True):
            setter(self, value)

    # Through type, because mypy takes the class for any type and would not let its __init__ be set.
    type.__setattr__(row, "__init__", fill)
    return row
