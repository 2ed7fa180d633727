"""The manager's two gRPC services: one for updaters, one for the master."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import grpc

from totem_ccf.metering import messages as m
from totem_ccf.metering import rpc, wire
from totem_ccf.metering.audit import AuditTrail
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.manager import MeterViolation
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc
from totem_sdk.errors import InternalError, InvalidDocument

if TYPE_CHECKING:
    from totem_ccf.metering.manager_core import ManagerCore

__all__ = ["LeadService", "MeterService"]

WAIT_SECONDS = 5.0
"""After this time a request that still waits is answered with ``wait``, so that both sides know of each other."""


def _updater(id_: AttemptId) -> str:
    return f"updater {id_.phase}.{id_.task}.{id_.number}"


class MeterService(pb_grpc.MeterServicer):
    """The service for updaters. Who may ask is decided by the attempt's token."""

    def __init__(self, core: ManagerCore) -> None:
        self._core = core
        self._trails: dict[AttemptId, AuditTrail] = {}

    async def Begin(self, request: pb.BeginRequest, _: rpc.Context) -> pb.BeginAnswer:  # noqa: N802 gRPC names it
        """Tell an attempt what is in the pool."""
        id_ = wire.id_from_wire(request.attempt)
        available = self._core.manager.available(id_, wire.fingerprint(request.attempt.token))
        self._core.note("manager", _updater(id_), "available", available=available)
        return pb.BeginAnswer(available=available)

    async def Ask(self, request: pb.AskRequest, context: rpc.Context) -> pb.AskAnswer:  # noqa: N802 gRPC names it
        """Answer a request for a lease, or say that the answer has to wait."""
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
        """Take an attempt's report."""
        id_ = wire.id_from_wire(request.attempt)
        token = wire.fingerprint(request.attempt.token)
        try:
            report = wire.report_from_wire(request.report)
            # Data that can't be read are not paid: that report has no counts.
            if report.end != "data_error" and self._core.manager.is_live(id_, token) and id_ in self._trails:
                self._trails[id_].check(report.counts)
        except (InvalidDocument, InternalError) as error:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        finish = m.Finish(id_, token, report)
        who = _updater(id_)
        self._core.note(who, "manager", "finish", end=report.end, used=report.used)
        answer = await self._answer(finish, context)
        if isinstance(answer, m.Stop):
            return pb.AskAnswer(stop=answer.reason)
        if isinstance(answer, m.Accepted):
            self._trails.pop(id_, None)
            return pb.AskAnswer(accepted=True)
        return pb.AskAnswer(wait=True)

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


class LeadService(pb_grpc.LeadServicer):
    """The service for the master."""

    def __init__(self, core: ManagerCore, secret: str) -> None:
        self._core = core
        self._secret = secret

    async def Connect(  # noqa: N802 gRPC names it
        self, request: pb.ConnectRequest, context: rpc.Context
    ) -> AsyncIterator[pb.News]:
        """Send the master a snapshot, and then all news."""
        await self._admit(context)
        news = self._core.attend()
        await self._core.submit(m.MasterConnected(frozenset(wire.id_from_wire(attempt) for attempt in request.live)))
        while True:
            yield await news.get()

    async def Tell(self, request: pb.Word, context: rpc.Context) -> pb.Empty:  # noqa: N802 gRPC names it
        """Take what the master has to tell."""
        await self._admit(context)
        try:
            event = wire.event_from_wire(request)
            self._note(event)
            await self._core.submit(event)
        except (MeterViolation, InvalidDocument) as error:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        return pb.Empty()

    async def Beat(self, request: pb.Empty, context: rpc.Context) -> pb.Empty:  # noqa: N802 gRPC names it
        """Tell the master that somebody is here."""
        del request
        await self._admit(context)
        return pb.Empty()

    async def _admit(self, context: rpc.Context) -> None:
        """End a call that is not of the job's master."""
        if not rpc.authorised(context, self._secret):
            await context.abort(
                grpc.StatusCode.UNAUTHENTICATED, "the call does not show the secret of the job's master"
            )

    def _note(self, event: m.ManagerEvent) -> None:
        match event:
            case m.OpenPhase(phase=phase, tasks=tasks):
                self._core.note("master", "manager", "phase-begun", phase=phase, tasks=tasks)
            case m.ClosePhase(phase=phase):
                self._core.note("master", "manager", "phase-done", phase=phase)
            case _:
                self._core.note("master", "manager", type(event).__name__)
