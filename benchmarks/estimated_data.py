"""Real rows for the programs of the conformance corpus: columns of the real data sets under the names that they use.

A program asks for columns by name and type; each gets the next column of its type of one data set (one of the same
name first). A data set that has no column of a type can't serve the program. Rows are taken evenly from the whole.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from totem_ccf.storage.columns import item_of
from totem_sdk.schema import LINES, Column, Schema
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, STR, Option, Type

__all__ = ["NAMES", "Rows", "real_rows"]

_SPARE = 2
"""So many times the rows that are wanted are looked at: those that miss a value may not do."""
NAMES = ("homes", "retail", "minutes")
"""Data sets of ``make data`` with typed columns; ``descriptions.txt`` are the raw lines."""


@dataclass(frozen=True)
class Rows:
    """Rows of a real data set under a program's schema, as an Arrow table."""

    source: str
    schema: Schema
    table: pa.Table

    def fragments(self, number: int) -> list[list[tuple[Any, ...]]]:
        """Return the rows in so many fragments of nearly the same size."""
        rows = list(zip(*(column.to_pylist() for column in self.table.columns), strict=True))
        cuts = [len(rows) * place // number for place in range(number + 1)]
        return [rows[start:end] for start, end in itertools.pairwise(cuts)]

    def write(self, folder: Path, number: int) -> list[Path]:
        """Write the rows to as many files as there are fragments, and return their paths."""
        paths = []
        cuts = [self.table.num_rows * place // number for place in range(number + 1)]
        for place, (start, end) in enumerate(itertools.pairwise(cuts)):
            part = self.table.slice(start, end - start)
            if self.schema == LINES:
                paths.append(folder / f"{place}.txt")
                paths[-1].write_text("".join(f"{line}\n" for line in part.column(0).to_pylist()), encoding="utf-8")
            else:
                paths.append(folder / f"{place}.parquet")
                pq.write_table(part, paths[-1])
        return paths


def real_rows(data: Path, wanted: Schema | None, number: int) -> Iterator[Rows]:
    """Yield up to ``number`` rows of each data set that can serve a schema; without one, all as they are."""
    if wanted == LINES:
        yield Rows("descriptions", LINES, _read(data / "descriptions.txt", number))
        return
    for name in NAMES:
        table = _read(data / f"{name}.parquet", _SPARE * number)
        if wanted is None:
            schema = Schema(tuple(Column(field.name, _type(table, field.name)) for field in table.schema))
            yield Rows(name, schema, _evenly(table, number))
        elif (served := _serve(table, wanted, number)) is not None:
            yield Rows(name, wanted, served)


@cache
def _read(path: Path, number: int) -> pa.Table:
    """Return so many rows of a data set, at even distances."""
    if path.suffix == ".parquet":
        return _evenly(pq.read_table(path), number)
    lines = path.read_text(encoding="utf-8").splitlines()
    return _evenly(pa.table({"line": pa.array(lines, pa.string())}), number)


def _type(table: pa.Table, name: str) -> Type:
    plain = next(type_ for type_, test in _TESTS.items() if test(table.schema.field(name).type))
    return Option(plain) if table.column(name).null_count else plain


_TESTS: dict[Type, Callable[[Any], bool]] = {
    INT: pa.types.is_integer,
    FLOAT: pa.types.is_floating,
    STR: lambda type_: pa.types.is_string(type_) or pa.types.is_dictionary(type_) or pa.types.is_large_string(type_),
    DATETIME: pa.types.is_timestamp,
    BOOL: pa.types.is_boolean,
    DATE: pa.types.is_date,
}


def _evenly(table: pa.Table, number: int) -> pa.Table:
    """Return so many rows, at even distances."""
    step = max(1, table.num_rows // number)
    return table.take(pa.array(range(0, table.num_rows, step)[:number]))


def _serve(table: pa.Table, wanted: Schema, number: int) -> pa.Table | None:
    """Return rows with the columns that are wanted; None where there is none of a type."""
    chosen: dict[str, Any] = {}
    used: dict[Type, int] = {}
    for column in wanted.columns:
        type_ = item_of(column.type)
        found = _columns(table, type_)
        if not found:
            return None
        place = used.get(type_, 0)
        used[type_] = place + 1
        same = column.name in table.column_names and _type(table, column.name) == column.type
        chosen[column.name] = table.column(column.name) if same else found[place % len(found)]
    rows = pa.table(chosen)
    strict = [column.name for column in wanted.columns if not isinstance(column.type, Option)]
    for name in strict:
        rows = rows.filter(pc.is_valid(rows.column(name)))
    return _evenly(rows, number)


def _columns(table: pa.Table, type_: Type) -> list[Any]:
    """Return the columns of a type; days are those of timestamps, a bool says whether a number is below its mean."""
    names = [name for name in table.column_names if _TESTS[type_](table.schema.field(name).type)]
    if names or type_ not in (DATE, BOOL):
        return [_plain(table.column(name)) for name in names]
    if type_ == DATE:
        return [found.cast(pa.date32()) for found in _columns(table, DATETIME)]
    return [pc.less(found, pc.mean(found)) for found in (*_columns(table, INT), *_columns(table, FLOAT))]


def _plain(column: Any) -> Any:
    if pa.types.is_dictionary(column.type):
        return column.cast(pa.string())
    return column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column
