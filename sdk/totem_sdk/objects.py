"""Typed rows out of JSON lines: what the object on a line holds, and which columns the objects of a file have.

The rules are those by which datasets are published (docs/data.md), in plain Python. Every line is one JSON object
(RFC 8259, nothing more: no NaN, no text with half a surrogate pair) without a key that is there twice, and with values
nested no deeper than ``MAX_DEPTH``. Numbers are kept as they are written until a type says what they are.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from totem_sdk.errors import InvalidDocument
from totem_sdk.rows import parse_cell
from totem_sdk.types import BOOL, DATE, DATETIME, FLOAT, INT, STR, Option, Type

__all__ = [
    "MAX_COLUMNS",
    "MAX_DEPTH",
    "BadLine",
    "Fraction",
    "FoundColumns",
    "Nested",
    "Whole",
    "cell_of",
    "kind_of",
    "nested_too_deep",
    "parse_object",
]

MAX_DEPTH = 64
"""Objects and lists within each other, the line's own object included."""
MAX_COLUMNS = 10_000
"""Different keys in the objects of a dataset."""

NESTED: Final = "a list or an object"
_KINDS: dict[Type, str] = {INT: "a number", FLOAT: "a number", BOOL: "true or false", STR: "a text"}
_INT_LIMITS = (-(1 << 63), (1 << 63) - 1)
_INT_DIGITS = 20
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class BadLine(InvalidDocument):
    """A line is no object: ``kind`` is ``format`` or ``encoding``. The message holds nothing of the line."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


class Whole(str):
    """A number without fraction and exponent, as it is written."""

    __slots__ = ()


class Fraction(str):
    """Any other number, as it is written."""

    __slots__ = ()


class Nested:
    """Stands for a list or an object: rows have no such values."""


_NESTED = Nested()


class _Pairs(list[tuple[str, Any]]):
    """The keys and values of an object, in their order."""


def _refuse(name: str) -> None:
    raise ValueError(name)


_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, parse_int=Whole, parse_float=Fraction, parse_constant=_refuse)


def parse_object(line: str) -> dict[str, Any]:
    """Return what the object on a line holds: None, bool, str, ``Whole``, ``Fraction`` or ``Nested`` for each key.

    Raises:
        BadLine: the line is not one JSON object, or has a key twice.
    """
    if nested_too_deep(line):
        raise BadLine("format", f"lists and objects are nested deeper than {MAX_DEPTH}")
    pairs = _decoded(line)
    if pairs is None:
        raise BadLine("format", "the line is no JSON object")
    if _SURROGATE.search(line) and _half_a_pair(line):
        raise BadLine("encoding", "a text has half of a surrogate pair")
    values = {key: _NESTED if isinstance(value, list) else value for key, value in pairs}
    if len(values) < len(pairs):
        raise BadLine("format", "a key is twice in the object")
    return values


def _decoded(line: str) -> _Pairs | None:
    # Python's error holds the line: it must not even be the context of ours.
    try:
        found = _DECODER.decode(line)
    except ValueError:
        return None
    return found if isinstance(found, _Pairs) else None


def nested_too_deep(line: str) -> bool:
    """Tell whether lists and objects on a line are nested deeper than ``MAX_DEPTH``."""
    if line.count("[") + line.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", _TEXT.sub("", line)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _half_a_pair(line: str) -> bool:
    """Tell whether an escape on a line is half of a surrogate pair without the other half beside it."""
    high = -1
    for escape in _ESCAPE.finditer(line):
        code = int(escape[1] or "0", 16)
        low = 0xDC00 <= code < 0xE000
        if low != (high == escape.start()):
            return True
        high = escape.end() if 0xD800 <= code < 0xDC00 else -1
        if high < 0:
            continue
        if not line.startswith("\\u", high):
            return True
    return False


def kind_of(value: Any) -> Type | Nested | None:
    """Return the type that a value of ``parse_object`` has by itself: None of null, and texts are only texts."""
    if value is None or isinstance(value, Nested):
        return value
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, Whole):
        return INT if _int(value) is not None else FLOAT
    return FLOAT if isinstance(value, Fraction) else STR


def cell_of(value: Any, type_: Type) -> Any:
    """Return a value of ``parse_object`` as one of a column's type.

    Raises:
        ValueError: it is none of the type. The message doesn't hold the value.
    """
    item = type_.item if isinstance(type_, Option) else type_
    if value is None:
        if item is type_:
            raise ValueError(f"expected {type_}, there is no value")
        return None
    found: Any = None
    if item == INT and isinstance(value, Whole):
        found = _int(value)
    elif item == FLOAT and isinstance(value, Whole | Fraction):
        number = float(value)
        found = number if math.isfinite(number) else None
    elif item == BOOL and isinstance(value, bool):
        found = value
    elif type(value) is str:
        if item in (DATE, DATETIME):
            return parse_cell(value, item)
        found = value if item == STR else None
    if found is None:
        raise ValueError(f"expected {item}")
    return found


def _int(text: str) -> int | None:
    if len(text) > _INT_DIGITS:
        return None
    value = int(text)
    return value if _INT_LIMITS[0] <= value <= _INT_LIMITS[1] else None


@dataclass(slots=True)
class FoundColumns:
    """The keys of objects in the order in which they were first seen, and what their values are.

    ``types`` has for each key the types seen; ``first`` the place (as the caller counts) of the first value of each
    kind; ``present`` in how many of the ``rows`` it has a value.
    """

    rows: int = 0
    types: dict[str, set[Type]] = field(default_factory=dict)
    first: dict[str, dict[str, str]] = field(default_factory=dict)
    present: dict[str, int] = field(default_factory=dict)

    def take(self, values: Mapping[str, Any], place: str) -> None:
        """Take one object."""
        self.rows += 1
        for key, value in values.items():
            kind = kind_of(value)
            self.see(key, kind, 0 if kind is None else 1, place)

    def see(self, key: str, kind: Type | Nested | None, present: int, place: str) -> None:
        """Take ``present`` values of one kind, the first of them at ``place``.

        Raises:
            BadLine: there are too many keys.
        """
        if key not in self.types:
            if len(self.types) == MAX_COLUMNS:
                raise BadLine("format", f"the objects have more than {MAX_COLUMNS:,} different keys")
            self.types[key], self.first[key], self.present[key] = set(), {}, 0
        if kind is None:
            return
        self.present[key] += present
        if isinstance(kind, Nested):
            self.first[key].setdefault(NESTED, place)
        else:
            self.types[key].add(kind)
            self.first[key].setdefault(_KINDS[kind], place)

    def type_of(self, key: str) -> Type | None:
        """Return the type of a key's column, or None if it can't be one; ``reason`` says why."""
        if len(self.first[key]) > 1 or NESTED in self.first[key]:
            return None
        found = self.types[key]
        item = (FLOAT if FLOAT in found else next(iter(found))) if found else STR
        return Option(item) if self.present[key] < self.rows else item

    def is_nested(self, key: str) -> bool:
        """Tell whether a key has a list or an object anywhere."""
        return NESTED in self.first[key]

    def reason(self, key: str) -> str:
        """Return why a key is no column, and what to do."""
        if self.is_nested(key):
            return f"lists and objects are not rows (first in {self.first[key][NESTED]}): store their parts as keys"
        kinds = [f"{kind} in {place}" for kind, place in self.first[key].items()]
        return f"its values are of several types ({', '.join(kinds)}): store values of one type"
