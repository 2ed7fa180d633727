"""What one run comes to: the object that ``totem run --json`` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from totem.services.lines import ResultLines
from totem_sdk.cost import MAX_TOTEM
from totem_sdk.errors import Refusal
from totem_sdk.types import Type

__all__ = ["EXIT_STATUS", "Bounds", "Report", "Seconds", "State"]

State = Literal["completed", "out_of_totem", "refused", "failed", "provider_failed", "interrupted"]

EXIT_STATUS: dict[State, int] = {
    "completed": 0,
    "refused": 2,
    "out_of_totem": 3,
    "failed": 4,
    "provider_failed": 5,
    "interrupted": 130,
}
"""The command's exit status for each end."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """An estimate in totem; ``upper`` None: unbounded, all None: there is no estimate."""

    lower: int | None = None
    expected: int | None = None
    upper: int | None = None

    @property
    def enough(self) -> int | None:
        """The escrow with which the job certainly completes; None: there is none, or no account could hold it."""
        return None if self.upper is None or self.upper > MAX_TOTEM else self.upper

    def advice(self, least: int) -> str:
        """Return in words what to put into escrow, ``least`` or more; empty: no amount is certainly enough."""
        if self.enough is None:
            return ""
        certainly = f"{self.enough:,} is certainly enough"
        if self.expected is not None and least <= self.expected < self.enough:
            certainly = f"probably {self.expected:,} is enough, {self.enough:,} certainly"
        return f"{certainly}; what is not used comes back"

    def to_json(self) -> dict[str, int | None]:
        """Return ``{"lower", "expected", "upper"}``."""
        return {"lower": self.lower, "expected": self.expected, "upper": self.upper}


@dataclass(slots=True)
class Seconds:
    """Wall-clock seconds: compiling and estimating, running, everything."""

    compile: float = 0.0
    run: float = 0.0
    total: float = 0.0

    def to_json(self) -> dict[str, float]:
        """Return ``{"compile", "run", "total"}``, rounded to milliseconds."""
        return {"compile": round(self.compile, 3), "run": round(self.run, 3), "total": round(self.total, 3)}


@dataclass(slots=True)
class Report:
    """How a run ended.

    ``escrow``, ``used`` and ``returned`` are totem (escrow = used + returned). ``bill`` are the itemised rows of the
    settled phases, ``by_line`` what each source line was to cost and has cost (None: not asked for). ``lines`` are
    those of the result, in plan order, ``emits`` its types (None: nothing is delivered).
    ``error`` is ``{"kind", "line"}`` of a program's error, or the kind of the provider's trouble with line None. Not
    part of the JSON: ``detail`` is for people, ``in_source`` tells that the refusals are about places of the source.
    """

    state: State
    program_id: str | None = None
    table_id: str | None = None
    estimate: Bounds = field(default_factory=Bounds)
    escrow: int = 0
    used: int = 0
    returned: int = 0
    bill: Sequence[dict[str, Any]] = ()
    by_line: Sequence[dict[str, Any]] | None = None
    lines: ResultLines = field(default_factory=ResultLines.of)
    emits: tuple[Type, Type] | None = None
    partial: bool = False
    error: dict[str, Any] | None = None
    refusals: Sequence[Refusal] = ()
    seconds: Seconds = field(default_factory=Seconds)
    detail: str = ""
    in_source: bool = False

    @property
    def exit_status(self) -> int:
        """The exit status of a command that ends so."""
        return EXIT_STATUS[self.state]

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints, with the whole result."""
        document: dict[str, Any] = json.loads("".join(self.json_parts()))
        return document

    def json_parts(self) -> Iterator[str]:
        """Yield the object that ``--json`` prints, in pieces: a result may be larger than memory."""
        head = {
            "state": self.state,
            "program_id": self.program_id,
            "table_id": self.table_id,
            "estimate": self.estimate.to_json(),
            "escrow": self.escrow,
            "used": self.used,
            "returned": self.returned,
            "bill": list(self.bill),
            **({} if self.by_line is None else {"lines": list(self.by_line)}),
        }
        tail = {
            "partial": self.partial,
            "result_sha256": self.lines.sha256(),
            "error": self.error,
            "refusals": [refusal.to_json() for refusal in self.refusals],
            "seconds": self.seconds.to_json(),
        }
        yield json.dumps(head, ensure_ascii=False)[:-1] + ', "result": ['
        for number, line in enumerate(self.lines):
            yield (", " if number else "") + line.decode().rstrip("\n")
        yield "], " + json.dumps(tail, ensure_ascii=False)[1:]
