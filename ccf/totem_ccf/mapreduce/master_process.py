"""The process of the master: the state machine behind the workers' gRPC service, and a client of the manager.

It ends by itself when the job is over and its end is written down. If the host goes away, or the manager can't be
reached for ``MANAGER_SECONDS``, it ends with an exit status that tells so, and whoever supervises starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

import grpc
import grpc.aio

from totem_ccf.faults import kill_point
from totem_ccf.mapreduce import master_messages as ms
from totem_ccf.mapreduce.job import JobEnd, JobSpec
from totem_ccf.mapreduce.manager_link import ManagerLink, ManagerLost
from totem_ccf.mapreduce.master import Master
from totem_ccf.mapreduce.pairs import PairLayout
from totem_ccf.mapreduce.planner import Plan
from totem_ccf.mapreduce.results import write_result
from totem_ccf.mapreduce.runs import ShuffleError
from totem_ccf.mapreduce.statuses import HOST_GONE, MANAGER_GONE
from totem_ccf.metering import messages as m
from totem_ccf.metering import rpc, wire
from totem_ccf.metering.manager import MeterViolation
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc
from totem_ccf.metering.recorder import Recorder

__all__ = ["MasterSetup", "run_master"]

CALL_SECONDS = 10.0
SILENT_SECONDS = 15.0
PROGRESS_SECONDS = 0.2
PULSE_SECONDS = 1.0

_log = logging.getLogger("totem.master")

_OUTCOMES: dict[str, ms.Outcome] = {"finished": "finished", "dropped": "dropped", "broken": "broken"}


@dataclass(frozen=True)
class MasterSetup:
    """What a master process is started with: the job, where it listens, where the others do, and their secrets."""

    spec: JobSpec
    address: str
    manager: str
    host: str
    secret: str
    manager_secret: str
    host_secret: str
    recorder: Recorder


async def run_master(setup: MasterSetup) -> int:
    """Run the job to its end; return the exit status: 0 when ``end.json`` is written."""
    return await _Process(setup).run()


def task_order(seed: int | None) -> Callable[[int, int], Sequence[int]]:
    """Return the order in which the tasks of a phase are started: from the lowest, or shuffled by a seed."""

    def order(phase: int, tasks: int) -> Sequence[int]:
        numbers = list(range(tasks))
        if seed is not None:
            random.Random(f"{seed}/{phase}").shuffle(numbers)  # noqa: S311 a schedule, not a secret
        return numbers

    return order


class _Process(pb_grpc.WorkServicer):
    """The master's loop, its service for workers, and its calls to manager and host."""

    def __init__(self, setup: MasterSetup) -> None:
        self._setup = setup
        self._note = setup.recorder
        self._spec = setup.spec
        self._program = setup.spec.priced.program
        plan = Plan(self._program, setup.spec.fragments)
        self._master = Master(plan, lambda: secrets.token_hex(16), task_order(setup.spec.order_seed))
        self._events: asyncio.Queue[tuple[ms.Event | m.Balance, asyncio.Event | None]] = asyncio.Queue()
        self._workers: dict[int, asyncio.Queue[pb.Assignment | None]] = {}
        self._heard: dict[int, float] = {}
        self._metadata = rpc.metadata(setup.host_secret)
        self._link = ManagerLink(setup.manager, setup.manager_secret, lambda: self._master.live, self._hear)
        self._host = grpc.aio.insecure_channel(setup.host, options=rpc.OPTIONS)
        self._balance = m.Balance(0, setup.spec.escrow)
        self._over: ms.JobOver | None = None
        self._gone = asyncio.Event()
        self._status = 0
        self._started = time.monotonic()

    async def run(self) -> int:
        """Run until the job is over or there is no sense in going on."""
        self._note("ledger", "master", "code", program=self._program.name)
        server = grpc.aio.server(options=rpc.OPTIONS)
        pb_grpc.add_WorkServicer_to_server(self, server)
        server.add_insecure_port(self._setup.address)
        await server.start()
        tasks = [
            asyncio.create_task(coroutine)
            for coroutine in (
                self._loop(),
                self._follow_manager(),
                self._follow_host(),
                self._pulse(),
                self._gone.wait(),
            )
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if self._over is not None:
                await self._finish(self._over)
                self._status = 0
        finally:
            for task in tasks:
                task.cancel()
            for assignments in self._workers.values():
                assignments.put_nowait(None)
            await server.stop(0.5)
        return self._status

    # The loop -------------------------------------------------------------------------------------------------------

    async def _loop(self) -> None:
        while self._over is None:
            event, taken = await self._events.get()
            if isinstance(event, m.Balance):
                self._balance = event
            else:
                for action in self._master.handle(event):
                    self._do(action)
            if taken is not None:
                taken.set()

    def _put(self, event: ms.Event) -> None:
        self._events.put_nowait((event, None))

    async def _hear(self, event: ms.Event | m.Balance) -> None:
        """Have an event taken, and wait for that."""
        taken = asyncio.Event()
        self._events.put_nowait((event, taken))
        await taken.wait()

    async def _follow_manager(self) -> None:
        try:
            await self._link.follow()
        except ManagerLost as error:
            _log.error("%s", error)
            self._leave(MANAGER_GONE)
        except MeterViolation as error:
            _log.error("%s", error)
            self._over = ms.JobOver("provider_failed", reason=str(error))

    def _do(self, action: ms.Action) -> None:
        match action:
            case ms.Tell(event=event):
                if isinstance(event, m.ClosePhase):
                    kill_point("master:before-close")
                self._link.tell(event)
            case ms.Assign(worker=worker, id=id_, token=token, task=task):
                self._note("master", f"worker {worker}", "run", phase=id_.phase, task=id_.task, attempt=id_.number)
                assignment = pb.Assignment(attempt=wire.attempt_to_wire(id_, token), task=wire.dumps(task.to_json()))
                if worker in self._workers:
                    self._workers[worker].put_nowait(assignment)
                kill_point("master:after-assign")
            case ms.JobOver():
                self._over = action

    async def _finish(self, over: ms.JobOver) -> None:
        """Write the result, if one is delivered, and then the end."""
        self._note("master", "ledger", "end", state=over.state, partial=over.partial)
        receipts = tuple(self._master.receipts)
        used = 0 if over.state == "provider_failed" else sum(receipt["charge"] for receipt in receipts)
        end = JobEnd(
            state=over.state,
            used=used,
            receipts=receipts,
            partial=over.partial,
            error=over.error,
            data_error=None if over.data_error is None else {"kind": over.data_error.get("kind")},
            reason=over.reason,
            seconds=time.monotonic() - self._started,
        )
        if over.outputs is not None:
            kill_point("master:before-result")
            layout = PairLayout(*self._program.steps[-1].emits)
            path = self._spec.directory / "result.jsonl"
            try:
                result = await asyncio.to_thread(write_result, path, layout, over.outputs)
            except (ShuffleError, OSError) as error:
                end = JobEnd("provider_failed", 0, receipts, reason=f"the result can't be written: {error}")
            else:
                end = replace(end, result=result.path, result_sha256=result.sha256, result_rows=result.rows)
        kill_point("master:before-end")
        end.write(self._spec.directory)
        kill_point("master:after-end")

    # The host -------------------------------------------------------------------------------------------------------

    async def _follow_host(self) -> None:
        """Take commands; without a host there is nobody to work for."""
        try:
            async for command in pb_grpc.HostStub(self._host).Attend(pb.Empty(), metadata=self._metadata):
                if command.command in ("cancel", "pause", "resume"):
                    self._put(ms.Command(command.command))
        except grpc.aio.AioRpcError as error:
            _log.error("the host is not there: %s", error.details())
        self._leave(HOST_GONE)

    async def _pulse(self) -> None:
        """Tell the host how far the job is; look for workers that are silent."""
        stub = pb_grpc.HostStub(self._host)
        told: pb.ProgressNews | None = None
        at = 0.0
        while True:
            phase, done, tasks, rows = self._master.progress
            used, left = self._balance.used, self._balance.left
            news = pb.ProgressNews(phase=phase, tasks_done=done, tasks=tasks, used=used, left=left, rows=rows)
            now = time.monotonic()
            if news != told or now - at > PULSE_SECONDS:
                told, at = news, now
                try:
                    await stub.Progress(news, metadata=self._metadata, timeout=CALL_SECONDS)
                except grpc.aio.AioRpcError as error:
                    _log.warning("the host did not take the progress: %s", error.details())
            for worker, heard in list(self._heard.items()):
                if now - heard > SILENT_SECONDS:
                    _log.error("worker %d is silent for %.0f s", worker, now - heard)
                    self._drop(worker)
                    await stub.Silent(pb.Worker(number=worker), metadata=self._metadata, timeout=CALL_SECONDS)
            await asyncio.sleep(PROGRESS_SECONDS)

    def _leave(self, status: int) -> None:
        if self._over is None:
            self._status = status
        self._gone.set()

    # Workers --------------------------------------------------------------------------------------------------------

    async def Serve(  # noqa: N802 gRPC names it
        self, request: pb.Worker, context: rpc.Context
    ) -> AsyncIterator[pb.Assignment]:
        await self._authorise(context)
        worker = request.number
        assignments: asyncio.Queue[pb.Assignment | None] = asyncio.Queue()
        self._workers[worker] = assignments
        self._heard[worker] = time.monotonic()
        self._put(ms.WorkerJoined(worker))
        try:
            while (assignment := await assignments.get()) is not None:
                yield assignment
        finally:
            if self._workers.get(worker) is assignments:
                self._drop(worker)

    async def Over(self, request: pb.AttemptOver, context: rpc.Context) -> pb.Empty:  # noqa: N802 gRPC names it
        await self._authorise(context)
        id_ = wire.id_from_wire(request.attempt)
        if request.outcome == "broken":
            _log.error("worker %d could not run %s: %s", request.worker, tuple(id_), request.detail)
        outcome = _OUTCOMES.get(request.outcome)
        if outcome is None:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"unknown outcome {request.outcome!r}")
        self._put(ms.AttemptOver(request.worker, id_, outcome, request.detail))
        return pb.Empty()

    async def Beat(self, request: pb.Worker, context: rpc.Context) -> pb.Empty:  # noqa: N802 gRPC names it
        await self._authorise(context)
        if request.number in self._heard:
            self._heard[request.number] = time.monotonic()
        return pb.Empty()

    def _drop(self, worker: int) -> None:
        self._workers.pop(worker, None)
        self._heard.pop(worker, None)
        self._put(ms.WorkerGone(worker))

    async def _authorise(self, context: rpc.Context) -> None:
        if not rpc.authorised(context, self._setup.secret):
            await context.abort(
                grpc.StatusCode.UNAUTHENTICATED, "the call does not show the secret of the job's workers"
            )
