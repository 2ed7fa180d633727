"""What a pass finds wrong: refusals with places, collected so that one run reports as many as it can."""

from __future__ import annotations

from typing import NamedTuple

from totem_sdk.errors import InternalError, Refusal, Refused
from totem_sdk.lang.codes import CODES

__all__ = ["At", "Findings", "too_deep"]


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

    @property
    def codes(self) -> frozenset[str]:
        """The codes of everything that was found."""
        return frozenset(refusal.code for refusal in self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    def check(self) -> None:
        """Do nothing if nothing was found.

        Raises:
            Refused: something was; it carries all of it.
        """
        if self._found:
            raise self.refused()

    def refused(self) -> Refused:
        """Return the error that carries everything that was found."""
        return Refused(self._found)


def too_deep() -> Refused:
    """Return the refusal of a program that this process can't go through, deep as it is already."""
    findings = Findings()
    findings.add(At(1, 1), "too-deep", "the program is nested too deeply to be compiled here")
    return findings.refused()
