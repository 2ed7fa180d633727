"""The stub of a transaction that a Fabric peer asked for: every call is a request to that peer.

The peer's simulator gives Fabric's semantics itself (no read-your-writes among them). What only some state databases
of Fabric refuse is refused here before it is asked, as ``totem_chaincode.simulation`` does, so that a contract never
works on one ledger and fails on another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from totem_chaincode.shim.channel import TransactionChannel
from totem_chaincode.shim.errors import PeerError
from totem_chaincode.shim.reading import Results, read_modification, read_row
from totem_chaincode.shim.wire import (
    ChaincodeMessage,
    DelState,
    GetHistoryForKey,
    GetState,
    GetStateByRange,
    GetStateMultiple,
    GetStateMultipleResult,
    PeerFeatures,
    PurgePrivateState,
    PutState,
    QueryMetadata,
    QueryResponse,
    QueryResponseMetadata,
    SignedTransaction,
)
from totem_chaincode.stub import (
    FIRST_SIMPLE_KEY,
    Creator,
    KeyModification,
    KeyValue,
    Page,
    PrivateDataUnavailable,
    StubError,
    check_key,
    page_range,
    rows_range,
)

__all__ = ["PeerStub"]

_COMPOSITE = "\x00"
_NOT_HERE = "private data matching public hash version is not available"
"""What a peer outside the collection says where there is a value: it has the hash only."""


class PeerStub:
    """``Stub`` over a transaction's channel; ``event`` is what the contract has set."""

    def __init__(self, channel: TransactionChannel, transaction: SignedTransaction, features: PeerFeatures) -> None:
        self.tx_id = channel.tx_id
        self.timestamp = transaction.timestamp
        self.creator: Creator = transaction.creator
        self.transient: Mapping[str, bytes] = transaction.transient
        self.event: tuple[str, bytes] | None = None
        self._channel = channel
        self._features = features
        self._open: list[Results[KeyValue] | Results[KeyModification]] = []
        self._wrote = False
        self._paged = False

    def finish(self) -> None:
        """Close what the contract has not read to its end."""
        for results in self._open:
            results.close()
        self._open.clear()

    def get_state(self, key: str) -> bytes | None:
        """See ``Stub``."""
        check_key(key)
        return self._channel.request(ChaincodeMessage.GET_STATE, GetState(key=key).SerializeToString()) or None

    def get_states(self, keys: Sequence[str]) -> list[bytes | None]:
        """Return the committed values of several keys, in their order: in few requests where the peer can do that.

        Where the peer has not announced it (Fabric 2.5 would end the whole stream), keys are read one by one.
        """
        at_once = self._features.multiple_reads
        if at_once < 2:
            return [self.get_state(key) for key in keys]
        for key in keys:
            check_key(key)
        found: list[bytes | None] = []
        for start in range(0, len(keys), at_once):
            asked = keys[start : start + at_once]
            payload = GetStateMultiple(keys=asked).SerializeToString()
            answer = self._channel.request(ChaincodeMessage.GET_STATE_MULTIPLE, payload)
            values = GetStateMultipleResult.FromString(answer).values
            if len(values) != len(asked):
                raise PeerError("GET_STATE_MULTIPLE", f"{len(values)} values came for {len(asked)} keys")
            found.extend(bytes(value) or None for value in values)
        return found

    def put_state(self, key: str, value: bytes) -> None:
        """See ``Stub``."""
        self._put("", key, value)

    def del_state(self, key: str) -> None:
        """See ``Stub``."""
        check_key(key)
        self._begin_write()
        self._channel.request(ChaincodeMessage.DEL_STATE, DelState(key=key).SerializeToString())

    def get_state_by_range(self, start: str, end: str) -> Iterator[KeyValue]:
        """See ``Stub``."""
        if start.startswith(_COMPOSITE) or end.startswith(_COMPOSITE):
            raise StubError("a range over simple keys has no composite bounds")
        # An empty start would begin with the composite keys.
        return self._range(start or FIRST_SIMPLE_KEY, end)

    def get_state_by_partial_composite_key(
        self, object_type: str, parts: Sequence[str], *, after: str = ""
    ) -> Iterator[KeyValue]:
        """See ``Stub``."""
        return self._range(*rows_range(object_type, parts, after))

    def get_state_by_partial_composite_key_with_pagination(
        self, object_type: str, parts: Sequence[str], page_size: int, bookmark: str
    ) -> Page:
        """See ``Stub``."""
        start, end = page_range(object_type, parts, page_size, bookmark)
        if self._wrote or self.event is not None:
            raise StubError("pages are only for transactions that write nothing")
        self._paged = True
        metadata = QueryMetadata(pageSize=page_size, bookmark=bookmark).SerializeToString()
        asked = GetStateByRange(startKey=start, endKey=end, metadata=metadata)
        # A page comes in one answer, and the peer has closed the query then.
        answer = QueryResponse.FromString(
            self._channel.request(ChaincodeMessage.GET_STATE_BY_RANGE, asked.SerializeToString())
        )
        rows = tuple(read_row(bytes(result.resultBytes)) for result in answer.results)
        return Page(rows, str(QueryResponseMetadata.FromString(answer.metadata).bookmark))

    def get_history_for_key(self, key: str) -> Iterator[KeyModification]:
        """See ``Stub``."""
        check_key(key)
        payload = GetHistoryForKey(key=key).SerializeToString()
        results = Results(self._channel, ChaincodeMessage.GET_HISTORY_FOR_KEY, payload, read_modification)
        self._open.append(results)
        return results

    def get_private_data(self, collection: str, key: str) -> bytes | None:
        """See ``Stub``."""
        _check_collection(collection)
        check_key(key)
        payload = GetState(collection=collection, key=key).SerializeToString()
        try:
            return self._channel.request(ChaincodeMessage.GET_STATE, payload) or None
        except PeerError as error:
            if _NOT_HERE in error.text:
                raise PrivateDataUnavailable(f"this peer has no private data of collection {collection}") from None
            raise

    def get_private_data_hash(self, collection: str, key: str) -> bytes | None:
        """See ``Stub``."""
        _check_collection(collection)
        check_key(key)
        payload = GetState(collection=collection, key=key).SerializeToString()
        return self._channel.request(ChaincodeMessage.GET_PRIVATE_DATA_HASH, payload) or None

    def put_private_data(self, collection: str, key: str, value: bytes) -> None:
        """See ``Stub``."""
        _check_collection(collection)
        self._put(collection, key, value)

    def purge_private_data(self, collection: str, key: str) -> None:
        """See ``Stub``."""
        _check_collection(collection)
        check_key(key)
        self._begin_write()
        payload = PurgePrivateState(collection=collection, key=key).SerializeToString()
        self._channel.request(ChaincodeMessage.PURGE_PRIVATE_DATA, payload)

    def set_event(self, name: str, payload: bytes) -> None:
        """See ``Stub``."""
        if not name:
            raise StubError("an event needs a name")
        self.event = (name, payload)

    def _put(self, collection: str, key: str, value: bytes) -> None:
        check_key(key)
        if not value:
            raise StubError(f"key {key!r}: a value may not be empty")
        self._begin_write()
        payload = PutState(collection=collection, key=key, value=value).SerializeToString()
        self._channel.request(ChaincodeMessage.PUT_STATE, payload)

    def _range(self, start: str, end: str) -> Iterator[KeyValue]:
        payload = GetStateByRange(startKey=start, endKey=end).SerializeToString()
        results = Results(self._channel, ChaincodeMessage.GET_STATE_BY_RANGE, payload, read_row)
        self._open.append(results)
        return results

    def _begin_write(self) -> None:
        if self._paged:
            raise StubError("a transaction that has read a page may not write")
        self._wrote = True


def _check_collection(collection: str) -> None:
    if not collection:
        # On the wire an empty collection is the channel's state: private data would be public.
        raise StubError("private data need a collection")
