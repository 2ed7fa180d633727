"""One peer's stream: registers, takes transactions, carries requests and answers of all that run.

Whatever is sent goes through one queue that gRPC's thread empties, so there is one writer. Whatever comes in is taken
by one thread that never waits for a transaction.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterable, Iterator

import grpc
from google.protobuf.message import DecodeError

from totem_chaincode.shim.answer import Answerer, refusal
from totem_chaincode.shim.channel import PATIENCE, TransactionChannel
from totem_chaincode.shim.errors import MessageTooLarge
from totem_chaincode.shim.pool import Pool, PoolFull
from totem_chaincode.shim.wire import MAX_MESSAGE, ChaincodeID, ChaincodeMessage, PeerFeatures, kind_name, read_features

__all__ = ["PeerStream"]

_log = logging.getLogger("totem_chaincode.shim")

_NO_INIT = "these contracts have no Init: approve and commit the definition without --init-required"


class _Violation(Exception):
    """The peer sent what it may not send now; the stream ends."""


class PeerStream:
    """A stream; give ``outgoing`` to gRPC and let a thread run ``listen``. ``name`` is for the log."""

    def __init__(
        self, package_id: str, answerer: Answerer, pool: Pool, *, name: str, patience: float = PATIENCE
    ) -> None:
        self.name = name
        self.violation = ""
        self._answerer = answerer
        self._pool = pool
        self._patience = patience
        self._out: queue.SimpleQueue[ChaincodeMessage | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._channels: dict[tuple[str, str], TransactionChannel] = {}
        self._features = PeerFeatures()
        self._state = "created"
        self._ended = False
        registration = ChaincodeID(name=package_id).SerializeToString()
        self.send(ChaincodeMessage(type=ChaincodeMessage.REGISTER, payload=registration))

    def outgoing(self) -> Iterator[ChaincodeMessage]:
        """Yield what is sent to the peer, in order, until the stream ends."""
        while (message := self._out.get()) is not None:
            yield message

    def listen(self, incoming: Iterable[ChaincodeMessage]) -> None:
        """Take what the peer sends until it ends the stream or breaks the protocol."""
        reason = "the peer closed the stream"
        try:
            for message in incoming:
                self._take(message)
        except _Violation as error:
            reason = self.violation = str(error)
        except grpc.RpcError:
            reason = "the connection to the peer broke"
        finally:
            self.end(reason)

    def send(self, message: ChaincodeMessage) -> None:
        """Put a message on the stream; it is dropped where the stream has ended.

        Raises:
            MessageTooLarge: peers would end the stream for it.
        """
        size = message.ByteSize()
        if size > MAX_MESSAGE:
            raise MessageTooLarge(f"{kind_name(message.type)} has {size} bytes, at most {MAX_MESSAGE} are possible")
        self._out.put(message)

    def end(self, reason: str) -> None:
        """End the stream: what is queued is still sent, transactions that wait for the peer end with ChannelEnded."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            channels = list(self._channels.values())
        for channel in channels:
            channel.end(reason)
        self._out.put(None)
        _log.info("peer %s: the stream ended (%s), %d transactions were running", self.name, reason, len(channels))

    def _take(self, message: ChaincodeMessage) -> None:
        kind = message.type
        if kind == ChaincodeMessage.KEEPALIVE:
            self.send(ChaincodeMessage(type=ChaincodeMessage.KEEPALIVE))
        elif kind == ChaincodeMessage.REGISTERED and self._state == "created":
            self._state = "registered"
        elif kind == ChaincodeMessage.READY and self._state == "registered":
            self._become_ready(message.payload)
        elif kind == ChaincodeMessage.TRANSACTION and self._state == "ready":
            self._begin(message)
        elif kind == ChaincodeMessage.INIT and self._state == "ready":
            self.send(refusal(message.channel_id, message.txid, _NO_INIT))
        elif kind in (ChaincodeMessage.RESPONSE, ChaincodeMessage.ERROR) and self._state == "ready":
            self._deliver(message)
        else:
            raise _Violation(f"{kind_name(kind)} is not expected while the stream is {self._state}")

    def _become_ready(self, payload: bytes) -> None:
        try:
            self._features = read_features(payload)
        except DecodeError:
            raise _Violation("READY's payload can't be decoded") from None
        self._state = "ready"
        _log.info("peer %s: ready (%d keys are read at once)", self.name, max(1, self._features.multiple_reads))

    def _begin(self, message: ChaincodeMessage) -> None:
        key = (str(message.channel_id), str(message.txid))
        channel = TransactionChannel(*key, self.send, patience=self._patience)
        with self._lock:
            earlier = self._channels.get(key)
            if earlier is None and not self._ended:
                self._channels[key] = channel
        if earlier is not None:
            # The peer has timed out on it and its client came again. The earlier run must not answer for the new
            # one: the peer has forgotten what it had read.
            earlier.give_up()
            self.send(refusal(*key, "the transaction still runs here from an earlier attempt: propose it anew"))
            return
        try:
            self._pool.run(lambda: self._run(key, channel, message))
        except PoolFull as error:
            with self._lock:
                self._channels.pop(key, None)
            self.send(refusal(*key, str(error)))

    def _run(self, key: tuple[str, str], channel: TransactionChannel, message: ChaincodeMessage) -> None:
        try:
            answer = self._answerer.answer(message, channel, self._features)
        finally:
            # Before the answer goes out: once the peer has it, the same id may come again.
            with self._lock:
                self._channels.pop(key, None)
        if answer is not None:
            self.send(answer)

    def _deliver(self, message: ChaincodeMessage) -> None:
        with self._lock:
            channel = self._channels.get((str(message.channel_id), str(message.txid)))
        if channel is None or not channel.deliver(message):
            _log.warning(
                "peer %s: a %s for transaction %s, which waits for none, is dropped",
                self.name,
                kind_name(message.type),
                message.txid,
            )
