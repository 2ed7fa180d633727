"""Evaluation: what the contracts ask of the SDK, in one place.

``Evaluator`` is the port; ``totem_chaincode.sdk_evaluator`` the one behind it in production. It is a pure function of
its arguments: endorsers must come to the same answer byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Bounds", "Estimate", "Evaluation", "Evaluator", "Question"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Totem that a program needs on given statistics; ``upper`` None: unbounded."""

    lower: int
    expected: int
    upper: int | None

    def to_json(self) -> dict[str, int | None]:
        """Return ``{"lower", "expected", "upper"}``."""
        return {"lower": self.lower, "expected": self.expected, "upper": self.upper}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the receipts of a job must stay within: (least, most), most None: unbounded.

    ``phases`` are totem, in plan order: what a phase that is done costs; the most together are no more than the
    estimate's upper bound. ``row_texts`` are the bytes of texts that reading all published rows charges.
    """

    phases: tuple[tuple[int, int | None], ...]
    row_texts: tuple[int, int | None] = (0, None)

    def to_json(self) -> dict[str, Any]:
        """Return ``{"phases": [[least, most], ...], "row_texts": [least, most]}``."""
        return {"phases": [list(phase) for phase in self.phases], "row_texts": list(self.row_texts)}


@dataclass(frozen=True, slots=True)
class Question:
    """What the pre-check is asked: a source with its parameters, the datasets' metadata and a table document."""

    source: str
    filename: str
    params: Mapping[str, Any]
    schema: Any
    hidden: frozenset[str]
    statistics: Sequence[Any]
    table: Any


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The pre-check's answer.

    ``program`` is the program's canonical encoding as text; ``phases`` are (step, "map" | "reduce") in plan order;
    ``params`` are ``{"name", "type", "value": text}`` in the program's order, defaults filled in. ``least_lines`` and
    ``least_bytes`` are what the result of a run that completes has at least; ``expected`` is what each phase is
    expected to cost, in plan order.
    """

    program_id: str
    program: str
    phases: tuple[tuple[int, str], ...]
    params: tuple[dict[str, str], ...]
    estimate: Estimate
    bounds: Bounds
    least_lines: int = 0
    least_bytes: int = 0
    expected: tuple[int, ...] = ()


class Evaluator(Protocol):
    """What the contracts ask of the SDK."""

    def table_id(self, document: Any) -> str:
        """Return the id of an estimator table.

        Raises:
            Invalid: the document is not a table.
        """

    def check_metadata(self, schema: Any, statistics: Any, hidden: frozenset[str], fragments: int) -> None:
        """Check a dataset's schema and statistics.

        Raises:
            Invalid: one of them is not a document of its format, or the fragments' number differs.
            Refused: the statistics tell something of a hidden column.
        """

    def evaluate(self, question: Question) -> Evaluation:
        """Compile, check, price and estimate.

        Raises:
            Refused: the program is not accepted; the reasons are in ``refusals``.
        """

    def uncut(self, program: str) -> list[dict[str, Any]]:
        """Return why a program can't be cut between its first map and the rest, as findings; empty where it can."""

    def recompute(self, program: str, table: Any, receipt: Mapping[str, Any]) -> int:
        """Return the charge that a receipt's counts add up to.

        Raises:
            Refused: the counts are impossible for the program.
        """

    def texts(self, program: str, table: Any, receipt: Mapping[str, Any]) -> tuple[int | None, int | None]:
        """Return the bytes of texts that a phase has read and emitted, as its counts say; None: they don't."""

    def partitions(self, program: str, step: int) -> int:
        """Return how many reduce tasks a step has."""

    def needs(self, program: str, table: Any, phase: int, records: int) -> int:
        """Return the least totem that a phase can cost on this many records."""

    def bill(self, program: str, table: Any, receipts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the itemised rows ``{"step", "phase", "opcode", "type", "count", "totem"}`` of settled phases."""
