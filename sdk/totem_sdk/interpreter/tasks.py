"""Map tasks and reduce tasks on the reference interpreter (abstract machine, §2 and §3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from totem_sdk.cost import PricedProgram
from totem_sdk.errors import InternalError, ProgramError
from totem_sdk.interpreter.folded import Folded
from totem_sdk.interpreter.frame import Datum
from totem_sdk.interpreter.meter import Audit, Meter
from totem_sdk.interpreter.walker import Trace, Walker
from totem_sdk.program import Step, Value
from totem_sdk.task import LeaseSource, OutOfTotem, TaskEnd, TaskResult
from totem_sdk.values import key_bytes

__all__ = ["Group", "Pair", "group_pairs", "run_map_task", "run_reduce_task"]

Pair = tuple[Datum, Datum]
Group = tuple[Datum, Sequence[Datum] | Folded]
"""A key and its values, or what they were folded to where the reducer draws them by one fold only."""


def group_pairs(pairs: Iterable[Pair]) -> list[tuple[Datum, list[Datum]]]:
    """Return the groups of pairs in the order of their keys' bytes, the values of each in the order of the pairs."""
    groups: dict[bytes, tuple[Datum, list[Datum]]] = {}
    for key, value in pairs:
        groups.setdefault(key_bytes(key), (key, []))[1].append(value)
    return [groups[encoded] for encoded in sorted(groups)]


@dataclass
class _Task:
    """One attempt of a task while it runs; ``finished`` are the emits of calls that have ended."""

    step: Step
    walker: Walker
    records_in: int = 0
    groups_done: int = 0

    def map(self, rows: Iterable[Sequence[Datum]], *, pairs: bool) -> list[Pair]:
        """Run the map role over rows (or pairs), then the combine role where the step has one."""
        step = self.step
        role = self.walker.role(len(step.map_state))
        try:
            self.walker.run(role, step.mapper_init)
            for row in rows:
                if pairs:
                    role.pair = (row[0], row[1])
                else:
                    role.row = row
                self.walker.run(role, step.mapper)
            self.walker.run(role, step.mapper_final)
        finally:
            self.records_in = role.records_in
        return role.emits if step.combiner is None else self.combine(role.emits)

    def combine(self, pairs: list[Pair]) -> list[Pair]:
        """Run the combine role over the pairs that the map role has emitted."""
        step = self.step
        role = self.walker.role(len(step.combine_state))
        self.walker.run(role, step.combiner_init)
        for group in group_pairs(pairs):
            role.group = group
            self.walker.run(role, step.combiner)
        self.walker.run(role, step.combiner_final)
        return role.emits

    def reduce(self, groups: Iterable[Group], finished: list[Pair]) -> None:
        """Run the reduce role; the emits of every call that has ended are added to ``finished``."""
        step = self.step
        role = self.walker.role(len(step.reduce_state))
        try:
            self.walker.run(role, step.reducer_init)
            finished += role.emits
            for group in groups:
                role.group, role.emits = group, []
                self.walker.run(role, step.reducer)
                finished += role.emits
                self.groups_done += 1
            role.emits = []
            self.walker.run(role, step.reducer_final)
            finished += role.emits
        finally:
            self.records_in = role.records_in

    def result(self, end: TaskEnd, records_out: int, error: ProgramError | None = None) -> TaskResult:
        """Return how the task has ended."""
        meter = self.walker.meter
        return TaskResult(
            end, meter.used, meter.left, meter.counts, self.records_in, records_out, self.groups_done, error
        )


def run_map_task(
    priced: PricedProgram,
    step: int,
    rows: Iterable[Sequence[Datum]],
    params: Mapping[str, Value],
    lease: LeaseSource,
    *,
    audit: Audit | None = None,
    trace: Trace | None = None,
) -> tuple[list[Pair], TaskResult]:
    """Run one map task (with its combiner) and return its emits and how it ended.

    Rows of step 0 are sequences with one value for each column of the schema (columns that aren't charged may be
    None); those of later steps are (key, value) pairs with tuples where JSON has lists. ``params`` are bound ones
    (``totem_sdk.parameters.bind``). A task that did not end ``done`` gives no emits. ``audit`` gets every charge,
    ``trace`` every operation.
    """
    task = _Task(priced.program.steps[step], Walker(priced, params, Meter(priced, lease, audit), trace))
    try:
        emits = task.map(rows, pairs=step > 0)
    except OutOfTotem:
        return [], task.result("out_of_totem", 0)
    except ProgramError as error:
        return [], task.result("failed", 0, error)
    return emits, task.result("done", len(emits))


def run_reduce_task(
    priced: PricedProgram,
    step: int,
    groups: Iterable[Group],
    params: Mapping[str, Value],
    lease: LeaseSource,
    *,
    audit: Audit | None = None,
    trace: Trace | None = None,
) -> tuple[list[Pair], TaskResult]:
    """Run one reduce task over groups in canonical order and return its emits and how it ended.

    A task that halted gives the emits of the calls (``reducer_init``, groups, ``reducer_final``) that had ended; one
    that failed gives none. ``audit`` and ``trace`` as for ``run_map_task``.
    """
    if priced.program.steps[step].reducer is None:
        raise InternalError(f"step {step} has no reducer")
    task = _Task(priced.program.steps[step], Walker(priced, params, Meter(priced, lease, audit), trace))
    emits: list[Pair] = []
    try:
        task.reduce(groups, emits)
    except OutOfTotem:
        return emits, task.result("out_of_totem", len(emits))
    except ProgramError as error:
        return [], task.result("failed", 0, error)
    return emits, task.result("done", len(emits))
