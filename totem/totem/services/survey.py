"""What TOTEM sees in a provider's files: columns, types, and what made a type as wide as it is; never a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from totem.services.data import data_errors
from totem_ccf.storage import Dataset, Fragment
from totem_sdk.rows import parse_cell
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, STR, Option, Type

__all__ = ["Place", "SeenColumn", "schema_document", "survey"]

_ORDER = (INT, FLOAT, DATE, DATETIME, BOOL, STR)
"""The types that a CSV column may be found to have, in the order in which they are preferred."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a file, counted from 1."""

    path: str
    row: int


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """A column; ``source`` is its name in the first file, ``nulls`` how many rows have no value.

    ``widened`` is the first row whose cell made an inferred type wider than the cells before it: to ``type``, from
    ``before``. Both None where all cells are alike, or nothing was inferred.
    """

    name: str
    source: str
    type: Type
    nulls: int
    before: Type | None = None
    widened: Place | None = None


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
        if not inferred or dataset.fragments[0].format != "csv":
            return columns
        return [_explained(dataset, column) for column in columns]


def schema_document(dataset: Dataset) -> dict[str, Any]:
    """Return the dataset's schema as ``--schema`` takes it, with how its CSV files are written."""
    document: dict[str, Any] = {"columns": {column.name: str(column.type) for column in dataset.schema.columns}}
    if dataset.fragments[0].format == "csv":
        document["csv"] = dataset.fragments[0].csv.to_json()
    return document


def _explained(dataset: Dataset, column: SeenColumn) -> SeenColumn:
    final = column.type.item if isinstance(column.type, Option) else column.type
    if final == INT:
        return column
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
