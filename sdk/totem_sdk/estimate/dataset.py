"""What a job reads first: rows of which statistics are published."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import Any

from totem_sdk.cost import PricedProgram
from totem_sdk.estimate.forms import Var, exactly
from totem_sdk.estimate.known import Known, anything
from totem_sdk.estimate.source import Range, Source
from totem_sdk.opcodes import has_text
from totem_sdk.schema import Column
from totem_sdk.statistics import ColumnStatistics, Statistics
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, STR, Option, Type

__all__ = ["Dataset"]

_MAX_SPLITS = 4
"""Columns for which rows with and without a value are followed by themselves."""


class Dataset:
    """Several datasets as one: what is published of their rows and columns together."""

    def __init__(self, priced: PricedProgram, statistics: Sequence[Statistics]) -> None:
        self._schema = priced.program.schema
        self._read = priced.program.columns_read
        self._charged = priced.columns_charged
        self.rows = sum(one.rows for one in statistics)
        self.fragments = [rows for one in statistics for rows in one.fragments]
        self._columns = [
            _merged([(one.column(column.name), one.rows) for one in statistics if one.rows])
            for column in self._schema.columns
        ]

    def column(self, position: int) -> tuple[ColumnStatistics, int]:
        """Return what is known of a column, and the number of rows."""
        return self._columns[position][0], self.rows

    def nulls(self) -> dict[int, int]:
        """Return in how many rows a column is None: of the first columns that the program reads where some are."""
        known = {position: self._columns[position][0].nulls for position in self._read}
        some = {position: number for position, number in known.items() if number is not None and 0 < number < self.rows}
        return dict(list(some.items())[:_MAX_SPLITS])

    def charged(self) -> Range:
        """Return the bytes of all texts that reading every row once charges."""
        total = Range(0, 0, 0.0)
        for position in self._charged:
            if has_text(self._schema.columns[position].type):
                total += _bytes(self._columns[position][0], self.rows)
        return total

    def source(self) -> Source:
        """Return the rows as what a mapper reads."""
        texts: dict[Var, Range] = {}
        longest: dict[int, int | None] = {}
        columns: list[Known] = []
        different: dict[int, int] = {}
        for position, (column, (published, least)) in enumerate(zip(self._schema.columns, self._columns, strict=True)):
            inner = column.type.item if isinstance(column.type, Option) else column.type
            if inner == STR:
                texts[Var("text", position)] = _bytes(published, self.rows)
                longest[position] = _longest(published)
            columns.append(_column(position, column, published, self.rows))
            different[position] = least
        return Source(
            "row", Range.exact(self.rows), texts=texts, longest=longest, columns=tuple(columns), different=different
        )


def _bytes(published: ColumnStatistics, rows: int) -> Range:
    """Return the bytes of all texts of a column."""
    if rows == 0:
        return Range.exact(0)
    if published.size is not None:
        return Range.exact(published.size)
    if published.longest is not None:
        return Range(0, rows * published.longest, rows * published.longest / 2)
    return Range(0, None, 16.0 * rows)


def _longest(published: ColumnStatistics) -> int | None:
    bounds = [bound for bound in (published.longest, published.size) if bound is not None]
    return min(bounds) if bounds else None


def _column(position: int, column: Column, published: ColumnStatistics, rows: int) -> Known:
    """Return what is known of a column's value in each row."""
    optional = isinstance(column.type, Option)
    inner = column.type.item if isinstance(column.type, Option) else column.type
    nulls = published.nulls if optional else 0
    none = nulls is None or nulls > 0
    if nulls == rows and rows > 0:
        return Known(none=True, some=False, column=position, distinct=1)
    known = anything(inner, _longest(published))
    low = _limit(published.minimum, inner, known.low)
    high = _limit(published.maximum, inner, known.high)
    distinct = published.distinct
    if distinct is not None:
        # Both zeros and NaN are keys of their own, whatever counted the distinct values.
        distinct = min(rows, distinct + none + (3 if inner == FLOAT else 0))
    return Known(
        low,
        high,
        nan=inner == FLOAT and published.nans,
        none=none,
        size=exactly({Var("text", position): 1}) if inner == STR else known.size,
        longest=known.longest,
        distinct=distinct,
        column=position,
        mean=published.mean,
        kinds=_few(published, rows) if distinct is None else None,
        words=_words(published, rows) if inner == STR else None,
        vocabulary=None if published.vocabulary is None else float(published.vocabulary),
    )


