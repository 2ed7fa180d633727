"""The master: it runs the phases of one job, task by task, on the workers it has.

A state machine without I/O, clock or randomness: ``handle`` takes one event and returns what to do. It keeps nothing
that must survive it: the manager's books say which tasks are done, and a new master begins from their snapshot. What
may run and what counts is the manager's to decide; the master finds a worker for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from totem_ccf.mapreduce import master_messages as mm
from totem_ccf.mapreduce.phase_view import PhaseView, TaskView
from totem_ccf.mapreduce.planner import Plan
from totem_ccf.metering import messages as m
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.receipt import AttemptReport

__all__ = ["MAX_ATTEMPTS", "Master"]

MAX_ATTEMPTS = 4
"""Attempts of a task that may be lost before the job ends in ``provider_failed``."""


@dataclass(slots=True)
class _Run:
    """What a worker is busy with; ``assigned`` once the manager has let the attempt start."""

    id: AttemptId
    token: str
    assigned: bool = False


class Master:
    """The master of one job; ``receipts`` are those of the settled phases.

    Args:
        plan: the job's tasks.
        token: makes the token of a new attempt (the caller's randomness).
        order: for a phase and its number of tasks, in which order tasks are started where the manager leaves a choice;
            from the lowest upwards by default.
    """

    def __init__(
        self,
        plan: Plan,
        token: Callable[[], str],
        order: Callable[[int, int], Sequence[int]] = lambda _phase, tasks: range(tasks),
    ) -> None:
        self._plan = plan
        self._token = token
        self._order = order
        self._workers: dict[int, _Run | None] = {}
        self._phase: PhaseView | None = None
        self._outputs: list[tuple[int, AttemptReport]] = []
        self._connected = False
        self._paused = False
        self._cancelled = False
        self._over = False
        self._actions: list[mm.Action] = []
        self.receipts: list[Mapping[str, Any]] = []

    def handle(self, event: mm.Event) -> list[mm.Action]:
        """Take one event and return what to do, in order."""
        self._actions = []
        if self._over:
            return []
        match event:
            case mm.Connected(snapshot=snapshot):
                self._connect(snapshot)
            case mm.Disconnected():
                self._connected = False
            case mm.WorkerJoined(worker=worker):
                self._gone(worker)
                self._workers[worker] = None
            case mm.WorkerGone(worker=worker):
                self._gone(worker)
            case mm.AttemptOver():
                self._attempt_over(event)
            case mm.Command(command=command):
                self._command(command)
            case m.Lifted(phase=index):
                if self._phase is not None and self._phase.index == index:
                    self._phase.ceiling = len(self._phase.tasks)
            case _:
                self._news(event)
        self._schedule()
        return self._actions

    @property
    def live(self) -> frozenset[AttemptId]:
        """The attempts that this master knows to be started or starting."""
        return frozenset(run.id for run in self._workers.values() if run is not None)

    @property
    def cancelling(self) -> frozenset[int]:
        """Workers whose attempts are to stop because the job is cancelled."""
        if not self._cancelled:
            return frozenset()
        return frozenset(worker for worker, run in self._workers.items() if run is not None and run.assigned)

    @property
    def progress(self) -> tuple[int, int, int, int]:
        """(phase, tasks done, tasks, records that left the done tasks) of the open phase; zeros if there is none."""
        phase = self._phase
        if phase is None:
            return 0, 0, 0, 0
        done = [task.report for task in phase.tasks if task.status == "done" and task.report is not None]
        return phase.index, len(done), len(phase.tasks), sum(report.records_in for report in done)

    # The manager ----------------------------------------------------------------------------------------------------

    def _connect(self, snapshot: Mapping[str, Any]) -> None:
        self._connected = True
        self._outputs = [(task, AttemptReport.from_json(report)) for task, report in snapshot["outputs"]]
        self.receipts = snapshot["receipts"][: len(snapshot["settled"])]
        for worker, run in self._workers.items():
            if run is not None and not run.assigned and not _is_live(snapshot, run.id):
                self._workers[worker] = None
        if self._cancelled and not snapshot["cancelled"]:
            self._tell(m.Cancel())
        self._cancelled = self._cancelled or snapshot["cancelled"]
        if self._paused:
            self._tell(m.Pause())
        if snapshot["broken"] is not None:
            self._broken(snapshot["broken"])
        elif snapshot["phase"] is not None:
            self._restore(snapshot)
        else:
            self._phase = None
            if snapshot["settled"] and not snapshot["closed"]:
                last = snapshot["settled"][-1]
                self._released(last["phase"], last["proceed"], last["reason"], snapshot["receipts"][-1])
            elif not snapshot["closed"]:
                self._open(self._plan.run.start)

    def _restore(self, snapshot: Mapping[str, Any]) -> None:
        """Take the open phase from the manager's books; attempts that were let start meanwhile are run."""
        order = self._order(snapshot["phase"], len(snapshot["tasks"]))
        phase = self._phase = PhaseView.of_snapshot(snapshot, order, self._phase)
        for number, told in enumerate(snapshot["tasks"]):
            id_ = AttemptId(phase.index, number, told["attempt"])
            if told["status"] == "live" and id_ not in self.live:
                # Its worker has gone since the manager was told what is live.
                phase.tasks[number].status = "pending"
                self._tell(m.Lost(id_))
        for worker, run in self._workers.items():
            if run is not None and not run.assigned:
                self._assign(worker, run)
        self._close_if_done(phase)

    def _news(self, event: mm.Event) -> None:
        match event:
            case m.Started(id=id_):
                self._begun(id_)
            case m.NotStarted(id=id_):
                self._not_started(id_)
            case m.TaskDone(id=id_, report=report) | m.TaskEnded(id=id_, report=report):
                # The worker says so too, later: the next task need not wait for that.
                worker, _ = self._run_of(id_)
                if worker is not None:
                    self._workers[worker] = None
                if self._phase is not None and self._phase.index == id_.phase:
                    self._phase.over(id_, report)
                    self._close_if_done(self._phase)
            case m.Voided(id=id_):
                if self._phase is not None and self._phase.index == id_.phase:
                    self._phase.voided(id_)
            case m.Dry(phase=index, task=number):
                self._dry(index, number)
            case m.Released(phase=index, proceed=proceed, reason=reason, receipt=receipt):
                self._close()
                self.receipts.append(receipt)
                self._released(index, proceed, reason, receipt)
            case m.Broken(error=error):
                self._broken(error)
            case _:
                pass

    def _begun(self, id_: AttemptId) -> None:
        worker, run = self._run_of(id_)
        task = self._current(id_)
        if worker is None or run is None or task is None:
            self._tell(m.Lost(id_))
        elif not run.assigned:
            task.status = "live"
            self._assign(worker, run)

    def _not_started(self, id_: AttemptId) -> None:
        worker, _ = self._run_of(id_)
        if worker is not None:
            self._workers[worker] = None
        task = self._current(id_)
        if self._phase is not None and task is not None and task.status == "starting":
            task.status = "pending"
            self._phase.strict = True
            # The manager knows of an end that is not above this task. Asking again and again would not change that;
            # the lowest task is let start in any case.
            self._phase.ceiling = min(self._phase.ceiling, id_.task)

    def _close_if_done(self, phase: PhaseView) -> None:
        if phase.all_done:
            self._tell(m.ClosePhase(phase.index))

    def _dry(self, index: int, number: int) -> None:
        phase = self._phase
        if phase is None or phase.index != index or phase.tasks[number].status != "pending":
            return
        phase.strict = True
        if all(run is not None for run in self._workers.values()):
            self._tell(m.MakeRoom(number))

    def _close(self) -> None:
        """Keep what the closed phase has put out: the next phase reads it, or it is delivered."""
        if self._phase is not None:
            self._outputs = self._phase.outputs()
            self._phase = None

    def _released(self, index: int, proceed: bool, reason: str | None, receipt: Mapping[str, Any]) -> None:
        last = index == self._plan.run[-1]
        end = receipt["end"]
        if end == "failed":
            self._end(mm.JobOver("failed", error=receipt["error"]))
        elif end == "out_of_totem":
            delivers = last and self._plan.phases[index].kind == "reduce"
            self._end(mm.JobOver("out_of_totem", self._delivered() if delivers else None, partial=delivers))
        elif end == "cancelled" or (self._cancelled and not last):
            self._end(mm.JobOver("cancelled"))
        elif last:
            self._end(mm.JobOver("completed", self._delivered()))
        elif proceed:
            self._open(index + 1)
        elif reason in ("gate", "out_of_totem"):
            self._end(mm.JobOver("out_of_totem"))
        elif reason == "cancelled":
            self._end(mm.JobOver("cancelled"))
        else:
            self._end(mm.JobOver("provider_failed", reason=f"the ledger stopped the job after phase {index}: {reason}"))

    def _broken(self, error: Mapping[str, Any]) -> None:
        if error.get("kind") == "settlement":
            self._end(mm.JobOver("provider_failed", reason=str(error.get("detail"))))
        else:
            self._end(mm.JobOver("provider_failed", data_error=error, reason=f"data: {error.get('detail')}"))

    def _open(self, index: int) -> None:
        count = self._plan.tasks(index, len(self._outputs))
        self._phase = PhaseView(index, self._order(index, count), ceiling=count)
        self._tell(m.OpenPhase(index, count))

    def _delivered(self) -> list[Mapping[str, Any]]:
        return [report.output for _, report in sorted(self._outputs, key=lambda item: item[0])]

    # Workers --------------------------------------------------------------------------------------------------------

    def _gone(self, worker: int) -> None:
        run = self._workers.pop(worker, None)
        if run is not None:
            self._lose(run.id, f"worker {worker} ended while it ran the attempt")

    def _attempt_over(self, event: mm.AttemptOver) -> None:
        run = self._workers.get(event.worker)
        if run is None or run.id != event.id:
            return
        self._workers[event.worker] = None
        if event.outcome == "broken":
            self._lose(event.id, event.detail)
        elif event.outcome == "dropped":
            # The manager knows already, unless it has restarted in between.
            self._tell(m.Lost(event.id))
            task = self._current(event.id)
            if task is not None and task.status == "live":
                task.status = "pending"

    def _lose(self, id_: AttemptId, why: str) -> None:
        task = self._current(id_)
        if task is None or task.status not in ("starting", "live"):
            return
        self._tell(m.Lost(id_))
        task.status = "pending"
        task.lost += 1
        # A cancelled job starts no attempt any more: it ends cancelled, however many of them it takes with it.
        if task.lost >= MAX_ATTEMPTS and not self._cancelled:
            at = self._plan.phases[id_.phase]
            where = f"step {at.step} {at.kind}, task {id_.task}"
            self._end(mm.JobOver("provider_failed", reason=f"{where}: {task.lost} attempts were lost; the last: {why}"))

    def _command(self, command: str) -> None:
        if command == "cancel":
            self._cancelled = True
            self._tell(m.Cancel())
        else:
            self._paused = command == "pause"
            self._tell(m.Pause() if self._paused else m.Resume())

    def _schedule(self) -> None:
        """Start pending tasks on idle workers: the lowest first, or in the given order where that is allowed."""
        phase = self._phase
        if phase is None or not self._connected or self._paused or self._cancelled or self._over:
            return
        idle = [worker for worker in sorted(self._workers) if self._workers[worker] is None]
        for worker, number in zip(idle, phase.startable() if idle else (), strict=False):
            task = phase.tasks[number]
            task.status = "starting"
            task.attempt += 1
            run = _Run(AttemptId(phase.index, number, task.attempt), self._token())
            self._workers[worker] = run
            self._tell(m.StartAttempt(run.id, run.token))

    def _assign(self, worker: int, run: _Run) -> None:
        run.assigned = True
        outputs = [report.output for _, report in self._outputs]
        self._actions.append(mm.Assign(worker, run.id, run.token, self._plan.task(run.id.phase, run.id.task, outputs)))

    # Helpers --------------------------------------------------------------------------------------------------------

    def _run_of(self, id_: AttemptId) -> tuple[int, _Run] | tuple[None, None]:
        for worker, run in self._workers.items():
            if run is not None and run.id == id_:
                return worker, run
        return None, None

    def _current(self, id_: AttemptId) -> TaskView | None:
        """Return the task of an attempt if its phase is open and the attempt is the latest of the task."""
        return None if self._phase is None else self._phase.current(id_)

    def _tell(self, event: m.ManagerEvent) -> None:
        self._actions.append(mm.Tell(event))

    def _end(self, over: mm.JobOver) -> None:
        self._over = True
        self._actions.append(over)


def _is_live(snapshot: Mapping[str, Any], id_: AttemptId) -> bool:
    if snapshot["phase"] != id_.phase:
        return False
    told = snapshot["tasks"][id_.task]
    return bool(told["status"] == "live" and told["attempt"] == id_.number)
