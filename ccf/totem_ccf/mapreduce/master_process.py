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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import grpc.aio

from totem_ccf.faults import kill_point
from totem_ccf.mapreduce import master_messages as ms
from totem_ccf.mapreduce.job import JobEnd, JobSpec
from totem_ccf.mapreduce.manager_link import ManagerLink, ManagerLost
from totem_ccf.mapreduce.master import Master
from totem_ccf.mapreduce.pairs import PairLayout
from totem_ccf.mapreduce.partial_reader import PartialRefused, read_partials
from totem_ccf.mapreduce.partials import mapped_layout, write_partials
from totem_ccf.mapreduce.planner import Plan
from totem_ccf.mapreduce.results import ResultFile, write_result
from totem_ccf.mapreduce.runs import ShuffleError
from totem_ccf.mapreduce.statuses import HOST_GONE, MANAGER_GONE
from totem_ccf.mapreduce.work_service import WorkService
from totem_ccf.metering import messages as m
from totem_ccf.metering import rpc
from totem_ccf.metering.manager import MeterViolation
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc
from totem_ccf.metering.recorder import Recorder
from totem_sdk.cut import refusals

__all__ = ["MasterSetup", "run_master"]

CALL_SECONDS = 10.0
PROGRESS_SECONDS = 0.2
PULSE_SECONDS = 1.0

_log = logging.getLogger("totem.master")


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


class _Process:
    """The master's loop, and its calls to manager and host."""

    def __init__(self, setup: MasterSetup) -> None:
        self._setup = setup
        self._note = setup.recorder
        self._spec = setup.spec
        self._program = setup.spec.priced.program
        self._master: Master
        self._events: asyncio.Queue[tuple[ms.Event | m.Balance, asyncio.Event | None]] = asyncio.Queue()
        self._workers = WorkService(setup.secret, self._put)
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
        try:
            plan = await self._plan()
        except (PartialRefused, ShuffleError, OSError) as error:
            _log.error("%s", error)
            await self._finish(ms.JobOver("provider_failed", reason=str(error)))
            return 0
        self._master = Master(plan, lambda: secrets.token_hex(16), task_order(self._spec.order_seed))
        server = grpc.aio.server(options=rpc.OPTIONS)
        pb_grpc.add_WorkServicer_to_server(self._workers, server)
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
                await self._finish(self._over, self._master.receipts)
                self._status = 0
        finally:
            for task in tasks:
                task.cancel()
            self._workers.close()
            await server.stop(0.5)
        return self._status

    async def _plan(self) -> Plan:
        """Make the plan; of a combining part, when the partial groups of the others are read and found good.

        Raises:
            PartialRefused: they are not good, or the program has no parts.
            ShuffleError, OSError: they can't be laid out here.
        """
        spec = self._spec
        if spec.part != "whole" and (found := refusals(self._program)):
            raise PartialRefused(f"{self._program.name} can't be cut: line {found[0].line}: {found[0].message}")
        if spec.part != "combine":
            return Plan(self._program, spec.fragments, spec.part)
        folder = spec.directory / "partials"
        reading = asyncio.ensure_future(
            asyncio.to_thread(read_partials, self._program, spec.partials, folder, spec.memory_limit)
        )
        while not (await asyncio.wait({reading}, timeout=PULSE_SECONDS))[0]:
            # The host must not take this process for dead.
            stub = pb_grpc.HostStub(self._host)
            await self._tell_host("the progress", stub.Progress, pb.ProgressNews(phase=1, left=spec.escrow))
        kill_point("master:after-partials")
        return Plan(self._program, (), spec.part, reading.result())

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
            case ms.Assign(worker=worker, id=id_):
                self._note("master", f"worker {worker}", "run", phase=id_.phase, task=id_.task, attempt=id_.number)
                self._workers.assign(action)
                kill_point("master:after-assign")
            case ms.JobOver():
                self._over = action

    async def _finish(self, over: ms.JobOver, receipts: Sequence[Mapping[str, Any]] = ()) -> None:
        """Write the result, if one is delivered, and then the end."""
        self._note("master", "ledger", "end", state=over.state, partial=over.partial)
        receipts = tuple(receipts)
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
            try:
                result = await asyncio.to_thread(self._write, over.outputs)
            except (ShuffleError, OSError) as error:
                end = JobEnd("provider_failed", 0, receipts, reason=f"the result can't be written: {error}")
            else:
                end = replace(end, result=result.path, result_sha256=result.sha256, result_rows=result.rows)
        kill_point("master:before-end")
        end.write(self._spec.directory)
        kill_point("master:after-end")

    def _write(self, outputs: Sequence[Mapping[str, Any]]) -> ResultFile:
        """Write what is delivered: the result, or the partial groups for the combining part.

        Raises:
            ShuffleError: what the tasks have put out can't be read, or is too large.
            OSError: the file can't be written.
        """
        spec = self._spec
        if spec.part == "data":
            layout = mapped_layout(self._program, spec.executor)
            return write_partials(spec.directory / "partial.jsonl", self._program, layout, outputs, spec.memory_limit)
        last = self._program.steps[-1]
        return write_result(spec.directory / "result.jsonl", PairLayout(*last.emits), outputs, last.lists)

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
        """Tell the host how far the job is, and which workers are to be killed."""
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
                await self._tell_host("the progress", stub.Progress, news)
            for worker in self._workers.overdue(self._master.cancelling):
                await self._tell_host(f"that worker {worker} is to be killed", stub.Kill, pb.Worker(number=worker))
            await asyncio.sleep(PROGRESS_SECONDS)

    async def _tell_host(self, what: str, call: Callable[..., Any], message: object) -> None:
        try:
            await call(message, metadata=self._metadata, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            _log.warning("the host did not hear %s: %s", what, error.details())

    def _leave(self, status: int) -> None:
        if self._over is None:
            self._status = status
        self._gone.set()
