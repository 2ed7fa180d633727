"""Chaincode events from a block on: followed over failures of peers, with checkpoints to go on from.

A peer goes on with an event stream whose reader has been revoked since it was opened. It does look again before each
block that its Deliver service gives, so beside every event stream there is a guard: a stream of filtered blocks, at
whose end the events end too.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from fabric_protos.gateway import gateway_pb2
from fabric_protos.orderer import ab_pb2

from totem.ledger.errors import LedgerError, LedgerUnavailable
from totem.ledger.fabric.blocks import events_of, read_event
from totem.ledger.fabric.connections import Connections, Peer, stream
from totem.ledger.fabric.delivery import BlockSource
from totem.ledger.fabric.faults import GatewayFault, fault_of, port_error
from totem.ledger.fabric.signing import Signer, serialized, sign
from totem.ledger.fabric.standing import Standing
from totem.ledger.files import write_private
from totem.ledger.port import Event

__all__ = ["Checkpoint", "CheckpointFile", "EventSource"]

_STOP_SECONDS = 0.02
_RECONNECT_SECONDS = 0.2
_GUARD_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far somebody has come: the block to go on with, and the last transaction of it that was seen (or none)."""

    block: int = 0
    tx_id: str = ""

    @classmethod
    def after(cls, event: Event) -> Checkpoint:
        """Return the checkpoint of somebody who is done with an event: a transaction has one event at most."""
        return cls(event.block, event.tx_id)


class CheckpointFile:
    """A checkpoint that outlives its process: ``save`` what is done, ``load`` where to go on."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Checkpoint:
        """Return the checkpoint; where there is no file yet, the beginning.

        Raises:
            LedgerUnavailable: the file is none of a checkpoint.
        """
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            return Checkpoint(int(document["block"]), str(document["tx_id"]))
        except FileNotFoundError:
            return Checkpoint()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LedgerUnavailable(f"{self._path} is no checkpoint ({error}): delete it to begin anew") from None

    def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint in place of the one before."""
        document = {"block": checkpoint.block, "tx_id": checkpoint.tx_id}
        write_private(self._path, json.dumps(document).encode())


class EventSource:
    """The events of one chaincode on one channel, read in the name of ``reader``."""

    def __init__(self, connections: Connections, blocks: BlockSource, reader: Signer, standing: Standing) -> None:
        self._connections = connections
        self._profile = connections.profile
        self._blocks = blocks
        self._reader = reader
        self._standing = standing

    def past(self, checkpoint: Checkpoint) -> Iterator[Event]:
        """Yield the events behind a checkpoint up to the newest block."""
        height = self._blocks.info().height
        for block in self._blocks.blocks(checkpoint.block, height - 1):
            yield from _behind(checkpoint, events_of(block, self._profile.chaincode))

    def follow(self, checkpoint: Checkpoint, stop: threading.Event | None = None) -> Iterator[Event]:
        """Yield the events behind a checkpoint and wait for more, until ``stop`` is set.

        A peer that ends the stream is replaced by another one; no event is lost or given twice.

        Raises:
            ProposalRefused: the reader is not accepted, or not any more: the stream ends with the block that says so.
        """
        stop = stop or threading.Event()
        while not stop.is_set():
            for peer in self._connections.order(self._reader.msp_id):
                guard = _Guard(self._blocks, peer, self._standing)
                try:
                    for event in self._stream(peer, checkpoint, stop, guard):
                        checkpoint = Checkpoint.after(event)
                        yield event
                except grpc.RpcError as error:
                    fault = guard.fault or fault_of(peer.address, "ChaincodeEvents", error)
                    if not stop.is_set() and fault.is_denied:
                        raise self._standing.reason(self._reader) or port_error(fault) from None
                    self._connections.is_silent(peer)
                if stop.wait(_RECONNECT_SECONDS):
                    return

    def _stream(self, peer: Peer, checkpoint: Checkpoint, stop: threading.Event, guard: _Guard) -> Iterator[Event]:
        request = gateway_pb2.ChaincodeEventsRequest(
            channel_id=self._profile.channel,
            chaincode_id=self._profile.chaincode,
            identity=serialized(self._reader),
            start_position=ab_pb2.SeekPosition(specified=ab_pb2.SeekSpecified(number=checkpoint.block)),
        ).SerializeToString()
        signed = gateway_pb2.SignedChaincodeEventsRequest(request=request, signature=sign(self._reader, request))
        call = stream(lambda: peer.gateway.ChaincodeEvents(signed))
        with _cancelled_by(stop, call), guard.over(call):
            for response in call:
                found = [read_event(response.block_number, event) for event in response.events]
                yield from _behind(checkpoint, found)


class _Guard:
    """Ends a peer's event stream as soon as the peer does not accept its reader any more, or itself breaks off."""

    def __init__(self, blocks: BlockSource, peer: Peer, standing: Standing) -> None:
        self._blocks = blocks
        self._peer = peer
        self._standing = standing
        self.fault: GatewayFault | None = None
        """Why the stream was ended; None: it was not the guard who did."""

    @contextmanager
    def over(self, call: Any) -> Iterator[None]:
        """Guard a call until the context ends."""
        watched = self._blocks.watch(self._peer)
        ended = threading.Event()

        def watch() -> None:
            fault = self._blocks.end_of(self._peer, watched, self._remember)
            if not ended.is_set():
                self.fault = fault
                call.cancel()

        watcher = threading.Thread(target=watch, name="totem-events-guard", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watched.cancel()
            # It may be asking peers that don't answer, which takes long; nothing of it is needed any more.
            watcher.join(_GUARD_SECONDS)

    def _remember(self) -> None:
        """Keep in mind that the reader is accepted now, to be able to say so should it be refused one day."""
        with suppress(LedgerError, LookupError):
            self._standing.look()


def _behind(checkpoint: Checkpoint, found: list[Event]) -> Iterator[Event]:
    """Yield the events of one block that stand behind a checkpoint."""
    seen = [event.tx_id for event in found]
    if found and found[0].block == checkpoint.block and checkpoint.tx_id in seen:
        found = found[seen.index(checkpoint.tx_id) + 1 :]
    yield from found


@contextmanager
def _cancelled_by(stop: threading.Event, call: Any) -> Iterator[None]:
    """Cancel a call as soon as ``stop`` is set, and when the context ends."""
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            if stop.wait(_STOP_SECONDS):
                call.cancel()
                return

    watcher = threading.Thread(target=watch, name="totem-events-stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        call.cancel()
        watcher.join()
