"""Argument schemas: what a transaction takes, checked before its handler sees anything.

A field type turns an untrusted JSON value into a checked one or raises ``Invalid`` with the field's name. Every type
has a bound: there is no argument of unlimited size. ``describe()`` is the text that documentation shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from totem_chaincode import canonical
from totem_chaincode.errors import Invalid
from totem_sdk.cost import MAX_TOTEM

__all__ = [
    "AMOUNT",
    "BOOKMARK",
    "DATASET_ID",
    "HASH",
    "JOB_ID",
    "LIMIT",
    "NOTE",
    "PARTICIPANT",
    "REASON",
    "SECONDS",
    "SLUG",
    "AnyOr",
    "Boolean",
    "Choice",
    "Document",
    "Field",
    "Fields",
    "Integer",
    "ListOf",
    "Optional",
    "Record",
    "Several",
    "Text",
    "check_fields",
]


class Field(Protocol):
    """One argument's type."""

    def check(self, value: Any, place: str) -> Any:
        """Return the checked value.

        Raises:
            Invalid: the value is not of this type; the message names ``place``.
        """

    def describe(self) -> str:
        """Return the type in a few words."""


Fields = Mapping[str, Field]

# C0, DEL, C1, the two separators of lines, and what changes the direction of writing.
_CONTROL = {
    "line": re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"),
    "lines": re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"),
}


@dataclass(frozen=True)
class Text:
    """A text of ``least`` to ``most`` UTF-8 bytes, matching ``pattern`` as a whole where one is given.

    A text that becomes part of a key needs a pattern; one that people write for people is ``prose``: without control
    characters, which could make a terminal or a page show something else than what is there. ``too_large`` is the code
    of what a longer one is answered with, where that has its own. ``form`` says the pattern in words.
    """

    most: int
    least: int = 1
    pattern: str | None = None
    what: str = "text"
    prose: Literal["line", "lines"] | None = None
    too_large: str | None = None
    form: str = ""

    def check(self, value: Any, place: str) -> str:
        """See ``Field``."""
        if not isinstance(value, str):
            raise Invalid(f"{place}: expected a text, got {_kind(value)}")
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            raise Invalid(f"{place}: the text is not valid Unicode") from None
        if not self.least <= size <= self.most:
            code = self.too_large if size > self.most else None
            message = f"{place}: a text of {self.least} to {self.most} bytes is expected, got {size}"
            raise Invalid(message, code=code, details={"what": self.what})
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            article = "an" if self.what[0] in "aeiou" else "a"
            expected = self.form or self.pattern
            raise Invalid(f"{place}: not {article} {self.what} (expected {expected})", details={"what": self.what})
        if self.prose is not None and (found := _CONTROL[self.prose].search(value)):
            raise Invalid(
                f"{place}: a {self.what} has no control characters (character {found.start() + 1} is"
                f" U+{ord(found.group()):04X})"
            )
        return value

    def describe(self) -> str:
        """See ``Field``."""
        return f"{self.what} ≤ {self.most} B" if self.pattern is None else self.what