def _few(published: ColumnStatistics, rows: int) -> float | None:
    """Return how many different values to expect where their number is not published, but other things are.

    Then there are one to four of them (or a million).
    """
    return None if published == ColumnStatistics() or published.nulls is None else min(2.5, float(rows))


def _words(published: ColumnStatistics, rows: int) -> float | None:
    """Return the words in each byte of a column's texts."""
    if published.words is None or not published.size:
        return None
    return published.words * (rows - (published.nulls or 0)) / published.size


_LIMITS: dict[Type, tuple[type, ...]] = {
    INT: (int,),
    FLOAT: (int, float),
    BOOL: (bool,),
    DATE: (datetime.date,),
    DATETIME: (datetime.datetime,),
}


def _limit(published: Any, type_: Type, default: Any) -> Any:
    """Return a published minimum or maximum where it is one of the column's type (of texts none is used)."""
    allowed = _LIMITS.get(type_, ())
    mixed = isinstance(published, bool) != (type_ == BOOL) or isinstance(published, datetime.datetime) != (
        type_ == DATETIME
    )
    return default if mixed or not isinstance(published, allowed) else published


def _merged(parts: Sequence[tuple[ColumnStatistics, int]]) -> tuple[ColumnStatistics, int]:
    """Return what is known of a column of several datasets with rows, and how many values it certainly has."""
    columns = [column for column, _ in parts]
    if not columns:
        return ColumnStatistics(), 0
    least = max(_least_different(column, rows) for column, rows in parts)
    if len(columns) == 1:
        return columns[0], least

    def every(name: str) -> list[Any] | None:
        values = [getattr(column, name) for column in columns]
        return None if None in values else values

    nulls, distinct, size = every("nulls"), every("distinct"), every("size")
    minimum, maximum, longest, mean = every("minimum"), every("maximum"), every("longest"), every("mean")
    return ColumnStatistics(
        nulls=None if nulls is None else sum(nulls),
        distinct=None if distinct is None else sum(distinct),
        minimum=None if minimum is None else min(minimum),
        maximum=None if maximum is None else max(maximum),
        size=None if size is None else sum(size),
        longest=None if longest is None else max(longest),
        nans=any(column.nans for column in columns),
        mean=_average(mean, parts),
        scale=() if () in [column.scale for column in columns] else _added([column.scale for column in columns]),
        words=_average(every("words"), parts),
        vocabulary=None if (vocabulary := every("vocabulary")) is None else max(vocabulary),
    ), least


def _average(values: Sequence[float] | None, parts: Sequence[tuple[ColumnStatistics, int]]) -> float | None:
    """Return the mean of means, by rows."""
    if values is None:
        return None
    return sum(v * n for v, (_, n) in zip(values, parts, strict=True)) / sum(n for _, n in parts)


def _added(scales: Sequence[Sequence[tuple[int, int]]]) -> tuple[tuple[int, int], ...]:
    total: Counter[int] = Counter()
    for scale in scales:
        total.update(dict(scale))
    return tuple(sorted(total.items()))


def _least_different(column: ColumnStatistics, rows: int) -> int:
    """Return how many different values, None among them, a column of so many rows certainly has."""
    if column.distinct is None:
        return min(1, rows)
    return max(min(1, rows), column.distinct + (1 if column.nulls else 0))
