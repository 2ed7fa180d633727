"""Typed rows out of CSV lines: the types of columns, the value of a cell, the row objects that a job gets.

The rules are those by which datasets are published (docs/data.md), for one line at a time and in plain Python: cells
are integers and floats in plain notation, ``true``/``false`` in three spellings or ``1``/``0``, ``YYYY-MM-DD`` and ISO
8601 timestamps (with a zone they become UTC); where a schema says date also ``D/M/YYYY``. An empty cell, and one of
``CsvFormat.nulls``, is None; in a column of text only if the schema says ``str?``.
"""

from __future__ import annotations

import csv
import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from totem_sdk.errors import InvalidDocument
from totem_sdk.names import identifier
from totem_sdk.schema import Column, Schema
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, STR, Option, Type

__all__ = ["CsvFormat", "column_names", "infer_schema", "parse_cell", "parse_record", "row_class", "split_record"]

_INT = re.compile(r"-?[0-9]+")
_FLOAT = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE)
_BOOL = {
    "true": True,
    "True": True,
    "TRUE": True,
    "1": True,
    "false": False,
    "False": False,
    "FALSE": False,
    "0": False,
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_FIRST = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}(?::[0-9]{2}){0,2})(?:\.([0-9]{1,6})0{0,3})?)?"
    r"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_ORDER: tuple[Type, ...] = (INT, FLOAT, DATE, DATETIME, BOOL, STR)


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How a CSV file is written: what separates cells, and which texts (besides the empty one) mean "no value"."""

    delimiter: str = ","
    nulls: tuple[str, ...] = ()


def split_record(line: str, delimiter: str = ",") -> list[str]:
    """Return the cells of one line of CSV.

    Raises:
        InvalidDocument: the line is no record, for example because a quoted cell goes on in the next line.
    """
    try:
        records = list(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InvalidDocument(f"not a record of CSV: {error}") from None
    return records[0] if records else []


def column_names(header: Sequence[str]) -> list[str]:
    """Return the names of columns as a job can write them.

    Raises:
        InvalidDocument: two columns come to the same name.
    """
    names = [identifier(name, position) for position, name in enumerate(header)]
    if doubled := [name for name in names if names.count(name) > 1]:
        raise InvalidDocument(f"two columns get the name {doubled[0]}: rename one of them")
    return names


def parse_cell(text: str, type_: Type, nulls: Sequence[str] = ()) -> Any:
    """Return the value of a cell as one of a column's type.

    Raises:
        ValueError: the text is no value of the type, or none at all where the column isn't optional. The message
            doesn't hold the text.
    """
    if isinstance(type_, Option):
        return None if not text or text in nulls else parse_cell(text, type_.item)
    value = text if type_ == STR else _value(text.strip(" \t"), type_)
    if value is None and type_ == DATE and (day := _DAY_FIRST.fullmatch(text)) is not None:
        value = _date(f"{day[3]}-{int(day[2]):02}-{int(day[1]):02}")
    if value is None:
        raise ValueError(f"expected {type_}" if text and text not in nulls else f"expected {type_}, the cell is empty")
    return value


def _value(text: str, type_: Type) -> Any:
    """Return the value of a cell, or None where it is none of the type."""
    if type_ == INT:
        return _int(text)
    if type_ == FLOAT:
        return float(text) if _FLOAT.fullmatch(text) else None
    if type_ == BOOL:
        return _BOOL.get(text)
    if type_ == DATE:
        return _date(text)
    return _datetime(text) if type_ == DATETIME else text


def _int(text: str) -> int | None:
    if not _INT.fullmatch(text) or len(text.lstrip("-0")) > 19:
        return None
    value = int(text)
    return value if -(1 << 63) <= value < 1 << 63 else None


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _datetime(text: str) -> datetime.datetime | None:
    found = _TIME.fullmatch(text)
    if found is None or (found[2] is None and found[4] is not None):
        return None
    day, time, fraction, zone = found.groups()
    whole = f"{day}T{time or '00:00'}" if fraction is None else f"{day}T{time}.{fraction:0<6}"
    try:
        when = datetime.datetime.fromisoformat(whole + (zone or ""))
        return when if when.tzinfo is None else when.astimezone(datetime.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def infer_schema(header: Sequence[str], records: Iterable[Sequence[str]], nulls: Sequence[str] = ()) -> Schema:
    """Return the schema of a CSV file from its header and all its records.

    A column has the first of int, float, date, datetime, bool and str that all its cells have, and is optional if a
    cell is empty (a column of text never is: its empty cells are empty texts).

    Raises:
        InvalidDocument: a record has more or fewer cells than the header, or two columns come to the same name.
    """
    candidates: list[list[Type]] = [list(_ORDER) for _ in header]
    empty = [False] * len(header)
    filled = [False] * len(header)
    for number, record in enumerate(records, start=1):
        if len(record) != len(header):
            raise InvalidDocument(f"row {number} has {len(record)} cells; the header has {len(header)}")
        for position, text in enumerate(record):
            if not text or text in nulls:
                empty[position] = True
                continue
            filled[position] = True
            bare = text.strip(" \t")
            candidates[position] = [type_ for type_ in candidates[position] if _value(bare, type_) is not None]
    columns: list[Column] = []
    for position, name in enumerate(column_names(header)):
        found = candidates[position][0] if filled[position] else STR
        columns.append(Column(name, Option(found) if empty[position] and found != STR else found))
    return Schema(tuple(columns))


def parse_record(record: Sequence[str], schema: Schema, nulls: Sequence[str] = ()) -> tuple[Any, ...]:
    """Return the values of a record.

    Raises:
        InvalidDocument: the number of cells is wrong or a cell is no value of its column's type; names the column.
    """
    if len(record) != len(schema.columns):
        raise InvalidDocument(f"the row has {len(record)} cells; the schema has {len(schema.columns)} columns")
    values: list[Any] = []
    for text, column in zip(record, schema.columns, strict=True):
        try:
            values.append(parse_cell(text, column.type, nulls))
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
