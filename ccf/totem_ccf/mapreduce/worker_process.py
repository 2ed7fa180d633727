"""The process of a worker: gets attempts from the master and runs them, one after the other.

Each attempt has an updater of its own, which gets its totem from the manager. The process ends when the master goes
away; an attempt that it was running is then lost, which costs the consumer nothing.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import grpc

from totem_ccf.faults import kill_point
from totem_ccf.mapreduce.attempt import AttemptRunner, input_rows
from totem_ccf.mapreduce.executor import InputError, TaskExecutor
from totem_ccf.mapreduce.job import JobSpec
from totem_ccf.mapreduce.manager_client import ManagerClient, ManagerGone
from totem_ccf.mapreduce.master_messages import Outcome
from totem_ccf.mapreduce.planner import TaskSpec
from totem_ccf.mapreduce.runs import ShuffleError
from totem_ccf.metering import rpc, wire
from totem_ccf.metering.audit import ChargeItem, ChargePricer
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.messages import Accepted, Ask, Finish, Grant, Stop
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc
from totem_ccf.metering.recorder import NoRecorder, Recorder
from totem_ccf.metering.updater import Fenced, Updater
from totem_sdk.errors import InternalError
from totem_sdk.estimate import phase_lower_bound

__all__ = ["WorkerSetup", "describe", "run_worker"]

BEAT_SECONDS = 2.0
CALL_SECONDS = 10.0

_log = logging.getLogger("totem.worker")

_SPEAKING = (InternalError, InputError, ShuffleError, ManagerGone)
"""Errors of ours, whose texts never show a cell."""


@dataclass(frozen=True)
class WorkerSetup:
    """What a worker process is started with: its number, the job, where master and manager are, the workers' secret."""

    number: int
    spec: JobSpec
    master: str
    manager: str
    secret: str
    recorder: Recorder
    executor: Callable[[JobSpec], TaskExecutor]


def run_worker(setup: WorkerSetup) -> None:
    """Serve the master until it goes away."""
    worker = _Worker(setup)
    worker.run()


