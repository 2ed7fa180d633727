"""The master: it runs the phases of one job, task by task, on the workers it has.

A state machine without I/O, clock or randomness: ``handle`` takes one event and returns what to do. It keeps nothing
that must survive it: the manager's books say which tasks are done, and a new master begins from their snapshot. What
may run and what counts is the manager's to decide; the master finds a worker for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from totem_ccf.mapreduce.planner import Plan, TaskSpec
from totem_ccf.metering import messages as m
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.receipt import AttemptReport

__all__ = [
    "Action",
    "Assign",
    "AttemptOver",
    "Command",
    "Connected",
    "Disconnected",
    "Event",
    "JobOver",
    "Master",
    "Outcome",
    "Tell",
    "WorkerGone",
    "WorkerJoined",
]

Outcome = Literal["finished", "dropped", "broken"]

MAX_ATTEMPTS = 4
"""Attempts of a task that may be lost before the job ends in ``provider_failed``."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The manager is there; ``snapshot`` is what its books say (``totem_ccf.metering.wire.snapshot_of``)."""

    snapshot: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The manager is not there; what was told it and not answered may be lost."""


@dataclass(frozen=True, slots=True)
class WorkerJoined:
    """A worker is there and idle."""

    worker: int


@dataclass(frozen=True, slots=True)
class WorkerGone:
    """A worker has ended, or was not heard of for too long."""

    worker: int


@dataclass(frozen=True, slots=True)
class AttemptOver:
    """A worker is idle again.

    It handed in its attempt's report (``finished``), had to drop the attempt (``dropped``: the manager said so) or
    could not run it (``broken``, with the reason for the provider's log).
    """

    worker: int
    id: AttemptId
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """Whoever started the job wants something of it."""

    command: Literal["cancel", "pause", "resume"]


Event = Connected | Disconnected | WorkerJoined | WorkerGone | AttemptOver | Command | m.ManagerAction


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the manager, in order."""

    event: m.ManagerEvent


@dataclass(frozen=True, slots=True)
class Assign:
    """Give a worker an attempt to run."""

    worker: int
    id: AttemptId
    token: str
    task: TaskSpec


@dataclass(frozen=True, slots=True)
class JobOver:
    """The job has ended.

    ``outputs`` are those of the tasks whose pairs are delivered, in task order (None: nothing is delivered);
    ``error`` is {"kind", "line"} of a failed program, ``data_error`` {"kind", "detail"} of the provider's data,
    ``reason`` why the provider's side failed.
    """

    state: Literal["completed", "out_of_totem", "failed", "provider_failed", "cancelled"]
    outputs: Sequence[Mapping[str, Any]] | None = None
    partial: bool = False
    error: Mapping[str, Any] | None = None
    data_error: Mapping[str, Any] | None = None
    reason: str | None = None


Action = Tell | Assign | JobOver


@dataclass(slots=True)
class _Task:
    status: Literal["pending", "starting", "live", "done", "ended"] = "pending"
    attempt: int = 0
    lost: int = 0
    report: AttemptReport | None = None


@dataclass(slots=True)
class _Run:
    """What a worker is busy with; ``assigned`` once the manager has let the attempt start."""

    id: AttemptId
    token: str
    assigned: bool = False


@dataclass(slots=True)
class _Phase:
    index: int
    tasks: list[_Task]
    order: Sequence[int]
    ceiling: int
    strict: bool = False
    lowest: int = 0
    closing: bool = False


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
        self._phase: _Phase | None = None
        self._outputs: list[tuple[int, AttemptReport]] = []
        self._tasks_before = 0
        self._connected = False
        self._paused = False
        self._cancelled = False
        self._over = False
        self._actions: list[Action] = []
        self.receipts: list[Mapping[str, Any]] = []

    def handle(self, event: Event) -> list[Action]:
        """Take one event and return what to do, in order."""
        self._actions = []
        if self._over:
            return []
        match event:
            case Connected(snapshot=snapshot):
                self._connect(snapshot)
            case Disconnected():
                self._connected = False
            case WorkerJoined(worker=worker):
                self._gone(worker)
                self._workers[worker] = None
            case WorkerGone(worker=worker):
                self._gone(worker)
            case AttemptOver():
                self._attempt_over(event)
            case Command(command=command):
                self._command(command)
            case _:
                self._news(event)
        self._schedule()
        return self._actions

    @property
    def live(self) -> frozenset[AttemptId]:
        """The attempts that this master knows to be started or starting."""
        return frozenset(run.id for run in self._workers.values() if run is not None)

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
        self._tasks_before = len(self._outputs)
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
                self._open(0)

    def _restore(self, snapshot: Mapping[str, Any]) -> None:
        """Take the open phase from the manager's books; this master's runs that it knows there are run."""
        index = snapshot["phase"]
        known = self._phase if self._phase is not None and self._phase.index == index else None
        count = len(snapshot["tasks"])
        phase = _Phase(index, [_Task() for _ in range(count)], self._order(index, count), snapshot["ceiling"])
        self._phase = phase
        for number, told in enumerate(snapshot["tasks"]):
            task = phase.tasks[number]
            task.status, task.attempt = told["status"], told["attempt"]
            task.report = None if told["report"] is None else AttemptReport.from_json(told["report"])
            id_ = AttemptId(index, number, task.attempt)
            if task.status == "live" and id_ not in self.live:
                # Its worker has gone since the manager was told what is live.
                task.status = "pending"
                self._tell(m.Lost(id_))
            if known is not None:
                # A number is never used twice: a start that is still under way must not be taken for the next one.
                task.attempt = max(task.attempt, known.tasks[number].attempt)
                task.lost = known.tasks[number].lost
        for worker, run in self._workers.items():
            if run is not None and not run.assigned:
                self._assign(worker, run)
        self._advance(phase)

    def _news(self, event: Event) -> None:
        match event:
            case m.Started(id=id_):
                self._begun(id_)
            case m.NotStarted(id=id_):
                self._not_started(id_)
            case m.TaskDone(id=id_, report=report) | m.TaskEnded(id=id_, report=report):
                self._task_over(id_, report)
            case m.Voided(id=id_):
                self._voided(id_)
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
        phase = self._open_phase(id_)
        if worker is None or run is None or phase is None:
            self._tell(m.Lost(id_))
        elif not run.assigned:
            phase.tasks[id_.task].status = "live"
            self._assign(worker, run)

    def _voided(self, id_: AttemptId) -> None:
        phase = self._phase
        if phase is None or phase.index != id_.phase:
            return
        phase.ceiling = min(phase.ceiling, id_.task)
        task = phase.tasks[id_.task]
        if task.status in ("done", "ended") or task.attempt == id_.number:
            task.status, task.report = "pending", None

    def _task_over(self, id_: AttemptId, report: AttemptReport) -> None:
        # Also of an attempt that this master gave up: what the manager has accepted counts.
        phase = self._phase
        if phase is None or phase.index != id_.phase:
            return
        task = phase.tasks[id_.task]
        task.report = report
        if report.end == "done":
            task.status = "done"
            self._advance(phase)
        else:
            task.status = "ended"
            phase.ceiling = min(phase.ceiling, id_.task)

    def _advance(self, phase: _Phase) -> None:
        while phase.lowest < len(phase.tasks) and phase.tasks[phase.lowest].status == "done":
            phase.lowest += 1
        if phase.lowest == len(phase.tasks) and not phase.closing:
            phase.closing = True
            self._tell(m.ClosePhase(phase.index))

    def _not_started(self, id_: AttemptId) -> None:
        worker, _ = self._run_of(id_)
        if worker is not None:
            self._workers[worker] = None
        phase = self._open_phase(id_)
        if phase is not None and phase.tasks[id_.task].status == "starting":
            phase.tasks[id_.task].status = "pending"
            phase.strict = True

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
            tasks = self._phase.tasks
            self._outputs = [(n, task.report) for n, task in enumerate(tasks) if task.report is not None]
            self._tasks_before = len(tasks)
            self._phase = None

    def _released(self, index: int, proceed: bool, reason: str | None, receipt: Mapping[str, Any]) -> None:
        last = index == len(self._plan.phases) - 1
        end = receipt["end"]
        if end == "failed":
            self._end(JobOver("failed", error=receipt["error"]))
        elif end == "out_of_totem":
            delivers = last and self._plan.phases[index].kind == "reduce"
            self._end(JobOver("out_of_totem", self._delivered() if delivers else None, partial=delivers))
        elif end == "cancelled" or (self._cancelled and not last):
            self._end(JobOver("cancelled"))
        elif last:
            self._end(JobOver("completed", self._delivered()))
        elif proceed:
            self._open(index + 1)
        elif reason in ("gate", "out_of_totem"):
            self._end(JobOver("out_of_totem"))
        elif reason == "cancelled":
            self._end(JobOver("cancelled"))
        else:
            self._end(JobOver("provider_failed", reason=f"the ledger stopped the job after phase {index}: {reason}"))

    def _broken(self, error: Mapping[str, Any]) -> None:
        if error.get("kind") == "settlement":
            self._end(JobOver("provider_failed", reason=str(error.get("detail"))))
        else:
            self._end(JobOver("provider_failed", data_error=error, reason=f"data: {error.get('detail')}"))

    def _open(self, index: int) -> None:
        count = self._plan.tasks(index, self._tasks_before)
        self._phase = _Phase(index, [_Task() for _ in range(count)], self._order(index, count), ceiling=count)
        self._tell(m.OpenPhase(index, count))

    def _delivered(self) -> list[Mapping[str, Any]]:
        return [report.output for _, report in sorted(self._outputs, key=lambda item: item[0])]

    # Workers --------------------------------------------------------------------------------------------------------

    def _gone(self, worker: int) -> None:
        run = self._workers.pop(worker, None)
        if run is not None:
            self._lose(run.id, f"worker {worker} ended while it ran the attempt")

    def _attempt_over(self, event: AttemptOver) -> None:
        run = self._workers.get(event.worker)
        if run is None or run.id != event.id:
            return
        self._workers[event.worker] = None
        if event.outcome == "broken":
            self._lose(event.id, event.detail)
        elif event.outcome == "dropped":
            # The manager knows already, unless it has restarted in between.
            self._tell(m.Lost(event.id))
            phase = self._open_phase(event.id)
            if phase is not None and phase.tasks[event.id.task].status == "live":
                phase.tasks[event.id.task].status = "pending"

    def _lose(self, id_: AttemptId, why: str) -> None:
        phase = self._open_phase(id_)
        if phase is None:
            return
        task = phase.tasks[id_.task]
        if task.status not in ("starting", "live"):
            return
        self._tell(m.Lost(id_))
        task.status = "pending"
        task.lost += 1
        if task.lost >= MAX_ATTEMPTS:
            at = self._plan.phases[phase.index]
            where = f"step {at.step} {at.kind}, task {id_.task}"
            self._end(JobOver("provider_failed", reason=f"{where}: {task.lost} attempts were lost; the last: {why}"))

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
        if not idle:
            return
        order = range(len(phase.tasks)) if phase.strict else phase.order
        for number in order:
            if not idle:
                return
            task = phase.tasks[number]
            if task.status == "pending" and (number < phase.ceiling or number == phase.lowest):
                task.status = "starting"
                task.attempt += 1
                run = _Run(AttemptId(phase.index, number, task.attempt), self._token())
                self._workers[idle.pop(0)] = run
                self._tell(m.StartAttempt(run.id, run.token))

    def _assign(self, worker: int, run: _Run) -> None:
        run.assigned = True
        outputs = [report.output for _, report in self._outputs]
        self._actions.append(Assign(worker, run.id, run.token, self._plan.task(run.id.phase, run.id.task, outputs)))

    # Helpers --------------------------------------------------------------------------------------------------------

    def _run_of(self, id_: AttemptId) -> tuple[int, _Run] | tuple[None, None]:
        for worker, run in self._workers.items():
            if run is not None and run.id == id_:
                return worker, run
        return None, None

    def _open_phase(self, id_: AttemptId) -> _Phase | None:
        """Return the open phase if the attempt is the current one of its task there."""
        phase = self._phase
        if phase is None or phase.index != id_.phase or phase.tasks[id_.task].attempt != id_.number:
            return None
        return phase

    def _tell(self, event: m.ManagerEvent) -> None:
        self._actions.append(Tell(event))

    def _end(self, over: JobOver) -> None:
        self._over = True
        self._actions.append(over)


def _is_live(snapshot: Mapping[str, Any], id_: AttemptId) -> bool:
    if snapshot["phase"] != id_.phase:
        return False
    told = snapshot["tasks"][id_.task]
    return bool(told["status"] == "live" and told["attempt"] == id_.number)
