"""Writing a job's result to a file: JSON lines, CSV or Parquet, by the file's name.

``.jsonl`` and ``.json`` hold the canonical lines of the abstract machine (§6). CSV and Parquet have a column for each
scalar of key and value: ``key`` and ``value``, or ``key_0, key_1, …`` where one is a tuple (within a tuple of tuples
``key_0_1``). CSV writes floats as the shortest text that reads back, None as an empty cell, and a list or dict as its
JSON text; Parquet keeps the types, and has lists of scalars and of such lists. A ``num`` has no one type in Parquet, a
dict or a list of tuples none that one would ask for, and a tuple that may be None no columns: write JSON lines then.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from totem_ccf.storage.columns import ARROW, item_of
from totem_sdk.errors import TotemError
from totem_sdk.types import NONE, NUM, List, Option, Scalar, Tuple, Type
from totem_sdk.values import canonical_json, result_line

__all__ = ["UnwritableResult", "check_result_file", "write_result"]

_GROUP_ROWS = 65_536
"""Rows of a row group in Parquet: no more of a result are held in memory."""


class UnwritableResult(TotemError):
    """A result can't be written to a file of this name or format; the message says what to do."""


def check_result_file(path: Path, key: Type, value: Type) -> None:
    """Check before a job runs that its result could be written to ``path``.

    Raises:
        UnwritableResult: the name has no known ending, or its format can't hold these types.
    """
    ending = path.suffix.lower()
    if ending not in (".jsonl", ".json", ".csv", ".parquet"):
        raise UnwritableResult(f"{path}: a result is written as .jsonl, .csv or .parquet; name the file so")
    if ending in (".csv", ".parquet"):
        columns = [*_columns(key, "key"), *_columns(value, "value")]
        if ending == ".parquet" and any(isinstance(_innermost(type_), Tuple) for _, type_ in columns):
            raise UnwritableResult(f"{path}: Parquet gets no dicts and no lists of tuples; write .jsonl or .csv")
        if ending == ".parquet" and any(_innermost(type_) == NUM for _, type_ in columns):
            raise UnwritableResult(f"{path}: Parquet has no column of int or float by the row; write .jsonl or .csv")


def write_result(path: Path, result: Iterable[tuple[Any, Any]], key: Type, value: Type) -> int:
    """Write (key, value) pairs of these types to ``path`` and return their number.

    Raises:
        UnwritableResult: see ``check_result_file``, or the operating system refuses.
    """
    check_result_file(path, key, value)
    try:
        match path.suffix.lower():
            case ".csv":
                return _write_csv(path, result, key, value)
            case ".parquet":
                return _write_parquet(path, result, key, value)
            case _:
                return _write_lines(path, result)
    except OSError as error:
        raise UnwritableResult(f"{path}: can't be written: {error.strerror}") from None


def _write_lines(path: Path, result: Iterable[tuple[Any, Any]]) -> int:
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for key, value in result:
            file.write(result_line(key, value))
            rows += 1
    return rows


def _write_csv(path: Path, result: Iterable[tuple[Any, Any]], key: Type, value: Type) -> int:
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([name for name, _ in [*_columns(key, "key"), *_columns(value, "value")]])
        for pair in result:
            cells = _cells((key, value), pair)
            writer.writerow([canonical_json(cell) if isinstance(cell, list | dict) else cell for cell in cells])
            rows += 1
    return rows


def _write_parquet(path: Path, result: Iterable[tuple[Any, Any]], key: Type, value: Type) -> int:
    fields = [
        pa.field(name, _arrow(type_), nullable=type_ == NONE or isinstance(type_, Option))
        for name, type_ in [*_columns(key, "key"), *_columns(value, "value")]
    ]
    schema = pa.schema(fields)
    written = 0
    rest = iter(result)
    with pq.ParquetWriter(path, schema) as writer:
        while rows := [_cells((key, value), pair) for pair in islice(rest, _GROUP_ROWS)]:
            columns = zip(*rows, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, fields, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            written += len(rows)
    return written


def _columns(type_: Type, name: str) -> Iterator[tuple[str, Type]]:
    match type_:
        case Tuple(items=items):
            for i, item in enumerate(items):
                yield from _columns(item, f"{name}_{i}")
        case Scalar() | Option(item=Scalar()) | List():
            yield name, type_
        case _:
            raise UnwritableResult(f"{name}: there are no columns for {type_}; write .jsonl")


def _innermost(type_: Type) -> Type:
    """Return the type of what is in lists, or of a column without them, as one that can't be None."""
    while isinstance(type_, List):
        type_ = type_.item
    return type_.item if isinstance(type_, Option) else type_


def _arrow(type_: Type) -> Any:
    if isinstance(type_, List):
        return pa.list_(_arrow(type_.item))
    return pa.null() if type_ == NONE else ARROW[item_of(type_)]


def _cells(types: Iterable[Type], values: Iterable[Any]) -> list[Any]:
    cells: list[Any] = []
    for type_, value in zip(types, values, strict=True):
        cells += _cells(type_.items, value) if isinstance(type_, Tuple) else [value]
    return cells
