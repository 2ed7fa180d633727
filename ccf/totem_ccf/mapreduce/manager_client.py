"""The updater's way to the manager over gRPC: waits, and repeats what was not answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc

from totem_ccf.metering import rpc, wire
from totem_ccf.metering.audit import ChargeItem
from totem_ccf.metering.books import AttemptId
from totem_ccf.metering.manager import MeterViolation
from totem_ccf.metering.messages import Accepted, Ask, Finish, Grant, Stop, StopReason
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc

__all__ = ["ManagerClient", "ManagerGone"]

CALL_SECONDS = 10.0
GONE_SECONDS = 30.0
"""How long a manager that does not answer is waited for; it may be starting again."""

_REASONS: dict[str, StopReason] = {
    "out_of_totem": "out_of_totem",
    "void": "void",
    "cancelled": "cancelled",
    "fenced": "fenced",
}


class ManagerGone(Exception):
    """The manager was not reached for ``GONE_SECONDS``."""


class ManagerClient:
    """A ManagerPort (``totem_ccf.metering.updater``) for one worker process."""

    def __init__(self, address: str) -> None:
        self._stub = pb_grpc.MeterStub(grpc.insecure_channel(address, options=rpc.OPTIONS))

    def begin(self, id_: AttemptId, token: str) -> int:
        """Return what is in the manager's pool for an attempt that begins."""
        request = pb.BeginRequest(attempt=wire.attempt_to_wire(id_, token))
        answer: pb.BeginAnswer = self._repeat(self._stub.Begin, request)
        return answer.available

    def ask(self, ask: Ask, charge: int, items: tuple[ChargeItem, ...]) -> Grant | Stop:
        """Ask for a lease; see ManagerPort.

        Raises:
            ManagerGone: nobody answers.
            MeterViolation: the manager refuses the request.
        """
        answer = self._until_answered(self._stub.Ask, wire.ask_to_wire(ask, charge, items))
        if answer.WhichOneof("answer") == "held":
            return Grant(ask.id, ask.seq, answer.held)
        return Stop(ask.id, _REASONS[answer.stop])

    def finish(self, finish: Finish) -> Accepted | Stop:
        """Hand in a report; see ManagerPort. Errors as in ``ask``."""
        attempt = wire.attempt_to_wire(finish.id, finish.token)
        request = pb.FinishRequest(attempt=attempt, report=wire.dumps(finish.report.to_json()))
        answer = self._until_answered(self._stub.Finish, request)
        if answer.WhichOneof("answer") == "accepted":
            return Accepted(finish.id)
        return Stop(finish.id, _REASONS[answer.stop])

    def _until_answered(self, call: Callable[..., Any], request: pb.AskRequest | pb.FinishRequest) -> pb.AskAnswer:
        while True:
            answer: pb.AskAnswer = self._repeat(call, request)
            if answer.WhichOneof("answer") != "wait":
                return answer

    @staticmethod
    def _repeat(call: Callable[..., Any], request: Any) -> Any:
        since = time.monotonic()
        while True:
            try:
                return call(request, timeout=CALL_SECONDS)
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.FAILED_PRECONDITION:
                    raise MeterViolation(f"the manager refuses: {error.details()}") from None
                if not rpc.is_passing(error):
                    raise
                if time.monotonic() - since > GONE_SECONDS:
                    raise ManagerGone(f"the manager was not reached for {GONE_SECONDS:.0f} s") from None
            time.sleep(0.05)
