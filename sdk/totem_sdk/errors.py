"""The errors a user of the SDK can meet.

::

    TotemError
    ├── Refused            a program (or an input) that is not accepted; carries one Refusal a finding
    ├── InvalidDocument    a table, schema, statistics or program document that does not follow its format
    └── ProgramError       an error of the consumer's program while it runs (kind and source line)

    InternalError          our own bug: never the user's mistake, not a TotemError

A user's mistake always names what, where, why and what to do. ``InternalError`` means that an invariant of ours
broke; it is reported as such and never blamed on the program.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["InternalError", "InvalidDocument", "ProgramError", "Refusal", "Refused", "TotemError"]


class TotemError(Exception):
    """Base of the errors that a user of the SDK can cause."""


@dataclass(frozen=True, order=True, slots=True)
class Refusal:
    """One reason why a program is refused.

    ``line`` and ``column`` count from 1 (column in characters); ``code`` is a stable word such as ``import``;
    ``message`` says what and why, ``hint`` what to do (may be empty).
    """

    line: int
    column: int
    code: str
    message: str
    hint: str = ""

    def to_json(self) -> dict[str, int | str]:
        """Return the refusal as a JSON object (keys line, column, code, message, hint)."""
        return {
            "line": self.line,
            "column": self.column,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
        }


class Refused(TotemError):
    """A program is not accepted; ``refusals`` lists every finding in source order."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals: tuple[Refusal, ...] = tuple(sorted(refusals))
        if not self.refusals:
            raise InternalError("Refused needs at least one refusal")
        super().__init__("; ".join(f"line {r.line}, column {r.column}: {r.message} [{r.code}]" for r in self.refusals))


class InvalidDocument(TotemError):
    """A document (table, schema, statistics, program) does not follow its format; the message names the place."""


class ProgramError(TotemError):
    """The consumer's program failed while it ran.

    ``kind`` is one of ``KINDS``; ``line`` is the source line. The text never holds a cell's value.
    """

    KINDS = (
        "overflow",
        "zero_division",
        "index",
        "value",
        "memory",
        "key",
        "assertion",
        "type",
        "runtime",
        "exception",
    )

    def __init__(self, kind: str, line: int) -> None:
        if kind not in self.KINDS:
            raise InternalError(f"unknown kind of program error {kind!r}")
        self.kind = kind
        self.line = line
        super().__init__(f"{kind} in line {line}")


class InternalError(Exception):
    """An invariant of TOTEM itself does not hold: our bug, never the user's mistake."""
