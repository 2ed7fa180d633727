"""The totem manager: it owns the escrow of one job and decides who may spend how much of it.

A state machine without I/O, clock or randomness: ``handle`` takes one event and returns what to write into the lease
log first and what to do then. The rules (abstract machine, §5):

* A lease is given from the pool when it covers the charge that the attempt names. Waiting attempts are served from
  the lowest task upwards; when one can't be served, none above it is, and what waiting attempts have not used goes
  back to the pool.
* When the lowest task that is not done waits and the pool is dry even after every running attempt has come back, the
  highest live or finished task above it is voided, and so on, until the charge can be paid or nothing above is left:
  then it is denied, halts, and is the end.
* Where the escrow is a slice of a pool, the pool is asked for more before a charge is denied, and only a charge that
  the answer does not cover is. Nothing can be spent meanwhile, so the answer may take as long as it likes.
* A task that failed holds its place: everything above it is void, and it is the end when everything below it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from totem_ccf.metering import messages as m
from totem_ccf.metering.books import AttemptId, Books, PhaseBooks, TaskState
from totem_ccf.metering.lease_desk import LeaseDesk
from totem_ccf.metering.lease_size import LeasePolicy, LeaseSizes
from totem_ccf.metering.receipt import AttemptReport, PhaseEnd, phase_receipt
from totem_ccf.metering.records import (
    AttemptEnded,
    AttemptLost,
    AttemptStarted,
    EscrowGrown,
    JobCancelled,
    LeaseDenied,
    PhaseClosed,
    PhaseOpened,
    PhaseSettled,
    PoolAsked,
    Record,
    TaskVoided,
)
from totem_sdk.cost import Counts
from totem_sdk.errors import InternalError
from totem_sdk.program import Phase

__all__ = ["Decision", "Manager", "MeterViolation"]


class MeterViolation(InternalError):
    """A message that no honest updater or master sends; it changes nothing."""


@dataclass
class Decision:
    """What one event leads to: ``records`` must be durable before any of ``actions`` is done."""

    records: list[Record] = field(default_factory=list)
    actions: list[m.ManagerAction] = field(default_factory=list)


class Manager:
    """The manager of one job; see the module.

    ``asking`` is what the pool is asked for at present, if anything.
    """

    def __init__(
        self,
        escrow: int,
        phases: Sequence[Phase],
        total: Callable[[Counts], int],
        policy: LeasePolicy | None = None,
        records: Iterable[Record] = (),
        *,
        pooled: bool = False,
    ) -> None:
        """Make the manager of a job that runs ``phases``.

        ``total`` gives the totem of counts (``PricedProgram.total``); ``records`` are those of the log, if any;
        ``pooled`` tells that the escrow is a slice of a pool.

        Raises:
            InternalError: the records are not those of such a job.
        """
        self.books = Books(escrow, phases[0].index)
        self._phases = {phase.index: phase for phase in phases}
        self._total = total
        self._sizes = LeaseSizes(policy or LeasePolicy())
        self._desk = LeaseDesk(self._sizes, self._enter, self._act)
        self._paused = False
        self._pooled = pooled
        self._refused: m.AskMore | None = None
        self.asking: m.AskMore | None = None
        self._out = Decision()
        self._handlers: dict[type[m.ManagerEvent], Callable[[Any], None]] = {
            m.Ask: self._ask,
            m.Finish: self._finish,
            m.StartAttempt: self._start,
            m.Lost: lambda event: self._lost(event.id),
            m.OpenPhase: self._open,
            m.ClosePhase: lambda event: self._close_done(event.phase),
            m.MakeRoom: lambda event: self._make_room(event.task),
            m.MasterConnected: lambda event: self._reconcile(event.live),
            m.Settled: self._settled,
            m.More: lambda event: self._more(event.escrow),
            m.Cancel: lambda _: self._cancel(),
            m.Pause: lambda _: self._pause(True),
            m.Resume: lambda _: self._pause(False),
        }
        for record in records:
            self.books.enter(record)

    def handle(self, event: m.ManagerEvent) -> Decision:
        """Take one event.

        Raises:
            MeterViolation: the event can't come from an honest updater or master; nothing has changed.
        """
        self._out = Decision()
        self._handlers[type(event)](event)
        self._balance()
        return self._out

    def balance(self) -> m.Balance:
        """Return how much of the escrow is used (by paid phases and by attempts that count so far) and left."""
        phase = self.books.phase
        left = self.books.left
        if phase is not None:
            left = phase.pool.clean + phase.pool.recycled + phase.unspent
        return m.Balance(self.books.escrow - left, left)

    def available(self, id_: AttemptId, token: str) -> int:
        """Return what is in the pool for an attempt (step 3.1 of the published workflow); 0 if it is fenced."""
        phase = self.books.phase
        if phase is None or self._live(id_, token) is None:
            return 0
        return phase.pool.available(lowest=id_.task == phase.lowest)

    def is_live(self, id_: AttemptId, token: str) -> bool:
        """Return whether the attempt is the live one of its task, and this is its token."""
        return self._live(id_, token) is not None

    # Events ---------------------------------------------------------------------------------------------------------

    def _open(self, event: m.OpenPhase) -> None:
        books = self.books
        if books.phase is not None and books.phase.index == event.phase:
            if len(books.phase.tasks) != event.tasks:
                raise MeterViolation(f"phase {event.phase} was opened with {len(books.phase.tasks)} tasks")
            return
        if books.phase is not None or books.closed is not None or event.phase != books.next_phase:
            raise MeterViolation(f"phase {event.phase} can't be opened: phase {books.next_phase} is the next")
        if event.phase not in self._phases or event.tasks < 1 or (books.settled and not books.settled[-1].proceed):
            raise MeterViolation(f"phase {event.phase} with {event.tasks} tasks can't be opened")
        self._enter(PhaseOpened(event.phase, event.tasks))

    def _start(self, event: m.StartAttempt) -> None:
        id_ = event.id
        phase = self._phase(id_)
        task = phase.tasks[id_.task] if phase is not None else None
        if phase is None or task is None or self.books.cancelled:
            self._act(m.NotStarted(id_))
        elif task.status == "live" and task.attempt == id_.number and task.token == event.token:
            self._act(m.Started(id_))
        elif not phase.may_start(id_.task) or id_.number <= task.attempt:
            self._act(m.NotStarted(id_))
        else:
            self._enter(AttemptStarted(id_.task, id_.number, event.token))
            self._sizes.begin(id_.task)
            self._act(m.Started(id_))

    def _ask(self, event: m.Ask) -> None:
        task = self._live(event.id, event.token)
        if task is None:
            self._act(m.Stop(event.id, "fenced"))
            return
        if event.seq == task.seq and event.seq > 0:
            self._act(m.Grant(event.id, event.seq, task.holding.held))
            return
        if event.seq != task.seq + 1:
            raise MeterViolation(f"{event.id}: request {event.seq} after request {task.seq}")
        if not task.holding.used <= event.used <= task.holding.held or event.cost < 1:
            raise MeterViolation(f"{event.id}: {event.used} used of {task.holding.held}, {event.cost} asked for")
        task.holding.used = event.used
        if self.books.cancelled:
            self._act(m.Stop(event.id, "cancelled"))
        elif task.denied:
            self._act(m.Stop(event.id, "out_of_totem"))
        else:
            self._desk.ask(event)

    def _finish(self, event: m.Finish) -> None:
        id_, report = event.id, event.report
        phase = self._phase(id_)
        task = phase.tasks[id_.task] if phase is not None else None
        if task is not None and task.report == report and (task.attempt, task.token) == (id_.number, event.token):
            self._act(m.Accepted(id_))
            return
        task = self._live(id_, event.token)
        if phase is None or task is None:
            self._act(m.Stop(id_, "fenced"))
            return
        self._check_report(id_, task, report)
        self._desk.drop(id_.task)
        self._enter(AttemptEnded(id_.task, id_.number, report))
        self._act(m.Accepted(id_))
        if report.end == "done":
            self._act(m.TaskDone(id_, report))
        else:
            self._act(m.TaskEnded(id_, report))
            self._void_above(phase, id_.task)

    def _check_report(self, id_: AttemptId, task: TaskState, report: AttemptReport) -> None:
        least = 0 if report.end == "data_error" else task.holding.used
        if not least <= report.used <= task.holding.held or self._total(report.counts) != report.used:
            raise MeterViolation(f"{id_}: {report.used} used of {task.holding.held} is not what its counts come to")
        told = {"out_of_totem": task.denied, "stopped": self.books.cancelled}
        if not told.get(report.end, True):
            raise MeterViolation(f"{id_}: ended {report.end} without having been told to")

    def _lost(self, id_: AttemptId) -> None:
        phase = self._phase(id_)
        if phase is None:
            return
        task = phase.tasks[id_.task]
        if task.status == "live" and task.attempt == id_.number:
            self._desk.stop(id_.task, "fenced")
            self._enter(AttemptLost(id_.task, id_.number))

    def _make_room(self, task: int) -> None:
        phase = self.books.phase
        if phase is None or task != phase.lowest or phase.tasks[task].status != "pending":
            return
        if phase.live and self._desk.all_wait(phase):
            self._void(phase, max(phase.live))

    def _reconcile(self, live: frozenset[AttemptId]) -> None:
        phase = self.books.phase
        if phase is not None:
            for number in sorted(phase.live):
                id_ = AttemptId(phase.index, number, phase.tasks[number].attempt)
                if id_ not in live:
                    self._lost(id_)
        self._act(m.Snapshot())

    def _cancel(self) -> None:
        if not self.books.cancelled:
            self._enter(JobCancelled())
        self.asking = None
        self._desk.stop_all("cancelled")

    def _pause(self, paused: bool) -> None:
        self._paused = paused

    def _settled(self, event: m.Settled) -> None:
        closed = self.books.closed
        if closed is None or closed.phase != event.phase:
            return
        if event.left != self.books.left and not self._pooled:
            raise MeterViolation(
                f"phase {event.phase}: {event.left} totem are left on the ledger, {self.books.left} in the lease log"
            )
        self._enter(PhaseSettled(event.phase, event.proceed, event.left, event.reason))
        self._act(m.Released(event.phase, event.proceed, event.left, event.reason, closed.receipt or {}))

    # The pool -------------------------------------------------------------------------------------------------------

    def _more(self, escrow: int) -> None:
        asked, self.asking = self.asking, None
        if asked is None:
            return
        if escrow >= asked.used + asked.needs:
            self._enter(EscrowGrown(escrow))
            self._act(m.Lifted(self.books.next_phase))
        else:
            self._refused = asked

    def _waits_for_more(self, blocked: int) -> bool:
        """Return whether the pool may still cover the charge at which the job would end; ask it if that is not known.

        Every attempt waits and has given back what it did not use, so ``used`` is what the machine has paid up to here,
        and the same whenever the job comes here again.
        """
        if not self._pooled:
            return False
        asked = m.AskMore(self.balance().used, self._desk.cost(blocked))
        if asked == self._refused:
            return False
        if self.asking is None:
            self._enter(PoolAsked(blocked))
            self.asking = asked
            self._act(asked)
        return True

    # Closing --------------------------------------------------------------------------------------------------------

    def _close_done(self, index: int) -> None:
        phase = self.books.phase
        if phase is not None and phase.index == index and phase.lowest == len(phase.tasks):
            self._close(phase, "done")

    def _close(self, phase: PhaseBooks, end: PhaseEnd | None) -> None:
        """Close the phase; ``end`` None: its data can't be read, nothing is settled."""
        receipt = None if end is None else phase_receipt(self._phases[phase.index], end, phase.paid())
        broken = next((report for report in phase.paid() if report.end == "data_error"), None)
        error = None if broken is None else broken.error
        self._enter(PhaseClosed(phase.index, receipt, error))
        self._desk.clear()
        self.asking = None
        if receipt is None:
            self._act(m.Broken(phase.index, error or {}))
        else:
            self._act(m.Settle(phase.index, receipt))

    def _try_close(self, phase: PhaseBooks) -> bool:
        if self.books.cancelled:
            if not phase.live:
                self._close(phase, "cancelled")
            return not phase.live
        if phase.lowest == len(phase.tasks):
            return False
        report = phase.tasks[phase.lowest].report
        if report is None:
            return False
        self._void_above(phase, phase.lowest)
        match report.end:
            case "out_of_totem" | "failed":
                self._close(phase, report.end)
            case _:
                self._close(phase, None)
        return True

    # Balancing ------------------------------------------------------------------------------------------------------

    def _balance(self) -> None:
        """Serve waiting attempts, void or deny where the pool is dry, close the phase at its end."""
        while (phase := self.books.phase) is not None and not self._try_close(phase):
            if self._paused or self.books.cancelled or any(phase.tasks[task].denied for task in phase.live):
                return
            blocked = self._desk.serve(phase)
            if blocked is None:
                return
            if self._desk.recall(phase, blocked):
                continue
            if not self._desk.all_wait(phase):
                return
            if blocked != phase.lowest:
                if phase.tasks[phase.lowest].status == "pending":
                    self._act(m.Dry(phase.index, phase.lowest))
                return
            if phase.highest > blocked:
                self._void(phase, phase.highest)
            elif self._waits_for_more(blocked):
                return
            else:
                self._enter(LeaseDenied(blocked, phase.tasks[blocked].attempt))
                self._desk.stop(blocked, "out_of_totem")

    def _void_above(self, phase: PhaseBooks, task: int) -> None:
        while phase.highest > task:
            self._void(phase, phase.highest)

    def _void(self, phase: PhaseBooks, number: int) -> None:
        id_ = AttemptId(phase.index, number, phase.tasks[number].attempt)
        self._desk.stop(number, "void")
        self._enter(TaskVoided(number, id_.number))
        self._act(m.Voided(id_))

    # Helpers --------------------------------------------------------------------------------------------------------

    def _phase(self, id_: AttemptId) -> PhaseBooks | None:
        phase = self.books.phase
        if phase is None or phase.index != id_.phase or not 0 <= id_.task < len(phase.tasks):
            return None
        return phase

    def _live(self, id_: AttemptId, token: str) -> TaskState | None:
        phase = self._phase(id_)
        if phase is None:
            return None
        task = phase.tasks[id_.task]
        return task if task.status == "live" and (task.attempt, task.token) == (id_.number, token) else None

    def _enter(self, record: Record) -> None:
        self.books.enter(record)
        self._out.records.append(record)

    def _act(self, action: m.ManagerAction) -> None:
        self._out.actions.append(action)
