"""The process of the totem manager: the state machine behind two gRPC services, the lease log and the settlement.

One loop takes the events that have come in, lets the state machine decide on all of them, writes one batch into the
log, and only then answers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc.aio

from totem_ccf.faults import kill_point
from totem_ccf.metering import messages as m
from totem_ccf.metering import rpc, wire
from totem_ccf.metering.audit import AuditTrail
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.lease_log import LeaseLog
from totem_ccf.metering.lease_size import LeasePolicy
from totem_ccf.metering.manager import Manager, MeterViolation
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc
from totem_ccf.metering.recorder import Recorder
from totem_ccf.metering.records import (
    AttemptEnded,
    AttemptStarted,
    LeaseGranted,
    PhaseClosed,
    PhaseSettled,
    Record,
)
from totem_ccf.metering.settlement import (
    CallLedger,
    GiveUp,
    Settlement,
    SettlementAnswer,
    SettlementRefused,
    read_answer,
)
from totem_sdk.cost import PricedProgram
from totem_sdk.errors import InternalError, InvalidDocument

__all__ = ["ManagerSetup", "run_manager"]

WAIT_SECONDS = 5.0
"""After this time a request that still waits is answered with ``wait``, so that both sides know of each other."""

SETTLE_SECONDS = 60.0
BALANCE_SECONDS = 0.2

_log = logging.getLogger("totem.manager")

_BEFORE: dict[type[Record], str] = {
    AttemptStarted: "manager:before-start-log",
    LeaseGranted: "manager:before-lease-log",
    AttemptEnded: "manager:before-end-log",
    PhaseClosed: "manager:before-close-log",
}
_AFTER: dict[type[Record], str] = {
    AttemptStarted: "manager:after-start-log",
    LeaseGranted: "manager:after-lease-log",
    AttemptEnded: "manager:after-end-log",
    PhaseSettled: "manager:after-settled-log",
}


@dataclass(frozen=True)
class ManagerSetup:
    """What a manager process is started with: the job, where it listens, where the host listens, the job's secret."""

    job_id: str
    escrow: int
    estimate: int
    priced: PricedProgram
    audit: bool
    log: Path
    address: str
    host: str
    secret: str
    recorder: Recorder


async def run_manager(setup: ManagerSetup) -> None:
    """Serve until the process is ended.

    Raises:
        LeaseLogDamaged: the lease log can't be trusted.
        InternalError: an invariant of the meter does not hold.
    """
    with LeaseLog(setup.log, setup.job_id, setup.escrow) as log:
        core = _Core(setup, log)
        server = grpc.aio.server(options=rpc.OPTIONS)
        pb_grpc.add_MeterServicer_to_server(_Meter(core), server)
        pb_grpc.add_LeadServicer_to_server(_Lead(core, setup.secret), server)
        server.add_insecure_port(setup.address)
        await server.start()
        try:
            await core.run()
        finally:
            await server.stop(None)


