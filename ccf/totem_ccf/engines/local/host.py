"""The host's service: the way from manager and master back to whoever started the job."""

from __future__ import annotations

import concurrent.futures
import json
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import grpc

from totem_ccf.faults import kill_point
from totem_ccf.metering import rpc
from totem_ccf.metering.proto import ccf_pb2 as pb
from totem_ccf.metering.proto import ccf_pb2_grpc as pb_grpc
from totem_ccf.metering.settlement import SettlementPort, SettlementRefused

__all__ = ["Host", "Progress"]

_log = logging.getLogger("totem.engine")

_TURN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: the open phase, its tasks, totem used and left (not exact while leases are out), rows read."""

    phase: int
    tasks_done: int
    tasks: int
    used: int
    left: int
    rows: int


class Host(pb_grpc.HostServicer):
    """Serves one job: settlements, commands to the master, progress from it.

    Args:
        address: where it listens.
        secret: what callers must show.
        settlement: the way to the ledger; ``settle`` is called from one thread at a time, and so is ``more``.
        on_progress: called from other threads, for every message of the master.
        on_kill: called from other threads with the number of a worker that the master wants killed.
    """

    def __init__(
        self,
        address: str,
        secret: str,
        settlement: SettlementPort,
        on_progress: Callable[[Progress], None],
        on_kill: Callable[[int], None],
    ) -> None:
        self._secret = secret
        self._settlement = settlement
        self._on_progress = on_progress
        self._on_kill = on_kill
        self._settling = threading.Lock()
        self._asking = threading.Lock()
        self._commands: set[queue.SimpleQueue[str | None]] = set()
        self._standing: dict[str, bool] = {"cancel": False, "pause": False}
        self._lock = threading.Lock()
        pool = concurrent.futures.ThreadPoolExecutor(8, thread_name_prefix="totem-host")
        self._server = grpc.server(pool, options=rpc.OPTIONS)
        pb_grpc.add_HostServicer_to_server(self, self._server)
        self._server.add_insecure_port(address)
        self._server.start()

    def command(self, command: Literal["cancel", "pause", "resume"]) -> None:
        """Tell the master, and every master that comes after it."""
        with self._lock:
            if command == "cancel":
                self._standing["cancel"] = True
            else:
                self._standing["pause"] = command == "pause"
            for commands in self._commands:
                commands.put(command)

    def close(self) -> None:
        """Stop serving."""
        with self._lock:
            for commands in self._commands:
                commands.put(None)
        self._server.stop(1.0).wait()

    def Settle(self, request: pb.SettleRequest, context: grpc.ServicerContext) -> pb.SettleAnswer:  # noqa: N802 gRPC names it
        """Settle a phase through the port; what it raises besides SettlementRefused is repeated by the manager."""
        self._authorise(context)
        receipt: dict[str, Any] = json.loads(request.receipt)
        # Where the manager does not wait any longer it asks again: that call must find a thread.
        while not self._settling.acquire(timeout=_TURN_SECONDS):
            if not context.is_active():
                return pb.SettleAnswer()
        try:
            if not context.is_active():
                return pb.SettleAnswer()
            kill_point("host:before-settle")
            answer = self._settlement.settle(request.phase, receipt)
            kill_point("host:after-settle")
        except SettlementRefused as refusal:
            return pb.SettleAnswer(refused=str(refusal))
        except Exception as error:  # noqa: BLE001 the port is the caller's; the manager repeats
            _log.exception("phase %d could not be settled", request.phase)
            context.abort(grpc.StatusCode.UNAVAILABLE, f"{type(error).__name__}: {error}")
        finally:
            self._settling.release()
        told = {name: answer[name] for name in ("continue", "left", "reason")}
        return pb.SettleAnswer(answer=json.dumps(told).encode())

    def More(self, request: pb.MoreRequest, context: grpc.ServicerContext) -> pb.MoreAnswer:  # noqa: N802 gRPC names it
        """Ask the port for more totem; one question at a time, and none waits for another."""
        self._authorise(context)
        if not self._asking.acquire(blocking=False):
            return pb.MoreAnswer()
        try:
            kill_point("host:before-more")
            escrow = self._settlement.more(request.used, request.needs)
        except SettlementRefused as refusal:
            return pb.MoreAnswer(refused=str(refusal))
        except Exception as error:  # noqa: BLE001 the port is the caller's; the manager asks again
            _log.exception("the pool could not be asked for more totem")
            context.abort(grpc.StatusCode.UNAVAILABLE, f"{type(error).__name__}: {error}")
        finally:
            self._asking.release()
        if escrow is not None:
            kill_point("host:after-more")
        return pb.MoreAnswer(escrow=escrow)

    def Attend(self, request: pb.Empty, context: grpc.ServicerContext) -> Iterator[pb.Command]:  # noqa: N802, ARG002 gRPC names it
        """Send the master what stands, and then every command."""
        self._authorise(context)
        commands: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        with self._lock:
            for command, stands in self._standing.items():
                if stands:
                    commands.put(command)
            self._commands.add(commands)
        context.add_callback(lambda: commands.put(None))
        try:
            while (command_or_end := commands.get()) is not None:
                yield pb.Command(command=command_or_end)
        finally:
            with self._lock:
                self._commands.discard(commands)

    def Progress(self, request: pb.ProgressNews, context: grpc.ServicerContext) -> pb.Empty:  # noqa: N802 gRPC names it
        """Take the master's pulse."""
        self._authorise(context)
        self._on_progress(
            Progress(request.phase, request.tasks_done, request.tasks, request.used, request.left, request.rows)
        )
        return pb.Empty()

    def Kill(self, request: pb.Worker, context: grpc.ServicerContext) -> pb.Empty:  # noqa: N802 gRPC names it
        """Have a worker killed that is silent or does not stop."""
        self._authorise(context)
        self._on_kill(request.number)
        return pb.Empty()

    def _authorise(self, context: grpc.ServicerContext) -> None:
        if not rpc.authorised(context, self._secret):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "the call does not show the secret of the job's host")
