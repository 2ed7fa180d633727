"""What an attempt reports when it ends, and what a phase's receipt says about all of its tasks.

A receipt holds counts, never cells: how often each block was charged, how much each sized operation was charged for,
how many records went in and out, and how the phase ended. Its ``charge`` is the total of its counts, so whoever has
the program and the table can compute the bill again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from totem_sdk.cost import Counts
from totem_sdk.errors import InvalidDocument
from totem_sdk.program import Phase
from totem_sdk.task import TaskResult

__all__ = ["ATTEMPT_ENDS", "AttemptEnd", "AttemptReport", "PhaseEnd", "phase_receipt"]

AttemptEnd = Literal["done", "out_of_totem", "failed", "data_error", "stopped"]
"""``data_error``: the provider's data can't be read; ``stopped``: the consumer cancelled, what was used is reported."""

PhaseEnd = Literal["done", "out_of_totem", "failed", "cancelled"]

ATTEMPT_ENDS: tuple[AttemptEnd, ...] = ("done", "out_of_totem", "failed", "data_error", "stopped")


@dataclass(frozen=True)
class AttemptReport:
    """How one attempt ended.

    ``used`` is the totem of its charges and equals the total of ``counts`` (data that can't be read: 0, nothing is
    paid). ``groups`` counts the groups of a reduce task that are finished. ``output`` names the files that the attempt
    left (a document of the mapreduce package, opaque here). ``error`` is ``{"kind", "line"}`` of a program that failed,
    or ``{"kind", "detail"}`` of data that can't be read, where ``kind`` is for the consumer and ``detail`` for the
    provider only.
    """

    end: AttemptEnd
    used: int
    counts: Counts = field(default_factory=Counts)
    records_in: int = 0
    records_out: int = 0
    groups: int = 0
    error: Mapping[str, Any] | None = None
    output: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, result: TaskResult, output: Mapping[str, Any], *, groups: int = 0, stopped: bool = False
    ) -> AttemptReport:
        """Make the report of a task's result; ``stopped`` when its lease ended because the consumer cancelled."""
        return cls(
            end="stopped" if stopped and result.end == "out_of_totem" else result.end,
            used=result.used,
            counts=result.counts,
            records_in=result.records_in,
            records_out=result.records_out,
            groups=groups,
            error=None if result.error is None else {"kind": result.error.kind, "line": result.error.line},
            output=output,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the report as a JSON object."""
        return {
            "end": self.end,
            "used": self.used,
            "counts": self.counts.to_json(),
            "records_in": self.records_in,
            "records_out": self.records_out,
            "groups": self.groups,
            "error": None if self.error is None else dict(self.error),
            "output": dict(self.output),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> AttemptReport:
        """Read what ``to_json`` gives.

        Raises:
            InvalidDocument: a field is missing or of the wrong type.
        """
        try:
            end = document["end"]
            numbers = [document[name] for name in ("used", "records_in", "records_out", "groups")]
            error, output = document["error"], document["output"]
            counts = Counts.from_json(document["counts"])
        except (KeyError, TypeError) as problem:
            raise InvalidDocument(f"attempt report: {problem!r} is missing or of the wrong type") from None
        if end not in ATTEMPT_ENDS:
            raise InvalidDocument(f"attempt report: unknown end {end!r}")
        if any(not isinstance(number, int) or isinstance(number, bool) or number < 0 for number in numbers):
            raise InvalidDocument("attempt report: used, records and groups must be non-negative integers")
        if not isinstance(output, dict) or not (error is None or isinstance(error, dict)):
            raise InvalidDocument("attempt report: output must be an object, error an object or null")
        used, records_in, records_out, groups = numbers
        return cls(end, used, counts, records_in, records_out, groups, error, output)


def phase_receipt(phase: Phase, end: PhaseEnd, reports: Iterable[AttemptReport]) -> dict[str, Any]:
    """Return the receipt of a phase from the reports of the attempts that are paid.

    Keys: ``step``, ``phase`` ("map" or "reduce"), ``blocks`` {id: entries}, ``units`` {site: [times, count, bytes]},
    ``charge`` in totem, ``records_in``, ``records_out``, ``groups_in``, ``tasks`` (how many are paid), ``end`` and
    ``error`` ({"kind", "line"} of a failed phase, else null).
    """
    counts = Counts()
    charge = records_in = records_out = groups = tasks = 0
    error: dict[str, Any] | None = None
    for report in reports:
        counts.merge(report.counts)
        charge += report.used
        records_in += report.records_in
        records_out += report.records_out
        groups += report.groups
        tasks += 1
        # A job that its consumer cancelled has no error, even if one of its tasks had failed by then.
        if end == "failed" and report.end == "failed" and report.error is not None:
            error = {"kind": report.error["kind"], "line": report.error["line"]}
    return {
        "step": phase.step,
        "phase": phase.kind,
        **counts.to_json(),
        "charge": charge,
        "records_in": records_in,
        "records_out": records_out,
        "groups_in": groups,
        "tasks": tasks,
        "end": end,
        "error": error,
    }
