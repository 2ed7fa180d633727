"""How CSV files are written, and the document that says it together with a schema.

A schema document is what ``totem_sdk.schema.Schema.from_json`` reads, or an object with ``columns`` (that) and
``csv``::

    {"columns": {"at": "datetime", "kwh": "float?"}, "csv": {"delimiter": ";", "nulls": ["?"]}}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from totem_sdk.errors import InvalidDocument
from totem_sdk.schema import Schema

__all__ = ["CsvOptions", "schema_and_options"]


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """How a CSV file is written: what separates cells, and which texts (besides the empty one) mean "no value"."""

    delimiter: str = ","
    nulls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n':
            raise InvalidDocument("csv: delimiter must be one ASCII character other than a quote or line end")

    def to_json(self) -> dict[str, Any]:
        """Return ``{"delimiter": …, "nulls": […]}``."""
        return {"delimiter": self.delimiter, "nulls": list(self.nulls)}

    @classmethod
    def from_json(cls, document: Any) -> CsvOptions:
        """Read what ``to_json`` gives; both keys may be left out.

        Raises:
            InvalidDocument: an unknown key or a value of another type.
        """
        if not isinstance(document, dict) or not set(document) <= {"delimiter", "nulls"}:
            raise InvalidDocument("csv: expected an object with delimiter and nulls")
        delimiter, nulls = document.get("delimiter", ","), document.get("nulls", [])
        if not isinstance(delimiter, str) or not isinstance(nulls, list):
            raise InvalidDocument("csv: delimiter is a text, nulls a list of texts")
        if not all(isinstance(text, str) for text in nulls):
            raise InvalidDocument("csv: nulls is a list of texts")
        return cls(delimiter, tuple(nulls))


def schema_and_options(document: Any) -> tuple[Schema, CsvOptions]:
    """Read a schema document, with or without ``csv``.

    Raises:
        InvalidDocument: it is no such document; the message names the column.
    """
    if isinstance(document, dict) and set(document) == {"columns", "csv"} and not isinstance(document["csv"], str):
        return Schema.from_json(document["columns"]), CsvOptions.from_json(document["csv"])
    return Schema.from_json(document), CsvOptions()
