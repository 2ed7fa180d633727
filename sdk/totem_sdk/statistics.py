"""Statistics of a dataset as its provider publishes them: what an estimate is computed from.

Bounds of an estimate use only what is exact (rows, nulls, distinct counts, bytes) or rounded outwards (minima and
maxima); means and histograms feed only the expected value. On the ledger there are no floats: a float is written as
its shortest text.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from totem_sdk.errors import InvalidDocument
from totem_sdk.scale import CELLS

__all__ = ["ColumnStatistics", "Limit", "Statistics"]

Limit = int | float | bool | str | datetime.date | datetime.datetime
"""A minimum or maximum; of texts none is published."""


@dataclass(frozen=True)
class ColumnStatistics:
    """What is published of one column; None: not published.

    ``nulls`` and ``distinct`` (of the values that are not null) are exact counts. ``minimum`` ≤ every value ≤
    ``maximum``. ``size`` is the exact number of UTF-8 bytes of a text column, ``longest`` the most that one text has.
    ``nans`` tells whether a float column may hold NaN. The others only refine the expected value: ``mean``,
    ``histogram`` (equal-width counts from minimum to maximum) and ``scale`` (counts by cell of ``totem_sdk.scale``, in
    their order) of numbers, ``words`` in one text on average and ``vocabulary``, how many different ones there are.
    """

    nulls: int | None = None
    distinct: int | None = None
    minimum: Limit | None = None
    maximum: Limit | None = None
    size: int | None = None
    longest: int | None = None
    nans: bool = True
    mean: float | None = None
    histogram: tuple[int, ...] = ()
    scale: tuple[tuple[int, int], ...] = ()
    words: float | None = None
    vocabulary: int | None = None


@dataclass(frozen=True)
class Statistics:
    """Statistics of a dataset: exact number of rows in all and in each fragment (map task), and by column."""

    rows: int
    fragments: tuple[int, ...]
    columns: Mapping[str, ColumnStatistics] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if sum(self.fragments) != self.rows:
            raise InvalidDocument("statistics: the rows of the fragments don't add up to the rows of the dataset")

    def column(self, name: str) -> ColumnStatistics:
        """Return what is published of a column (nothing, if the provider published nothing)."""
        return self.columns.get(name, ColumnStatistics())

    def to_json(self) -> dict[str, Any]:
        """Return the statistics as a document without floats."""
        return {
            "rows": self.rows,
            "fragments": list(self.fragments),
            "columns": {name: _column_to_json(column) for name, column in sorted(self.columns.items())},
        }

    @classmethod
    def from_json(cls, document: Any) -> Statistics:
        """Read what ``to_json`` gives.

        Raises:
            InvalidDocument: the document is not a statistics document.
        """
        try:
            return cls(
                rows=_natural(document["rows"]),
                fragments=tuple(_natural(rows) for rows in document["fragments"]),
                columns={str(name): _column_from_json(item) for name, item in document["columns"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidDocument(f"statistics: {error}") from None


_PLAIN = ("nulls", "distinct", "size", "longest", "vocabulary")


def _column_to_json(column: ColumnStatistics) -> dict[str, Any]:
    document: dict[str, Any] = {name: getattr(column, name) for name in _PLAIN if getattr(column, name) is not None}
    for name in ("minimum", "maximum", "mean", "words"):
        if (value := getattr(column, name)) is not None:
            document[name] = _limit_to_json(value)
    if not column.nans:
        document["nans"] = False
    if column.histogram:
        document["histogram"] = list(column.histogram)
    if column.scale:
        document["scale"] = [list(cell) for cell in column.scale]
    return document


def _column_from_json(document: Mapping[str, Any]) -> ColumnStatistics:
    mean, words = (_limit_from_json(document[name]) if name in document else None for name in ("mean", "words"))
    return ColumnStatistics(
        **{name: _natural(document[name]) for name in _PLAIN if name in document},
        minimum=_limit_from_json(document["minimum"]) if "minimum" in document else None,
        maximum=_limit_from_json(document["maximum"]) if "maximum" in document else None,
        nans=bool(document.get("nans", True)),
        mean=float(mean) if isinstance(mean, int | float) else None,
        histogram=tuple(_natural(count) for count in document.get("histogram", ())),
        scale=tuple((_cell(cell), _natural(count)) for cell, count in document.get("scale", ())),
        words=float(words) if isinstance(words, int | float) and words >= 0 else None,
    )


def _cell(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > CELLS:
        raise ValueError(f"expected the number of a cell, not {value!r}")
    return value


def _limit_to_json(value: Limit) -> Any:
    match value:
        case bool() | int() | str():
            return value
        case float():
            return {"float": repr(value)}
        case datetime.datetime():
            return {"datetime": value.isoformat()}
        case datetime.date():
            return {"date": value.isoformat()}


def _limit_from_json(document: Any) -> Limit:
    match document:
        case bool() | int() | str():
            return document
        case {"float": str(text)}:
            return float(text)
        case {"datetime": str(text)}:
            return datetime.datetime.fromisoformat(text)
        case {"date": str(text)}:
            return datetime.date.fromisoformat(text)
    raise ValueError(f"not a minimum or maximum: {document!r}")


def _natural(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"expected a non-negative integer, not {value!r}")
    return value
