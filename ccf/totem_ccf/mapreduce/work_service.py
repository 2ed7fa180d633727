"""The master's gRPC service for workers: hands out attempts, hears how they ended, and notices who has to be killed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection

import grpc

from totem_ccf.mapreduce import master_messages as ms
from totem_ccf.metering import rpc, wire
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc

__all__ = ["CANCEL_SECONDS", "SILENT_SECONDS", "WorkService"]

SILENT_SECONDS = 15.0
"""A worker of which nothing is heard for so long is killed."""

CANCEL_SECONDS = 2.0
"""A worker whose attempt has not stopped so long after the job was cancelled is killed."""

_log = logging.getLogger("totem.master")

_OUTCOMES: dict[str, ms.Outcome] = {"finished": "finished", "dropped": "dropped", "broken": "broken"}


class WorkService(pb_grpc.WorkServicer):
    """The workers of one master.

    Args:
        secret: what workers must show.
        put: takes what happens to workers.
    """

    def __init__(self, secret: str, put: Callable[[ms.Event], None]) -> None:
        self._secret = secret
        self._put = put
        self._workers: dict[int, asyncio.Queue[pb.Assignment | None]] = {}
        self._heard: dict[int, float] = {}
        self._cancelled: dict[int, float] = {}

    def assign(self, action: ms.Assign) -> None:
        """Give a worker an attempt, if the worker still is there."""
        attempt = wire.attempt_to_wire(action.id, action.token)
        if action.worker in self._workers:
            assignment = pb.Assignment(attempt=attempt, task=wire.dumps(action.task.to_json()))
            self._workers[action.worker].put_nowait(assignment)

    def overdue(self, cancelling: Collection[int]) -> list[int]:
        """Return the workers to be killed, and count on them no more.

        ``cancelling`` are those whose attempts are to stop; call it again and again, as time passes.
        """
        now = time.monotonic()
        self._cancelled = {worker: self._cancelled.get(worker, now) for worker in cancelling}
        found = []
        for worker, heard in list(self._heard.items()):
            if now - heard > SILENT_SECONDS:
                _log.error("worker %d is silent for %.0f s", worker, now - heard)
            elif now - self._cancelled.get(worker, now) > CANCEL_SECONDS:
                _log.warning("worker %d has not stopped its attempt: it is killed, and the attempt is lost", worker)
            else:
                continue
            self._drop(worker)
            found.append(worker)
        return found

    def close(self) -> None:
        """Send all workers home."""
        for assignments in self._workers.values():
            assignments.put_nowait(None)

    async def Serve(  # noqa: N802 gRPC names it
        self, request: pb.Worker, context: rpc.Context
    ) -> AsyncIterator[pb.Assignment]:
        """Take a worker in, and send it what it is to run."""
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
        """Hear that a worker is done with an attempt."""
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
        """Hear that a worker is alive."""
        await self._authorise(context)
        if request.number in self._heard:
            self._heard[request.number] = time.monotonic()
        return pb.Empty()

    def _drop(self, worker: int) -> None:
        self._workers.pop(worker, None)
        self._heard.pop(worker, None)
        self._put(ms.WorkerGone(worker))

    async def _authorise(self, context: rpc.Context) -> None:
        if not rpc.authorised(context, self._secret):
            await context.abort(
                grpc.StatusCode.UNAUTHENTICATED, "the call does not show the secret of the job's workers"
            )