class _Core:
    """The state machine, the log, and who waits for which answer."""

    def __init__(self, setup: ManagerSetup, log: LeaseLog) -> None:
        self.setup = setup
        self.note = setup.recorder
        self._log = log
        policy = LeasePolicy(audit=setup.audit)
        program = setup.priced.program
        self.manager = Manager(setup.escrow, program.phases, setup.priced.total, policy, log.records)
        self._settlement = Settlement()
        self._events: asyncio.Queue[tuple[m.ManagerEvent, asyncio.Future[None]]] = asyncio.Queue()
        self._answers: dict[AttemptId, asyncio.Future[m.ManagerAction]] = {}
        self._master: asyncio.Queue[pb.News] | None = None
        self._host = grpc.aio.insecure_channel(setup.host, options=rpc.OPTIONS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._balance_at = 0.0
        self._given_up: m.Broken | None = None

    async def run(self) -> None:
        """Take events for ever."""
        self.note("ledger", "manager", "balance", available=self.setup.escrow, estimate=self.setup.estimate)
        closed = self.manager.books.closed
        if closed is not None and closed.receipt is not None:
            self._settle(self._settlement.owe(closed.phase, closed.receipt))
        while True:
            batch = [await self._events.get()]
            while not self._events.empty():
                batch.append(self._events.get_nowait())
            self._take(batch)

    async def submit(self, event: m.ManagerEvent) -> None:
        """Have an event taken; returns when what it led to is durable.

        Raises:
            MeterViolation: the manager refuses the event.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._events.put_nowait((event, done))
        await done

    def expect(self, id_: AttemptId) -> asyncio.Future[m.ManagerAction]:
        """Return the answer that an attempt will get; whoever waited for it before is told to ask again."""
        before = self._answers.pop(id_, None)
        if before is not None and not before.done():
            before.cancel()
        answer: asyncio.Future[m.ManagerAction] = asyncio.get_running_loop().create_future()
        self._answers[id_] = answer
        return answer

    def attend(self) -> asyncio.Queue[pb.News]:
        """Return the queue of news for the master that has connected; an older one gets nothing more."""
        self._master = asyncio.Queue()
        return self._master

    def _take(self, batch: list[tuple[m.ManagerEvent, asyncio.Future[None]]]) -> None:
        records: list[Record] = []
        actions: list[m.ManagerAction] = []
        taken: list[asyncio.Future[None]] = []
        for event, done in batch:
            try:
                decision = self.manager.handle(event)
            except MeterViolation as error:
                _log.error("refused: %s", error)
                if not done.cancelled():
                    done.set_exception(error)
                continue
            records += decision.records
            actions += decision.actions
            taken.append(done)
        kinds = {type(record) for record in records}
        for kind in kinds & _BEFORE.keys():
            kill_point(_BEFORE[kind])
        if records:
            self._log.append(records)
        for kind in kinds & _AFTER.keys():
            kill_point(_AFTER[kind])
        for done in taken:
            if not done.cancelled():
                done.set_result(None)
        for action in actions:
            self._do(action)
        self._tell_balance()

    def _do(self, action: m.ManagerAction) -> None:
        match action:
            case m.Grant(id=id_) | m.Stop(id=id_) | m.Accepted(id=id_):
                answer = self._answers.pop(id_, None)
                if answer is not None and not answer.done():
                    answer.set_result(action)
            case m.Settle(phase=phase, receipt=receipt):
                self._settle(self._settlement.owe(phase, receipt))
            case _:
                self._note_news(action)
                self._tell_master(action)
                if isinstance(action, m.Snapshot) and self._given_up is not None:
                    self._tell_master(self._given_up)

    def _tell_master(self, action: m.ManagerAction | m.Balance) -> None:
        news = wire.news_to_wire(action, self.manager.books)
        if news is not None and self._master is not None:
            self._master.put_nowait(news)

    def _note_news(self, action: m.ManagerAction) -> None:
        match action:
            case m.Released(phase=phase, proceed=proceed, reason=reason):
                self.note("manager", "master", "release" if proceed else "stop", phase=phase, reason=reason)
            case m.TaskEnded(id=id_, report=report):
                self.note("manager", "master", "stop", phase=id_.phase, reason=report.end)
            case _:
                pass

    def _tell_balance(self) -> None:
        now = time.monotonic()
        if now - self._balance_at > BALANCE_SECONDS:
            self._balance_at = now
            self._tell_master(self.manager.balance())

    # Settlement -----------------------------------------------------------------------------------------------------

    def _settle(self, call: CallLedger) -> None:
        task = asyncio.get_running_loop().create_task(self._call_ledger(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call_ledger(self, call: CallLedger) -> None:
        await asyncio.sleep(call.delay)
        kill_point("manager:before-settle")
        end = call.receipt["end"]
        message = "out-of-totem" if end == "out_of_totem" else "settle"
        self.note("manager", "ledger", message, phase=call.phase, charge=call.receipt["charge"], end=end)
        request = pb.SettleRequest(phase=call.phase, receipt=wire.dumps(call.receipt))
        stub = pb_grpc.HostStub(self._host)
        following: CallLedger | GiveUp | None
        try:
            told = await stub.Settle(request, metadata=rpc.metadata(self.setup.secret), timeout=SETTLE_SECONDS)
            answer = _answer_of(told)
        except grpc.aio.AioRpcError as error:
            following = self._settlement.failed(call.phase, f"the ledger was not reached: {error.details()}")
        except (SettlementRefused, InvalidDocument) as error:
            following = self._settlement.failed(
                call.phase, f"the ledger refuses phase {call.phase}: {error}", final=True
            )
        else:
            kill_point("manager:after-settle")
            self.note("ledger", "manager", "answer", phase=call.phase, **answer)
            settled = self._settlement.answered(call.phase, answer)
            following = None
            if settled is not None:
                try:
                    await self.submit(settled)
                except MeterViolation as error:
                    following = GiveUp(call.phase, str(error))
        if isinstance(following, CallLedger):
            _log.warning("phase %d is not settled yet, again in %.1f s", following.phase, following.delay)
            self._settle(following)
        elif isinstance(following, GiveUp):
            _log.error("phase %d can't be settled: %s", following.phase, following.reason)
            self._given_up = m.Broken(following.phase, {"kind": "settlement", "detail": following.reason})
            self._do(self._given_up)


def _answer_of(told: pb.SettleAnswer) -> SettlementAnswer:
    if told.HasField("refused"):
        raise SettlementRefused(told.refused)
    return read_answer(wire.loads(told.answer))


def _updater(id_: AttemptId) -> str:
    return f"updater {id_.phase}.{id_.task}.{id_.number}"


class _Meter(pb_grpc.MeterServicer):
    """The service for updaters. Who may ask is decided by the attempt's token."""

    def __init__(self, core: _Core) -> None:
        self._core = core
        self._trails: dict[AttemptId, AuditTrail] = {}

    async def Begin(self, request: pb.BeginRequest, _: rpc.Context) -> pb.BeginAnswer:  # noqa: N802 gRPC names it
        id_ = wire.id_from_wire(request.attempt)
        available = self._core.manager.available(id_, request.attempt.token)
        self._core.note("manager", _updater(id_), "available", available=available)
        return pb.BeginAnswer(available=available)

    async def Ask(self, request: pb.AskRequest, context: rpc.Context) -> pb.AskAnswer:  # noqa: N802 gRPC names it
        ask = wire.ask_from_wire(request)
        who = _updater(ask.id)
        items = [[i.opcode, i.type, i.count, i.totem] for i in request.items]
        self._core.note(
            who, "manager", "used", used=ask.used, cost=ask.cost, charge=request.charge, seq=ask.seq, opcodes=items
        )
        answer = await self._answer(ask, context)
        if isinstance(answer, m.Grant):
            if self._core.setup.audit:
                if ask.seq == 1:
                    self._trails[ask.id] = AuditTrail(self._core.setup.priced)
                if ask.id in self._trails:
                    self._trails[ask.id].add(ask.seq, request.charge, ask.cost)
            left = self._core.manager.balance().left
            self._core.note("manager", who, "continue", held=answer.held, seq=ask.seq, balance=left)
            return pb.AskAnswer(held=answer.held)
        if isinstance(answer, m.Stop):
            self._core.note("manager", who, "stop", reason=answer.reason)
            return pb.AskAnswer(stop=answer.reason)
        return pb.AskAnswer(wait=True)

    async def Finish(self, request: pb.FinishRequest, context: rpc.Context) -> pb.AskAnswer:  # noqa: N802 gRPC names it
        id_ = wire.id_from_wire(request.attempt)
        trail = self._trails.pop(id_, None)
        try:
            report = wire.report_from_wire(request.report)
            if trail is not None:
                trail.check(report.counts)
        except (InvalidDocument, InternalError) as error:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        finish = m.Finish(id_, request.attempt.token, report)
        who = _updater(id_)
        self._core.note(who, "manager", "finish", end=report.end, used=report.used)
        answer = await self._answer(finish, context)
        if isinstance(answer, m.Stop):
            return pb.AskAnswer(stop=answer.reason)
        return pb.AskAnswer(accepted=True) if isinstance(answer, m.Accepted) else pb.AskAnswer(wait=True)

    async def _answer(self, event: m.Ask | m.Finish, context: rpc.Context) -> m.ManagerAction | None:
        """Have the event taken and wait for its answer; None: not yet."""
        answer = self._core.expect(event.id)
        try:
            await self._core.submit(event)
        except MeterViolation as error:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        # An answer is cancelled when the same attempt asks again: the newer call gets it.
        await asyncio.wait({answer}, timeout=WAIT_SECONDS)
        return answer.result() if answer.done() and not answer.cancelled() else None


class _Lead(pb_grpc.LeadServicer):
    """The service for the master."""

    def __init__(self, core: _Core, secret: str) -> None:
        self._core = core
        self._secret = secret

    async def Connect(  # noqa: N802 gRPC names it
        self, request: pb.ConnectRequest, context: rpc.Context
    ) -> AsyncIterator[pb.News]:
        if not rpc.authorised(context, self._secret):
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the call does not show the job's secret")
        news = self._core.attend()
        await self._core.submit(m.MasterConnected(frozenset(wire.id_from_wire(attempt) for attempt in request.live)))
        while True:
            yield await news.get()

    async def Tell(self, request: pb.Word, context: rpc.Context) -> pb.Empty:  # noqa: N802 gRPC names it
        if not rpc.authorised(context, self._secret):
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the call does not show the job's secret")
        try:
            event = wire.event_from_wire(request)
            self._note(event)
            await self._core.submit(event)
        except (MeterViolation, InvalidDocument) as error:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return pb.Empty()

    def _note(self, event: m.ManagerEvent) -> None:
        match event:
            case m.OpenPhase(phase=phase, tasks=tasks):
                self._core.note("master", "manager", "phase-begun", phase=phase, tasks=tasks)
            case m.ClosePhase(phase=phase):
                self._core.note("master", "manager", "phase-done", phase=phase)
            case _:
                self._core.note("master", "manager", type(event).__name__)
