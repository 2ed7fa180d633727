"""What a pass finds wrong: refusals with places, collected so that one run reports as many as it can."""

from __future__ import annotations

from typing import NamedTuple

from totem_sdk.errors import InternalError, Refusal, Refused
from totem_sdk.lang.codes import CODES

__all__ = ["At", "Findings"]


class At(NamedTuple):
    """A place in the source: line and column, both from 1, the column in characters."""

    line: int
    column: int


class Findings:
    """The refusals of one pass; every code is one of ``codes.CODES``."""

    def __init__(self) -> None:
        self._found: dict[Refusal, None] = {}

    def add(self, at: At, code: str, message: str, hint: str | None = None) -> None:
        """Add a refusal; without ``hint`` it carries the code's own."""
        if code not in CODES:
            raise InternalError(f"the code {code!r} is not in the list of refusals")
        self._found[Refusal(at.line, at.column, code, message, CODES[code].hint if hint is None else hint)] = None

    def extend(self, other: Findings) -> None:
        """Add everything that another pass has found."""
        self._found.update(other._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    def check(self) -> None:
        """Do nothing if nothing was found.

        Raises:
            Refused: something was; it carries all of it.
        """
        if self._found:
            raise Refused(self._found)
