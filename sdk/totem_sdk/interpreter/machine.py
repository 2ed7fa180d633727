"""The whole abstract machine, one thing after the other: plan order, shuffle, gates, the canonical end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from totem_sdk.cost import BillRow, Counts, PricedProgram
from totem_sdk.errors import ProgramError
from totem_sdk.estimate import phase_lower_bound
from totem_sdk.interpreter.frame import Datum
from totem_sdk.interpreter.meter import Audit
from totem_sdk.interpreter.tasks import Pair, group_pairs, run_map_task, run_reduce_task
from totem_sdk.program import Phase, Value
from totem_sdk.task import Escrow, TaskEnd, TaskResult
from totem_sdk.values import key_bytes, partition_of

__all__ = ["JobRun", "Machine", "PhaseRun", "partition_groups"]


@dataclass
class PhaseRun:
    """What a phase has charged and moved up to its end.

    ``tasks`` counts those that ran, the one at the end among them; ``groups_in`` the groups that were finished,
    ``records_in`` the rows, pairs or values that were read, ``records_out`` the emits that left the tasks.
    """

    step: int
    phase: Literal["map", "reduce"]
    tasks: int = 0
    end: TaskEnd = "done"
    counts: Counts = field(default_factory=Counts)
    charge: int = 0
    records_in: int = 0
    records_out: int = 0
    groups_in: int = 0
    error: ProgramError | None = None

    def receipt(self) -> dict[str, Any]:
        """Return the receipt of the phase: what is settled on the ledger (without digests)."""
        return {
            "step": self.step,
            "phase": self.phase,
            **self.counts.to_json(),
            "charge": self.charge,
            "records_in": self.records_in,
            "records_out": self.records_out,
            "groups_in": self.groups_in,
            "tasks": self.tasks,
            "end": self.end,
            "error": None if self.error is None else {"kind": self.error.kind, "line": self.error.line},
        }


@dataclass
class JobRun:
    """How a job ended: its bill, its result, and where it stopped.

    ``result`` holds the (key, value) pairs that are delivered, tuples where JSON has lists; ``partial`` tells that
    they are those of a job that ran out of totem. ``gate`` is the phase whose lower bound did not fit any more.
    """

    state: Literal["completed", "out_of_totem", "failed"]
    used: int
    returned: int
    phases: list[PhaseRun]
    bill: list[BillRow]
    result: list[Pair] = field(default_factory=list)
    partial: bool = False
    error: ProgramError | None = None
    gate: int | None = None


def partition_groups(pairs: Iterable[Pair], partitions: int) -> list[list[tuple[Datum, list[Datum]]]]:
    """Return the groups of each partition in canonical order; pairs come in the order of map task and emit."""
    tasks: list[list[tuple[Datum, list[Datum]]]] = [[] for _ in range(partitions)]
    for group in group_pairs(pairs):
        tasks[partition_of(key_bytes(group[0]), partitions)].append(group)
    return tasks


class Machine:
    """Runs jobs of one priced program sequentially: slow, and the oracle for every executor and engine."""

    def __init__(self, priced: PricedProgram, params: Mapping[str, Value], *, audit: Audit | None = None) -> None:
        self._priced = priced
        self._params = params
        self._audit = audit

    def run_job(self, fragments: Sequence[Sequence[Sequence[Datum]]], escrow: int, *, precheck: bool = True) -> JobRun:
        """Run the job over the rows of each fragment (map task) and return how it ended.

        ``precheck`` switches the gates between phases on; the pre-check of the whole job, which needs the published
        statistics, is the caller's (``totem_sdk.estimate``).
        """
        pot = Escrow(escrow)
        phases: list[PhaseRun] = []
        tasks: list[Sequence[Datum]] = list(fragments)
        entering = 0
        end: TaskEnd = "done"
        gate: int | None = None
        emitted: list[list[Pair]] = []
        for phase in self._priced.program.phases:
            if phase.index > 0 and precheck and phase_lower_bound(self._priced, phase.index, entering) > pot.left:
                end, gate = "out_of_totem", phase.index
                break
            if phase.kind == "reduce":
                partitions = self._priced.program.steps[phase.step].partitions
                tasks = list(partition_groups((pair for task in tasks for pair in task), partitions))
            run, emitted = self._phase(phase, tasks, pot)
            phases.append(run)
            end = run.end
            if end != "done":
                break
            tasks, entering = list(emitted), run.records_out
        began = gate is None and phases[-1].phase == "reduce" and len(phases) == len(self._priced.program.phases)
        delivered = end == "done" or (end == "out_of_totem" and began)
        last = self._priced.program.steps[-1]
        return JobRun(
            state="completed" if end == "done" else end,
            used=sum(run.charge for run in phases),
            returned=pot.left,
            phases=phases,
            bill=[row for run in phases for row in self._priced.bill(run.step, run.phase, run.counts)],
            result=[last.delivered(pair) for task in emitted for pair in task] if delivered else [],
            partial=end == "out_of_totem" and began,
            error=phases[-1].error if phases else None,
            gate=gate,
        )

    def _phase(self, phase: Phase, tasks: Sequence[Sequence[Datum]], pot: Escrow) -> tuple[PhaseRun, list[list[Pair]]]:
        run = PhaseRun(phase.step, phase.kind)
        emitted: list[list[Pair]] = []
        for records in tasks:
            emits, result = self._task(phase, records, pot)
            # What a task did not use goes back; Escrow gives exactly what is needed, so that is nothing.
            pot.left += result.unspent
            emitted.append(emits)
            run.tasks += 1
            run.counts.merge(result.counts)
            run.charge += result.used
            run.records_in += result.records_in
            run.groups_in += result.groups_done
            run.records_out += result.records_out
            run.end = result.end
            if result.end != "done":
                run.error = result.error
                break
        return run, emitted

    def _task(self, phase: Phase, records: Sequence[Datum], pot: Escrow) -> tuple[list[Pair], TaskResult]:
        execute = run_map_task if phase.kind == "map" else run_reduce_task
        return execute(self._priced, phase.step, records, self._params, pot, audit=self._audit)
