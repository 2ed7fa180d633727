"""Schemas: the names and types of a dataset's columns, as a job sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from totem_sdk.errors import InvalidDocument
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

__all__ = ["COLUMN_TYPES", "LINES", "LINES_OF_FILES", "Column", "Schema"]

COLUMN_TYPES: tuple[Type, ...] = (INT, FLOAT, BOOL, STR, DATE, DATETIME)
"""What a column may hold; each may also be optional (``T?``)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``name`` is a Python identifier, ``type`` one of COLUMN_TYPES or its option."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a dataset in their published order."""

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        if not self.columns:
            raise InvalidDocument("a schema needs at least one column")
        seen: set[str] = set()
        for column in self.columns:
            if not column.name.isidentifier() or column.name.startswith("_"):
                raise InvalidDocument(f"column {column.name!r}: a name must be a Python identifier without leading _")
            if column.name in seen:
                raise InvalidDocument(f"column {column.name!r} is there twice")
            seen.add(column.name)
            inner = column.type.item if isinstance(column.type, Option) else column.type
            if inner not in COLUMN_TYPES:
                raise InvalidDocument(f"column {column.name!r}: a column can't be of type {column.type}")

    @classmethod
    def of(cls, columns: Mapping[str, str] | Iterable[tuple[str, str]]) -> Schema:
        """Make a schema from names and type texts, e.g. ``Schema.of({"kwh": "float?"})``."""
        pairs = columns.items() if isinstance(columns, Mapping) else columns
        return cls(tuple(Column(name, parse_type(text)) for name, text in pairs))

    def index(self, name: str) -> int | None:
        """Return the position of a column, or None if there is none of that name."""
        for position, column in enumerate(self.columns):
            if column.name == name:
                return position
        return None

    def to_json(self) -> list[dict[str, str]]:
        """Return ``[{"name": …, "type": …}, …]``."""
        return [{"name": column.name, "type": str(column.type)} for column in self.columns]

    @classmethod
    def from_json(cls, document: Any) -> Schema:
        """Read what ``to_json`` gives; a mapping name → type text is accepted as well.

        Raises:
            InvalidDocument: the document is not a schema; the message names the column.
        """
        if isinstance(document, dict) and set(document) == {"columns"}:
            document = document["columns"]
        if isinstance(document, dict):
            document = [{"name": name, "type": text} for name, text in document.items()]
        if not isinstance(document, list):
            raise InvalidDocument("a schema is a list of {name, type}")
        columns: list[tuple[str, str]] = []
        for position, item in enumerate(document):
            if not isinstance(item, dict) or set(item) != {"name", "type"}:
                raise InvalidDocument(f"schema column {position}: expected an object with name and type")
            if not isinstance(item["name"], str) or not isinstance(item["type"], str):
                raise InvalidDocument(f"schema column {position}: name and type are texts")
            columns.append((item["name"], item["type"]))
        return cls.of(columns)


LINES = Schema((Column("line", STR),))
"""The schema of plain text: one column ``line``."""

LINES_OF_FILES = Schema((Column("line", STR), Column("file", STR)))
"""The schema of plain text of which also the files' names are told: each line with that of its file."""
