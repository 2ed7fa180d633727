"""An evaluator for tests of contracts and ledgers: its programs are a few numbers, not code.

A toy program says its phases, its estimate and what a phase needs for each record. Block ``b`` costs ``b`` totem.
Every step has four reduce tasks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from totem_chaincode import canonical
from totem_chaincode.errors import Invalid, Refused
from totem_chaincode.evaluation import Bounds, Estimate, Evaluation, Question

__all__ = ["ToyEvaluator", "toy_source"]


def toy_source(
    *,
    phases: Sequence[str] = ("map", "reduce"),
    lower: int = 10,
    expected: int = 20,
    upper: int | None = 1_000,
    needs: int = 1,
    bounds: Sequence[tuple[int, int | None]] | None = None,
    uncut: str = "",
    **least: int,
) -> str:
    """Return the source of a toy program: its phases in order, its estimate, and totem for each record of a phase.

    ``bounds`` are least and most totem of each phase (else from 0 to the whole estimate's upper bound); ``uncut`` says
    why it can't be cut (else it can); ``least`` may say ``least_lines`` and ``least_bytes`` of its result. A map is
    expected to cost one totem a published row, a reduce half of that.
    """
    program: dict[str, Any] = {
        "phases": list(phases),
        "lower": lower,
        "expected": expected,
        "upper": upper,
        "needs": needs,
        **least,
    }
    if uncut:
        program["uncut"] = uncut
    if bounds is not None:
        program["bounds"] = [list(phase) for phase in bounds]
    return canonical.encode(program).decode()


class ToyEvaluator:
    """``Evaluator`` of toy programs; anything else is refused with one finding."""

    def table_id(self, document: Any) -> str:
        """See ``Evaluator``."""
        if not isinstance(document.get("name"), str):
            raise Invalid("table: name is missing")
        return hashlib.sha256(canonical.encode(document)).hexdigest()

    def check_metadata(self, schema: Any, statistics: Any, hidden: frozenset[str], fragments: int) -> None:
        """See ``Evaluator``."""
        if not isinstance(schema, list):
            raise Invalid("schema: expected a list")
        if told := sorted(hidden & set(statistics["columns"])):
            raise Refused(f"the statistics tell about the hidden column {told[0]!r}", code="hidden_column")
        if len(statistics["fragments"]) != fragments:
            raise Invalid("fragments: their number differs from the statistics'")

    def evaluate(self, question: Question) -> Evaluation:
        """See ``Evaluator``."""
        try:
            program = canonical.decode(question.source)
            steps = -1
            phases: list[tuple[int, str]] = []
            for kind in program["phases"]:
                steps += kind == "map"
                phases.append((steps, kind))
        except (canonical.NotCanonical, KeyError, TypeError):
            finding = {"line": 1, "column": 1, "code": "syntax", "message": "not a toy program", "hint": ""}
            raise Refused("the program is refused: not a toy program", code="program", refusals=[finding]) from None
        if question.hidden & set(program.get("columns", ())):
            finding = {"line": 1, "column": 1, "code": "hidden-column", "message": "hidden", "hint": ""}
            raise Refused("the program is refused: hidden column", code="program", refusals=[finding])
        text = canonical.encode(program).decode()
        rows = sum(item["rows"] for item in question.statistics)
        return Evaluation(
            program_id=hashlib.sha256(text.encode()).hexdigest(),
            program=text,
            phases=tuple(phases),
            params=tuple(
                {"name": name, "type": "str", "value": str(value)} for name, value in sorted(question.params.items())
            ),
            estimate=Estimate(program["lower"], program["expected"], program["upper"]),
            bounds=Bounds(
                tuple((least, most) for least, most in program.get("bounds", [(0, program["upper"])] * len(phases)))
            ),
            least_lines=program.get("least_lines", 0),
            least_bytes=program.get("least_bytes", 0),
            expected=tuple(rows if kind == "map" else rows // 2 for _, kind in phases),
        )

    def uncut(self, program: str) -> list[dict[str, Any]]:
        """See ``Evaluator``."""
        why = canonical.decode(program).get("uncut", "")
        return [{"line": 1, "column": 1, "code": "rows-would-move", "message": why, "hint": ""}] if why else []

    def recompute(self, program: str, table: Any, receipt: Mapping[str, Any]) -> int:
        """See ``Evaluator``."""
        del program, table
        if receipt["units"]:
            raise Refused("the receipt is impossible for the program: it has no sites", code="receipt")
        return sum(int(block) * count for block, count in receipt["blocks"].items())

    def texts(self, program: str, table: Any, receipt: Mapping[str, Any]) -> tuple[int | None, int | None]:
        """See ``Evaluator``."""
        del program, table, receipt
        return None, None

    def partitions(self, program: str, step: int) -> int:
        """See ``Evaluator``."""
        del program, step
        return 4

    def needs(self, program: str, table: Any, phase: int, records: int) -> int:
        """See ``Evaluator``."""
        del table, phase
        found: int = canonical.decode(program)["needs"]
        return found * records

    def bill(self, program: str, table: Any, receipts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """See ``Evaluator``."""
        del program, table
        return [
            {
                "step": receipt["step"],
                "phase": receipt["phase"],
                "opcode": "block",
                "type": block,
                "count": count,
                "totem": int(block) * count,
            }
            for receipt in receipts
            for block, count in receipt["blocks"].items()
        ]