class _Worker:
    def __init__(self, setup: WorkerSetup) -> None:
        self._setup = setup
        self._note = setup.recorder
        self._name = f"worker {setup.number}"
        self._spec = setup.spec
        self._priced = setup.spec.priced
        self._metadata = rpc.metadata(setup.secret)
        self._master = pb_grpc.WorkStub(grpc.insecure_channel(setup.master, options=rpc.OPTIONS))
        self._manager = ManagerClient(setup.manager)
        self._me = pb.Worker(number=setup.number)
        self._runner: AttemptRunner | None = None
        # Tasks of a phase have the same number of rows, but for the last.
        self._estimate = lru_cache(partial(phase_lower_bound, self._priced))

    def run(self) -> None:
        threading.Thread(target=self._beat, daemon=True).start()
        try:
            for assignment in self._master.Serve(self._me, metadata=self._metadata, wait_for_ready=True):
                self._serve(assignment)
        except grpc.RpcError as error:
            _log.info("the master is gone: %s", error)

    def _beat(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            try:
                self._master.Beat(self._me, metadata=self._metadata, timeout=CALL_SECONDS)
            except grpc.RpcError as error:
                _log.info("the master did not hear the beat: %s", error)

    def _serve(self, assignment: pb.Assignment) -> None:
        id_ = wire.id_from_wire(assignment.attempt)
        task = TaskSpec.from_json(wire.loads(assignment.task))
        outcome: Outcome = "broken"
        detail = ""
        try:
            self._run(id_, assignment.attempt.token, task)
            outcome = "finished"
        except Fenced as reason:
            outcome, detail = "dropped", str(reason)
        except Exception as error:  # noqa: BLE001 whatever broke the attempt, the worker lives on and the master decides
            detail = describe(error)
            _log.error("attempt %s broke: %s", tuple(id_), detail)
        over = pb.AttemptOver(
            worker=self._setup.number, attempt=wire.attempt_to_wire(id_), outcome=outcome, detail=detail
        )
        self._master.Over(over, metadata=self._metadata, timeout=CALL_SECONDS)

    def _run(self, id_: AttemptId, token: str, task: TaskSpec) -> None:
        updater_name = f"updater {id_.phase}.{id_.task}.{id_.number}"
        # What is available is only noted: an estimate above it does not stop the attempt, a charge does.
        noted = not isinstance(self._note, NoRecorder)
        available = self._manager.begin(id_, token) if noted else 0
        step = self._priced.program.steps[task.step]
        function = step.mapper if task.kind == "map" else step.reducer
        name = "" if function is None else self._priced.program.functions[function].name
        self._note(self._name, updater_name, "function", function=name, types=self._types(task))
        estimate = self._estimate(task.phase, input_rows(task))
        self._note(updater_name, updater_name, "estimate", estimate=estimate, enough=estimate <= available)
        self._note(updater_name, self._name, "execute")
        port = _NotingPort(self._manager, self._note, self._name, updater_name, task.kind)
        items = ChargePricer(self._priced) if self._spec.audit else None
        updater = Updater(id_, token, port, time.monotonic_ns, items=items, hint=estimate)
        kill_point(f"worker:{task.kind}-begin")
        report = self._attempts().run(task, id_.number, updater)
        kill_point(f"worker:{task.kind}-written")
        updater.finish(report)
        self._note(self._name, "master", "task-done", phase=id_.phase, task=id_.task, end=report.end)
        kill_point(f"worker:{task.kind}-finished")

    def _types(self, task: TaskSpec) -> list[str]:
        program = self._priced.program
        if task.phase == 0:
            return [str(program.schema.columns[position].type) for position in self._priced.columns_charged]
        step = program.steps[task.step]
        pair = step.shuffled if task.kind == "reduce" else program.steps[task.step - 1].emits
        return [] if pair is None else [str(type_) for type_ in pair]

    def _attempts(self) -> AttemptRunner:
        """Return the runner; it is made with the first attempt, because the executor may have to compile."""
        if self._runner is None:
            spec = self._spec
            # A worker that is alone gets the tasks in their order.
            alone = spec.workers == 1 and spec.order_seed is None
            self._runner = AttemptRunner(
                self._priced,
                self._setup.executor(spec),
                spec.directory,
                spec.memory_limit,
                onward=spec.fragments if alone else (),
            )
        return self._runner


def describe(error: Exception) -> str:
    """Return what may be logged of an error: the text of our own errors, else only its class and where it arose.

    The text of a library's error may show a cell.
    """
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
    text = str(error) if isinstance(error, _SPEAKING) else ""
    if isinstance(error, OSError):
        text = f"{error.filename or ''}: {error.strerror}"
    return f"{type(error).__name__} {text} ({where})"


class _NotingPort:
    """Notes what goes between worker and updater on the way to the manager."""

    def __init__(self, manager: ManagerClient, note: Recorder, worker: str, updater: str, kind: str) -> None:
        self._manager = manager
        self._note = note
        self._worker = worker
        self._updater = updater
        self._kind = kind

    def ask(self, ask: Ask, charge: int, items: tuple[ChargeItem, ...]) -> Grant | Stop:
        self._note(self._worker, self._updater, "executed", used=ask.used, charge=charge)
        opcodes = [[item.opcode, item.type, item.count, item.totem] for item in items]
        self._note(self._updater, self._updater, "priced", charge=charge, cost=ask.cost, opcodes=opcodes)
        answer = self._manager.ask(ask, charge, items)
        self._note(self._updater, self._worker, "continue" if isinstance(answer, Grant) else "stop")
        kill_point(f"worker:{self._kind}-lease")
        return answer

    def finish(self, finish: Finish) -> Accepted | Stop:
        return self._manager.finish(finish)
