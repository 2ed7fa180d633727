"""Ranges and histories: results that a peer gives in several answers.

A range is opened when its first row is drawn (a transaction does not depend on rows that nobody asked for), further
rows are fetched when they are needed, and one that is not drawn to its end is closed at the peer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from totem_chaincode.shim.channel import TransactionChannel
from totem_chaincode.shim.wire import (
    KV,
    ChaincodeMessage,
    KeyModificationMessage,
    QueryResponse,
    QueryStateClose,
    QueryStateNext,
    milliseconds,
)
from totem_chaincode.stub import KeyModification, KeyValue

__all__ = ["Results", "read_modification", "read_row"]

T = TypeVar("T")


class Results(Generic[T]):
    """An iterator over a query's results.

    ``kind`` and ``payload`` are the request that opens it, ``read`` makes a result of its bytes.
    """

    def __init__(self, channel: TransactionChannel, kind: int, payload: bytes, read: Callable[[bytes], T]) -> None:
        self._channel = channel
        self._kind = kind
        self._payload = payload
        self._read = read
        self._rows: deque[bytes] = deque()
        self._id = ""
        self._opened = False
        self._more = False

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        if not self._opened:
            self._fetch(self._kind, self._payload)
            self._opened = True
        while not self._rows:
            if not self._more:
                raise StopIteration
            self._fetch(ChaincodeMessage.QUERY_STATE_NEXT, QueryStateNext(id=self._id).SerializeToString())
        return self._read(self._rows.popleft())

    def close(self) -> None:
        """Give back what the peer holds open for the query; it gives no further results."""
        self._rows.clear()
        self._opened = True
        if self._more:
            self._more = False
            close = QueryStateClose(id=self._id).SerializeToString()
            self._channel.request(ChaincodeMessage.QUERY_STATE_CLOSE, close)

    def _fetch(self, kind: int, payload: bytes) -> None:
        # Should the request fail, the peer has closed the query.
        self._more = False
        answer = QueryResponse.FromString(self._channel.request(kind, payload))
        self._rows.extend(bytes(result.resultBytes) for result in answer.results)
        self._id = str(answer.id)
        self._more = bool(answer.has_more)


def read_row(data: bytes) -> KeyValue:
    """Return one row of a range."""
    row = KV.FromString(data)
    return KeyValue(str(row.key), bytes(row.value))


def read_modification(data: bytes) -> KeyModification:
    """Return one change of a key."""
    change = KeyModificationMessage.FromString(data)
    value = None if change.is_delete else bytes(change.value)
    return KeyModification(str(change.tx_id), milliseconds(change.timestamp), value)
