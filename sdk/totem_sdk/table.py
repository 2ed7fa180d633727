"""Estimator tables: what every opcode class and data type costs.

A table is a document that all providers agreed on; ``table_id`` is the sha256 of its canonical JSON. An opcode class
or data type that it does not list is not allowed. ``bytes`` of a type of varying size (str) are its fixed part; the
size itself is added by the sized charges. ``read`` says what reading a row charges: ``row`` all columns of the
schema, ``columns`` those that the program uses.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal, cast

from totem_sdk.classes import CLASSES
from totem_sdk.errors import InvalidDocument
from totem_sdk.types import SCALARS

__all__ = ["BUNDLED", "FORMAT", "MAX_UNIT_PRICE", "Table", "load"]

FORMAT = "totem-table-1"
BUNDLED: tuple[str, ...] = ("paper-2019", "standard-1")
MAX_UNIT_PRICE = 1 << 20
"""Largest weight × bytes: keeps every charge far inside 64 bits."""

_DTYPES = tuple(sorted(set(SCALARS) - {"num", "timedelta"}))


@dataclass(frozen=True)
class Table:
    """An estimator table; ``weights`` by opcode class, ``sizes`` in bytes by data type, both positive integers.

    Only ``emit`` may weigh 0 (it never closes a loop).
    """

    name: str
    read: Literal["row", "columns"]
    weights: Mapping[str, int]
    sizes: Mapping[str, int]

    @cached_property
    def table_id(self) -> str:
        """sha256 of the canonical JSON, in hexadecimal."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def allows(self, cls: str, dtype: str) -> bool:
        """Return whether the table prices this class on this data type."""
        return cls in self.weights and dtype in self.sizes

    def cost(self, cls: str, dtype: str) -> int:
        """Return weight(class) × bytes(dtype) in totem.

        Raises:
            KeyError: the table does not list one of the two (ask ``allows`` first).
        """
        return self.weights[cls] * self.sizes[dtype]

    def to_json(self) -> dict[str, Any]:
        """Return the table as a document."""
        return {
            "format": FORMAT,
            "name": self.name,
            "read": self.read,
            "weights": dict(sorted(self.weights.items())),
            "bytes": dict(sorted(self.sizes.items())),
        }

    @classmethod
    def from_json(cls, document: Any) -> Table:
        """Read a table document.

        Raises:
            InvalidDocument: a field is missing, unknown or out of range; the message names it.
        """
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise InvalidDocument(f"estimator table: expected an object with format {FORMAT!r}")
        if unknown := set(document) - {"format", "name", "read", "weights", "bytes"}:
            raise InvalidDocument(f"estimator table: unknown field {min(unknown)!r}")
        name = document.get("name")
        if not isinstance(name, str) or not 1 <= len(name) <= 64:
            raise InvalidDocument("estimator table: name must be a text of 1 to 64 characters")
        if document.get("read") not in ("row", "columns"):
            raise InvalidDocument("estimator table: read must be 'row' or 'columns'")
        weights = _integers(document.get("weights"), "weights", CLASSES, zero=("emit",))
        sizes = _integers(document.get("bytes"), "bytes", _DTYPES, zero=())
        if "read" not in weights:
            raise InvalidDocument("estimator table: weights must list 'read'")
        if max(weights.values()) * max(sizes.values()) > MAX_UNIT_PRICE:
            raise InvalidDocument(
                f"estimator table: the largest weight times the largest size is over {MAX_UNIT_PRICE}"
            )
        return cls(name, cast(Literal["row", "columns"], document["read"]), weights, sizes)


def _integers(document: Any, field: str, known: tuple[str, ...], zero: tuple[str, ...]) -> dict[str, int]:
    if not isinstance(document, dict) or not document:
        raise InvalidDocument(f"estimator table: {field} must be an object with at least one entry")
    for key, value in document.items():
        if key not in known:
            raise InvalidDocument(f"estimator table: {field} has an unknown entry {key!r} (known: {', '.join(known)})")
        if not isinstance(value, int) or isinstance(value, bool) or value < (0 if key in zero else 1):
            raise InvalidDocument(f"estimator table: {field}.{key} must be a positive integer")
    return dict(document)


def load(name_or_path: str | Path) -> Table:
    """Return a bundled table by name, or read one from a JSON file.

    Raises:
        InvalidDocument: there is no such table or file, or it is not a table.
    """
    if isinstance(name_or_path, str) and name_or_path in BUNDLED:
        text = (resources.files("totem_sdk") / "tables" / f"{name_or_path}.json").read_text(encoding="utf-8")
        return Table.from_json(json.loads(text))
    path = Path(name_or_path)
    try:
        return Table.from_json(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        known = ", ".join(BUNDLED)
        raise InvalidDocument(f"estimator table {str(path)!r}: {error.strerror} (bundled tables: {known})") from None
    except ValueError as error:
        raise InvalidDocument(f"estimator table {str(path)!r}: not JSON ({error})") from None
    except RecursionError:
        raise InvalidDocument(f"estimator table {str(path)!r}: the JSON is nested too deeply for a table") from None