@dataclass(frozen=True)
class Integer:
    """An integer from ``least`` to ``most``."""

    least: int
    most: int
    what: str = "int"

    def check(self, value: Any, place: str) -> int:
        """See ``Field``."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid(f"{place}: expected an integer, got {_kind(value)}")
        if not self.least <= value <= self.most:
            raise Invalid(f"{place}: {self.least} to {self.most} is expected, got {value}")
        return value

    def describe(self) -> str:
        """See ``Field``."""
        return f"{self.what} {self.least}–{self.most}"


@dataclass(frozen=True)
class Boolean:
    """True or false."""

    def check(self, value: Any, place: str) -> bool:
        """See ``Field``."""
        if not isinstance(value, bool):
            raise Invalid(f"{place}: expected true or false, got {_kind(value)}")
        return value

    def describe(self) -> str:
        """See ``Field``."""
        return "bool"


class Choice:
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def check(self, value: Any, place: str) -> str:
        """See ``Field``."""
        if not isinstance(value, str) or value not in self.words:
            raise Invalid(f"{place}: expected one of {', '.join(self.words)}, got {str(value)[:40]!r}")
        return value

    def describe(self) -> str:
        """See ``Field``."""
        return " / ".join(self.words)


@dataclass(frozen=True)
class ListOf:
    """A list of ``least`` to ``most`` items of one type."""

    item: Field
    most: int
    least: int = 0

    def check(self, value: Any, place: str) -> list[Any]:
        """See ``Field``."""
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise Invalid(f"{place}: expected a list, got {_kind(value)}")
        if not self.least <= len(value) <= self.most:
            raise Invalid(f"{place}: {self.least} to {self.most} items are expected, got {len(value)}")
        return [self.item.check(item, f"{place}[{position}]") for position, item in enumerate(value)]

    def describe(self) -> str:
        """See ``Field``."""
        return f"list of {self.least}–{self.most} × {self.item.describe()}"


@dataclass(frozen=True)
class Several(ListOf):
    """One item, given as it is, or a list of them; always checked to a list."""

    def check(self, value: Any, place: str) -> list[Any]:
        """See ``Field``."""
        return super().check(value, place) if isinstance(value, list) else [self.item.check(value, place)]

    def describe(self) -> str:
        """See ``Field``."""
        return f"{self.item.describe()}, or a list of {self.least}–{self.most} of them"


@dataclass(frozen=True)
class AnyOr:
    """The word ``any``, or what another type says."""

    field: Field

    def check(self, value: Any, place: str) -> Any:
        """See ``Field``."""
        return value if value == "any" else self.field.check(value, place)

    def describe(self) -> str:
        """See ``Field``."""
        return f"any / {self.field.describe()}"


@dataclass(frozen=True)
class Record:
    """An object with exactly these fields (optional ones may be left out)."""

    fields: Fields

    def check(self, value: Any, place: str) -> dict[str, Any]:
        """See ``Field``."""
        if not isinstance(value, Mapping):
            raise Invalid(f"{place}: expected an object, got {_kind(value)}")
        return check_fields(self.fields, value, place)

    def describe(self) -> str:
        """See ``Field``."""
        return "{" + ", ".join(_field_text(name, field) for name, field in self.fields.items()) + "}"


@dataclass(frozen=True)
class Document:
    """A JSON object (or list, where ``lists``) without floats, of at most ``most`` canonical bytes.

    What is in it is checked by the handler that asked for it.
    """

    most: int
    what: str = "JSON"
    lists: bool = False

    def check(self, value: Any, place: str) -> Any:
        """See ``Field``."""
        if not isinstance(value, dict) and not (self.lists and isinstance(value, list)):
            expected = "an object or a list" if self.lists else "an object"
            raise Invalid(f"{place}: expected {expected}, got {_kind(value)}")
        try:
            size = len(canonical.encode(value))
        except canonical.NotCanonical as error:
            raise Invalid(f"{place}: {error}") from None
        if size > self.most:
            raise Invalid(f"{place}: at most {self.most} bytes are expected, got {size}")
        return value

    def describe(self) -> str:
        """See ``Field``."""
        return f"{self.what} ≤ {self.most} B"


@dataclass(frozen=True)
class Optional:
    """A field that may be left out or null; then it is ``default``."""

    field: Field
    default: Any = None

    def check(self, value: Any, place: str) -> Any:
        """See ``Field``."""
        return self.default if value is None else self.field.check(value, place)

    def describe(self) -> str:
        """See ``Field``."""
        return self.field.describe()


def check_fields(fields: Fields, given: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the checked values of all fields.

    Raises:
        Invalid: a field is missing, unknown or not of its type; the message names it.
    """
    unknown = sorted(str(name) for name in given if name not in fields)
    if unknown:
        known = ", ".join(fields) or "none"
        raise Invalid(f"{place}: unknown field {unknown[0][:80]!r} (known: {known})")
    checked: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in given and not isinstance(field, Optional):
            raise Invalid(f"{place}: the field {name!r} is missing")
        checked[name] = field.check(given.get(name), f"{place}.{name}")
    return checked


def _kind(value: Any) -> str:
    if isinstance(value, float):
        return "a float (give it as a text)"
    return "null" if value is None else type(value).__name__


def _field_text(name: str, field: Field) -> str:
    return f"{name}?: {field.describe()}" if isinstance(field, Optional) else f"{name}: {field.describe()}"


_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"

AMOUNT = Integer(1, MAX_TOTEM, "totem")
SECONDS = Integer(1, 10 * 366 * 86_400, "seconds")
_SLUG_FORM = "up to 64 small letters, digits, dots, - and _, the first a letter or digit"
_HASH_FORM = "64 hexadecimal digits, the letters small"
_PARTICIPANT_FORM = "two names with @ between them, each of up to 64 letters, digits, dots, - and _"

SLUG = Text(64, pattern=r"[a-z0-9][a-z0-9._-]{0,63}", what="slug", form=_SLUG_FORM)
DATASET_ID = Text(64, pattern=r"[a-z0-9][a-z0-9._-]{0,63}", what="dataset id", form=_SLUG_FORM)
# A part of a joint job has its number, or c for the combining part, behind the joint job's id.
_JOB_ID = r"job-[0-9a-f]{20}(?:-(?:[1-9][0-9]?|c))?"
JOB_ID = Text(64, pattern=_JOB_ID, what="job id", form="job- and 20 hexadecimal digits")
HASH = Text(64, pattern=r"[0-9a-f]{64}", what="sha256 in hex", form=_HASH_FORM)
PARTICIPANT = Text(129, pattern=rf"{_NAME}@{_NAME}", what="participant (name@msp)", form=_PARTICIPANT_FORM)
REASON = Text(500, what="reason", prose="line")
NOTE = Text(200, what="text", prose="line")
LIMIT = Optional(Integer(1, 100), 50)
BOOKMARK = Optional(Text(2_048, least=0, pattern=r"[A-Za-z0-9_=-]*", what="bookmark"), "")
