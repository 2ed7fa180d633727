"""The manager's books: everything that follows from the records of the lease log, and nothing else.

``Books.enter`` is the only thing that changes them. The manager decides which records to enter; after a crash the
same records give the same books.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from totem_ccf.metering.pool import Holding, Pool
from totem_ccf.metering.receipt import AttemptReport
from totem_ccf.metering.records import (
    AttemptEnded,
    AttemptLost,
    AttemptStarted,
    EscrowGrown,
    JobCancelled,
    LeaseDenied,
    LeaseGranted,
    LeaseReturned,
    PhaseClosed,
    PhaseOpened,
    PhaseSettled,
    PoolAsked,
    Record,
    TaskVoided,
)
from totem_sdk.errors import InternalError

__all__ = ["AttemptId", "Books", "PhaseBooks", "TaskState"]


class AttemptId(NamedTuple):
    """One try of one task: phase index in plan order, task from 0, number of the attempt from 1."""

    phase: int
    task: int
    number: int


@dataclass(slots=True)
class TaskState:
    """One task: ``done`` and ``ended`` hold its place; ``ended`` (failed, out of totem, …) is the end of the phase.

    ``seq`` is the last request that was answered with a lease.
    """

    status: Literal["pending", "live", "done", "ended"] = "pending"
    attempt: int = 0
    token: str = ""
    seq: int = 0
    denied: bool = False
    holding: Holding = field(default_factory=Holding)
    report: AttemptReport | None = None


@dataclass(slots=True)
class PhaseBooks:
    """One open phase. ``lowest`` is the lowest task that is not done (the number of tasks: all are done).

    ``ceiling``: a task at or above it may only be started when it is the lowest; the end is known to be no later, or
    a higher start would be in the way of a lower one. More totem of a pool lifts it.
    """

    index: int
    tasks: list[TaskState]
    pool: Pool
    live: set[int] = field(default_factory=set)
    lowest: int = 0
    highest: int = -1
    ceiling: int = 0

    def may_start(self, task: int) -> bool:
        """Return whether a pending task may be started now."""
        return self.tasks[task].status == "pending" and (task < self.ceiling or task == self.lowest)

    @property
    def unspent(self) -> int:
        """Totem that live attempts hold and have not reported as used."""
        return sum(self.tasks[task].holding.unspent for task in self.live)

    def paid(self) -> list[AttemptReport]:
        """Return the reports of the attempts that hold their places, in task order."""
        return [task.report for task in self.tasks if task.report is not None]


class Books:
    """The totem of one job: its escrow, what is left of it, the open phase, the phases that are settled.

    The escrow grows where it is a slice of a pool that gives more.

    ``receipts`` are those of all closed phases, ``outputs`` the paid attempts of the last one: (task, report).
    """

    def __init__(self, escrow: int, first: int = 0) -> None:
        """``escrow`` is the totem reserved for the job, ``first`` the index of its first phase."""
        self.escrow = escrow
        self.first = first
        self.left = escrow
        self.phase: PhaseBooks | None = None
        self.closed: PhaseClosed | None = None
        self.settled: list[PhaseSettled] = []
        self.receipts: list[Mapping[str, Any]] = []
        self.outputs: list[tuple[int, AttemptReport]] = []
        self.cancelled = False

    @property
    def next_phase(self) -> int:
        """The index of the phase that is not settled yet, or of the one behind the last."""
        return self.first + len(self.settled)

    def enter(self, record: Record) -> None:
        """Enter one record.

        Raises:
            InternalError: the record does not follow from the ones before it: the log is not this job's.
        """
        match record:
            case PhaseOpened(phase=index, tasks=tasks):
                self._expect(self.phase is None and index == self.next_phase, record)
                states = [TaskState() for _ in range(tasks)]
                self.phase = PhaseBooks(index, states, Pool(self.left), ceiling=tasks)
            case PhaseClosed():
                self._close(record)
            case PhaseSettled():
                self._expect(self.closed is not None and self.closed.phase == record.phase, record)
                self.closed = None
                self.settled.append(record)
                # Of a slice of a pool the ledger may have given or taken what was not used.
                self.escrow += record.left - self.left
                self.left = record.left
            case PoolAsked(task=task):
                self._ask(record, task)
            case EscrowGrown(escrow=escrow):
                self._expect(escrow > self.escrow, record)
                more = escrow - self.escrow
                self.escrow = escrow
                self.left += more
                if self.phase is not None:
                    self.phase.pool.clean += more
                    self.phase.ceiling = len(self.phase.tasks)
            case JobCancelled():
                self.cancelled = True
            case _:
                self._enter_attempt(record)

    def _enter_attempt(
        self,
        record: AttemptStarted | LeaseGranted | LeaseReturned | LeaseDenied | AttemptEnded | TaskVoided | AttemptLost,
    ) -> None:
        phase = self.phase
        if phase is None or not 0 <= record.task < len(phase.tasks):
            raise InternalError(f"lease log: {record} outside a phase")
        task = phase.tasks[record.task]
        if isinstance(record, AttemptStarted):
            self._expect(task.status == "pending" and record.attempt > task.attempt, record)
            phase.tasks[record.task] = TaskState("live", record.attempt, record.token)
            phase.live.add(record.task)
            phase.highest = max(phase.highest, record.task)
            return
        self._expect(record.attempt == task.attempt and task.status != "pending", record)
        match record:
            case LeaseGranted() | LeaseReturned():
                self._move(phase.pool, task, record)
                if isinstance(record, LeaseGranted):
                    task.seq = record.seq
            case LeaseDenied():
                task.denied = True
                phase.ceiling = min(phase.ceiling, record.task)
            case AttemptEnded():
                self._end(phase, task, record)
            case TaskVoided():
                phase.pool.take_void(task.holding)
                self._reset(phase, record.task)
                phase.ceiling = min(phase.ceiling, record.task)
            case AttemptLost():
                phase.pool.take_lost(task.holding)
                self._reset(phase, record.task)

    def _move(self, pool: Pool, task: TaskState, record: LeaseGranted | LeaseReturned) -> None:
        holding = task.holding
        pool.clean += holding.clean - record.clean
        pool.recycled += holding.recycled - record.recycled
        task.holding = Holding(record.clean, record.recycled, record.used)
        self._expect(pool.clean >= 0 and pool.recycled >= 0 and task.holding.unspent >= 0, record)

    def _end(self, phase: PhaseBooks, task: TaskState, record: AttemptEnded) -> None:
        self._expect(task.status == "live" and record.report.used <= task.holding.held, record)
        task.holding.used = record.report.used
        phase.pool.take_unspent(task.holding)
        task.report = record.report
        phase.live.discard(record.task)
        if record.report.end == "done":
            task.status = "done"
            while phase.lowest < len(phase.tasks) and phase.tasks[phase.lowest].status == "done":
                phase.lowest += 1
        else:
            task.status = "ended"
            phase.ceiling = min(phase.ceiling, record.task)

    def _reset(self, phase: PhaseBooks, task: int) -> None:
        phase.live.discard(task)
        phase.tasks[task] = TaskState("pending", phase.tasks[task].attempt)
        while phase.highest >= 0 and phase.tasks[phase.highest].status == "pending":
            phase.highest -= 1

    def _ask(self, record: PoolAsked, task: int) -> None:
        phase = self.phase
        if phase is None or not phase.highest <= task == phase.lowest:
            raise InternalError(f"lease log: {record} while a task above may run")
        phase.ceiling = min(phase.ceiling, task + 1)

    def _close(self, record: PhaseClosed) -> None:
        phase = self.phase
        if phase is None or phase.index != record.phase or phase.live:
            raise InternalError(f"lease log: phase {record.phase} is closed, but is not open or has live attempts")
        if record.receipt is not None:
            pool = phase.pool.clean + phase.pool.recycled
            self._expect(record.receipt["charge"] + pool == self.left, record)
            self.left -= record.receipt["charge"]
            self.receipts.append(record.receipt)
        self.outputs = [(task, state.report) for task, state in enumerate(phase.tasks) if state.report is not None]
        self.phase = None
        self.closed = record

    @staticmethod
    def _expect(condition: bool, record: Record) -> None:
        if not condition:
            raise InternalError(f"lease log: {type(record).__name__} does not follow from the records before it")
