"""The manager's state machine at work: the lease log, the settlement, and who waits for which answer.

One loop takes the events that have come in, lets the state machine decide on all of them, writes one batch into the
log, and only then answers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio

from totem_ccf.faults import kill_point
from totem_ccf.metering import messages as m
from totem_ccf.metering import rpc, wire
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
    EscrowGrown,
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
from totem_sdk.errors import InvalidDocument

__all__ = ["ManagerCore", "ManagerSetup"]

SETTLE_SECONDS = 60.0
ASK_SECONDS = 0.1
MOST_ASK_SECONDS = 2.0
"""A pool that has not decided yet is asked again after so long."""
BALANCE_SECONDS = 0.2

_log = logging.getLogger("totem.manager")

_BEFORE: dict[type[Record], str] = {
    AttemptStarted: "manager:before-start-log",
    EscrowGrown: "manager:before-more-log",
    LeaseGranted: "manager:before-lease-log",
    AttemptEnded: "manager:before-end-log",
    PhaseClosed: "manager:before-close-log",
}
_AFTER: dict[type[Record], str] = {
    AttemptStarted: "manager:after-start-log",
    EscrowGrown: "manager:after-more-log",
    LeaseGranted: "manager:after-lease-log",
    AttemptEnded: "manager:after-end-log",
    PhaseSettled: "manager:after-settled-log",
}


@dataclass(frozen=True)
class ManagerSetup:
    """What a manager process is started with: the job, where it listens, where the host does, and their secrets."""

    job_id: str
    escrow: int
    estimate: int
    priced: PricedProgram
    audit: bool
    phases: range
    pooled: bool
    log: Path
    address: str
    host: str
    secret: str
    host_secret: str
    recorder: Recorder


class ManagerCore:
    """The state machine, the log, and who waits for which answer."""

    def __init__(self, setup: ManagerSetup, log: LeaseLog) -> None:
        self.setup = setup
        self.note = setup.recorder
        self._log = log
        policy = LeasePolicy(audit=setup.audit)
        phases = [setup.priced.program.phases[index] for index in setup.phases]
        total = setup.priced.total
        self.manager = Manager(setup.escrow, phases, total, policy, log.records, pooled=setup.pooled)
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
            case m.AskMore():
                self._spawn(self._ask_pool(action))
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
        self._spawn(self._call_ledger(call))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
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
            told = await stub.Settle(request, metadata=rpc.metadata(self.setup.host_secret), timeout=SETTLE_SECONDS)
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
            self._give_up(following)

    def _give_up(self, what: GiveUp) -> None:
        _log.error("phase %d can't be settled: %s", what.phase, what.reason)
        self._given_up = m.Broken(what.phase, {"kind": "settlement", "detail": what.reason})
        self._do(self._given_up)

    async def _ask_pool(self, ask: m.AskMore) -> None:
        """Ask for more totem until that is decided, or the job does not need it any more."""
        stub = pb_grpc.HostStub(self._host)
        delay = ASK_SECONDS
        while self.manager.asking == ask:
            kill_point("manager:before-more")
            self.note("manager", "ledger", "more", used=ask.used, needs=ask.needs)
            request = pb.MoreRequest(used=ask.used, needs=ask.needs)
            try:
                told = await stub.More(request, metadata=rpc.metadata(self.setup.host_secret), timeout=SETTLE_SECONDS)
            except grpc.aio.AioRpcError as error:
                _log.warning("the pool was not reached, again in %.1f s: %s", delay, error.details())
            else:
                if told.HasField("refused"):
                    phase = self.manager.books.next_phase
                    self._give_up(GiveUp(phase, f"the ledger refuses to say whether there is more: {told.refused}"))
                    return
                if told.HasField("escrow"):
                    kill_point("manager:after-more")
                    self.note("ledger", "manager", "escrow", escrow=told.escrow)
                    await self.submit(m.More(told.escrow))
                    return
            await asyncio.sleep(delay)
            delay = min(2 * delay, MOST_ASK_SECONDS)


def _answer_of(told: pb.SettleAnswer) -> SettlementAnswer:
    if told.HasField("refused"):
        raise SettlementRefused(told.refused)
    return read_answer(wire.loads(told.answer))
