"""What TOTEM sees in a provider's files: columns, types, and what made a type as wide as it is; never a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from totem.services.data import data_errors
from totem_ccf.storage import Dataset, Fragment
from totem_ccf.storage.parquet import ParquetSource
from totem_sdk.rows import parse_cell
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, STR, Option, Type

__all__ = ["Place", "SeenColumn", "schema_document", "survey"]

_ORDER = (INT, FLOAT, DATE, DATETIME, BOOL, STR)
"""The types that a CSV column may be found to have, in the order in which they are preferred."""

_WORDS = frozenset({"na", "n/a", "#n/a", "null", "none", "nil", "-", "--", "?"})
"""Words that are known to stand for a missing value, in small letters; besides them no cell is ever shown."""

_UTC = frozenset({"UTC", "Etc/UTC", "Z", "+00:00"})


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a file, counted from 1."""

    path: str
    row: int


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """A column; ``source`` is its name in the first file, ``nulls`` how many rows have no value.

    ``widened`` is the first row whose cell made an inferred type wider than the cells before it: to ``type``, from
    ``before``. Both None where all cells are alike, or nothing was inferred. ``words`` are those known to stand for a
    missing value (``NA``, ``null``, …) but for which an inferred text would be of the type ``without_words``. ``zones``
    are the time zones that the timestamps of Parquet files have, other than UTC.
    """

    name: str
    source: str
    type: Type
    nulls: int
    before: Type | None = None
    widened: Place | None = None
    words: tuple[str, ...] = ()
    without_words: Type | None = None
    zones: tuple[str, ...] = ()


def survey(dataset: Dataset, *, inferred: bool) -> list[SeenColumn]:
    """Look at every column of a dataset; ``inferred``: nobody has said what their types are.

    Raises:
        ProviderSide: the data can't be read.
    """
    names = [column.name for column in dataset.schema.columns]
    nulls = dict.fromkeys(names, 0)
    with data_errors():
        for batch in dataset.read(names, verify=False):
            for name, array in zip(names, batch.columns, strict=True):
                nulls[name] += array.null_count
        sources = {column.name: column.source for column in dataset.fragments[0].columns}
        columns = [SeenColumn(c.name, sources[c.name], c.type, nulls[c.name]) for c in dataset.schema.columns]
        if dataset.fragments[0].format == "parquet":
            zones = _zones(dataset)
            return [replace(column, zones=tuple(zones.get(column.name, ()))) for column in columns]
        if not inferred or dataset.fragments[0].format != "csv":
            return columns
        return [_explained(dataset, column) for column in columns]


def schema_document(dataset: Dataset) -> dict[str, Any]:
    """Return the dataset's schema as ``--schema`` takes it, with how its CSV files are written."""
    document: dict[str, Any] = {"columns": {column.name: str(column.type) for column in dataset.schema.columns}}
    if dataset.fragments[0].format == "csv":
        document["csv"] = dataset.fragments[0].csv.to_json()
    return document


def _zones(dataset: Dataset) -> dict[str, dict[str, None]]:
    """Return the time zones other than UTC of each column, in the order of the files."""
    zones: dict[str, dict[str, None]] = {}
    for path, columns in {fragment.path: fragment.columns for fragment in dataset.fragments}.items():
        with ParquetSource(path) as source:
            zone_of = {name: getattr(arrow, "tz", None) for name, arrow in source.fields()}
        for column in columns:
            zone = zone_of[column.source]
            if zone is not None and zone not in _UTC:
                zones.setdefault(column.name, {})[zone] = None
    return zones


def _explained(dataset: Dataset, column: SeenColumn) -> SeenColumn:
    final = column.type.item if isinstance(column.type, Option) else column.type
    if final == INT:
        return column
    if final == STR and (worded := _worded(dataset, column)) is not None:
        return worded
    fitting: list[Type] = list(_ORDER)
    before: Type | None = None
    for place, text in _cells(dataset, column.name):
        if parse_cell(text, Option(STR), dataset.fragments[0].csv.nulls) is None:
            continue
        fitting = [type_ for type_ in fitting if _is_one(text, type_)]
        if fitting[0] == final:
            return column if before is None else replace(column, before=before, widened=place)
        before = fitting[0]
    return column


def _worded(dataset: Dataset, column: SeenColumn) -> SeenColumn | None:
    """Return a column of text with the words for missing values but for which it would be something else, or None."""
    fitting: list[Type] = list(_ORDER)
    words: dict[str, None] = {}
    other = False
    for _, text in _cells(dataset, column.name):
        if parse_cell(text, Option(STR), dataset.fragments[0].csv.nulls) is None:
            continue
        if text.casefold() in _WORDS:
            words[text] = None
            continue
        other = True
        fitting = [type_ for type_ in fitting if _is_one(text, type_)]
        if fitting[0] == STR:
            return None
    return replace(column, words=tuple(words), without_words=fitting[0]) if words and other else None


def _cells(dataset: Dataset, name: str) -> Iterator[tuple[Place, str]]:
    for fragment in dataset.fragments:
        number = fragment.first_row
        for batch in _as_text(fragment).read([name], verify=False):
            for text in batch.column(0).to_pylist():
                number += 1
                yield Place(fragment.path, number), text


def _as_text(fragment: Fragment) -> Fragment:
    return replace(fragment, columns=tuple(replace(column, type=STR) for column in fragment.columns))


def _is_one(text: str, type_: Type) -> bool:
    if type_ == DATE and "/" in text:
        return False  # such a text is a date only where a schema says so
    try:
        parse_cell(text.strip(" \t"), type_)
    except ValueError:
        return False
    return True
