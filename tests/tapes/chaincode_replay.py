"""A peer from a tape: says to the shim what a real one said, and compares what the shim answers, byte for byte.

Not compared: the package id in REGISTER, by how many seconds a proposal's time is off, and the order between
transactions, which are matched by channel and id. KEEPALIVE is not on the tapes: the test network's peers send none.
"""

from __future__ import annotations

import queue
import re
import threading
from collections import deque
from dataclasses import dataclass, field

import grpc
from fabric_protos.peer.chaincode_pb2 import ChaincodeID
from fabric_protos.peer.chaincode_shim_pb2 import ChaincodeMessage

from totem_chaincode.shim.wire import kind_name

PATIENCE = 20.0


@dataclass
class Conversation:
    """One transaction, or the registration of a stream: who said what, in order."""

    key: tuple[str, str]
    messages: list[tuple[str, bytes]] = field(default_factory=list)


def conversations(tape, node) -> list[Conversation]:
    """Return what a node's peer and shim said to each other, the registration first, by transaction."""
    found: dict[tuple[str, str], list[Conversation]] = {}
    ordered: list[Conversation] = []
    for entry in tape.entries:
        if entry["node"] != node:
            continue
        data = bytes.fromhex(entry["message"])
        message = ChaincodeMessage.FromString(data)
        key = (message.channel_id, message.txid)
        # A client that asks again with the same proposal begins the same transaction anew.
        if key not in found or message.type == ChaincodeMessage.TRANSACTION:
            ordered.append(Conversation(key))
            found.setdefault(key, []).append(ordered[-1])
        found[key][-1].messages.append((entry["from"], data))
    return ordered


class ReplayedPeer:
    """Plays one node's part on a stream to the shim at ``address``; ``differences`` is what was not as on the tape."""

    def __init__(self, address: str, tape, node: str) -> None:
        self.differences: list[str] = []
        registration, *self._transactions = conversations(tape, node)
        self._left: dict[tuple[str, str], deque] = {}
        self._done = threading.Condition()
        self._out: queue.SimpleQueue = queue.SimpleQueue()
        limits = [("grpc.max_receive_message_length", 100 << 20), ("grpc.max_send_message_length", 100 << 20)]
        self._channel = grpc.insecure_channel(address, limits)
        self._call = self._channel.stream_stream("/protos.Chaincode/Connect")(iter(self._out.get, None))
        self._begin(registration)
        threading.Thread(target=self._receive, daemon=True).start()
        self._wait([registration])

    def replay(self, at_once: int) -> None:
        """Play all transactions, some at once; transactions with the same id one after the other."""
        for start in range(0, len(self._transactions), at_once):
            batch: list[Conversation] = []
            for each in self._transactions[start : start + at_once]:
                if any(each.key == other.key for other in batch):
                    self._wait(batch)
                self._begin(each)
                batch.append(each)
            self._wait(batch)

    @property
    def count(self) -> int:
        return len(self._transactions)

    def close(self) -> None:
        self._out.put(None)
        self._channel.close()

    def _begin(self, conversation: Conversation) -> None:
        with self._done:
            self._left[conversation.key] = deque(conversation.messages)
            self._say(conversation.key)

    def _say(self, key) -> None:
        """Say what the peer says next, up to where it is the shim's turn."""
        left = self._left[key]
        while left and left[0][0] == "peer":
            self._out.put(left.popleft()[1])
        if not left:
            self._done.notify_all()

    def _receive(self) -> None:
        try:
            for data in self._call:
                self._take(data)
        except grpc.RpcError as error:
            with self._done:
                if any(self._left.values()):
                    self.differences.append(f"the stream ended: {error.code().name}: {error.details()}")
                self._left.clear()
                self._done.notify_all()

    def _take(self, data: bytes) -> None:
        message = ChaincodeMessage.FromString(data)
        key = (message.channel_id, message.txid)
        with self._done:
            left = self._left.get(key)
            if not left:
                self.differences.append(f"{_named(data)} was not expected")
                return
            _, expected = left.popleft()
            if _normal(data) != _normal(expected):
                self.differences.append(f"{_named(data)} instead of {_named(expected)}")
                # What the peer would have said to this is not on the tape.
                left.clear()
            self._say(key)

    def _wait(self, batch: list[Conversation]) -> None:
        with self._done:
            over = self._done.wait_for(lambda: not any(self._left.get(each.key) for each in batch), PATIENCE)
            if not over:
                self.differences += [f"{_named(left[0][1])} did not come" for left in self._left.values() if left]
                self._left.clear()


def _normal(data: bytes) -> bytes:
    message = ChaincodeMessage.FromString(data)
    if message.type == ChaincodeMessage.REGISTER:
        message.payload = ChaincodeID(name="(the package id)").SerializeToString()
        return message.SerializeToString()
    return re.sub(rb"by \d{3} s ", b"by N s ", data)


def _named(data: bytes) -> str:
    message = ChaincodeMessage.FromString(data)
    return f"{kind_name(message.type)} {message.payload[:200]!r} in transaction {message.txid[:12]}"
